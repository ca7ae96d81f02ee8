#!/usr/bin/env bash
# The tests that start build/release/reeve as a user does. Each folder of tests/ with a run.sh is one suite; all run, then the
# failures are named.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export REEVE_BIN=$PWD/build/release/reeve
export REEVE_SIM_LIBRARY=$PWD/build/release/sim/libnvidia-ml.so.1

failed=()
passed=0
for suite in tests/*/run.sh; do
  name=$(basename "$(dirname "$suite")")
  printf '\n== %s\n' "$name"
  if bash "$suite"; then passed=$((passed + 1)); else failed+=("$name"); fi
done
printf '\n%d suites passed, %d failed\n' "$passed" "${#failed[@]}"
[ ${#failed[@]} -eq 0 ] || { printf 'failed: %s\n' "${failed[*]}" >&2; exit 1; }
