"""Starts real `reeve` processes for tests: agents over the simulated NVML library, and the control plane."""
import http.client
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time

BUILD = pathlib.Path(__file__).resolve().parents[2] / "build/release"
REEVE = os.environ.get("REEVE_BIN", str(BUILD / "reeve"))
SIM_LIBRARY = os.environ.get("REEVE_SIM_LIBRARY", str(BUILD / "sim/libnvidia-ml.so.1"))


def wait_until(condition, seconds=20.0, what="the condition"):
    """The first true value of condition(), asked every 50 ms; AssertionError after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come true within {seconds} s")
        time.sleep(0.05)


class Process:
    """One reeve process with its own log. Used as a context manager; ends by SIGTERM, then SIGKILL."""

    def __init__(self, arguments, folder, name, environment=None):
        self.log_path = pathlib.Path(folder) / f"{name}.log"
        self._log = open(self.log_path, "ab")
        self.process = subprocess.Popen([REEVE, *arguments], stdout=self._log, stderr=self._log, stdin=subprocess.DEVNULL,
                                        env={**os.environ, **(environment or {})})

    @property
    def pid(self):
        return self.process.pid

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._log.close()

    def stop(self, seconds=5.0):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"{self.log_path.name}: did not end within {seconds} s of SIGTERM")
        self._log.close()

    def log(self):
        return self.log_path.read_text(errors="replace")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Agent(Process):
    """`reeve agent` over the simulated library, on a port that the system picks."""

    def __init__(self, folder, node, scenario, options=()):
        folder = pathlib.Path(folder)
        scenario_path = folder / f"{node}.scenario.json"
        scenario_path.write_text(json.dumps({"node": node, **scenario}))
        port_file = folder / f"{node}.port"
        port_file.unlink(missing_ok=True)
        super().__init__(["agent", "--listen", "127.0.0.1:0", "--port-file", str(port_file), "--node-name", node, "--nvml", SIM_LIBRARY,
                          "--interval", "1s", *options], folder, node, {"REEVE_SIM_SCENARIO": str(scenario_path)})
        self.port = int(wait_until(lambda: port_file.exists() and port_file.read_text().strip(), what=f"the port of agent {node}"))


class ControlPlane(Process):
    """`reeve serve` with its data and configuration in `folder`."""

    def __init__(self, folder, targets=(), port=0, config=""):
        folder = pathlib.Path(folder)
        self.targets_path = folder / "targets.json"
        self.set_targets(targets)
        config_path = folder / "reeve.yaml"
        config_path.write_text(f"collect: {{interval: 1s, deadline: 700ms}}\ntarget_files: [{self.targets_path}]\n{config}")
        port_file = folder / "serve.port"
        port_file.unlink(missing_ok=True)
        began = time.monotonic()
        super().__init__(["serve", "--config", str(config_path), "--listen", f"127.0.0.1:{port}", "--port-file", str(port_file),
                          "--data-dir", str(folder / "data")], folder, "serve")
        self.port = int(wait_until(lambda: (port_file.exists() and port_file.read_text().strip()) or self._fail_when_ended(),
                                   what="the port of serve"))
        wait_until(lambda: self.get("/healthz")[0] == 200, what="an answer of /healthz")
        self.seconds_to_start = time.monotonic() - began

    def _fail_when_ended(self):
        if self.process.poll() is not None:
            self._log.close()
            raise AssertionError(f"serve ended with {self.process.returncode}:\n{self.log()}")
        return None

    def set_targets(self, targets):
        temporary = self.targets_path.with_suffix(".new")
        temporary.write_text(json.dumps([{"targets": [f"127.0.0.1:{port}" for port in targets]}]))
        temporary.rename(self.targets_path)

    def request(self, method, path, body=None, headers=None, timeout=10):
        """(status, headers, decoded JSON or text); status 0 when the connection failed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            payload = json.dumps(body) if body is not None else None
            connection.request(method, path, payload, {**({"Content-Type": "application/json"} if payload else {}), **(headers or {})})
            answer = connection.getresponse()
            text = answer.read().decode()
            kind = answer.headers.get_content_type()
            return answer.status, answer.headers, json.loads(text) if kind.endswith("json") and text else text
        except (OSError, http.client.HTTPException):
            return 0, {}, None
        finally:
            connection.close()

    def get(self, path):
        status, _, body = self.request("GET", path)
        return status, body

    def items(self, path):
        """All items of a list, page by page."""
        found, cursor = [], ""
        while cursor is not None:
            joint = "&" if "?" in path else "?"
            status, page = self.get(f"{path}{joint}limit=1000" + (f"&cursor={cursor}" if cursor else ""))
            assert status == 200, (status, page)
            found += page["items"]
            cursor = page["next_cursor"]
        return found


def folder():
    return tempfile.TemporaryDirectory(prefix="reeve-test-")


def gpus(model, count, **more):
    """A scenario of `count` GPUs of one catalogue model."""
    return {"gpus": [{"model": model, **more} for _ in range(count)]}
