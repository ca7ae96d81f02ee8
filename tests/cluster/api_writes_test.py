"""What Reeve writes to a real API server: objects, status, events, and the lease by which one replica leads."""
import os
import pathlib
import subprocess
import unittest

from kube_case import KubernetesCase
from kube_cluster import pod

BINARY = pathlib.Path(os.environ.get("REEVE_BIN", pathlib.Path(__file__).resolve().parents[2] / "build/release/reeve"))
PROGRAM = os.environ.get("REEVE_KUBE_WRITES", str(BINARY.parent / "tests/cluster/kube_writes"))


class Writes(KubernetesCase):
    CLUSTER = {"nodes": 1}

    def write(self, verb, space, name, value, kubeconfig=None):
        """What the program prints, without the last line end."""
        words = [PROGRAM, str(kubeconfig or self.cluster.kubeconfig), verb, space, name, str(value)]
        return subprocess.run(words, stdout=subprocess.PIPE, text=True, timeout=60).stdout.rstrip("\n")

    def config_map(self, space, name):
        return self.client.get(f"/api/v1/namespaces/{space}/configmaps/{name}")

    def test_objects_are_created_once_and_deleted_only_as_looked_at(self):
        space = self.namespace("create")
        self.assertEqual(self.write("create", space, "one", "a"), "ok")
        self.assertEqual(self.write("create", space, "one", "b"), f"CONFLICT cannot create configmaps in namespace '{space}': "
                         'AlreadyExists: configmaps "one" already exists')
        self.assertTrue(self.write("delete", space, "one", "another-uid").startswith("CONFLICT"))
        self.assertEqual(self.write("delete", space, "one", self.config_map(space, "one")["metadata"]["uid"]), "ok")
        self.assertTrue(self.write("delete", space, "one", "").startswith("NOT_FOUND"))

    def test_apply_owns_its_fields_and_takes_those_of_others_only_by_force(self):
        space = self.namespace("apply")
        self.assertEqual(self.write("apply", space, "one", "ours"), "ok")
        owners = {entry["manager"]: entry["operation"] for entry in self.config_map(space, "one")["metadata"]["managedFields"]}
        self.assertEqual(owners, {"reeve": "Apply"})
        self.client.patch(f"/api/v1/namespaces/{space}/configmaps/one?fieldManager=somebody", {"data": {"key": "theirs"}})
        refused = self.write("apply", space, "one", "ours")
        self.assertTrue(refused.startswith("CONFLICT") and "somebody" in refused, refused)
        self.assertEqual(self.config_map(space, "one")["data"], {"key": "theirs"})
        self.assertEqual(self.write("force", space, "one", "ours"), "ok")
        self.assertEqual(self.config_map(space, "one")["data"], {"key": "ours"})

    def test_the_status_of_an_object_is_patched_alone(self):
        space = self.namespace("status")
        self.client.create_all([pod("p", space, node_name="node-0000")])
        self.cluster.wait_for_pods(1, namespace=space)
        self.assertEqual(self.write("status", space, "p", "seen"), "ok")
        self.assertEqual(self.client.get(f"/api/v1/namespaces/{space}/pods/p")["status"]["message"], "seen")

    def test_a_list_comes_whole_in_pages(self):
        space = self.namespace("pages")
        before, _ = self.client.list(f"/api/v1/namespaces/{space}/configmaps")
        for n in range(7):
            self.write("create", space, f"c{n}", n)
        lines = self.write("pages", space, "-", 3).split("\n")
        names = " ".join(lines).split()
        self.assertEqual([name for name in names if name.startswith("c")], [f"c{n}" for n in range(7)])
        self.assertGreater(len(lines), 2, f"{len(before)} objects were there before")

    def test_an_event_is_counted_up(self):
        space = self.namespace("events")
        self.client.create_all([pod("p", space, node_name="node-0000")])
        self.assertEqual(self.write("event", space, "p", 50, self.cluster.account_kubeconfig()), "created 1 counted 1 dropped 0 ")
        events = [event for event in self.client.get(f"/apis/events.k8s.io/v1/namespaces/{space}/events")["items"]
                  if event["reason"] == "DeviceConflict"]
        self.assertEqual([(event["series"]["count"], event["regarding"]["name"], event["type"]) for event in events], [(50, "p", "Warning")])
        self.assertIn("two sources disagree", self.cluster.kubectl("events", "-n", space, "--for", "pod/p"))

    def test_a_lease_goes_from_one_to_the_next(self):
        account = self.cluster.account_kubeconfig()
        self.assertEqual(self.write("lease", "reeve", "a", "hwhwh", account).split("\n"), ["held"] * 3)
        path = "/apis/coordination.k8s.io/v1/namespaces/reeve/leases/reeve"
        spec = self.client.get(path)["spec"]
        self.assertEqual((spec["holderIdentity"], spec["leaseDurationSeconds"], spec["leaseTransitions"]), ("a", 3, 0))
        # a is gone without a word: b waits for the three seconds, then takes it and gives it up.
        told = self.write("lease", "reeve", "b", "hwhwwwhr", account).split("\n")
        self.assertEqual(told, ["waits", "waits", "held", "ok"])
        spec = self.client.get(path)["spec"]
        self.assertNotIn("holderIdentity", spec)
        self.assertEqual(self.write("lease", "reeve", "c", "h", account), "held")
        self.assertEqual(self.client.get(path)["spec"]["leaseTransitions"], 2)

    def test_what_the_account_may_not_do_is_named_with_the_verb_to_grant(self):
        space = self.namespace("refused")
        account = self.cluster.account_kubeconfig()
        for verb, asked, kind in (("create", "create", "configmaps"), ("apply", "patch", "configmaps"), ("pages", "list", "configmaps"),
                                  ("delete", "delete", "configmaps"), ("status", "patch", "pods/status")):
            refused = self.write(verb, space, "one", "1", account)
            self.assertTrue(refused.startswith("UNAUTHORIZED cannot "), refused)
            self.assertIn(f"grant the verb '{asked}' on '{kind}' in namespace '{space}'", refused)


if __name__ == "__main__":
    unittest.main()
