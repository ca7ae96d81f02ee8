"""The kubelet of a test's node, as far as an agent asks it: who holds which device.

The service runs in a process of its own, on gRPC's library for Python (from PyPI, kept with the other programs of the tests in
${REEVE_CACHE_DIR:-${XDG_CACHE_HOME:-~/.cache}/reeve}), so that the agent's client is tested against another implementation.
"""
import hashlib
import json
import os
import pathlib
import subprocess
import sys

from reeve_process import wait_until

LIB = pathlib.Path(__file__).resolve().parent
PACKAGES = ("grpcio==1.85.3", "protobuf==4.21.12")  # the latter belongs to Debian 12's protoc
WIRE_SAMPLE = LIB.parent / "data/kubelet/podresources-v1-list.bin"


def _cache():
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(os.environ.get("REEVE_CACHE_DIR") or f"{home}/reeve")


def _python():
    """A Python with gRPC and the generated messages, made now when it is not there."""
    proto = LIB / "pod_resources.proto"
    stamp = hashlib.sha256(" ".join((*PACKAGES, sys.version)).encode() + proto.read_bytes()).hexdigest()[:16]
    home = _cache() / f"grpc-{stamp}"
    if not (home / "done").exists():
        print(f"cluster: installing {' '.join(PACKAGES)} into {home}", file=sys.stderr, flush=True)
        for command in ([sys.executable, "-m", "venv", str(home)], [str(home / "bin/pip"), "install", "--quiet", *PACKAGES],
                        ["protoc", f"--proto_path={LIB}", f"--python_out={home}", str(proto)]):
            subprocess.run(command, check=True)
        (home / "done").touch()
    return home


class FakeKubelet:
    """Serves on self.socket until stop(). set_pods() changes what it says."""

    def __init__(self, folder, name, wire_sample=False):
        folder = pathlib.Path(folder)
        self.socket = folder / f"{name}.sock"
        self._answer = WIRE_SAMPLE if wire_sample else folder / f"{name}.pods.json"
        if not wire_sample:
            self.set_pods([])
        home = _python()
        self._log = open(folder / f"{name}.kubelet.log", "wb")
        self._process = subprocess.Popen([str(home / "bin/python"), str(LIB / "pod_resources_server.py"), str(self.socket), str(self._answer)],
                                         stdin=subprocess.PIPE, stdout=self._log, stderr=self._log, env={**os.environ, "PYTHONPATH": str(home)})
        wait_until(lambda: self.socket.exists() or self._process.poll() is not None, what="the kubelet's socket")
        if self._process.poll() is not None:
            raise AssertionError((folder / f"{name}.kubelet.log").read_text())

    def set_pods(self, pods):
        """pods: [(namespace, pod, container, resource, [device id, ...])]."""
        document = {"podResources": [{"namespace": namespace, "name": pod, "containers": [
            {"name": container, "devices": [{"resourceName": resource, "deviceIds": list(ids)}]}]}
            for namespace, pod, container, resource, ids in pods]}
        new = self._answer.with_suffix(".new")
        new.write_text(json.dumps(document))
        new.rename(self._answer)

    def stop(self):
        self._process.stdin.close()
        self._process.wait(10)
        self._log.close()
        self.socket.unlink(missing_ok=True)
