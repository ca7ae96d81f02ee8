"""What Reeve shows of a cluster, beside what the API server lists: nodes, pods, namespaces, claims and usage, in both APIs."""
import json
import unittest

from kube_case import KubernetesCase
from kube_cluster import USAGE_CPU, USAGE_MEMORY, is_ready, node, pod
from kube_dra import DRIVER, claim_template, claiming, partitionable_gpu
from reeve_process import wait_until

OLD = "/k8s-monitor/api/v1/resources"
SUFFIXES = {"": 1, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


def amount(text):
    digits = text.rstrip("mkMGTi") if not text.endswith("Ki") else text[:-2]
    return float(digits) * SUFFIXES[text[len(digits):]]


def amounts(resources):
    return {name: amount(text) for name, text in resources.items()}


def by_name(items):
    return {one["name"]: one for one in items}


class View(KubernetesCase):
    CLUSTER = {"nodes": 4, "metrics": True}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client.create_all([node("cpu-only", 0, labels={"node-role.kubernetes.io/infra": ""}),
                               node("mixed", 2, resource="amd.com/gpu", annotations={"example.com/rack": "7"})])
        cls.client.patch("/api/v1/nodes/node-0003", {"spec": {"unschedulable": True, "taints": [
            {"key": "example.com/broken", "value": "xid79", "effect": "NoSchedule"}]}})
        cls.client.create_all([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"team": name}}}
                               for name in ("vision", "speech")], threads=1)
        for name in ("vision", "speech"):
            account = f"/api/v1/namespaces/{name}/serviceaccounts/default"
            wait_until(lambda path=account: cls.client.raw("GET", path)[0] == 200, what=f"the default account of {name}")
        usage = {USAGE_CPU: "2500m", USAGE_MEMORY: "3Gi"}
        cls.client.create_all([*partitionable_gpu("node-0001"), claim_template("part", "3g.40gb", "speech")])
        cls.client.create_all(
            [pod(f"train-{n}", "vision", gpus=2, labels={"app": "train", "n": str(n)}, annotations=usage) for n in range(6)]
            + [pod(f"web-{n}", "vision", labels={"app": "web"}) for n in range(3)]
            + [pod("greedy", "speech", gpus=9), pod("rocm", "speech", gpus=1, resource="amd.com/gpu")]
            + [claiming(pod(f"part-{n}", "speech"), "part") for n in range(3)])
        cls.cluster.wait_for_pods(9, namespace="vision")
        cls.cluster.wait_for_pods(3, namespace="speech")  # rocm and two parts; a third part has no room
        cls.account = cls.cluster.account_kubeconfig()

    def setUp(self):
        super().setUp()
        self.server = self.serve(self.account)
        self.wait_for_state(self.server, "live", "nodes", "pods", "namespaces", "resourceclaims", "resourceslices")

    def listed(self, what):
        return json.loads(self.cluster.kubectl("get", what, "-A", "-o", "json"))["items"]

    def test_nodes_are_those_that_kubectl_lists(self):
        shown = by_name(self.server.items("/api/v1/cluster/nodes"))
        listed = self.listed("nodes")
        self.assertEqual(sorted(shown), sorted(one["metadata"]["name"] for one in listed))
        for one in listed:
            with self.subTest(node=one["metadata"]["name"]):
                self.same_node(one, shown[one["metadata"]["name"]])
        self.assertEqual(shown["cpu-only"]["roles"], ["infra"])
        self.assertEqual({name: shown["mixed"]["gpus"][name] for name in ("capacity", "allocatable", "requested")},
                         {"capacity": 2, "allocatable": 2, "requested": 1})
        self.assertEqual(shown["node-0003"]["taints"][0]["key"], "example.com/broken")

    def same_node(self, listed, shown):
        meta, spec, status = listed["metadata"], listed["spec"], listed["status"]
        self.assertEqual(shown["ready"], is_ready(listed))
        self.assertEqual(shown["unschedulable"], spec.get("unschedulable", False))
        self.assertEqual(shown["labels"], meta["labels"])
        self.assertEqual(shown["capacity"], amounts(status["capacity"]))
        self.assertEqual(shown["allocatable"], amounts(status["allocatable"]))
        self.assertEqual({taint["key"] for taint in shown["taints"]}, {taint["key"] for taint in spec.get("taints", [])})
        self.assertEqual({one["type"]: one["status"] for one in shown["conditions"]},
                         {one["type"]: one["status"] for one in status["conditions"]})
        self.assertEqual(shown["kubelet_version"], status["nodeInfo"]["kubeletVersion"])
        self.assertEqual(shown["internal_ip"], "127.0.0.1")
        pods = [one for one in self.listed("pods") if one["spec"].get("nodeName") == meta["name"]]
        self.assertEqual(shown["pods"], len(pods))
        requested = sum(amount(one["spec"]["containers"][0]["resources"]["requests"]["memory"]) for one in pods)
        self.assertEqual(shown["requested"].get("memory", 0), requested)

    def test_pods_are_those_that_kubectl_lists(self):
        shown = {(one["namespace"], one["name"]): one for one in self.server.items("/api/v1/cluster/pods")}
        listed = {(one["metadata"]["namespace"], one["metadata"]["name"]): one for one in self.listed("pods")}
        self.assertEqual(shown.keys(), listed.keys())
        for key, one in listed.items():
            with self.subTest(pod=key):
                self.assertEqual(shown[key]["uid"], one["metadata"]["uid"])
                self.assertEqual(shown[key]["resource_version"], one["metadata"]["resourceVersion"])
                self.assertEqual(shown[key]["phase"], one["status"]["phase"])
                self.assertEqual(shown[key]["node"], one["spec"].get("nodeName"))
                self.assertEqual(shown[key]["labels"], one["metadata"].get("labels", {}))
                self.assertEqual(shown[key]["ip"], one["status"].get("podIP"))
                self.assertEqual(shown[key]["requests"], amounts(one["spec"]["containers"][0]["resources"]["requests"]))
        self.assertEqual(shown["vision", "train-0"]["gpu_requests"], 2)
        self.assertIn("Insufficient nvidia.com/gpu", shown["speech", "greedy"]["unschedulable"])

    def test_filters_find_what_selectors_of_kubectl_find(self):
        def names(query):
            return sorted(one["name"] for one in self.server.items(f"/api/v1/cluster/pods?{query}"))
        trainers = [f"train-{n}" for n in range(6)]
        self.assertEqual(names("label=app%3Dtrain"), trainers)
        self.assertEqual(names("namespace=vision&gpu=true"), trainers)
        self.assertEqual(names("namespace=vision&gpu=false"), ["web-0", "web-1", "web-2"])
        self.assertEqual(names("phase=Pending&gpu=true"), ["greedy"])
        self.assertEqual(names("q=rocm"), ["rocm"])
        there = sorted(one["metadata"]["name"] for one in self.listed("pods") if one["spec"].get("nodeName") == "mixed")
        self.assertIn("rocm", there)  # the scheduler may put pods without GPUs there too
        self.assertEqual(names("node=mixed"), there)

    def test_namespaces_are_those_that_kubectl_lists(self):
        shown = by_name(self.server.items("/api/v1/cluster/namespaces"))
        self.assertEqual(sorted(shown), sorted(one["metadata"]["name"] for one in self.listed("namespaces")))
        self.assertEqual((shown["vision"]["pods"], shown["vision"]["pods_running"], shown["vision"]["gpu_requests"]), (9, 9, 12))
        self.assertEqual(shown["vision"]["labels"]["team"], "vision")

    def test_claims_say_which_device_the_scheduler_gave_to_whom(self):
        claims = self.server.items("/api/v1/cluster/claims")
        listed = {one["metadata"]["name"]: one for one in self.listed("resourceclaims")}
        self.assertEqual({one["name"] for one in claims}, listed.keys())
        given = {one["reserved_for"][0]: one["devices"] for one in claims if one["devices"]}
        self.assertEqual(len(given), 2)
        self.assertEqual(sorted(devices[0]["device"] for devices in given.values()), ["gpu-0-3g-0", "gpu-0-3g-4"])
        for devices in given.values():
            self.assertEqual((devices[0]["driver"], devices[0]["pool"]), (DRIVER, "node-0001"))
            self.assertEqual(devices[0]["uuid"], devices[0]["device"].replace("gpu-0-", "MIG-node-0001-"))
        waiting = [one for one in self.server.items("/api/v1/cluster/pods?namespace=speech&phase=Pending") if one["name"].startswith("part")]
        self.assertEqual(len(waiting), 1)
        self.assertIn("cannot allocate all claims", waiting[0]["unschedulable"])

    def test_usage_is_what_metrics_server_says(self):
        def used():
            status, one = self.server.get("/api/v1/cluster/pods/vision/train-0")
            return status == 200 and one["usage"] and one["usage"]["cpu"] > 2 and one["usage"]
        usage = wait_until(used, seconds=90, what="the usage of a pod")
        self.assertAlmostEqual(usage["cpu"], 2.5, delta=0.5)
        self.assertEqual(usage["memory"], 3 * 2**30)
        rows = self.kinds(self.server)
        self.assertEqual((rows["nodes.metrics.k8s.io"]["state"], rows["pods.metrics.k8s.io"]["state"]), ("live", "live"))
        nodes = by_name(self.server.items("/api/v1/cluster/nodes"))
        busy = [one for one in self.client.get("/apis/metrics.k8s.io/v1beta1/nodes")["items"] if amount(one["usage"]["memory"]) > 2**30]
        self.assertTrue(busy)
        for one in busy:
            self.assertAlmostEqual(nodes[one["metadata"]["name"]]["usage"]["memory"] / amount(one["usage"]["memory"]), 1, delta=0.05)
        _, cluster = self.server.get("/api/v1/cluster")
        self.assertGreater(cluster["cpu_usage_cores"], 12)

    def test_the_cluster_in_one_answer(self):
        wait_until(lambda: self.server.get("/api/v1/cluster")[1]["server_version"] == "v1.37.2", what="the API server's version")
        _, cluster = self.server.get("/api/v1/cluster")
        self.assertTrue(cluster["configured"])
        self.assertEqual((cluster["nodes"], cluster["nodes_ready"], cluster["namespaces"]), (6, 6, len(self.listed("namespaces"))))
        self.assertEqual((cluster["pods"], cluster["pods_running"], cluster["pods_pending"]), (14, 12, 2))
        self.assertEqual((cluster["gpus_capacity"], cluster["gpus_requested"]), (34, 13))
        self.assertEqual((cluster["claims"], cluster["claims_allocated"]), (3, 2))

    def test_the_old_api_shows_the_same(self):
        pods = {(one["namespace"], one["name"]): one for one in self.answer(f"{OLD}/pods/all")}
        listed = {(one["metadata"]["namespace"], one["metadata"]["name"]): one for one in self.listed("pods")}
        self.assertEqual(pods.keys(), listed.keys())
        self.assertEqual({key: one["phase"] for key, one in pods.items()}, {key: one["status"]["phase"] for key, one in listed.items()})
        self.assertEqual({one["name"] for one in self.answer(f"{OLD}/pods/all?namespace=vision")},
                         {name for space, name in listed if space == "vision"})
        nodes = {one["name"]: one for one in self.answer(f"{OLD}/nodes")}
        self.assertEqual(nodes.keys(), {one["metadata"]["name"] for one in self.listed("nodes")})
        usage = self.answer(f"{OLD}/usage")
        self.assertEqual((len(usage["pods"]), len(usage["nodes"])), (0, 6), "its pods are those that serve models")
        self.assertEqual((usage["clusterSummary"]["totalNodes"], usage["clusterSummary"]["readyNodes"]), (6, 6))
        self.assertEqual(self.answer(f"{OLD}/pods/vision/train-1")["nodeName"], listed["vision", "train-1"]["spec"]["nodeName"])
        self.assertEqual(self.server.get(f"{OLD}/pods/vision/nobody")[0], 404)
        for path in ("health", "statistics", "namespaces", "alerts", "metrics/status", "pods/top", "pods", "models/vllm"):
            self.answer(f"{OLD}/{path}")

    def answer(self, path):
        status, body = self.server.get(path)
        self.assertEqual(status, 200, (path, body))
        return body


if __name__ == "__main__":
    unittest.main()
