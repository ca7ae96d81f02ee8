#!/usr/bin/env python3
"""`reeve serve` beside a real Kubernetes control plane with 1,000 nodes of 8 GPUs and 20,000 running pods: how long until it knows
them, what it weighs, how soon a change is shown, and how fast `resources/usage` answers.

The control plane (tests/cluster/build.sh builds it) runs on the same machine, so its work slows down what is measured.
"""
import argparse
import http.client
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/lib"))
from kube_client import CONTENT_OF_PATCH  # noqa: E402
from kube_cluster import KubernetesCluster, node, pod  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
OLD = "/k8s-monitor/api/v1/resources"
KINDS = ("nodes", "pods", "namespaces", "resourceclaims", "resourceslices")


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mib(pid, key="VmRSS"):
    return int(re.search(rf"{key}:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def quantile(values, q):
    values = sorted(values)
    return values[min(len(values) - 1, int(q * len(values)))]


def a_pod(n, nodes):
    """As large as pods are: labels, annotations and environment of a Deployment's pod; two of five ask for a GPU, one of twenty serves
    a model (its engine refuses connections)."""
    app = f"app-{n % 200}"
    serves = {"image": "vllm/vllm-openai:v0.11.0", "args": ["--model", f"org/model-{n % 7}", "--port", "9"], "ports": [9], "host_network": True}
    one = pod(f"{app}-7d9c6b5f4-{n:05d}", f"team-{n % 20}", f"node-{n % nodes:04d}", gpus=1 if n % 5 < 2 else 0,
              labels={"app": app, "team": f"team-{n % 20}", "pod-template-hash": "7d9c6b5f4", "turn": "0"},
              annotations={"checksum/config": f"{n:064x}", "prometheus.io/scrape": "true"},
              **(serves if n % 20 == 0 else {}))
    one["spec"]["containers"][0]["env"] = [{"name": f"SETTING_{k}", "value": f"value-{n}-{k}"} for k in range(10)]
    return one


def fill(cluster, nodes, pods):
    began = time.monotonic()
    labels = {"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3", "topology.kubernetes.io/zone": "a", "node.kubernetes.io/instance-type": "dgx"}
    cluster.client.create_all([node(f"node-{n:04d}", 8, labels=labels) for n in range(nodes)])
    cluster.client.create_all([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"team-{n}"}} for n in range(20)])
    while sum(one["metadata"]["name"] == "default" and one["metadata"]["namespace"].startswith("team-")
              for one in cluster.client.list("/api/v1/serviceaccounts")[0]) < 20:
        time.sleep(0.2)
    print(f"{nodes} nodes made in {time.monotonic() - began:.0f} s", flush=True)
    for first in range(0, pods, 5000):
        cluster.client.create_all([a_pod(n, nodes) for n in range(first, min(pods, first + 5000))])
        print(f"{min(pods, first + 5000)} pods made after {time.monotonic() - began:.0f} s", flush=True)
    cluster.wait_for_pods(pods, seconds=900)
    print(f"all Running after {time.monotonic() - began:.0f} s; memory of the control plane in MiB: {cluster.resident_mib()}", flush=True)


class Serve:
    """`reeve serve` on the cluster, asked over one connection."""

    def __init__(self, reeve, cluster):
        folder = cluster.folder / "tmp"
        (folder / "reeve.yaml").write_text(f"kubernetes: {{kubeconfig: {cluster.account_kubeconfig()}}}\n")
        port_file = folder / "serve.port"
        self.began = time.monotonic()
        log = open(folder / "serve.log", "wb")
        self.process = subprocess.Popen([reeve, "serve", "--config", folder / "reeve.yaml", "--listen", "127.0.0.1:0", "--port-file", port_file,
                                         "--data-dir", folder / "data"], stdout=log, stderr=log)
        while not (port_file.exists() and port_file.read_text().strip()):
            if self.process.poll() is not None:
                sys.exit((folder / "serve.log").read_text())
            time.sleep(0.02)
        self.port = int(port_file.read_text())
        self.pid = self.process.pid

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


def get(connection, path):
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, (path, answer.status, body[:300])
    return body


def measure_sync(serve, pods, seconds=300):
    connection = serve.connect()
    while True:
        seen = json.loads(get(connection, "/api/v1/cluster"))
        states = {row["kind"]: row["state"] for row in seen["kinds"]}
        if seen["pods"] == pods and all(states[kind] == "live" for kind in KINDS):
            return time.monotonic() - serve.began
        if time.monotonic() - serve.began > seconds:
            sys.exit(f"not in step after {seconds} s: {seen}")
        time.sleep(0.05)


def measure_freshness(serve, cluster, nodes, pods, changes, threads=4):
    """Seconds from sending the change of a label until the API shows it, for each change."""
    delays, lock = [], threading.Lock()

    def one_thread(number):
        connection, dice = serve.connect(), random.Random(number)
        for turn in range(1, changes // threads + 1):
            meta = a_pod(dice.randrange(pods // threads) * threads + number, nodes)["metadata"]
            value = f"{number}-{turn}"
            where = f"{meta['namespace']}/pods/{meta['name']}"
            began = time.monotonic()
            cluster.client.call("PATCH", f"/api/v1/namespaces/{where}", {"metadata": {"labels": {"turn": value}}}, CONTENT_OF_PATCH["merge"])
            path = f"/api/v1/cluster/pods/{meta['namespace']}/{meta['name']}?fields=labels"
            while json.loads(get(connection, path))["labels"]["turn"] != value:
                if time.monotonic() - began > 30:
                    break
                time.sleep(0.005)
            with lock:
                delays.append(time.monotonic() - began)
            time.sleep(dice.random() * 0.2)
    workers = [threading.Thread(target=one_thread, args=(n,)) for n in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return delays


def measure_path(serve, path, count):
    connection = serve.connect()
    get(connection, path)
    times, size = [], 0
    for _ in range(count):
        began = time.perf_counter()
        size = len(get(connection, path))
        times.append((time.perf_counter() - began) * 1000)
    p50, p99 = quantile(times, 0.5), quantile(times, 0.99)
    print(f"GET {path}: p50 {p50:.2f} ms, p99 {p99:.2f} ms, {size / 1024:.0f} KiB ({count} times, one connection)", flush=True)
    return p99


def measure(serve, cluster, options):
    goals = []
    sync = measure_sync(serve, options.pods)
    goals.append(("initial sync", sync, 20, "s"))
    print(f"in step {sync:.1f} s after the start, with {cpu_seconds(serve.pid):.1f} s of CPU; RSS then {resident_mib(serve.pid):.0f} MiB", flush=True)
    time.sleep(options.rest)
    before = cpu_seconds(serve.pid)
    time.sleep(options.rest)
    print(f"at rest: {(cpu_seconds(serve.pid) - before) / options.rest * 100:.1f} % of a core, RSS {resident_mib(serve.pid):.0f} MiB", flush=True)
    delays = measure_freshness(serve, cluster, options.nodes, options.pods, options.changes)
    print(f"a change is shown: p50 {quantile(delays, 0.5) * 1000:.0f} ms, p99 {quantile(delays, 0.99) * 1000:.0f} ms, "
          f"longest {max(delays) * 1000:.0f} ms after it is sent ({len(delays)} changes)", flush=True)
    goals.append(("change to API, p99", quantile(delays, 0.99), 1, "s"))
    goals.append(("resources/usage, p99", measure_path(serve, f"{OLD}/usage", 100), 20, "ms"))
    goals.append(("resources/usage by pages, p99", measure_path(serve, f"{OLD}/usage?page=0&size=100", 500), 20, "ms"))
    for path, count in ((f"{OLD}/usage?namespace=team-3", 100), (f"{OLD}/nodes", 100), ("/api/v1/cluster", 300),
                        ("/api/v1/cluster/pods?limit=100", 300), ("/api/v1/cluster/nodes?limit=100", 300)):
        measure_path(serve, path, count)
    print(f"RSS after that {resident_mib(serve.pid):.0f} MiB, at most {resident_mib(serve.pid, 'VmHWM'):.0f} MiB", flush=True)
    goals.append(("RSS after all of it", resident_mib(serve.pid), 600, "MiB"))
    return goals


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--pods", type=int, default=20000)
    parser.add_argument("--changes", type=int, default=400, help="how many changes are timed")
    parser.add_argument("--rest", type=int, default=20, help="seconds at rest, twice")
    parser.add_argument("--reeve", default=ROOT / "build/release/reeve", help="the binary to measure")
    options = parser.parse_args()
    with KubernetesCluster(lease_seconds=600) as cluster:
        fill(cluster, options.nodes, options.pods)
        serve = Serve(options.reeve, cluster)
        try:
            goals = measure(serve, cluster, options)
        finally:
            serve.stop()
    print("peer, 125 nodes and 500 pods: resources/nodes p50 5542 ms; 590 to 1177 MiB at rest")
    for name, value, goal, unit in goals:
        print(f"{'ok  ' if value < goal else 'FAIL'} {name}: {value:.2f} {unit} (goal: below {goal})")
    return 0 if all(value < goal for _, value, goal, _ in goals) else 1


if __name__ == "__main__":
    sys.exit(main())
