#!/usr/bin/env bash
# Memory and answer times of one agent with 8 GPUs of 7 MIG instances each, over the simulated library.
#   bench/agent_footprint.sh [build/release/reeve] [build/release/sim/libnvidia-ml.so.1]
# First it looks 2,880 times, a day of looks every 30 s, back to back, while simulated time runs as fast; then
# an agent as users run it answers 2,000 scrapes. Fails when memory passes 25 MiB, grows, or p99 passes 10 ms.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
reeve=${1:-build/release/reeve}
library=${2:-build/release/sim/libnvidia-ml.so.1}
looks=${LOOKS:-2880}

work=$(mktemp -d)
agent=
cleanup() {
  [ -z "$agent" ] || kill "$agent" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

cat >"$work/scenario.json" <<'JSON'
{"node": "bench", "privileged": true, "clock": {"speed": 20000},
 "gpus": [{"model": "H100_80GB", "count": 8, "instance_load": "inference",
           "mig": ["1g.10gb", "1g.10gb", "1g.10gb", "1g.10gb", "1g.10gb", "1g.10gb", "1g.10gb"]}]}
JSON

start_agent() {  # interval
  rm -f "$work/port"
  REEVE_SIM_SCENARIO="$work/scenario.json" "$reeve" agent --listen 127.0.0.1:0 --port-file "$work/port" --node-name bench \
    --nvml "$library" --interval "$1" 2>"$work/log" &
  agent=$!
  for _ in $(seq 100); do [ -s "$work/port" ] && return || sleep 0.05; done
  cat "$work/log" >&2
  exit 1
}

stop_agent() {
  kill "$agent"
  wait "$agent"
  agent=
}

cat >"$work/measure.py" <<'PYTHON'
import http.client
import sys
import time

part, port, pid, looks = sys.argv[1], *map(int, sys.argv[2:])


def status(name):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith(name + ":"):
            return int(line.split()[1])


def mib(name):
    return status(name) / 1024


def cpu_seconds():
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)


def get(path, gzip=False):
    began = time.perf_counter()
    connection.request("GET", path, headers={"Accept-Encoding": "gzip"} if gzip else {})
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, (path, answer.status)
    return body, (time.perf_counter() - began) * 1000


def observations():
    for line in get("/metrics")[0].decode().splitlines():
        if line.startswith("reeve_agent_observations_total{"):
            return float(line.rsplit(" ", 1)[1])


def wait_for(count):
    while observations() < count:
        time.sleep(0.1)
    return observations()


def a_day():
    wait_for(2)
    rows = get("/metrics")[0].decode().splitlines()
    instances = sum(line.startswith("DCGM_FI_DEV_FB_USED{") and "GPU_I_ID" in line for line in rows)
    assert instances == 56, f"{instances} instances instead of 56"
    began = time.monotonic()
    wait_for(looks / 5)
    early = mib("VmRSS")
    done = wait_for(looks)
    late = mib("VmRSS")
    print(f"a day: {done:.0f} looks in {time.monotonic() - began:.1f} s, {cpu_seconds() / done * 1000:.2f} ms CPU each, "
          f"{status('Threads')} threads")
    print(f"RSS: {early:.1f} MiB after a fifth of them, {late:.1f} MiB at the end, {mib('VmHWM'):.1f} MiB at most")
    assert mib("VmHWM") < 25, "more than 25 MiB"
    assert late < early * 1.05 + 0.5, "memory grows"


def scrapes():
    wait_for(2)
    for gzip in (False, True):
        body, times = b"", []
        for _ in range(1000):
            body, took = get("/metrics", gzip)
            times.append(took)
        times.sort()
        print(f"scrape of {len(body) / 1024:.0f} KiB{' (gzip)' if gzip else ''}: p50 {times[500]:.2f} ms, p99 {times[990]:.2f} ms")
        assert times[990] < 10, "p99 above 10 ms"


{"day": a_day, "scrapes": scrapes}[part]()
PYTHON

start_agent 1ms
python3 "$work/measure.py" day "$(cat "$work/port")" "$agent" "$looks"
stop_agent
start_agent 30s
python3 "$work/measure.py" scrapes "$(cat "$work/port")" "$agent" "$looks"
stop_agent
