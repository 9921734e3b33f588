#!/bin/sh
# Unpacks Debian packages, and those that they need and the system does not have, into a folder; no root is needed.
# Usage: scripts/unpack.sh FOLDER PACKAGE …
set -eu
mkdir -p "$1"
into=$(cd "$1" && pwd)
shift
[ -e "$into/complete" ] && exit 0
w=$(mktemp -d)
trap 'rm -rf "$w"' EXIT
cd "$w"
apt="apt-get -qq"
missing() { $apt -s install --no-install-recommends "$@" 2>/dev/null | sed -n 's/^Inst \([^ ]*\) .*/\1/p'; }
names=$(missing "$@")
if [ -z "$names" ]; then
  echo "Fetching Debian's package lists into a temporary folder"
  mkdir -p lists/partial cache/archives/partial
  apt="apt-get -qq -o APT::Sandbox::User=root -o Dir::State::Lists=$w/lists -o Dir::Cache=$w/cache"
  $apt update
  names=$(missing "$@")
fi
# shellcheck disable=SC2086
$apt download $names
for package in *.deb; do dpkg-deb -x "$package" "$into"; done
touch "$into/complete"
