"""What the REST API and the command line show of a real cluster: counts, filters, changes as they happen, and what is forbidden."""
import http.client
import json
import subprocess
import time

from kube_case import KubernetesCase
from kube_cluster import USAGE_CPU, USAGE_MEMORY, pod
from reeve_process import REEVE, wait_until


class Views(KubernetesCase):
    CLUSTER = {"nodes": 3, "gpus": 8, "metrics": True}

    def reeve(self, serve, *words):
        done = subprocess.run([REEVE, *words, "--server", f"http://127.0.0.1:{serve.port}"], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def names(self, serve, path):
        return [one["name"] for one in serve.items(path)]

    def test_pods_nodes_and_namespaces_are_shown_counted_and_filtered(self):
        space = self.namespace("views")
        self.client.create_all([pod("train-0", space, node_name="node-0001", gpus=2, labels={"app": "train"},
                                    annotations={USAGE_CPU: "3", USAGE_MEMORY: "2Gi"}),
                                pod("train-1", space, node_name="node-0001", gpus=4, labels={"app": "train"}),
                                pod("huge", space, gpus=9), pod("plain", space, node_name="node-0002")])
        self.cluster.wait_for_pods(3, namespace=space)
        serve = self.serve()
        self.wait_for_state(serve, "live", "nodes", "pods", "namespaces")
        mine = f"/api/v1/cluster/pods?namespace={space}"
        wait_until(lambda: len(serve.items(mine + "&phase=Running")) == 3, what="three running pods")
        self.assertEqual(self.names(serve, mine), ["huge", "plain", "train-0", "train-1"])
        self.assertEqual(self.names(serve, mine + "&label=app=train&node=node-0001"), ["train-0", "train-1"])
        self.assertEqual(self.names(serve, mine + "&gpu=false"), ["plain"])
        huge = wait_until(lambda: serve.get(f"/api/v1/cluster/pods/{space}/huge")[1].get("unschedulable"), what="why no node takes it")
        self.assertIn("Insufficient nvidia.com/gpu", huge)
        _, node = serve.get("/api/v1/cluster/nodes/node-0001")
        self.assertEqual(node["gpus"]["allocatable"], 8)
        self.assertEqual(node["gpus"]["requested"], 6)
        self.assertTrue(node["ready"])
        _, page = serve.get(f"/api/v1/cluster/namespaces?q={space}")
        self.assertEqual((page["items"][0]["pods"], page["items"][0]["gpu_requests"]), (4, 15))
        wait_until(lambda: serve.get(f"/api/v1/cluster/pods/{space}/train-0")[1]["usage"], seconds=90, what="the usage of a pod")

        code, out, error = self.reeve(serve, "get", "pods", "-n", space)
        self.assertEqual(code, 0, error)
        self.assertRegex(out, r"(?m)^views +train-0 +1/1 +Running +0 +2 +node-0001 ")
        self.assertRegex(out, r"(?m)^views +huge +\d/1 +Pending +0 +9 +- ")
        self.assertIn("Name:", self.reeve(serve, "describe", "pod", f"{space}/train-0")[1])
        self.assertIn("8 allocatable, 6 requested", self.reeve(serve, "describe", "cluster-node", "node-0001")[1])
        self.assertEqual(json.loads(self.reeve(serve, "get", "namespace", space, "-o", "json")[1])["pods"], 4)
        code, out, error = self.reeve(serve, "cluster")
        self.assertEqual((code, error), (0, ""))
        self.assertRegex(out, r"(?m)^ +pods +live ")

    def test_a_change_is_told_on_the_stream_and_is_there_when_it_is(self):
        space = self.namespace("told")
        serve = self.serve()
        self.wait_for_state(serve, "live", "pods")
        connection = http.client.HTTPConnection("127.0.0.1", serve.port, timeout=20)
        self.addCleanup(connection.close)
        connection.request("GET", "/api/v1/stream")
        follow = connection.getresponse()
        self.assertIn(b"hello", follow.readline() + follow.readline())
        self.client.create_all([pod("new", space, node_name="node-0000")])
        end = time.monotonic() + 20
        while True:
            line = follow.readline().decode()
            self.assertLess(time.monotonic(), end, "no event tells of the pod")
            if line.startswith("data: ") and '"changed"' in line and json.loads(line[6:])["changed"]["pods"] > 0:
                break
        self.assertIn("new", self.names(serve, f"/api/v1/cluster/pods?namespace={space}"))

    def test_what_is_forbidden_is_unknown_and_named(self):
        serve = self.serve(kubeconfig=self.cluster.account_kubeconfig("default", "default"))
        self.wait_for_state(serve, "forbidden", "pods", "nodes")
        _, body = serve.get("/api/v1/cluster")
        self.assertTrue(body["configured"])
        self.assertIsNone(body["pods"])
        self.assertEqual(serve.items("/api/v1/cluster/pods"), [])
        code, out, error = self.reeve(serve, "cluster")
        self.assertEqual(code, 1)
        self.assertIn("pods (forbidden)", error)
        self.assertIn("forbidden", out)
