#!/bin/sh
# Installs the headless Chromium of the browser tests, where apt may. Always exits 0: the tests name what is missing.
set -u
for name in chromium-headless-shell chromium; do
  command -v "$name" >/dev/null 2>&1 && exit 0
done
command -v apt-get >/dev/null 2>&1 || { echo "No Chromium and no apt: the browser tests will be skipped by name."; exit 0; }
if [ "$(id -u)" = 0 ]; then as=; elif sudo -n true 2>/dev/null; then as=sudo; else
  echo "No Chromium and no root or sudo: the browser tests will be skipped by name."
  exit 0
fi
echo "Installing headless Chromium by apt (about 170 MB)"
$as apt-get -qq update && $as env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium-headless-shell fonts-dejavu-core >/dev/null
exit 0
