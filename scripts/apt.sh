#!/bin/sh
# Installs packages by apt as root, or by sudo where it asks for no password; else unpacks them (scripts/unpack.sh).
# Usage: scripts/apt.sh FOLDER PROGRAMS PACKAGE …
set -eu
if [ "$(id -u)" = 0 ]; then as=; elif sudo -n true 2>/dev/null; then as=sudo; else
  echo "  neither root nor sudo: unpacking into $1"
  exec "$(dirname "$0")/unpack.sh" "$@"
fi
shift 2
$as apt-get -qq update
$as env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" >/dev/null
