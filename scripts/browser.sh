#!/bin/sh
# Brings the headless Chromium and the Firefox of the browser tests by apt: installed where apt may, else unpacked into
# build/browsers. Always exits 0: the tests name what is missing.
set -u
cd "$(dirname "$0")/.." || exit 0
export PATH="$PWD/build/bin:$PATH"
has() {
  for name in "$@"; do
    command -v "$name" >/dev/null 2>&1 && return 0
  done
  return 1
}
packages=
has chromium-headless-shell chromium || packages="chromium-headless-shell fonts-dejavu-core"
has firefox-esr firefox || packages="$packages firefox-esr"
[ -z "$packages" ] && exit 0
command -v apt-get >/dev/null 2>&1 || { echo "A browser is missing, and apt: its tests will be skipped by name."; exit 0; }
programs="usr/lib/chromium/chromium-headless-shell usr/lib/firefox-esr/firefox-esr"
# shellcheck disable=SC2086
scripts/step.sh "Chromium and Firefox for the tests, by apt (270 MB are fetched)" \
  scripts/apt.sh build/browsers "$programs" $packages ||
  echo "A browser could not be fetched: its tests will be skipped by name."
exit 0
