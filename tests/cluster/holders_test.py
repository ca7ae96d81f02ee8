"""Agents that are found as pods, and who holds which GPU: from a kubelet's PodResources to the APIs."""
import unittest
import urllib.request

from fake_kubelet import FakeKubelet
from kube_case import KubernetesCase
from kube_cluster import pod
from reeve_process import Agent, gpus, wait_until


class Holders(KubernetesCase):
    """Two nodes; on each a real agent over the simulated driver, which asks a kubelet of the test's."""

    CLUSTER = {"nodes": 2, "gpus": 2}

    def setUp(self):
        super().setUp()
        self.space = self.namespace(self._testMethodName.replace("_", "-")[5:50].strip("-"))
        self.kubelets, self.agents = {}, {}
        for name in ("node-0000", "node-0001"):
            kubelet = self.kubelets[name] = self.start(FakeKubelet(self.folder, name))
            self.agents[name] = self.start(Agent(self.folder, name, gpus("H100_80GB", 2), options=("--pod-resources", str(kubelet.socket))))
        self.client.create_all([self.agent_pod(name) for name in self.agents])
        self.server = self.serve()
        wait_until(lambda: len(self.server.items("/api/v1/devices")) == 4, seconds=60, what="four devices")

    def agent_pod(self, node):
        return pod(f"agent-{node}", self.space, node, labels={"app.kubernetes.io/name": "reeve-agent"}, ports=[self.agents[node].port],
                   host_network=True, image="reeve", annotations={"prometheus.io/port": str(self.agents[node].port)})

    def device(self, name):
        status, one = self.server.get(f"/api/v1/devices/{name}")
        self.assertEqual(status, 200, one)
        return one

    def run_pod(self, name, node, count=1):
        self.client.create_all([pod(name, self.space, node, gpus=count, labels={"team": "vision"})])
        wait_until(lambda: self.client.get(f"/api/v1/namespaces/{self.space}/pods/{name}")["status"]["phase"] == "Running", what=f"{name} running")

    def give(self, node, *held):
        """held: (pod, device name). The kubelet says so from now on."""
        self.kubelets[node].set_pods([(self.space, name, "main", "nvidia.com/gpu", [self.device(device)["uuid"]]) for name, device in held])

    def holdings(self):
        return {one["resource"]: one for one in self.server.items(f"/api/v1/cluster/holdings?namespace={self.space}")}

    def wait_for_holder(self, resource, name, seconds=30):
        return wait_until(lambda: (one := self.holdings().get(resource)) and one["pod"] == name and one, seconds=seconds,
                          what=f"{name} holding {resource}")

    def test_agents_that_run_as_pods_are_collected_from_without_being_configured(self):
        targets = self.server.get("/api/v1/targets")[1]["items"]
        self.assertEqual(sorted(target["url"] for target in targets), sorted(f"http://127.0.0.1:{one.port}" for one in self.agents.values()))
        self.client.delete(f"/api/v1/namespaces/{self.space}/pods/agent-node-0001", now=True)
        wait_until(lambda: len(self.server.get("/api/v1/targets")[1]["items"]) == 1, seconds=30, what="one target left")

    def test_a_pod_that_asked_nobody_is_an_observed_allocation_with_its_team(self):
        self.run_pod("train", "node-0000")
        self.give("node-0000", ("train", "node-0000-GPU-01"))
        held = self.wait_for_holder("node-0000-GPU-01", "train")
        self.assertEqual((held["namespace"], held["container"], held["node"]), (self.space, "main", "node-0000"))
        self.assertIn("pod-resources", held["sources"])
        device = self.device("node-0000-GPU-01")
        self.assertFalse(device["free"])
        self.assertEqual([one["pod"] for one in device["holders"]], ["train"])
        given = wait_until(lambda: [one for one in self.server.items("/api/v1/allocations?status=ALLOCATED") if one["pod"] == "train"],
                           what="an allocation")
        self.assertEqual((given[0]["resource"], given[0]["origin"]), ("node-0000-GPU-01", "observed"))
        shown = self.server.get(f"/api/v1/cluster/pods/{self.space}/train")[1]
        self.assertEqual([one["resource"] for one in shown["devices"]], ["node-0000-GPU-01"])
        self.client.delete(f"/api/v1/namespaces/{self.space}/pods/train", now=True)
        self.give("node-0000")
        wait_until(lambda: self.device("node-0000-GPU-01")["free"], seconds=30, what="a free GPU")
        ended = wait_until(lambda: [one for one in self.server.items("/api/v1/allocations?status=RELEASED") if one["pod"] == "train"],
                           what="an allocation that ended")
        self.assertEqual(len(ended), 1)

    def test_nobody_is_given_a_gpu_on_which_a_pod_was_seen(self):
        held = [("a", "node-0000-GPU-00"), ("b", "node-0000-GPU-01"), ("c", "node-0001-GPU-00")]
        for name, device in held:
            self.run_pod(name, device[:9])
        self.give("node-0000", *held[:2])
        self.give("node-0001", held[2])
        for name, device in held:
            self.wait_for_holder(device, name)
        status, _, granted = self.server.request("POST", "/api/v1/allocations", {"namespace": self.space, "pod": "late"})
        self.assertEqual((status, granted.get("resource")), (201, "node-0001-GPU-01"))
        status, _, refused = self.server.request("POST", "/api/v1/allocations", {"namespace": self.space, "pod": "later"})
        self.assertEqual((status, refused["code"]), (409, "RESOURCE_NOT_AVAILABLE"))

    def test_a_pod_on_anothers_gpu_is_a_conflict(self):
        status, _, granted = self.server.request("POST", "/api/v1/allocations", {"namespace": self.space, "pod": "owner"})
        self.assertEqual(status, 201, granted)
        resource = granted["resource"]
        node = resource[:9]
        self.run_pod("owner", node)
        self.run_pod("thief", node)
        self.give(node, ("thief", resource))

        def conflicts():
            return [one for one in self.server.items("/api/v1/cluster/conflicts") if one["resource"] == resource]
        found = wait_until(lambda: [one for one in conflicts() if one["kind"] == "held-by-another"], seconds=30, what="a conflict")
        self.assertEqual(found[0]["allocation"], granted["id"])
        self.assertIn("thief", found[0]["detail"])
        self.give(node, ("owner", resource))
        wait_until(lambda: not conflicts(), seconds=30, what="no conflict")
        self.assertEqual(self.wait_for_holder(resource, "owner")["allocation"], granted["id"])

    def test_a_kubelet_that_stops_answering_leaves_the_holders_as_they_were(self):
        self.run_pod("train", "node-0000")
        self.give("node-0000", ("train", "node-0000-GPU-00"))
        self.wait_for_holder("node-0000-GPU-00", "train")
        self.kubelets["node-0000"].stop()
        wait_until(lambda: "reeve_pod_resources_up" in (text := self.metrics_of("node-0000")) and " 0" in
                   next(line for line in text.splitlines() if line.startswith("reeve_pod_resources_up")), seconds=30, what="a kubelet that is down")
        self.assertFalse(self.device("node-0000-GPU-00")["free"])

    def metrics_of(self, node):
        return urllib.request.urlopen(f"http://127.0.0.1:{self.agents[node].port}/metrics").read().decode()

    def test_ids_of_the_wire_sample_that_are_no_gpu_of_the_node_are_told(self):
        kubelet = self.start(FakeKubelet(self.folder, "sampled", wire_sample=True))
        agent = self.start(Agent(self.folder, "node-sampled", gpus("H100_80GB", 1), options=("--pod-resources", str(kubelet.socket))))
        self.server.set_targets([agent.port])
        told = wait_until(lambda: self.server.items("/api/v1/cluster/unplaced?node=node-sampled"), seconds=30, what="what could not be placed")
        ids = {one["evidence"]["device_id"] for one in told}
        self.assertIn("MIG-7b1d2f30-1111-5000-9000-000000000000", ids)
        self.assertIn("GPU-5a3c0e10-0000-4000-8000-000000000002::1", ids)


if __name__ == "__main__":
    unittest.main()
