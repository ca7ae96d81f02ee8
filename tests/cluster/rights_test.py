"""The rights that deploy/kubernetes/rbac.yaml gives: enough for everything, nothing beyond it, and each missing one is named."""
import copy
import json
import unittest

from kube_case import KubernetesCase
from kube_cluster import pod
from kube_pki import write_kubeconfig
from reeve_process import ControlPlane, wait_until

RBAC = "/apis/rbac.authorization.k8s.io/v1"
# Kind of GET /api/v1/cluster -> (API group, resource, verbs that it needs).
NEEDS = {"nodes": ("", "nodes", ("list", "watch")), "pods": ("", "pods", ("list", "watch")), "namespaces": ("", "namespaces", ("list", "watch")),
         "resourceclaims": ("resource.k8s.io", "resourceclaims", ("list", "watch")),
         "resourceslices": ("resource.k8s.io", "resourceslices", ("list", "watch")),
         "nodes.metrics.k8s.io": ("metrics.k8s.io", "nodes", ("list",)), "pods.metrics.k8s.io": ("metrics.k8s.io", "pods", ("list",))}
WRITES = {("events.k8s.io", "events", verb) for verb in ("create", "patch")}
LEASES = {("coordination.k8s.io", "leases", verb) for verb in ("get", "create", "update")}
VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "bind", "escalate", "impersonate", "approve", "sign")


def without(rules, group, resource, verb):
    """The rules of a role less one verb on one resource."""
    left = []
    for rule in copy.deepcopy(rules):
        if group not in rule["apiGroups"] or resource not in rule["resources"]:
            left.append(rule)
            continue
        others = [name for name in rule["resources"] if name != resource]
        if others:
            left.append({**rule, "resources": others})
        verbs = [name for name in rule["verbs"] if name != verb]
        if verbs:
            left.append({**rule, "resources": [resource], "verbs": verbs})
    return left


class Account:
    """A copy of Reeve's account whose role a test edits."""

    def __init__(self, cluster, name):
        self._client, self.name = cluster.client, name
        self.user = f"system:serviceaccount:reeve:{name}"
        self.rules = self._client.get(f"{RBAC}/clusterroles/reeve")["rules"]
        self._client.create_all([
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": "reeve"}},
            self._role(self.rules),
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": name},
             "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
             "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": "reeve"}]}], threads=1)
        token = self._client.create(f"/api/v1/namespaces/reeve/serviceaccounts/{name}/token", {
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}})["status"]["token"]
        self.kubeconfig = write_kubeconfig(cluster.folder / f"{name}.kubeconfig", cluster.server, cluster.pki.crt("ca"), token=token)

    def _role(self, rules):
        return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": self.name}, "rules": rules}

    def set_rules(self, rules):
        self._client.call("PUT", f"{RBAC}/clusterroles/{self.name}", self._role(rules))

    def wait_until_may(self, group, resource, verb, allowed):
        """The API server hears of a changed role a moment later."""
        wait_until(lambda: may_all(self._client, self.user, [(group, resource, "", verb, "")]) == [allowed],
                   what=f"{self.name}: {verb} {resource} {'allowed' if allowed else 'denied'}")


def may_all(client, user, questions):
    """For each (group, resource, subresource, verb, namespace) whether the user may."""
    path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    reviews = [{"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
                "spec": {"user": user, "groups": ["system:serviceaccounts", "system:serviceaccounts:reeve", "system:authenticated"],
                         "resourceAttributes": {"group": group, "resource": resource, "subresource": part, "verb": verb,
                                                **({"namespace": space} if space else {})}}}
               for group, resource, part, verb, space in questions]
    return [json.loads(answer)["status"]["allowed"] for _, answer in client.in_bulk([("POST", path, review) for review in reviews])]


class Rights(KubernetesCase):
    CLUSTER = {"nodes": 2, "metrics": True}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cluster.account_kubeconfig()
        cls.client.create_all([pod("witness", node_name="node-0000")])
        cls.cluster.wait_for_pods(1)

    def every_resource(self):
        """(group, resource, subresource) of all that this API server has."""
        found = {("", name, part) for name, part in (("users", ""), ("groups", ""), ("serviceaccounts", ""))}  # impersonation
        groups = [("", "/api/v1")]
        for group in self.client.get("/apis")["groups"]:
            groups.append((group["name"], f"/apis/{group['preferredVersion']['groupVersion']}"))
        for name, path in groups:
            for resource in self.client.get(path)["resources"]:
                found.add((name, *(resource["name"].split("/") + [""])[:2]))
        return sorted(found)

    def test_the_account_may_do_what_is_listed_and_nothing_else(self):
        resources = self.every_resource()
        self.assertIn(("", "secrets", ""), resources)
        self.assertIn(("metrics.k8s.io", "pods", ""), resources)
        everywhere = {(group, resource, verb) for group, resource, verbs in NEEDS.values() for verb in verbs} | WRITES
        for space, expected in (("", everywhere), ("kube-system", everywhere), ("reeve", everywhere | LEASES)):
            questions = [(*resource, verb, space) for resource in resources for verb in VERBS]
            nobody = may_all(self.client, "system:serviceaccount:reeve:nobody", questions)
            allowed = may_all(self.client, "system:serviceaccount:reeve:reeve", questions)
            more = {question[:4] for question, may, anyone in zip(questions, allowed, nobody) if may and not anyone}
            self.assertEqual(more, {(group, resource, "", verb) for group, resource, verb in expected}, f"in namespace '{space}'")

    def test_with_the_shipped_rights_everything_is_live(self):
        serve = self.serve()
        rows = self.wait_for_state(serve, "live", *NEEDS, seconds=60)
        self.assertEqual({kind: row["error"] for kind, row in rows.items() if row["error"]}, {})

    def test_each_verb_that_is_missing_is_named_and_nothing_else_suffers(self):
        cases = [(kind, group, resource, verb) for kind, (group, resource, verbs) in NEEDS.items() for verb in verbs]
        running = []
        for kind, group, resource, verb in cases:
            account = Account(self.cluster, f"no-{verb}-{kind.replace('.', '-')}")
            account.set_rules(without(account.rules, group, resource, verb))
            account.wait_until_may(group, resource, verb, False)
            running.append(account)
        serves = [self.serve_in(account) for account in running]
        for (kind, group, resource, verb), serve in zip(cases, serves):
            with self.subTest(missing=f"{verb} {kind}"):
                self.assert_named(serve, kind, resource, verb)
        for account in running:
            account.set_rules(account.rules)
        for (kind, *_), serve in zip(cases, serves):
            with self.subTest(given_back=kind):
                rows = self.wait_for_state(serve, "live", *NEEDS, seconds=90)
                self.assertFalse(rows[kind]["error"])

    def serve_in(self, account):
        folder = self.cluster.folder / "tmp" / account.name
        folder.mkdir()
        return self.start(ControlPlane(folder, config=f"kubernetes: {{kubeconfig: {account.kubeconfig}}}\n"))

    def assert_named(self, serve, kind, resource, verb):
        def failed():
            row = self.kinds(serve)[kind]
            return row["state"] in ("forbidden", "stale") and row["error"] and row
        row = wait_until(failed, seconds=60, what=f"a failure of {kind}")
        self.assertIn(verb, row["error"])
        self.assertIn(resource, row["error"])
        self.assertEqual(row["state"], "forbidden", row)
        others = [name for name in NEEDS if name != kind]
        rows = self.wait_for_state(serve, "live", *others, seconds=60)
        self.assertEqual({name: rows[name]["error"] for name in others if rows[name]["error"]}, {})
        if kind != "pods":
            self.assertIn("witness", [one["name"] for one in serve.items("/api/v1/cluster/pods?namespace=default")])

    def test_a_right_that_is_taken_away_while_it_runs_is_named_once_the_watch_ends(self):
        account = Account(self.cluster, "once-allowed")
        serve = self.serve_in(account)
        self.wait_for_state(serve, "live", "pods", "nodes")
        account.set_rules(without(account.rules, "", "pods", "watch"))
        account.wait_until_may("", "pods", "watch", False)
        self.cluster.kill("kube-apiserver")
        self.cluster.start_api_server()

        def failed():
            row = self.kinds(serve)["pods"]
            return row["state"] in ("forbidden", "stale") and "watch" in (row["error"] or "") and row
        wait_until(failed, seconds=60, what="a failure of pods")
        self.assertIn("witness", [one["name"] for one in serve.items("/api/v1/cluster/pods")], "what was known is still shown")
        self.wait_for_state(serve, "live", "nodes", seconds=60)
        account.set_rules(account.rules)
        self.wait_for_state(serve, "live", "pods", seconds=90)


if __name__ == "__main__":
    unittest.main()
