#!/usr/bin/env bash
# Runs each fuzz target for a while, starting from its corpus.
#   tools/fuzz.sh [folder of the build, preset fuzz] [seconds each] [target...]
# What is found stays in <build>/found/<target>: add a small input of a fault to fuzz/corpus/<target>.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=${1:-build/fuzz}
seconds=${2:-60}
shift $(( $# < 2 ? $# : 2 ))

failed=()
count=0
for program in "$build"/fuzz/*_fuzz; do
  [ -x "$program" ] || { echo "fuzz: nothing is built in $build/fuzz" >&2; exit 1; }
  name=$(basename "$program" _fuzz)
  [ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
  count=$((count + 1))
  mkdir -p "$build/found/$name"
  printf '\n== %s: %s s\n' "$name" "$seconds"
  "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="$build/found/$name/fault-" "$build/found/$name" "fuzz/corpus/$name" 2>"$build/found/$name.log"
  status=$?
  grep -E 'stat::(number_of_executed_units|average_exec_per_sec|new_units_added)|ERROR|SUMMARY|fault-' "$build/found/$name.log"
  [ $status -eq 0 ] || { failed+=("$name"); tail -40 "$build/found/$name.log"; }
done
[ "$count" -gt 0 ] || { echo "fuzz: no target of that name" >&2; exit 1; }
[ ${#failed[@]} -eq 0 ] || { printf '\nfaults found by: %s\n' "${failed[*]}" >&2; exit 1; }
