#!/bin/sh
# Installs requirements/tools.txt into ENV by pip: PYTHON's, or ensurepip's, or Debian's, which is fetched for that.
# Usage: scripts/pip.sh ENV PYTHON
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
env=$1
python=$2
tools="install -q --disable-pip-version-check --require-hashes -r $root/requirements/tools.txt"

if "$python" -m pip --version >/dev/null 2>&1; then
  # shellcheck disable=SC2086
  "$python" -m pip --python "$env/bin/python" $tools
elif "$env/bin/python" -m ensurepip -q >/dev/null 2>&1; then
  # shellcheck disable=SC2086
  "$env/bin/python" -m pip $tools
elif command -v apt-get >/dev/null 2>&1 && command -v dpkg-deb >/dev/null 2>&1; then
  # Debian without pip and ensurepip: take pip's wheel out of its package; no root, nothing installed in the system
  w=$(mktemp -d)
  trap 'rm -rf "$w"' EXIT
  cd "$w"
  authorities=/etc/ssl/certs/ca-certificates.crt
  packages=python3-pip-whl
  # Debian's pip has no list of authorities of its own, and does not even start where the system has none
  [ -e "$authorities" ] || packages="$packages ca-certificates"
  # shellcheck disable=SC2086
  if ! apt-get -qq download $packages >/dev/null 2>&1; then
    echo "  fetching Debian's package lists into a temporary folder (17 MB)"
    mkdir -p lists/partial cache/archives/partial
    apt="apt-get -qq -o APT::Sandbox::User=root -o Dir::State::Lists=$w/lists -o Dir::Cache=$w/cache"
    # shellcheck disable=SC2086
    $apt update && $apt download $packages
  fi
  for package in *.deb; do dpkg-deb -x "$package" .; done
  if [ ! -e "$authorities" ]; then
    authorities=$w/authorities.pem
    cat usr/share/ca-certificates/mozilla/*.crt >"$authorities"
  fi
  # shellcheck disable=SC2086
  "$env/bin/python" -c '
import sys
wheel, authorities, *words = sys.argv[1:]
sys.path.insert(0, wheel)
from pip._vendor import certifi
certifi.where = lambda: authorities
from pip._internal.cli.main import main
sys.exit(main(words))' "$w"/usr/share/python-wheels/pip-*.whl "$authorities" $tools
else
  echo "$python has neither pip nor ensurepip: install its pip or venv package, then run make again." >&2
  exit 1
fi
