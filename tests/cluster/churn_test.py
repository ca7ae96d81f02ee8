"""Thousands of changes with the API server killed in their middle: what Reeve shows afterwards is what the API server lists."""
import os
import time
import unittest

from kube_case import KubernetesCase
from kube_churn import Churn
from kube_cluster import pod
from reeve_process import wait_until

SECONDS = float(os.environ.get("REEVE_CHURN_SECONDS", "20"))
WRITES_PER_SECOND = float(os.environ.get("REEVE_CHURN_WRITES", "500"))
FIELDS = "namespace,name,uid,resource_version,phase,node,labels,deleted_at"


def listed(client):
    """(namespace, name) -> what a fresh list says of each pod."""
    found = {}
    for one in client.list("/api/v1/pods")[0]:
        meta = one["metadata"]
        found[meta["namespace"], meta["name"]] = (meta["uid"], meta["resourceVersion"], one["status"]["phase"], one["spec"].get("nodeName"),
                                                  meta.get("labels", {}), "deletionTimestamp" in meta)
    return found


def shown(serve):
    return {(one["namespace"], one["name"]): (one["uid"], one["resource_version"], one["phase"], one["node"], one["labels"],
                                              one["deleted_at"] is not None)
            for one in serve.items(f"/api/v1/cluster/pods?fields={FIELDS}")}


class Churned(KubernetesCase):
    CLUSTER = {"nodes": 20, "lease_seconds": 120}

    def wait_until_equal(self, serve, seconds=30):
        """The pods of both sides once they are the same; the differences when they never are."""
        end = time.monotonic() + seconds
        while True:
            want, have = listed(self.client), shown(serve)
            if want == have and listed(self.client) == want:
                return want
            if time.monotonic() > end:
                different = {key: (want.get(key), have.get(key)) for key in want.keys() | have.keys() if want.get(key) != have.get(key)}
                self.fail(f"{len(different)} of {len(want)} pods differ after {seconds} s (listed, shown): {dict(list(different.items())[:5])}")
            time.sleep(0.3)

    def churn(self, space):
        churn = Churn(self.cluster, space, [f"node-{n:04d}" for n in range(20)], WRITES_PER_SECOND).start()
        self.addCleanup(churn.stop)
        return churn

    def test_after_churn_with_the_api_server_killed_in_its_middle_the_view_equals_a_fresh_list(self):
        serve = self.serve()
        self.wait_for_state(serve, "live", "pods", "nodes", "namespaces")
        churn = self.churn(self.namespace("churn"))
        time.sleep(SECONDS / 2)
        self.cluster.kill("kube-apiserver")
        self.wait_for_state(serve, "stale", "pods")
        self.cluster.start_api_server()
        time.sleep(SECONDS / 2)
        churn.stop()
        pods = self.wait_until_equal(serve)
        row = self.wait_for_state(serve, "live", "pods", "nodes", "namespaces")["pods"]
        print(f"\n{churn.written} writes ({churn.refused} refused) in {churn.seconds:.0f} s; {row['events']} changes of pods seen, "
              f"{row['lists']} lists; {len(pods)} pods at the end")
        self.assertGreater(churn.written, 50 * SECONDS)
        self.assertGreater(churn.refused, 0, "the API server was never gone")

    def test_a_pod_that_is_deleted_while_nobody_watches_is_gone_from_the_view(self):
        space = self.namespace("unwatched")
        self.client.create_all([pod(f"p{n}", space, "node-0000") for n in range(40)])
        self.cluster.wait_for_pods(40, namespace=space)
        serve = self.serve()
        self.wait_for_state(serve, "live", "pods")
        os.kill(serve.pid, 19)  # SIGSTOP: it neither reads nor answers
        try:
            for n in range(20):
                self.client.delete(f"/api/v1/namespaces/{space}/pods/p{n}", now=True)
            self.cluster.kill("kube-apiserver")
            self.cluster.start_api_server()
        finally:
            os.kill(serve.pid, 18)
        left = wait_until(lambda: len(found := serve.items(f"/api/v1/cluster/pods?namespace={space}&fields=name")) == 20 and found,
                          seconds=40, what="20 pods")
        self.assertEqual(sorted(one["name"] for one in left), sorted(f"p{n}" for n in range(20, 40)))


if __name__ == "__main__":
    unittest.main()
