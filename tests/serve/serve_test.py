"""The promises of `reeve serve`, asked of the real program over real agents."""
import concurrent.futures
import random
import threading
import time
import unittest

from reeve_process import Agent, ControlPlane, folder, gpus, wait_until


def allocation(n, **more):
    return {"namespace": "default", "pod": f"pod-{n}", "team": "vision", **more}


class Serve(unittest.TestCase):
    def setUp(self):
        self._folder = folder()
        self.folder = self._folder.name
        self.processes = []
        self.addCleanup(self._folder.cleanup)
        self.addCleanup(lambda: [process.stop() for process in reversed(self.processes)])

    def agent(self, node, scenario):
        self.processes.append(Agent(self.folder, node, scenario))
        return self.processes[-1]

    def serve(self, agents=(), **more):
        self.processes.append(ControlPlane(self.folder, [agent.port for agent in agents], **more))
        return self.processes[-1]

    def wait_for_devices(self, serve, count):
        wait_until(lambda: (serve.get("/api/v1/overview")[1] or {}).get("devices") == count, what=f"{count} devices")

    def test_what_the_agents_report_is_shown(self):
        agents = [self.agent("n1", gpus("H100_80GB", 2)), self.agent("n2", gpus("A100_40GB", 1, mig=["3g.20gb", "1g.5gb"]))]
        serve = self.serve(agents)
        self.wait_for_devices(serve, 3)
        devices = {device["id"]: device for device in serve.items("/api/v1/devices")}
        self.assertEqual(sorted(devices), ["n1-GPU-00", "n1-GPU-01", "n2-GPU-00"])
        self.assertEqual(devices["n1-GPU-00"]["model"], "H100_80GB")
        self.assertEqual(devices["n1-GPU-00"]["memory_mib"], 81559)
        wait_until(lambda: serve.get("/api/v1/devices/n1-GPU-00")[1]["values"].get("gpu_temperature_celsius"), what="a temperature")
        self.assertEqual(sorted(part["profile"] for part in devices["n2-GPU-00"]["instances"]), ["1g.5gb", "3g.20gb"])

    def test_a_hundred_callers_at_once_never_get_one_gpu_twice(self):
        serve = self.serve([self.agent("n1", gpus("H100_80GB", 8)), self.agent("n2", gpus("H100_80GB", 8))])
        self.wait_for_devices(serve, 16)
        with concurrent.futures.ThreadPoolExecutor(100) as pool:
            answers = list(pool.map(lambda n: serve.request("POST", "/api/v1/allocations", allocation(n), timeout=30), range(100)))
        granted = [body["resource"] for status, _, body in answers if status == 201]
        refused = [body for status, _, body in answers if status == 409]
        self.assertEqual(len(granted), 16)
        self.assertEqual(len(set(granted)), 16)
        self.assertEqual(len(refused), 84)
        self.assertEqual(refused[0]["code"], "RESOURCE_NOT_AVAILABLE")
        self.assertEqual(refused[0]["blocked_by"], {"are held": 16})

    def test_nothing_acknowledged_is_lost_when_it_is_killed(self):
        agent = self.agent("n1", gpus("H100_80GB", 8))
        serve = self.serve([agent])
        self.wait_for_devices(serve, 8)
        dice = random.Random(11)
        held, slowest = {}, 0.0
        for _ in range(12):
            held = self.load_until_killed(serve, held, after=dice.uniform(0.05, 0.4))
            self.processes.remove(serve)
            serve = self.serve([agent])
            slowest = max(slowest, serve.seconds_to_start)
            found = {item["id"]: item["resource"] for item in serve.items("/api/v1/allocations?status=ALLOCATED")}
            for known, resource in held.items():
                self.assertEqual(found.get(known), resource, f"allocation {known} was acknowledged and is gone")
            self.assertEqual(len(set(found.values())), len(found), "one GPU has two holders")
            held = found
        self.assertLess(slowest, 2.0)

    def load_until_killed(self, serve, held, after):
        """Allocates and releases from four threads, kills the server meanwhile; returns what was acknowledged."""
        held = dict(held)
        lock, stop = threading.Lock(), threading.Event()

        def churn(seed):
            dice = random.Random(seed)
            while not stop.is_set():
                with lock:
                    victim = dice.choice(list(held)) if held and dice.random() < 0.5 else None
                    resource = held.pop(victim) if victim else None
                if victim:
                    status, _, _ = serve.request("DELETE", f"/api/v1/allocations/{victim}")
                    if status == 409:
                        with lock:
                            held[victim] = resource
                    continue
                status, _, body = serve.request("POST", "/api/v1/allocations", allocation(seed))
                if status == 201:
                    with lock:
                        held[body["id"]] = body["resource"]

        threads = [threading.Thread(target=churn, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(after)
        serve.kill()
        stop.set()
        for thread in threads:
            thread.join()
        return held

    def test_a_repeated_request_gets_its_first_answer_even_after_a_crash(self):
        agent = self.agent("n1", gpus("H100_80GB", 2))
        serve = self.serve([agent])
        self.wait_for_devices(serve, 2)
        key = {"Idempotency-Key": "k-1"}
        _, _, first = serve.request("POST", "/api/v1/allocations", allocation(1), key)
        serve.kill()
        self.processes.remove(serve)
        serve = self.serve([agent])
        status, _, again = serve.request("POST", "/api/v1/allocations", allocation(1), key)
        self.assertIn(status, (200, 201))
        self.assertEqual(again["id"], first["id"])
        status, _, problem = serve.request("POST", "/api/v1/allocations", allocation(2), key)
        self.assertEqual((status, problem["field"]), (409, "Idempotency-Key"))

    def test_a_dead_node_is_shown_as_stale_and_delays_nobody(self):
        alive, dying = self.agent("n1", gpus("l40s", 1)), self.agent("n2", gpus("l40s", 1))
        serve = self.serve([alive, dying])
        self.wait_for_devices(serve, 2)
        dying.kill()
        wait_until(lambda: serve.get("/api/v1/nodes/n2")[1]["stale"], what="n2 being stale")
        first = serve.get("/api/v1/nodes/n1")[1]["observed_at"]
        wait_until(lambda: serve.get("/api/v1/nodes/n1")[1]["observed_at"] > first, seconds=5, what="a newer look at n1")
        self.assertFalse(serve.get("/api/v1/nodes/n1")[1]["stale"])
        self.assertNotEqual(serve.get("/api/v1/nodes/n2")[1]["last_error"], "")

    def test_a_target_that_is_added_to_the_file_is_found_without_a_restart(self):
        first, second = self.agent("n1", gpus("l4", 1)), self.agent("n2", gpus("l4", 1))
        serve = self.serve([first])
        self.wait_for_devices(serve, 1)
        serve.set_targets([first.port, second.port])
        self.wait_for_devices(serve, 2)

    def test_a_second_server_on_the_same_data_is_refused(self):
        serve = self.serve()
        with self.assertRaisesRegex(AssertionError, "uses it; stop that one or give another --data-dir"):
            ControlPlane(self.folder)
        self.assertEqual(serve.get("/healthz")[0], 200)

    def test_the_clients_of_the_old_system_are_served(self):
        serve = self.serve([self.agent("n1", gpus("RTX4090", 2))])
        self.wait_for_devices(serve, 2)
        status, overview = serve.get("/k8s-monitor/api/v1/gpu/overview")
        self.assertEqual((status, overview["totalGpuDevices"]), (200, 2))
        status, _, info = serve.request("POST", "/k8s-monitor/api/v1/gpu/allocations", {"namespace": "default", "podName": "p"})
        self.assertEqual((status, info["status"], info["resourceType"]), (200, "ALLOCATED", "FULL_GPU"))
        status, _, _ = serve.request("DELETE", f"/k8s-monitor/api/v1/gpu/allocations/{info['allocationId']}")
        self.assertEqual(status, 200)

    def test_the_mig_discount_holds_without_any_price_of_our_own(self):
        agent = self.agent("n1", gpus("A100_80GB", 1, mig=["1g.10gb"]))
        serve = self.serve([agent], config="mig_discount: 1.0\n")
        self.wait_for_devices(serve, 1)
        _, _, given = serve.request("POST", "/api/v1/allocations", allocation(1, use_mig=True))
        self.assertAlmostEqual(given["cost_per_hour_usd"], 6.0 / 7, places=5)

    def test_history_survives_a_crash(self):
        agent = self.agent("n1", gpus("H100_80GB", 1))
        serve = self.serve([agent])
        self.wait_for_devices(serve, 1)
        query = "/api/v1/devices/n1-GPU-00/metrics?metrics=gpu_temperature_celsius&step=1"

        def points(server):
            status, answer = server.get(query)
            self.assertEqual(status, 200)
            return answer["series"][0]["points"] if answer["series"] else []

        wait_until(lambda: len(points(serve)) >= 3, what="three samples")
        before = points(serve)
        serve.kill()
        self.processes.remove(serve)
        serve = self.serve([agent])
        after = {point[0] for point in points(serve)}
        self.assertLessEqual({point[0] for point in before[:-1]} - after, set())


if __name__ == "__main__":
    unittest.main()
