"""The promises of `reeve agent`, asked of the real program over the simulated library."""
import http.client
import json
import pathlib
import re
import time
import unittest

from reeve_process import Agent, Process, folder, gpus, wait_until


class RunningAgent(unittest.TestCase):
    def setUp(self):
        self._folder = folder()
        self.folder = self._folder.name
        self.processes = []
        self.addCleanup(self._folder.cleanup)
        self.addCleanup(lambda: [process.stop() for process in self.processes])

    def agent(self, scenario):
        self.processes.append(Agent(self.folder, "n1", scenario))
        return self.processes[-1]

    def raw_agent(self, *arguments, environment=None):
        port_file = pathlib.Path(self.folder) / "raw.port"
        process = Process(["agent", "--listen", "127.0.0.1:0", "--port-file", str(port_file), *arguments], self.folder, "raw", environment)
        self.processes.append(process)
        process.port = int(wait_until(lambda: port_file.exists() and port_file.read_text().strip(), what="the port"))
        return process

    def get(self, agent, path, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", agent.port, timeout=10)
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, answer.headers, body

    def health(self, agent):
        return json.loads(self.get(agent, "/healthz")[2])

    def wait_for_devices(self, agent, count):
        wait_until(lambda: self.health(agent)["devices"] == count and self.health(agent)["driver"] == "ok", what=f"{count} devices")

    def test_a_node_is_served_as_dcgm_exporter_would(self):
        agent = self.agent(gpus("H100_80GB", 2, load="training") | {"node": "n1"})
        self.wait_for_devices(agent, 2)
        status, headers, text = self.get(agent, "/metrics")
        self.assertEqual((status, headers["Content-Type"]), (200, "text/plain; version=0.0.4; charset=utf-8"))
        row = re.compile(r'^DCGM_FI_DEV_GPU_TEMP\{gpu="\d",UUID="GPU-[^"]+",pci_bus_id="[0-9A-F:.]+",device="nvidia\d",modelName="[^"]+",'
                         r'hostname="n1",DCGM_FI_DRIVER_VERSION="[^"]+"\} \d+$', re.M)
        self.assertEqual(len(row.findall(text)), 2)
        devices = json.loads(self.get(agent, "/v1/devices")[2])["devices"]
        self.assertEqual([device["index"] for device in devices], [0, 1])
        _, headers, text = self.get(agent, "/metrics", {"Accept": "application/openmetrics-text; version=1.0.0"})
        self.assertTrue(headers["Content-Type"].startswith("application/openmetrics-text"))
        self.assertTrue(text.endswith("# EOF\n"))

    def test_the_old_label_can_be_had(self):
        agent = self.raw_agent("--node-name", "n1", "--hostname-label", "--nvml", "/nowhere.so")
        self.assertIn('reeve_agent_driver_up{Hostname="n1"} 0', wait_until(lambda: self.get(agent, "/metrics")[2]))

    def test_the_name_of_the_node_comes_from_its_environment(self):
        agent = self.raw_agent("--nvml", "/nowhere.so", environment={"NODE_NAME": "from-the-pod"})
        self.assertEqual(self.health(agent)["node"], "from-the-pod")

    def test_without_a_driver_it_answers_and_says_why(self):
        agent = self.raw_agent("--node-name", "n1", "--nvml", "/nowhere/libnvidia-ml.so.1")
        wait_until(lambda: "/nowhere/libnvidia-ml.so.1" in self.health(agent)["error"], what="the reason")
        self.assertEqual(self.health(agent)["status"], "degraded")
        self.assertEqual(json.loads(self.get(agent, "/v1/devices")[2])["devices"], [])

    def test_a_hanging_call_delays_no_scrape_and_not_the_end(self):
        scenario = gpus("H100_80GB", 3)
        scenario["gpus"][1]["events"] = [{"at": 2, "for": 60, "hang": "nvmlDeviceGetPowerUsage"}]
        agent = self.agent(scenario)
        self.wait_for_devices(agent, 3)
        slowest = 0.0
        end = time.monotonic() + 20
        while not self.health(agent)["not_answering"]:
            self.assertLess(time.monotonic(), end, "the hanging call was not noticed")
            began = time.monotonic()
            self.get(agent, "/metrics")
            slowest = max(slowest, time.monotonic() - began)
            time.sleep(0.01)
        self.assertLess(slowest, 0.5)
        rows = re.findall(r'^DCGM_FI_DEV_GPU_TEMP\{gpu="(\d)"', self.get(agent, "/metrics")[2], re.M)
        self.assertEqual(rows, ["0", "2"])
        began = time.monotonic()
        agent.stop()
        self.assertLess(time.monotonic() - began, 1.5)
        self.assertEqual(agent.process.returncode, 0)

    def test_wrong_options_are_refused(self):
        for wrong in (["--interval", "soon"], ["--interval", "0s"], ["--listen", "nowhere"], ["--colour", "red"]):
            process = Process(["agent", *wrong], self.folder, "wrong")
            self.assertNotEqual(process.process.wait(10), 0, wrong)
            process.stop()
