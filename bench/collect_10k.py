#!/usr/bin/env python3
"""10,000 GPUs on one control plane: CPU and memory of `reeve serve` per collection round, and how fast the overview answers meanwhile.

One other process serves the expositions of 1,250 nodes x 8 GPUs on loopback. Needs build/release/reeve and
build/release/bench/exposed_nodes; the overview is measured when wrk is installed.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

BUILD = pathlib.Path(__file__).resolve().parent.parent / "build" / "release"
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mib(pid, key="VmRSS"):
    return int(re.search(rf"{key}:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) // 1024


def overview(base):
    with urllib.request.urlopen(base + "/api/v1/overview", timeout=30) as answer:
        return json.load(answer)


def wait_for_round(base, after, seconds=120):
    """The first overview whose last round began after `after` (a text; "" for any)."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            seen = overview(base)
            if seen["last_round"] and seen["last_round"]["started_at"] > after:
                return seen
        except OSError:
            pass
        time.sleep(0.1)
    sys.exit(f"no round ended within {seconds} s")


def start_nodes(nodes, folder):
    targets = folder / "targets.json"
    process = subprocess.Popen([BUILD / "bench" / "exposed_nodes", str(nodes), targets], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    print(process.stdout.readline().decode().strip())
    return process, targets


def start_serve(reeve, targets, interval, folder, port):
    config = folder / "reeve.yaml"
    config.write_text(f"collect: {{interval: {interval}s}}\ntarget_files: ['{targets}']\n")
    log = open(folder / "serve.log", "wb")
    return subprocess.Popen([reeve, "serve", "--config", config, "--listen", f"127.0.0.1:{port}", "--data-dir", folder / "data"],
                            stdout=log, stderr=log)


def measure_rounds(pid, base, rounds, interval):
    seen = wait_for_round(base, "")
    print(f"first round: {seen['devices']} devices, {seen['last_round']['failed']} of {seen['last_round']['targets']} targets failed, "
          f"{cpu_seconds(pid):.2f} s CPU since the start, RSS {resident_mib(pid)} MiB")
    costs = []
    for _ in range(rounds):
        before, begin = cpu_seconds(pid), time.monotonic()
        started = seen["last_round"]["started_at"]
        time.sleep(max(0, interval - 2))
        seen = wait_for_round(base, started)
        costs.append(cpu_seconds(pid) - before)
        last = seen["last_round"]
        print(f"round at {last['started_at']}: {costs[-1]:.2f} s CPU in {time.monotonic() - begin:.1f} s, took {last['duration_seconds']:.2f} s, "
              f"{last['failed']} failed, RSS {resident_mib(pid)} MiB")
    return costs


def measure_overview(base, seconds):
    for path in ("/api/v1/overview", "/k8s-monitor/api/v1/gpu/overview"):
        for connections in (1, 16, 64):
            command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", base + path]
            text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            p50, p99 = (re.search(rf"{p}%\s+(\S+)", text)[1] for p in (50, 99))
            rate = re.search(r"Requests/sec:\s+(\S+)", text)[1]
            print(f"{path} at {connections} connections: p50 {p50}, p99 {p99}, {rate} requests/s")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=1250)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--interval", type=int, default=30, help="seconds")
    parser.add_argument("--port", type=int, default=18080)
    parser.add_argument("--reeve", default=BUILD / "reeve", help="the binary to measure")
    options = parser.parse_args()
    base = f"http://127.0.0.1:{options.port}"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        nodes, targets = start_nodes(options.nodes, folder)
        serve = start_serve(options.reeve, targets, options.interval, folder, options.port)
        try:
            costs = measure_rounds(serve.pid, base, options.rounds, options.interval)
            if shutil.which("wrk"):
                measure_overview(base, 10)
            peak = resident_mib(serve.pid, "VmHWM")
        finally:
            serve.terminate()
            serve.wait(10)
            nodes.stdin.close()
            nodes.wait(10)
    mean = sum(costs) / len(costs)
    print(f"mean {mean:.2f} s CPU a round (goal: below 3), peak RSS {peak} MiB (goal: below 500)")
    return 0 if mean < 3 and peak < 500 else 1


if __name__ == "__main__":
    sys.exit(main())
