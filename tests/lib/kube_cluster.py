"""A real Kubernetes control plane for one test: etcd, kube-apiserver, kube-controller-manager, kube-scheduler, and kwok, which plays
every node's kubelet; metrics-server on request. All listen on 127.0.0.1 on ports of their own, all state is in one new folder, so
several clusters run side by side. tests/cluster/build.sh builds the programs.

    with KubernetesCluster(nodes=3) as cluster:
        cluster.client.create_all([pod("p1")])
        print(cluster.kubectl("get", "pods"))
"""
import json
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from kube_client import ApiError, Client
from kube_pki import Pki, write_kubeconfig

BUILD_SCRIPT = pathlib.Path(__file__).resolve().parents[1] / "cluster/build.sh"
RBAC = pathlib.Path(__file__).resolve().parents[2] / "deploy/kubernetes/rbac.yaml"
USAGE_CPU, USAGE_MEMORY = "reeve.test/cpu", "reeve.test/memory"  # annotations of a pod: what its node's kubelet says that it uses
STOP_ORDER = ("metrics-server", "kwok", "kube-scheduler", "kube-controller-manager", "kube-apiserver", "etcd")


def programs():
    """The folder of the programs, built now when they are not there."""
    done = subprocess.run(["bash", str(BUILD_SCRIPT)], stdout=subprocess.PIPE, text=True, check=True)
    return pathlib.Path(done.stdout.strip())


def free_ports(count):
    """A run of ports that nobody listens on, below those that the kernel gives to outgoing connections."""
    for _ in range(200):
        first = random.SystemRandom().randrange(20000, 32000 - count)
        try:
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return list(range(first, first + count))
    raise RuntimeError("no free ports between 20000 and 32000")


def node(name, gpus=8, resource="nvidia.com/gpu", labels=None, annotations=None, cpu="64", memory="512Gi", pods="250"):
    """A node; kwok makes it Ready. With `gpus` 0 it has no GPU resource at all."""
    capacity = {"cpu": cpu, "memory": memory, "pods": pods, "ephemeral-storage": "1Ti", **({resource: str(gpus)} if gpus else {})}
    return {"apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", **(labels or {})},
                         "annotations": {"metrics.k8s.io/resource-metrics-path": f"/metrics/nodes/{name}/metrics/resource",
                                         **(annotations or {})}},
            "status": {"capacity": capacity, "allocatable": capacity}}


def pod(name, namespace="default", node_name=None, gpus=0, resource="nvidia.com/gpu", labels=None, annotations=None, image="registry.k8s.io/pause",
        command=None, args=None, ports=(), host_network=False, cpu="100m", memory="64Mi", owner=None, **spec):
    """A pod of one container. `node_name` binds it without the scheduler; host_network gives it the node's address, 127.0.0.1."""
    limits = {"cpu": cpu, "memory": memory, **({resource: str(gpus)} if gpus else {})}
    container = {"name": "main", "image": image, "resources": {"requests": limits, "limits": limits},
                 **({"command": command} if command else {}), **({"args": args} if args else {}),
                 **({"ports": [{"containerPort": port, **({"hostPort": port} if host_network else {})} for port in ports]} if ports else {})}
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": namespace, "labels": labels or {}, "annotations": annotations or {},
                         **({"ownerReferences": [owner]} if owner else {})},
            "spec": {"containers": [container], **({"nodeName": node_name} if node_name else {}),
                     **({"hostNetwork": True} if host_network else {}), **spec}}


class KubernetesCluster:
    """Started by __enter__, ended by __exit__; the folder is removed unless something failed or keep() was called.

    nodes:        how many nodes ("node-0000", ...) to create and wait for, each with `gpus` GPUs
    metrics:      start metrics-server too; a pod's usage is what its annotations USAGE_CPU and USAGE_MEMORY say
    lease_seconds how long a node's lease lasts; a longer one means less work for the API server
    api_options   more options of kube-apiserver
    """

    def __init__(self, nodes=0, gpus=8, metrics=False, lease_seconds=40, api_options=()):
        self._nodes, self._gpus, self._metrics, self._lease_seconds = nodes, gpus, metrics, lease_seconds
        self._api_options = list(api_options)
        self.processes = {}
        self._kept = False

    def __enter__(self):
        self.programs = programs()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="reeve-cluster-"))
        try:
            self._prepare()
            self._start_all()
            self.add_nodes(self._nodes, self._gpus)
        except BaseException:
            self.keep()
            self.stop()
            raise
        return self

    def __exit__(self, kind, *_):
        if kind and not issubclass(kind, SystemExit):
            self.keep()
        self.stop()

    def keep(self):
        """The folder with logs and data stays after the end."""
        self._kept = True

    def stop(self):
        for name in STOP_ORDER:
            self.stop_process(name)
        if self._kept:
            print(f"kept: {self.folder} (logs of the control plane in log/)", flush=True)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    # --- the parts

    def _prepare(self):
        for name in ("log", "etcd", "tmp"):
            (self.folder / name).mkdir()
        pki = self.pki = Pki(self.folder / "pki")
        hosts = ("DNS:localhost", "DNS:kubernetes.default.svc", "IP:127.0.0.1")
        pki.issue("serving", "localhost", hosts=hosts)
        pki.issue("front-proxy", "front-proxy-client", authority="front-proxy-ca")
        users = {"admin": ("admin", "system:masters"), "kwok": ("kwok", "system:masters"), "metrics-server": ("metrics-server", "system:masters"),
                 "controller-manager": ("system:kube-controller-manager",), "scheduler": ("system:kube-scheduler",)}
        names = ("api", "etcd", "etcd-peer", "scheduler", "controller-manager", "kwok", "metrics-server")
        self.ports = dict(zip(names, free_ports(len(names))))
        self.server = f"https://127.0.0.1:{self.ports['api']}"
        for name, (user, *groups) in users.items():
            pki.issue(name, user, groups)
            write_kubeconfig(self._config(name), self.server, pki.crt("ca"), pki.crt(name), pki.key(name))
        self.client = Client("127.0.0.1", self.ports["api"], pki.crt("ca"), pki.crt("admin"), pki.key("admin"))

    def _config(self, name):
        return self.folder / f"{name}.kubeconfig"

    @property
    def kubeconfig(self):
        """Of a cluster administrator (context "test")."""
        return self._config("admin")

    def _start(self, name, *options):
        log = open(self.folder / f"log/{name}.log", "ab")
        # When the test is killed, what it started goes with it.
        self.processes[name] = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", str(self.programs / name), *options], stdin=subprocess.DEVNULL,
                                                stdout=log, stderr=log, cwd=self.folder / "tmp", start_new_session=True)
        log.close()

    def _start_all(self):
        self._start_etcd()
        self.start_api_server()
        self._start_controllers()
        self._start_kwok()
        for name in ("controller-manager", "scheduler", "kwok"):
            self._wait_for_health("kwok" if name == "kwok" else f"kube-{name}", self.ports[name], "/healthz")
        self._wait(lambda: self._exists("/api/v1/namespaces/default/serviceaccounts/default"), "kube-controller-manager", 60)
        if self._metrics:
            self._start_metrics_server()

    def _start_etcd(self):
        client, peer = (f"http://127.0.0.1:{self.ports[name]}" for name in ("etcd", "etcd-peer"))
        self._start("etcd", "--name=one", f"--data-dir={self.folder}/etcd", "--unsafe-no-fsync", "--log-level=warn",
                    f"--listen-client-urls={client}", f"--advertise-client-urls={client}", f"--listen-peer-urls={peer}",
                    f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=one={peer}")
        self._wait(lambda: self._listens(self.ports["etcd"]), "etcd", 60)

    def start_api_server(self):
        """Starts it (again): same port, same etcd. Returns when it is ready."""
        pki = self.pki
        self._start("kube-apiserver", f"--etcd-servers=http://127.0.0.1:{self.ports['etcd']}", "--bind-address=127.0.0.1",
                    "--advertise-address=127.0.0.1", f"--secure-port={self.ports['api']}", "--authorization-mode=Node,RBAC",
                    "--endpoint-reconciler-type=none",  # the usual one refuses a loopback address
                    "--service-cluster-ip-range=10.96.0.0/16", "--allow-privileged=true", "--profiling=false",
                    f"--client-ca-file={pki.crt('ca')}", f"--tls-cert-file={pki.crt('serving')}", f"--tls-private-key-file={pki.key('serving')}",
                    "--service-account-issuer=https://kubernetes.default.svc",
                    f"--service-account-key-file={pki.folder}/service-accounts.pub",
                    f"--service-account-signing-key-file={pki.key('service-accounts')}",
                    f"--requestheader-client-ca-file={pki.crt('front-proxy-ca')}", "--requestheader-allowed-names=front-proxy-client",
                    "--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
                    "--requestheader-extra-headers-prefix=X-Remote-Extra-",
                    f"--proxy-client-cert-file={pki.crt('front-proxy')}", f"--proxy-client-key-file={pki.key('front-proxy')}",
                    *self._api_options)
        self._wait_for_health("kube-apiserver", self.ports["api"], "/readyz", 180)
        self.client.forget_connections()

    def _start_controllers(self):
        pki, manager, scheduler = self.pki, self._config("controller-manager"), self._config("scheduler")
        serving = (f"--tls-cert-file={pki.crt('serving')}", f"--tls-private-key-file={pki.key('serving')}", "--bind-address=127.0.0.1")
        self._start("kube-controller-manager", f"--kubeconfig={manager}", f"--authentication-kubeconfig={manager}",
                    f"--authorization-kubeconfig={manager}", f"--secure-port={self.ports['controller-manager']}", *serving,
                    "--leader-elect=false", "--use-service-account-credentials=true", "--profiling=false",
                    f"--service-account-private-key-file={pki.key('service-accounts')}", f"--root-ca-file={pki.crt('ca')}",
                    f"--node-monitor-grace-period={2 * self._lease_seconds}s",
                    "--kube-api-qps=500", "--kube-api-burst=1000")  # 20 a second otherwise
        config = self.folder / "scheduler.json"
        config.write_text(json.dumps({"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration",
                                      "leaderElection": {"leaderElect": False},
                                      "clientConnection": {"kubeconfig": str(scheduler), "qps": 500, "burst": 1000}}))
        self._start("kube-scheduler", f"--config={config}", f"--authentication-kubeconfig={scheduler}",
                    f"--authorization-kubeconfig={scheduler}", f"--secure-port={self.ports['scheduler']}", *serving)

    def _start_kwok(self):
        annotated = '"{0}" in pod.metadata.annotations ? Quantity(pod.metadata.annotations["{0}"]) : Quantity("{1}")'
        usage = {name: {"expression": annotated.format(annotation, otherwise)}
                 for name, annotation, otherwise in (("cpu", USAGE_CPU, "1m"), ("memory", USAGE_MEMORY, "1Mi"))}
        extra = self.folder / "kwok-more.yaml"
        documents = [{"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "ClusterResourceUsage", "metadata": {"name": "from-annotations"},
                      "spec": {"usages": [{"usage": usage}]}},
                     {"apiVersion": "config.kwok.x-k8s.io/v1alpha1", "kind": "KwokConfiguration",
                      "options": {"podPlayStageParallelism": 16, "nodePlayStageParallelism": 16, "nodeLeaseParallelism": 16}}]
        extra.write_text("\n---\n".join(json.dumps(one) for one in documents))
        port = self.ports["kwok"]
        self._start("kwok", f"--kubeconfig={self._config('kwok')}", f"--config={self.programs}/kwok.yaml", f"--config={extra}",
                    "--manage-all-nodes=true", "--node-ip=127.0.0.1", f"--node-port={port}", f"--server-address=127.0.0.1:{port}",
                    "--cidr=10.0.0.1/8", f"--node-lease-duration-seconds={self._lease_seconds}",
                    f"--tls-cert-file={self.pki.crt('serving')}", f"--tls-private-key-file={self.pki.key('serving')}")

    def _start_metrics_server(self):
        # A Service that names localhost is what the API server's aggregator can reach here: EndpointSlices refuse loopback.
        self.client.create_all([
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "metrics-server", "namespace": "kube-system"},
             "spec": {"type": "ExternalName", "externalName": "localhost"}},
            {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": "v1beta1.metrics.k8s.io"},
             "spec": {"group": "metrics.k8s.io", "version": "v1beta1", "groupPriorityMinimum": 100, "versionPriority": 100,
                      "insecureSkipTLSVerify": True,
                      "service": {"name": "metrics-server", "namespace": "kube-system", "port": self.ports["metrics-server"]}}}])
        self.start_metrics_server_process()

    def start_metrics_server_process(self):
        config, pki = self._config("metrics-server"), self.pki
        self._start("metrics-server", f"--kubeconfig={config}", f"--authentication-kubeconfig={config}", f"--authorization-kubeconfig={config}",
                    "--bind-address=127.0.0.1", f"--secure-port={self.ports['metrics-server']}", f"--tls-cert-file={pki.crt('serving')}",
                    f"--tls-private-key-file={pki.key('serving')}", f"--kubelet-certificate-authority={pki.crt('ca')}",
                    "--kubelet-preferred-address-types=InternalIP", "--kubelet-use-node-status-port", "--metric-resolution=10s", "--kubelet-request-timeout=5s",
                    f"--requestheader-client-ca-file={pki.crt('front-proxy-ca')}")
        self._wait_for_health("metrics-server", self.ports["metrics-server"], "/livez")

    # --- waiting and ending

    def _wait(self, condition, name, seconds):
        end = time.monotonic() + seconds
        while not condition():
            if self.processes[name].poll() is not None:
                raise AssertionError(f"{name} ended with {self.processes[name].returncode}:\n{self.log_tail(name)}")
            if time.monotonic() > end:
                raise AssertionError(f"{name} is not ready after {seconds} s:\n{self.log_tail(name)}")
            time.sleep(0.1)

    def _wait_for_health(self, name, port, path, seconds=90):
        client = Client("127.0.0.1", port, self.pki.crt("ca"), self.pki.crt("admin"), self.pki.key("admin"))

        def healthy():
            try:
                return client.raw("GET", path)[0] == 200
            except ApiError:
                return False
            finally:
                client.close()
        self._wait(healthy, name, seconds)

    @staticmethod
    def _listens(port):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def _exists(self, path):
        return self.client.raw("GET", path)[0] == 200

    def log_tail(self, name, lines=20):
        return "\n".join((self.folder / f"log/{name}.log").read_text(errors="replace").split("\n")[-lines:])

    def kill(self, name):
        """kill -9; start_api_server() brings the API server back."""
        self.processes[name].send_signal(signal.SIGKILL)
        self.processes.pop(name).wait()

    def stop_process(self, name, seconds=10):
        process = self.processes.pop(name, None)
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    # --- what tests do with it

    def kubectl(self, *arguments, text=None):
        """Standard output of kubectl as the administrator."""
        done = subprocess.run([str(self.programs / "kubectl"), "--kubeconfig", str(self.kubeconfig), *arguments], input=text,
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(f"kubectl {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def add_nodes(self, count, gpus=8, first=0, seconds=180, **more):
        """Creates node-0000, ... and waits until all are Ready."""
        names = [f"node-{n:04d}" for n in range(first, first + count)]
        self.client.create_all([node(name, gpus, **more) for name in names])
        end = time.monotonic() + seconds
        while count:
            ready = {one["metadata"]["name"] for one in self.client.list("/api/v1/nodes")[0] if is_ready(one)}
            if ready.issuperset(names):
                break
            if time.monotonic() > end:
                raise AssertionError(f"{len(set(names) - ready)} of {count} nodes are not Ready after {seconds} s:\n{self.log_tail('kwok')}")
            time.sleep(0.3)
        return names

    def wait_for_pods(self, count, phase="Running", namespace=None, seconds=120, selector=""):
        """Waits until so many pods have the phase; the pods."""
        path = f"/api/v1/namespaces/{namespace}/pods" if namespace else "/api/v1/pods"
        end = time.monotonic() + seconds
        while True:
            pods = self.client.list(f"{path}?fieldSelector=status.phase={phase}&labelSelector={selector}")[0]
            if len(pods) >= count:
                return pods
            if time.monotonic() > end:
                raise AssertionError(f"{len(pods)} of {count} pods are {phase} after {seconds} s:\n{self.log_tail('kwok')}")
            time.sleep(0.2)

    def account_kubeconfig(self, namespace="reeve", name="reeve", seconds=3600):
        """Applies deploy/kubernetes/rbac.yaml and returns a kubeconfig with a real token of its ServiceAccount."""
        self.kubectl("apply", "-f", str(RBAC))
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
        answer = self.client.create(path, {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
                                           "spec": {"expirationSeconds": seconds}})
        return write_kubeconfig(self.folder / f"{namespace}-{name}.kubeconfig", self.server, self.pki.crt("ca"),
                                token=answer["status"]["token"])

    def resident_mib(self):
        """Memory of each program."""
        found = {}
        for name, process in self.processes.items():
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            found[name] = int(status.split("VmRSS:")[1].split()[0]) // 1024
        return found


def is_ready(one):
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in one.get("status", {}).get("conditions", []))
