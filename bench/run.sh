#!/usr/bin/env bash
# Runs the benchmarks, all or those that are named: exposition store http agent collect watch cluster.
#   bench/run.sh [NAME...]
# Each prints what it measured beside its goal or the old system's figure; README.md in this folder says how.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=build/release
[ $# -gt 0 ] || set -- exposition store http agent collect watch cluster
ulimit -n "$(ulimit -Hn)"  # 1,250 nodes are as many sockets, in two processes

build_and_run() {
  local targets=$1
  shift
  # shellcheck disable=SC2086
  cmake --build "$build" --target $targets >"$build/bench.log" 2>&1 || { tail -20 "$build/bench.log" >&2; return 1; }
  "$@"
}

failed=()
for name in "$@"; do
  printf '\n== %s\n' "$name"
  case $name in
    exposition) build_and_run exposition_bench "$build/bench/exposition_bench" --benchmark_min_time=1 ;;
    store) build_and_run store_bench "$build/bench/store_bench" ;;
    http) build_and_run api_server bench/http_bench.sh "$build" ;;
    agent) build_and_run "reeve" bench/agent_footprint.sh ;;
    collect) build_and_run "reeve exposed_nodes" python3 bench/collect_10k.py ;;
    watch) build_and_run cluster_watch_bench "$build/bench/cluster_watch_bench" ;;
    cluster) build_and_run "reeve" python3 bench/cluster_20k.py ;;
    *) echo "bench: no benchmark '$name'" >&2; false ;;
  esac || failed+=("$name")
done
[ ${#failed[@]} -eq 0 ] || { printf '\nfailed, or short of the goal: %s\n' "${failed[*]}" >&2; exit 1; }
