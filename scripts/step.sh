#!/bin/sh
# Says what a command installs before it runs, every ten seconds that it still does, and how long it took. Where it
# fails, says so again in one line and what to look at.
# Usage: scripts/step.sh WHAT COMMAND …
set -u
what=$1
shift
began=$(date +%s)
echo "Installing $what"
(
  while sleep 10 </dev/null >/dev/null 2>&1; do echo "  … $(($(date +%s) - began)) s"; done
) &
clock=$!
trap 'kill $clock 2>/dev/null' EXIT
"$@"
code=$?
kill $clock 2>/dev/null
took=$(($(date +%s) - began))
if [ $code = 0 ]; then
  echo "  done in $took s"
else
  echo "  failed after $took s: $what" >&2
  echo "  What failed is said above. If it names a host, look whether this machine has internet; behind a proxy set HTTPS_PROXY" >&2
  echo "  (and HTTP_PROXY for apt). If it says \"No space left\", $(df -Ph . | awk 'NR == 2 { print $4 }') are free here. Then run make again: it goes on." >&2
fi
exit $code
