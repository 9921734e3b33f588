#!/bin/sh
# Installs the headless Chromium and the Firefox of the browser tests, where apt may. Always exits 0: the tests name what
# is missing.
set -u
has() {
  for name in "$@"; do
    command -v "$name" >/dev/null 2>&1 && return 0
  done
  return 1
}
has chromium-headless-shell chromium && has firefox-esr firefox && exit 0
command -v apt-get >/dev/null 2>&1 || { echo "A browser is missing, and apt: its tests will be skipped by name."; exit 0; }
if [ "$(id -u)" = 0 ]; then as=; elif sudo -n true 2>/dev/null; then as=sudo; else
  echo "A browser is missing, and root or sudo: its tests will be skipped by name."
  exit 0
fi
$as apt-get -qq update
install() { $as env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" >/dev/null; }
has chromium-headless-shell chromium || { echo "Installing headless Chromium by apt (about 170 MB)"; install chromium-headless-shell fonts-dejavu-core; }
has firefox-esr firefox || { echo "Installing Firefox by apt (about 70 MB)"; install firefox-esr; }
exit 0
