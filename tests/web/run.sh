#!/usr/bin/env bash
# Browser tests of the dashboard. usage: tests/web/run.sh [node --test options]
#   REEVE_BIN          the program (default build/release/reeve)
#   CHROMIUM           the browser (default /usr/bin/chromium)
#   UPDATE_SCREENSHOT  set: take docs/images/fleet.png again
set -eu
cd "$(dirname "$0")/../.."
[ -d web/node_modules/playwright-core ] || { echo "cannot test the dashboard: run npm ci in web/ first" >&2; exit 1; }
[ -f web/dist/index.html ] || { echo "cannot test the dashboard: run npm run build in web/ first" >&2; exit 1; }
[ -x "${CHROMIUM:=/usr/bin/chromium}" ] || { echo "cannot test the dashboard: no browser at $CHROMIUM" >&2; exit 1; }
export CHROMIUM
npm --prefix web test --silent
# One file at a time: each starts servers and a browser, and the machine may have two cores.
for file in tests/web/states.test.mjs tests/web/cluster.test.mjs tests/web/demo.test.mjs; do
  node --test --test-timeout=300000 "$@" "$file"
done
