"""The promises of `reeve demo` and of the command line, asked of the real program over four simulated nodes."""
import json
import pathlib
import signal
import subprocess
import time
import unittest

from reeve_process import REEVE, SIM_LIBRARY, Process, folder, wait_until

NODES = 4
GPUS = NODES * 8


def agents_of(data_dir):
    """Pids of the agents whose log or scenario lies in the data directory."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"agent" in words and any(str(data_dir).encode() in word for word in words):
            found.append(int(entry.name))
    return found


class Demo(Process):
    def __init__(self, directory, *more):
        directory = pathlib.Path(directory)
        self.data_dir = directory / "data"
        port_file = directory / "demo.port"
        port_file.unlink(missing_ok=True)
        began = time.monotonic()
        super().__init__(["demo", "--listen", "127.0.0.1:0", "--port-file", str(port_file), "--data-dir", str(self.data_dir), "--nodes", str(NODES),
                          "--nvml", SIM_LIBRARY, *more], directory, "demo")
        self.port = int(wait_until(lambda: (port_file.exists() and port_file.read_text().strip()) or self._fail_when_ended(),
                                   what="the port of the demo"))
        wait_until(lambda: self.cli("get", "jobs").returncode == 0, what="an answer")
        self.seconds_to_start = time.monotonic() - began

    def _fail_when_ended(self):
        if self.process.poll() is not None:
            raise AssertionError(f"demo ended with {self.process.returncode}:\n{self.log()}")

    def cli(self, *words, **more):
        return subprocess.run([REEVE, *words], capture_output=True, text=True, timeout=30,
                              env={"REEVE_SERVER": f"http://127.0.0.1:{self.port}", "PATH": "/usr/bin:/bin"}, **more)

    def json(self, *words):
        done = self.cli(*words, "-o", "json")
        if done.returncode != 0:
            raise AssertionError(f"{words}: {done.returncode}: {done.stderr}")
        return json.loads(done.stdout)

    def items(self, *words):
        return self.json("get", *words)["items"]

    def wait_for_fleet(self):
        wait_until(lambda: len(self.items("devices")) == GPUS, what=f"{GPUS} devices")


class DemoTest(unittest.TestCase):
    def setUp(self):
        self._folder = folder()
        self.addCleanup(self._folder.cleanup)
        self.running = []
        self.addCleanup(lambda: [demo.stop() for demo in self.running])

    def demo(self, *more):
        self.running.append(Demo(self._folder.name, *more))
        return self.running[-1]

    def test_a_fleet_is_seen_held_given_out_and_taken_back(self):
        demo = self.demo("--interval", "2s", "--history", "2h")
        self.assertLess(demo.seconds_to_start, 10)
        demo.wait_for_fleet()
        planned = wait_until(lambda: len(self.held(demo)) > 10 and self.held(demo), what="holders of the simulated workloads")

        free = demo.items("devices", "--free")
        self.assertGreater(len(free), 0)
        wanted = free[0]["id"]
        given = demo.json("allocate", "mine", "-n", "default", "--device", wanted, "--team", "me")
        self.assertEqual(given["resource"], wanted)
        self.assertEqual(demo.cli("allocate", "yours", "-n", "default", "--device", wanted).returncode, 4)
        self.assertEqual([item["id"] for item in demo.items("allocations", "--team", "me")], [given["id"]])
        self.assertIn("default/mine", demo.cli("describe", "device", wanted).stdout)
        self.assertEqual(demo.cli("release", given["id"]).returncode, 0)
        self.assertEqual(demo.cli("release", given["id"]).returncode, 4)
        self.assertGreaterEqual(len(self.held(demo)), len(planned))

        job = wait_until(lambda: [job for job in demo.items("jobs") if job["state"] == "done"], 60, "the history")[0]
        self.assertEqual(job["done"], job["total"])

    def test_every_kind_can_be_listed_and_looked_at(self):
        demo = self.demo("--interval", "2s", "--history", "0")
        demo.wait_for_fleet()
        for kind in ["nodes", "devices", "instances", "allocations", "models", "events", "targets", "jobs", "audit"]:
            for output in ["table", "wide", "json", "yaml"]:
                done = demo.cli("get", kind, "-o", output)
                self.assertEqual(done.returncode, 0, (kind, output, done.stderr))
        node, device = demo.items("nodes")[0]["name"], demo.items("devices")[0]["id"]
        slice_ = demo.items("instances")[0]["id"]
        for words in [("node", node), ("device", device), ("instance", slice_), ("model", "H100_80GB")]:
            self.assertEqual(demo.cli("describe", *words).returncode, 0, words)
        self.assertEqual(demo.cli("get", "node", "nobody").returncode, 3)
        top = demo.cli("top")
        self.assertEqual(top.returncode, 0, top.stderr)
        self.assertIn(device, top.stdout)
        self.assertIn(node, demo.cli("__complete", "get", "nodes", "gpu").stdout)
        self.assertEqual(demo.cli("version").returncode, 0)

    def test_killed_and_started_again_it_still_knows_who_holds_what(self):
        demo = self.demo("--interval", "2s", "--history", "0")
        demo.wait_for_fleet()
        wait_until(lambda: len(self.held(demo)) > 10, what="holders")
        given = demo.json("allocate", "mine", "-n", "default", "--device", demo.items("devices", "--free")[0]["id"])
        time.sleep(1)
        before = self.held(demo)
        self.assertEqual(len(self.agents(demo)), NODES)
        demo.kill()
        wait_until(lambda: not self.agents(demo), 5, "the end of the agents")

        again = self.demo("--interval", "2s", "--history", "0")
        self.assertEqual(again.json("get", "allocation", given["id"])["status"], "ALLOCATED")
        again.wait_for_fleet()
        time.sleep(3)
        self.assertEqual(self.held(again), before)

    def test_ctrl_c_ends_everything_within_two_seconds(self):
        demo = self.demo("--interval", "2s", "--history", "7d")
        demo.wait_for_fleet()
        self.assertEqual(len(self.agents(demo)), NODES)
        began = time.monotonic()
        demo.process.send_signal(signal.SIGINT)
        self.assertEqual(demo.process.wait(10), 0, demo.log())
        self.assertLess(time.monotonic() - began, 2.5)
        self.assertEqual(self.agents(demo), [])

    def test_a_port_or_a_directory_in_use_is_said(self):
        demo = self.demo("--history", "0")
        arguments = ["demo", "--nodes", "1", "--nvml", SIM_LIBRARY, "--listen", f"127.0.0.1:{demo.port}"]
        taken = subprocess.run([REEVE, *arguments, "--data-dir", self._folder.name + "/other"], capture_output=True, text=True, timeout=20)
        self.assertEqual(taken.returncode, 1)
        self.assertIn(str(demo.port), taken.stderr)
        used = subprocess.run([REEVE, *arguments, "--data-dir", str(demo.data_dir)], capture_output=True, text=True, timeout=20)
        self.assertEqual(used.returncode, 1)
        self.assertIn(str(demo.data_dir), used.stderr)

    @staticmethod
    def held(demo):
        return {item["id"] for item in demo.items("allocations", "--status", "ALLOCATED")}

    @staticmethod
    def agents(demo):
        return agents_of(demo.data_dir)


if __name__ == "__main__":
    unittest.main()
