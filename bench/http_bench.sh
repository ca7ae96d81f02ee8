#!/usr/bin/env bash
# Latency of the API over a made-up fleet whose values change all the time, beside what the old system took.
#   bench/http_bench.sh [folder of the build] [gpus] [node updates a second] [seconds a run]
# Needs wrk, and the target api_server of that build. The old system's figures: 1,000 GPUs, idle machine.
set -euo pipefail
build=${1:-build/release}
gpus=${2:-10000}
updates=${3:-250}
seconds=${4:-10}
command -v wrk >/dev/null || { echo "http_bench: wrk is not installed: skipped"; exit 0; }
[ -x "$build/bench/api_server" ] || { echo "http_bench: build it first: cmake --build $build --target api_server" >&2; exit 1; }

work=$(mktemp -d)
mkfifo "$work/stdin"
"$build/bench/api_server" "$gpus" "$updates" <"$work/stdin" >"$work/address" &
server=$!
exec 3>"$work/stdin"
trap 'exec 3>&-; wait $server 2>/dev/null || true; rm -r "$work"' EXIT
until [ -s "$work/address" ]; do kill -0 $server || exit 1; sleep 0.1; done
base=$(cat "$work/address")

# run <path> <connections> <what the old system took>
run() {
  local threads=$(( $2 > 1 ? 2 : 1 ))
  wrk -t$threads -c"$2" -d"${seconds}s" --timeout 10s --latency "$base$1" >"$work/out"
  awk -v path="$1" -v c="$2" -v peer="$3" '
    /^ *50%/ { p50 = $2 } /^ *99%/ { p99 = $2 } /^Requests\/sec/ { rate = $2 }
    /Non-2xx/ { bad = $NF } /Socket errors/ { bad = bad " " $0 }
    END { printf "%-44s %4d %12s %10s %10s   %-24s%s\n", path, c, rate, p50, p99, peer, bad ? "  FAILED: " bad : "" }' "$work/out"
}

echo "$gpus GPUs, $updates node updates a second, $(nproc) cores shared with wrk, load $(cut -d' ' -f1 /proc/loadavg)"
printf '%-44s %4s %12s %10s %10s   %s\n' path conn requests/s p50 p99 "old system, 1,000 GPUs"
run /api/v1/overview 1 "p50 0.53 s, p99 0.62 s"
run /api/v1/overview 16 "p50 4.28 s, p99 9.62 s"
run /api/v1/overview 64 "p50 17.6 s, p99 21.1 s"
run /k8s-monitor/api/v1/gpu/overview 64 "p50 17.6 s, p99 21.1 s"
run "/api/v1/devices?limit=100" 1 "p50 11.3 ms, p99 19.4 ms"
run "/api/v1/devices?limit=100" 16 "p50 102 ms, p99 184 ms"
run /api/v1/devices/n1-GPU-00 64 "p50 8.3 ms, p99 56 ms"
run /metrics 1 "has no GPU metrics"
