#!/bin/sh
# Unpacks mosquitto, the tests' MQTT broker, by apt into build/mosquitto: installed, Debian would start it too. Always
# exits 0: the tests name what is missing.
set -u
cd "$(dirname "$0")/.." || exit 0
[ -s build/mosquitto/complete ] && exit 0
command -v apt-get >/dev/null 2>&1 || { echo "No apt: tests with mosquitto are skipped by name."; exit 0; }
scripts/step.sh "mosquitto for the tests, by apt (1 MB is fetched)" \
  scripts/unpack.sh build/mosquitto "usr/sbin/mosquitto usr/bin/mosquitto_passwd" mosquitto ||
  echo "mosquitto could not be fetched: its tests will be skipped by name."
exit 0
