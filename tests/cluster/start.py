#!/usr/bin/env python3
"""Starts a real Kubernetes control plane on this machine, for trying things out, until Ctrl-C or SIGTERM.

    tests/cluster/start.py --nodes 3 --metrics
"""
import argparse
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from kube_cluster import KubernetesCluster  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=3, help="how many nodes (3)")
    parser.add_argument("--gpus", type=int, default=8, help="GPUs of each node (8)")
    parser.add_argument("--metrics", action="store_true", help="start metrics-server too")
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))  # __exit__ below ends what was started
    with KubernetesCluster(options.nodes, options.gpus, options.metrics) as cluster:
        print(f"kubectl:              {cluster.programs}/kubectl --kubeconfig {cluster.kubeconfig} get nodes\n"
              f"kubeconfig:           {cluster.kubeconfig} (administrator)\n"
              f"of Reeve's account:   {cluster.account_kubeconfig()}\n"
              f"logs:                 {cluster.folder}/log\n"
              "Ctrl-C ends it.", flush=True)
        while True:
            signal.pause()


if __name__ == "__main__":
    main()
