"""The promises of `reeve agent`, asked of the real program over the simulated library."""
import http.client
import json
import pathlib
import re
import subprocess
import time
import unittest

from reeve_process import REEVE, SIM_LIBRARY, Agent, Process, folder, gpus, wait_until

FAKE_KUBELET = pathlib.Path(REEVE).parent / "tests/agent/fake_kubelet"


def field(number, value):
    """A field of a protobuf message that is shorter than 128 bytes."""
    data = value.encode() if isinstance(value, str) else value
    return bytes([number << 3 | 2, len(data)]) + data


def pod(namespace, name, resource, device):
    devices = field(1, resource) + field(2, device)
    return field(1, field(1, name) + field(2, namespace) + field(3, field(1, "main") + field(2, devices)))


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

    def test_who_holds_what_is_asked_of_the_kubelet(self):
        message = pathlib.Path(self.folder) / "list.bin"
        message.write_bytes(pod("team-a", "train-0", "nvidia.com/gpu", "nvidia1") + pod("team-b", "far", "amd.com/gpu", "amdgpu_xcp_1"))
        kubelet = subprocess.Popen([FAKE_KUBELET, message], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (kubelet.stdout.close(), kubelet.stdin.close(), kubelet.wait()))
        scenario = pathlib.Path(self.folder) / "held.json"
        scenario.write_text(json.dumps(gpus("H100_80GB", 2) | {"node": "n1"}))
        agent = self.raw_agent("--node-name", "n1", "--nvml", SIM_LIBRARY, "--interval", "200ms", "--pod-resources",
                               kubelet.stdout.readline().strip(), environment={"REEVE_SIM_SCENARIO": str(scenario)})
        wait_until(lambda: self.health(agent).get("kubelet") == "ok" and self.health(agent)["devices"] == 2, what="an answer of the kubelet")
        text = self.get(agent, "/metrics")[2]
        self.assertRegex(text, r'DCGM_FI_DEV_GPU_TEMP\{gpu="1",.*,container="main",namespace="team-a",pod="train-0"\} ')
        self.assertNotRegex(text, r'DCGM_FI_DEV_GPU_TEMP\{gpu="0",.*pod=')
        self.assertRegex(text, r'reeve_pod_device_info\{UUID="GPU-[^"]+",namespace="team-a",pod="train-0",container="main",'
                               r'resource="nvidia.com/gpu",device_id="nvidia1",hostname="n1"\} 1')
        self.assertIn('reeve_pod_device_info{UUID="",namespace="team-b",pod="far"', text)
        inventory = json.loads(self.get(agent, "/v1/devices")[2])
        self.assertEqual([[holder["pod"] for holder in device["holders"]] for device in inventory["devices"]], [[], ["train-0"]])
        self.assertEqual(inventory["holders_from"], "pod-resources")
        kubelet.stdin.close()
        kubelet.wait()
        wait_until(lambda: 'reeve_pod_resources_up{hostname="n1"} 0' in self.get(agent, "/metrics")[2], what="the kubelet's silence")
        self.assertNotIn("pod=", self.get(agent, "/metrics")[2])
        self.assertIn("DCGM_FI_DEV_GPU_TEMP", self.get(agent, "/metrics")[2])

    def test_wrong_options_are_refused(self):
        for wrong in (["--interval", "soon"], ["--interval", "0s"], ["--listen", "nowhere"], ["--colour", "red"]):
            process = Process(["agent", *wrong], self.folder, "wrong")
            self.assertNotEqual(process.process.wait(10), 0, wrong)
            process.stop()
