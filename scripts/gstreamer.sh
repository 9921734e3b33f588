#!/bin/sh
# Fetches GStreamer, the tests' second WebRTC and RTSP stack, and the tools that make networks, by apt: installed where
# apt may, else GStreamer is unpacked into build/gstreamer. Always exits 0: the tests name what is missing.
set -u
cd "$(dirname "$0")/.." || exit 0
stack="gstreamer1.0-nice gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly \
gstreamer1.0-libav gir1.2-gst-plugins-bad-1.0 gir1.2-gst-rtsp-server-1.0 python3-gi"
command -v apt-get >/dev/null 2>&1 || { echo "No apt: tests with GStreamer are skipped by name where it is missing."; exit 0; }
missing=
for name in $stack iproute2 nftables; do
  dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q "ok installed" || missing="$missing $name"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ]; then as=; elif sudo -n true 2>/dev/null; then as=sudo; else
  echo "No root or sudo: unpacking GStreamer into build/gstreamer (about 40 MB). Tests in networks of their own want root."
  # shellcheck disable=SC2086
  scripts/unpack.sh build/gstreamer $stack || echo "GStreamer could not be fetched: its tests will be skipped by name."
  exit 0
fi
echo "Installing GStreamer by apt"
# shellcheck disable=SC2086
$as apt-get -qq update && $as env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing >/dev/null
exit 0
