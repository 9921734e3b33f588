#!/bin/sh
# Makes .venv with uv in it, on a machine where pip may not be installed.
# Usage: scripts/bootstrap.sh ENV [PYTHON]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
env=$(cd "$1" && pwd)
wanted=${2:-}

python=
found=none
for candidate in ${wanted:-python3.14 python3.13 python3 /usr/bin/python3}; do
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
if ! "$candidate" -c 'import venv' 2>/dev/null; then
  echo "$python lacks its venv module, which makes the folder that showcam's packages go into." >&2
  echo "Debian: apt install python3. Elsewhere install the package of your system that brings venv. Then run make again." >&2
  exit 1
fi

"$python" -m venv --clear --without-pip "$env"
exec "$root/scripts/step.sh" "uv in $env, by $python (26 MB are fetched)" "$root/scripts/pip.sh" "$env" "$python"
