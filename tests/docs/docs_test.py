"""The commands that README shows, run as they stand there. Addresses and folders are the only words that are exchanged."""
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import unittest
import urllib.request

from reeve_process import REEVE, SIM_LIBRARY, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOOPBACK = {"0.0.0.0": "127.0.0.1", "10.0.0.": "127.0.0.", ":9400": ":0", ":8080": ":0"}


def commands(document):
    """Lines of indented code blocks, without their comments."""
    lines = (ROOT / document).read_text().split("\n")
    return [line.split("#")[0].strip() for line in lines if re.match(r" {4}(\./dev|build/release/reeve|reeve) ", line)]


def with_loopback(text):
    for word, instead in LOOPBACK.items():
        text = text.replace(word, instead)
    return text


class Running:
    """A command that runs until it is told to end; its port is written to a file."""

    def __init__(self, words, folder, environment):
        self.port_file = pathlib.Path(folder) / f"{words[1]}.port"
        self.process = subprocess.Popen([*words, "--port-file", str(self.port_file)], cwd=folder, env=environment,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True)

    def url(self):
        def port():
            if self.process.poll() is not None:
                raise AssertionError(self.process.stderr.read())
            return self.port_file.exists() and self.port_file.read_text().strip()
        return f"http://127.0.0.1:{wait_until(port, seconds=60, what='the port')}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(15)
        self.process.stderr.close()


class Readme(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory(prefix="reeve-docs-")
        self.addCleanup(self._folder.cleanup)
        self.folder = self._folder.name
        self.environment = {**os.environ, "PATH": f"{pathlib.Path(REEVE).parent}:{os.environ['PATH']}"}

    def test_both_languages_show_the_same_commands(self):
        self.assertEqual(commands("README.md"), commands("README.ko.md"))

    def test_the_demo_starts_and_the_commands_that_follow_work_on_it(self):
        shown = commands("README.md")
        self.assertEqual(shown[:2], ["./dev run", "./dev test"])  # the second one runs this test
        environment = {**self.environment, "REEVE_LISTEN": "127.0.0.1:0", "REEVE_DATA_DIR": f"{self.folder}/demo"}
        with Running([str(ROOT / "dev"), "run", "--nodes", "4", "--history", "0"], self.folder, environment) as demo:
            server = demo.url()
            client = {**self.environment, "REEVE_SERVER": server}
            wait_until(lambda: b"gpu-node-004" in urllib.request.urlopen(f"{server}/api/v1/nodes").read(), what="four nodes")
            given = ""
            for command in (line for line in shown if line.startswith("build/release/reeve")):
                words = re.sub(r"ALLOC-\w+", given, command).split()
                done = subprocess.run([REEVE, *words[1:]], env=client, capture_output=True, text=True, timeout=30)
                self.assertEqual(done.returncode, 0, f"{command}: {done.stderr}")
                self.assertNotEqual(done.stdout, "", command)
                given = next(iter(re.findall(r"ALLOC-\w+", done.stdout)), given) if "allocate" in words else given

    def test_the_agent_and_the_control_plane_start_as_shown(self):
        agent, serve = (line for line in commands("README.md") if line.startswith("reeve "))
        configuration = re.search(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.S)[1]
        (pathlib.Path(self.folder) / "reeve.yaml").write_text(configuration.replace("10.0.0.", "127.0.0."))
        (pathlib.Path(self.folder) / "targets.json").write_text("[]")
        scenario = ROOT / "sim/scenarios/h100.json"
        environment = {**self.environment, "REEVE_SIM_SCENARIO": str(scenario)}
        with Running([*with_loopback(agent).split(), "--nvml", SIM_LIBRARY], self.folder, environment) as running:
            url = running.url()
            wait_until(lambda: b"DCGM_FI_DEV_GPU_TEMP{" in urllib.request.urlopen(f"{url}/metrics").read(), what="a temperature")
        with Running(with_loopback(serve).replace("/var/lib/reeve", f"{self.folder}/data").split(), self.folder, self.environment) as running:
            self.assertEqual(urllib.request.urlopen(f"{running.url()}/healthz").status, 200)


class EveryDocument(unittest.TestCase):
    def test_a_link_to_a_file_of_the_project_leads_somewhere(self):
        for document in subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split():
            for link in re.findall(r"\]\(([^)#:]+)\)", (ROOT / document).read_text()):
                self.assertTrue((ROOT / document).parent.joinpath(link).exists(), f"{document}: {link}")


class Mig(unittest.TestCase):
    def test_the_packing_that_is_shown_is_the_one_that_is_printed(self):
        text = (ROOT / "docs/mig.md").read_text()
        command = re.search(r"^ {4}(printf .*)$", text, re.M).group(1)
        shown = re.search(r"^```\n(.*?)^```", text, re.M | re.S).group(1)
        environment = {**os.environ, "PATH": f"{pathlib.Path(REEVE).parent}:{os.environ['PATH']}"}
        printed = subprocess.run(["bash", "-c", command], env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertEqual(printed, shown)


if __name__ == "__main__":
    unittest.main()
