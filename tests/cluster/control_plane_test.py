"""What the other tests take for granted of the cluster that they start."""
import time
import unittest

from kube_case import KubernetesCase
from kube_client import ApiError, Client
from kube_cluster import USAGE_CPU, USAGE_MEMORY, pod
from reeve_process import wait_until


class ControlPlane(KubernetesCase):
    CLUSTER = {"nodes": 5, "gpus": 8, "metrics": True}

    def test_nodes_are_ready_and_have_their_gpus(self):
        shown = self.cluster.kubectl("get", "nodes", "-o", r"jsonpath={range .items[*]}{.metadata.name} {.status.allocatable.nvidia\.com/gpu}{'\n'}{end}")
        self.assertEqual(shown.split("\n")[:-1], [f"node-{n:04d} 8" for n in range(5)])

    def test_the_scheduler_never_gives_more_gpus_than_a_node_has(self):
        space = self.namespace("scheduling")
        self.client.create_all([pod(f"p{n}", space, gpus=2) for n in range(25)])
        running = self.cluster.wait_for_pods(20, namespace=space)
        time.sleep(1)
        running = self.cluster.wait_for_pods(20, namespace=space)
        self.assertEqual(len(running), 20)
        held = [one["spec"]["nodeName"] for one in running]
        self.assertEqual({held.count(name) for name in held}, {4})

    def test_a_pod_that_is_bound_at_its_creation_runs(self):
        space = self.namespace("bound")
        self.client.create_all([pod("here", space, node_name="node-0003"), pod("host", space, node_name="node-0003", host_network=True)])
        running = {one["metadata"]["name"]: one for one in self.cluster.wait_for_pods(2, namespace=space)}
        self.assertEqual(running["here"]["spec"]["nodeName"], "node-0003")
        self.assertEqual(running["host"]["status"]["podIP"], "127.0.0.1")

    def test_nothing_is_lost_when_the_api_server_is_killed(self):
        space = self.namespace("killed")
        self.client.create_all([pod(f"p{n}", space, node_name="node-0000") for n in range(10)])
        before = self.cluster.wait_for_pods(10, namespace=space)
        self.cluster.kill("kube-apiserver")
        with self.assertRaises(ApiError):
            self.client.get("/api/v1/pods")
        self.cluster.start_api_server()
        after = self.cluster.wait_for_pods(10, namespace=space)
        self.assertEqual([one["metadata"]["uid"] for one in before], [one["metadata"]["uid"] for one in after])
        self.client.create_all([pod("scheduled", space)])
        self.cluster.wait_for_pods(11, namespace=space)

    def test_metrics_server_says_what_the_annotations_say(self):
        space = self.namespace("usage")
        self.client.create_all([pod("busy", space, node_name="node-0001", annotations={USAGE_CPU: "3", USAGE_MEMORY: "2Gi"})])

        def usage():
            status, _ = self.client.raw("GET", f"/apis/metrics.k8s.io/v1beta1/namespaces/{space}/pods/busy")
            return status == 200 and self.client.get(f"/apis/metrics.k8s.io/v1beta1/namespaces/{space}/pods/busy")["containers"][0]["usage"]
        shown = wait_until(usage, seconds=90, what="the usage of a pod")
        self.assertEqual(shown["memory"], "2Gi")

    def test_an_account_without_rights_is_refused(self):
        account = self.cluster.client.create("/api/v1/namespaces/default/serviceaccounts/default/token", {
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 600}})
        client = Client("127.0.0.1", self.cluster.ports["api"], self.cluster.pki.crt("ca"), token=account["status"]["token"])
        self.addCleanup(client.close)
        with self.assertRaises(ApiError) as refused:
            client.get("/api/v1/nodes")
        self.assertEqual(refused.exception.status, 403)


if __name__ == "__main__":
    unittest.main()
