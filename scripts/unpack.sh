#!/bin/sh
# Unpacks Debian packages, and those that they need and the system does not have, into a folder; no root is needed.
# Each of PROGRAMS (paths in the folder, in one word) that is there gets a starter in build/bin, which make has on PATH.
# FOLDER/complete names the folders of libraries, since some packages have theirs in folders of their own.
# Usage: scripts/unpack.sh FOLDER PROGRAMS PACKAGE …
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1" "$root/build/bin"
into=$(cd "$1" && pwd)
programs=$2
shift 2
w=$(mktemp -d)
trap 'rm -rf "$w"' EXIT
cd "$w"
apt="apt-get -qq -o APT::Sandbox::User=root"
missing() { $apt -s install --no-install-recommends "$@" 2>/dev/null | sed -n 's/^Inst \([^ ]*\) .*/\1/p'; }
names=$(missing "$@")
if [ -z "$names" ]; then
  echo "  fetching Debian's package lists into a temporary folder (17 MB)"
  mkdir -p lists/partial cache/archives/partial
  apt="$apt -o Dir::State::Lists=$w/lists -o Dir::Cache=$w/cache"
  $apt update
  names=$(missing "$@")
fi
# shellcheck disable=SC2086
$apt download $names
for package in *.deb; do dpkg-deb -x "$package" "$into"; done

libraries=$(find "$into" -path '*-linux-gnu*' -name '*.so*' -printf '%h\n' | sort -u | paste -sd :)
cat >"$into/fonts.conf" <<END
<fontconfig><dir>$into/usr/share/fonts</dir><dir>/usr/share/fonts</dir><cachedir>$into/fonts</cachedir></fontconfig>
END
for program in $programs; do
  [ -x "$into/$program" ] || continue
  starter=$root/build/bin/$(basename "$program")
  printf '#!/bin/sh\nLD_LIBRARY_PATH="%s" FONTCONFIG_FILE="%s" exec "%s" "$@"\n' \
    "$libraries" "$into/fonts.conf" "$into/$program" >"$starter"
  chmod +x "$starter"
done
echo "$libraries" >"$into/complete"
