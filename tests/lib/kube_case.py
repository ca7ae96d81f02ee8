"""Test cases that share one Kubernetes cluster: a class starts it, and its files stay when one of its tests fails."""
import pathlib
import tempfile
import unittest

from kube_cluster import KubernetesCluster
from reeve_process import ControlPlane, wait_until


class KubernetesCase(unittest.TestCase):
    """Subclasses say in CLUSTER what KubernetesCluster is to be built with. `self.folder` is new for each test (a short path: sockets stand in it)."""

    CLUSTER = {}

    @classmethod
    def setUpClass(cls):
        cls.cluster = KubernetesCluster(**cls.CLUSTER)
        cls.enterClassContext(cls.cluster)
        cls.client = cls.cluster.client

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix=f"{self._testMethodName[5:30]}-", dir=self.cluster.folder / "tmp")
        self._processes = []
        self.addCleanup(lambda: [process.stop() for process in reversed(self._processes)])

    def run(self, result=None):
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before:
            self.cluster.keep()
            for log in sorted(pathlib.Path(self.folder).glob("*.log")):
                print(f"--- the end of {log}:\n" + "\n".join(log.read_text(errors="replace").split("\n")[-25:]), flush=True)
        return result

    def start(self, process):
        """A Process that ends with the test."""
        self._processes.append(process)
        return process

    def serve(self, kubeconfig=None, config="", targets=()):
        """`reeve serve` that watches the cluster, as the account that deploy/kubernetes/rbac.yaml makes unless told otherwise."""
        kubeconfig = kubeconfig or self.cluster.account_kubeconfig()
        return self.start(ControlPlane(self.folder, targets, config=f"kubernetes: {{kubeconfig: {kubeconfig}}}\n{config}"))

    def kinds(self, serve):
        """Kind -> its row of GET /api/v1/cluster."""
        status, body = serve.get("/api/v1/cluster")
        self.assertEqual(status, 200, body)
        return {row["kind"]: row for row in body["kinds"]}

    def wait_for_state(self, serve, state, *kinds, seconds=30):
        def reached():
            rows = self.kinds(serve)
            return all(rows[kind]["state"] == state for kind in kinds) and rows
        try:
            return wait_until(reached, seconds=seconds, what=f"state {state} of {', '.join(kinds)}")
        except AssertionError as error:
            raise AssertionError(f"{error}; they are {self.kinds(serve)}") from None

    def namespace(self, name):
        """A new namespace, removed with what is in it at the end."""
        self.client.create("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        self.addCleanup(self.client.delete, f"/api/v1/namespaces/{name}")
        account = f"/api/v1/namespaces/{name}/serviceaccounts/default"  # no pod is admitted before it is there
        wait_until(lambda: self.client.raw("GET", account)[0] == 200, what=f"the default account of {name}")
        return name
