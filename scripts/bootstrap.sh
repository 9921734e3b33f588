#!/bin/sh
# Makes .venv with uv in it, on a machine where neither pip nor venv may be installed.
# Usage: scripts/bootstrap.sh ENV [PYTHON]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
env=$(cd "$1" && pwd)
wanted=${2:-}

python=
found=none
for candidate in $wanted python3.14 python3.13 python3 /usr/bin/python3; do
  # run it: a shim on PATH may exist and not start
  version=$("$candidate" -c 'import platform; print(platform.python_version())' 2>/dev/null) || continue
  found="$found $version"
  if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 13))' 2>/dev/null; then
    # its own path: the environment's python will come first on PATH
    python=$("$candidate" -c 'import sys; print(getattr(sys, "_base_executable", sys.executable))')
    break
  fi
done
if [ -z "$python" ]; then
  echo "showcam needs Python 3.13 or newer; found: ${found#none }." >&2
  echo "Debian 13: apt install python3. Or: make PYTHON=/path/to/python3.13" >&2
  exit 1
fi

echo "Making $env with $python"
"$python" -m venv --clear --without-pip "$env"
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
  if ! apt-get -qq download python3-pip-whl >/dev/null 2>&1; then
    echo "Fetching Debian's package lists into a temporary folder"
    mkdir -p lists/partial cache/archives/partial
    apt="apt-get -qq -o APT::Sandbox::User=root -o Dir::State::Lists=$w/lists -o Dir::Cache=$w/cache"
    $apt update && $apt download python3-pip-whl
  fi
  dpkg-deb -x python3-pip-whl_*.deb .
  wheel=$(ls "$w"/usr/share/python-wheels/pip-*.whl)
  # shellcheck disable=SC2086
  "$env/bin/python" "$wheel/pip" $tools
else
  echo "$python has neither pip nor ensurepip: install its pip or venv package, then run make again." >&2
  exit 1
fi
