#!/bin/sh
# Brings GStreamer, the tests' second WebRTC and RTSP stack, and the tools that make networks, by apt: installed where
# apt may, else unpacked into build/gstreamer. Debian's python3-gst-1.0 is unpacked in any case, so that tests run without
# it and one with it. Always exits 0: the tests name what is missing.
set -u
cd "$(dirname "$0")/.." || exit 0
stack="gstreamer1.0-nice gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly \
gstreamer1.0-libav gir1.2-gst-plugins-bad-1.0 gir1.2-gst-rtsp-server-1.0 python3-gi"
export PATH="$PWD/build/bin:$PATH:/usr/sbin"
has() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q "ok installed"; }
overrides() {
  [ -s build/gst-python/complete ] || has python3-gst-1.0 || scripts/unpack.sh build/gst-python "" python3-gst-1.0 ||
    echo "python3-gst-1.0 could not be fetched: its test will be skipped by name."
  exit 0
}
[ -s build/gstreamer/complete ] && command -v ip >/dev/null && command -v nft >/dev/null && overrides
command -v apt-get >/dev/null 2>&1 || { echo "No apt: tests with GStreamer are skipped by name where it is missing."; exit 0; }
missing=
for name in $stack iproute2 nftables; do
  has "$name" || missing="$missing $name"
done
[ -z "$missing" ] && overrides
rm -f build/gstreamer/registry  # in it GStreamer notes what did not load
# shellcheck disable=SC2086
scripts/step.sh "GStreamer and what makes networks for the tests, by apt (200 MB are fetched)" \
  scripts/apt.sh build/gstreamer "usr/bin/ip usr/sbin/nft" $missing ||
  echo "GStreamer could not be fetched: its tests will be skipped by name."
overrides
