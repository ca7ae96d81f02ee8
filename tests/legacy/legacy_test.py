"""The old system's clients against the real program: the requests that they send, replayed byte by byte."""
import concurrent.futures
import datetime
import gzip
import http.client
import json
import re
import unittest

from reeve_process import Agent, ControlPlane, folder, gpus, wait_until

ROOT = "/k8s-monitor/api/v1/gpu"
LOCAL_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?$")
EMPTY, OBJECT, ARRAY, FRAMEWORK = "empty", "object", "array", "framework"

# method, path, body, status, kind of answer. In this order, against one fleet.
REPLAYED = [
    ("GET", "/overview", None, 200, OBJECT),
    ("GET", "/health", None, 200, OBJECT),
    ("GET", "/devices", None, 200, ARRAY),
    ("GET", "/devices?nodeName=n1&modelId=H100_80GB&status=available", None, 200, ARRAY),
    ("GET", "/devices/n1-GPU-00", None, 200, OBJECT),
    ("GET", "/devices/nope", None, 404, EMPTY),
    ("GET", "/devices/statistics", None, 200, OBJECT),
    ("GET", "/devices/overheating", None, 200, ARRAY),
    ("GET", "/devices/n1-GPU-00/health", None, 200, OBJECT),
    ("GET", "/devices/nope/health", None, 404, OBJECT),
    ("POST", "/devices", {"nodeName": "n1", "modelId": "A100_80GB", "deviceIndex": 8, "serialNumber": "S1", "pciAddress": "0000:99:00.0",
                          "gpuUuid": "GPU-by-hand", "driverVersion": "535", "firmwareVersion": "1", "vbiosVersion": "2",
                          "purchaseCost": 15000.0, "warrantyExpiryDate": "2037-08-03T00:00:00Z"}, 200, OBJECT),
    ("POST", "/devices", {"nodeName": "n1", "modelId": "A100_80GB", "deviceIndex": 8, "pciAddress": "p", "gpuUuid": "GPU-by-hand"}, 400, EMPTY),
    ("POST", "/devices", {"nodeName": "nope", "modelId": "A100_80GB", "deviceIndex": 9, "pciAddress": "p", "gpuUuid": "u"}, 400, EMPTY),
    ("PUT", "/devices/n1-GPU-08/status?status=MAINTENANCE", None, 200, EMPTY),
    ("PUT", "/devices/n1-GPU-08/status?status=FOO", None, 400, EMPTY),
    ("PUT", "/devices/nope/status?status=ACTIVE", None, 404, EMPTY),
    ("PUT", "/devices/n1-GPU-08/status", None, 400, FRAMEWORK),
    ("GET", "/allocations", None, 200, ARRAY),
    ("GET", "/allocations?namespace=model-serving&userId=u1&teamId=ml", None, 200, ARRAY),
    ("GET", "/allocations/expiring?hours=24", None, 200, ARRAY),
    ("GET", "/allocations/cost-statistics", None, 200, OBJECT),
    ("GET", "/allocations/ALLOC-NONE", None, 405, FRAMEWORK),
    ("DELETE", "/allocations/ALLOC-NONE", None, 400, EMPTY),
    ("GET", "/metrics/usage-statistics?hours=24", None, 200, OBJECT),
    ("GET", "/metrics/usage-statistics?hours=abc", None, 400, FRAMEWORK),
    ("GET", "/metrics/overheating-alerts", None, 200, ARRAY),
    ("POST", "/metrics/collect", None, 200, OBJECT),
    ("GET", "/metrics/collection-status", None, 200, OBJECT),
    ("GET", "/metrics/data", None, 200, OBJECT),
    ("GET", "/metrics/data?deviceId=n1-GPU-00&hours=1", None, 200, OBJECT),
    ("GET", "/metrics/config", None, 200, OBJECT),
    ("POST", "/metrics/cleanup?olderThanDays=30", None, 200, OBJECT),
    ("GET", "/metrics/realtime", None, 200, OBJECT),
    ("POST", "/metrics/collection/pause", None, 200, OBJECT),
    ("POST", "/metrics/collection/resume", None, 200, OBJECT),
    ("POST", "/metrics/collection/restart", None, 200, OBJECT),
    ("POST", "/metrics/collection/foo", None, 400, OBJECT),
    ("GET", "/nothing", None, 404, FRAMEWORK),
]

# Without a Kubernetes cluster: the old shapes, of what is known.
RESOURCES = [
    ("/pods", 200, ARRAY),
    ("/pods?namespace=model-serving", 200, ARRAY),
    ("/pods?page=0&size=10&sort=cpuUsage,desc", 200, ARRAY),
    ("/pods?phase=Flying", 400, FRAMEWORK),
    ("/pods/all", 200, ARRAY),
    ("/pods/top", 200, ARRAY),
    ("/pods/top?resourceType=gpu&limit=3", 200, ARRAY),
    ("/pods/top?limit=ten", 400, FRAMEWORK),
    ("/pods/default/nope", 404, EMPTY),
    ("/models/vllm", 200, ARRAY),
    ("/nodes", 200, ARRAY),
    ("/nodes/nope", 404, EMPTY),
    ("/usage", 200, OBJECT),
    ("/usage?namespace=model-serving", 200, OBJECT),
    ("/health", 200, OBJECT),
    ("/statistics?hours=24", 200, OBJECT),
    ("/statistics?hours=abc", 400, FRAMEWORK),
    ("/statistics?hours=0", 400, EMPTY),
    ("/namespaces", 200, OBJECT),
    ("/alerts", 200, ARRAY),
    ("/forecast?hours=24", 200, OBJECT),
    ("/metrics/status", 200, OBJECT),
    ("/nothing", 404, FRAMEWORK),
]


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    def json(self):
        return json.loads(self.body)


class Legacy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls._folder = folder()
        cls.addClassCleanup(cls._folder.cleanup)
        cls.agents = []
        for node, scenario in (("n1", gpus("H100_80GB", 4)), ("n2", gpus("A100_40GB", 1, mig=["3g.20gb", "1g.5gb"]))):
            cls.agents.append(Agent(cls._folder.name, node, scenario))
            cls.addClassCleanup(cls.agents[-1].stop)
        cls.serve = ControlPlane(cls._folder.name, [agent.port for agent in cls.agents])
        cls.addClassCleanup(cls.serve.stop)
        wait_until(lambda: cls.ask("GET", "/devices/n1-GPU-00").status == 200 and
                   cls.ask("GET", "/devices/n1-GPU-00").json()["currentTempC"] is not None, what="values of n1-GPU-00")
        wait_until(lambda: cls.ask("GET", "/devices/n2-GPU-00").status == 200, what="n2-GPU-00")

    @classmethod
    def ask(cls, method, path, body=None, headers=None, timeout=30, root=ROOT):
        connection = http.client.HTTPConnection("127.0.0.1", cls.serve.port, timeout=timeout)
        try:
            payload = json.dumps(body) if isinstance(body, dict) else body
            kind = {"Content-Type": "application/json"} if payload is not None else {}
            connection.request(method, root + path, payload, {**kind, **(headers or {})})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def check_kind(self, answer, kind, what):
        if kind == EMPTY:
            self.assertEqual((answer.body, answer.headers["Content-Length"]), (b"", "0"), what)
            return
        self.assertEqual(answer.headers.get_content_type(), "application/json", what)
        document = answer.json()
        self.assertIsInstance(document, list if kind == ARRAY else dict, what)
        if kind == FRAMEWORK:
            self.assertEqual(list(document), ["timestamp", "status", "error", "path"], what)
            self.assertRegex(document["timestamp"], r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$", what)
            self.assertEqual(document["status"], answer.status, what)

    def test_the_documented_requests_are_answered_as_before(self):
        for method, path, body, status, kind in REPLAYED:
            what = f"{method} {path}"
            answer = self.ask(method, path, body)
            self.assertEqual(answer.status, status, f"{what}: {answer.body[:300]}")
            self.check_kind(answer, kind, what)

    def test_the_monitoring_api_answers_without_a_cluster(self):
        for path, status, kind in RESOURCES:
            answer = self.ask("GET", path, root=ROOT.removesuffix("gpu") + "resources")
            self.assertEqual(answer.status, status, f"{path}: {answer.body[:300]}")
            self.check_kind(answer, kind, path)

    def test_an_allocation_lives_from_post_to_delete(self):
        body = {"namespace": "model-serving", "podName": "vllm-llama2-7b", "containerName": "vllm", "workloadType": "Inference",
                "useMig": False, "requiredMemoryGb": 30, "priorityClass": "high", "plannedReleaseTime": "2037-08-04T12:00:00Z",
                "userId": "u7", "teamId": "ml", "projectId": "p", "maxCostPerHour": 100.0}
        given = self.ask("POST", "/allocations", body)
        self.assertEqual(given.status, 200, given.body)
        allocation = given.json()
        self.assertRegex(allocation["allocationId"], "^ALLOC-[0-9A-F]{8}$")
        self.assertRegex(allocation["allocationTime"], LOCAL_TIME)
        self.assertEqual(allocation["plannedReleaseTime"], "2037-08-04T12:00:00")
        self.assertEqual((allocation["status"], allocation["priorityClass"]), ("ALLOCATED", "high"))
        device = self.ask("GET", f"/devices/{allocation['allocatedResource']}").json()
        self.assertEqual((device["allocated"], device["currentAllocationId"]), (True, allocation["allocationId"]))
        self.assertIn(allocation["allocationId"], [item["allocationId"] for item in self.ask("GET", "/allocations?teamId=ml").json()])
        ended = self.ask("DELETE", f"/allocations/{allocation['allocationId']}")
        self.assertEqual((ended.status, ended.body), (200, b""))
        self.assertEqual(self.ask("DELETE", f"/allocations/{allocation['allocationId']}").status, 400)
        history = self.ask("GET", "/allocations?userId=u7").json()
        self.assertEqual([item["status"] for item in history], ["RELEASED"])

    def test_an_existing_slice_is_given(self):
        given = self.ask("POST", "/allocations", {"namespace": "n", "podName": "slice", "useMig": True, "requiredMemoryGb": 20})
        self.assertEqual(given.status, 200, given.body)
        self.assertEqual(given.json()["resourceType"], "MIG_INSTANCE")
        self.assertRegex(given.json()["allocatedResource"], r"^n2-GPU-00-MIG-\d\d$")
        self.assertEqual(self.ask("DELETE", f"/allocations/{given.json()['allocationId']}").status, 200)

    def test_a_hundred_callers_at_once_never_get_one_gpu_twice(self):
        def post(n):
            return self.ask("POST", "/allocations", {"namespace": "n", "podName": f"p{n}", "preferredModelId": "H100_80GB"})
        with concurrent.futures.ThreadPoolExecutor(100) as pool:
            answers = list(pool.map(post, range(100)))
        given = [answer.json() for answer in answers if answer.status == 200]
        self.assertEqual({answer.status for answer in answers}, {200, 400})
        self.assertEqual(sorted(item["allocatedResource"] for item in given), [f"n1-GPU-0{i}" for i in range(4)])
        for item in given:
            self.assertEqual(self.ask("DELETE", f"/allocations/{item['allocationId']}").status, 200)

    def test_documents_are_printed_as_before_and_times_are_local_to_seoul(self):
        answer = self.ask("GET", "/overview")
        self.assertTrue(answer.body.startswith(b'{\n  "totalNodes" : '), answer.body[:40])
        seen = datetime.datetime.fromisoformat(answer.json()["lastUpdated"])
        seoul = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) + datetime.timedelta(hours=9)
        self.assertLess(abs(seoul - seen), datetime.timedelta(seconds=5))
        devices = self.ask("GET", "/devices")
        self.assertTrue(devices.body.startswith(b'[ {\n  "deviceId" : "n1-GPU-00",\n'), devices.body[:60])

    def test_large_answers_are_compressed_for_who_accepts_it(self):
        answer = self.ask("GET", "/devices", headers={"Accept-Encoding": "gzip"})
        self.assertEqual(answer.headers["Content-Encoding"], "gzip")
        self.assertEqual(json.loads(gzip.decompress(answer.body))[0]["deviceId"], "n1-GPU-00")

    def test_bad_bodies_and_media_types_get_the_frameworks_answer(self):
        for body, headers, status in (("{", {}, 400), ('{"requiredMemoryGb":"lots"}', {}, 400), ("[]", {}, 400), ("", {}, 400),
                                      ("{}", {"Content-Type": "text/plain"}, 415)):
            answer = self.ask("POST", "/allocations", body, headers)
            self.assertEqual(answer.status, status, body)
            self.check_kind(answer, FRAMEWORK, body)

    def test_browsers_of_other_origins_are_let_in(self):
        self.assertEqual(self.ask("GET", "/overview", headers={"Origin": "http://other"}).headers["Access-Control-Allow-Origin"], "*")
        preflight = self.ask("OPTIONS", "/allocations", headers={"Origin": "http://other", "Access-Control-Request-Method": "POST"})
        self.assertEqual((preflight.status, preflight.headers["Access-Control-Max-Age"]), (200, "3600"))

    def test_a_pause_stops_the_rounds_until_collection_is_resumed(self):
        def last():
            return self.ask("GET", "/metrics/collection-status").json()
        self.ask("POST", "/metrics/collection/pause")
        self.assertEqual(last()["status"], "PAUSED")
        before = self.ask("POST", "/metrics/collect")  # a round that is asked for runs all the same
        self.assertEqual(before.json()["status"], "SUCCESS")
        self.ask("POST", "/metrics/collection/resume")
        self.assertEqual(last()["status"], "RUNNING")
        at = last()["lastCollection"]
        wait_until(lambda: last()["lastCollection"] != at, what="the next round")
        self.assertRegex(last()["lastCollection"], LOCAL_TIME)


if __name__ == "__main__":
    unittest.main()
