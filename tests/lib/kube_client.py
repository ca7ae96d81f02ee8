"""A small Kubernetes REST client for tests: keep-alive over TLS, certificates or a token, and many writes at once.

Standard library only. One Connection is for one thread; Client keeps one for each thread that calls it.
"""
import concurrent.futures
import json
import socket
import ssl
import threading

CONTENT_OF_PATCH = {"merge": "application/merge-patch+json", "strategic": "application/strategic-merge-patch+json",
                    "json": "application/json-patch+json"}


class ApiError(Exception):
    """An answer that is no success; `status` is 0 when there was none at all."""

    def __init__(self, method, path, status, text):
        super().__init__(f"{method} {path}: {status}: {text[:500]}")
        self.status = status
        self.text = text


class Connection:
    """HTTP/1.1 over one TLS socket, as lean as it goes: bulk writers spend their time in here."""

    def __init__(self, host, port, context, token=None, timeout=60):
        self._reader = self._socket = None
        self._socket = context.wrap_socket(socket.create_connection((host, port), timeout), server_hostname=host)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = self._socket.makefile("rb")
        self._headers = f"Host: {host}:{port}\r\nAccept: application/json\r\n"
        if token:
            self._headers += f"Authorization: Bearer {token}\r\n"

    def close(self):
        for part in (self._reader, self._socket):
            if part is not None:
                part.close()

    __del__ = close  # a thread's connection goes with the thread

    def request(self, method, path, body=b"", content="application/json"):
        """(status, body)."""
        head = f"{method} {path} HTTP/1.1\r\n{self._headers}"
        if body:
            head += f"Content-Type: {content}\r\nContent-Length: {len(body)}\r\n"
        self._socket.sendall(head.encode() + b"\r\n" + body)
        status = int(self._line().split(b" ", 2)[1])
        length, chunked = 0, False
        while line := self._line():
            name, _, value = line.partition(b":")
            name = name.lower()
            if name == b"content-length":
                length = int(value)
            elif name == b"transfer-encoding":
                chunked = value.strip().lower() == b"chunked"
        return status, b"".join(self._chunks()) if chunked else self._exactly(length)

    def _line(self):
        line = self._reader.readline()
        if not line.endswith(b"\n"):
            raise ConnectionError("the connection ended in the middle of an answer")
        return line.rstrip(b"\r\n")

    def _exactly(self, length):
        data = self._reader.read(length)
        if len(data) < length:
            raise ConnectionError("the connection ended in the middle of a body")
        return data

    def _chunks(self):
        while size := int(self._line().split(b";")[0], 16):
            yield self._exactly(size)
            self._line()
        while self._line():
            pass


class Client:
    """Calls one API server. All methods may be called from any thread."""

    def __init__(self, host, port, ca, certificate=None, key=None, token=None):
        self.host, self.port, self._token = host, port, token
        self._context = ssl.create_default_context(cafile=str(ca))
        if certificate:
            self._context.load_cert_chain(str(certificate), str(key))
        self._kept = threading.local()

    def _connection(self):
        if getattr(self._kept, "connection", None) is None:
            self._kept.connection = Connection(self.host, self.port, self._context, self._token)
        return self._kept.connection

    def close(self):
        """The calling thread's connection."""
        if getattr(self._kept, "connection", None) is not None:
            self._kept.connection.close()
            self._kept.connection = None

    def forget_connections(self):
        """The server is another one now: each thread connects anew."""
        self._kept = threading.local()

    def raw(self, method, path, body=b"", content="application/json"):
        """(status, bytes); ApiError with status 0 when the server cannot be reached. Only a GET is repeated, on a new connection."""
        old = getattr(self._kept, "connection", None) is not None
        try:
            return self._connection().request(method, path, body, content)
        except (OSError, ValueError, IndexError) as error:
            self.close()
            if old and method == "GET":
                return self.raw(method, path, body, content)
            raise ApiError(method, path, 0, str(error)) from error

    def call(self, method, path, document=None, content="application/json"):
        """The decoded answer; ApiError unless the status is 2xx."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode() if document is not None else b""
        status, answer = self.raw(method, path, body, content)
        if not 200 <= status < 300:
            raise ApiError(method, path, status, answer.decode(errors="replace"))
        return json.loads(answer) if answer[:1] in (b"{", b"[") else answer.decode()

    def get(self, path):
        return self.call("GET", path)

    def create(self, path, document):
        return self.call("POST", path, document)

    def patch(self, path, document, kind="merge"):
        return self.call("PATCH", path, document, CONTENT_OF_PATCH[kind])

    def delete(self, path, now=False):
        return self.call("DELETE", path, {"gracePeriodSeconds": 0} if now else None)

    def list(self, path, page=500):
        """All objects of a collection, read in pages of one consistent list: (items, resourceVersion)."""
        items, more, version = [], "", ""
        joint = "&" if "?" in path else "?"
        while True:
            answer = self.get(f"{path}{joint}limit={page}" + (f"&continue={more}" if more else ""))
            items += answer["items"]
            version = answer["metadata"]["resourceVersion"]
            more = answer["metadata"].get("continue")
            if not more:
                return items, version

    def apply(self, document, field_manager="reeve-tests"):
        """Server-side apply of one object of a kind that COLLECTIONS knows."""
        metadata = document["metadata"]
        path = collection(document, metadata.get("namespace")) + "/" + metadata["name"]
        return self.call("PATCH", f"{path}?fieldManager={field_manager}&force=true", document, "application/apply-patch+yaml")

    def in_bulk(self, calls, threads=16):
        """Runs many calls [(method, path, document[, content])] at once; the answers in their order, errors raised."""
        with concurrent.futures.ThreadPoolExecutor(threads) as pool:
            answers = list(pool.map(lambda one: self.raw(one[0], one[1], _bytes(one[2]), *one[3:]), calls, chunksize=1))
        for one, (status, answer) in zip(calls, answers):
            if not 200 <= status < 300:
                raise ApiError(one[0], one[1], status, answer.decode(errors="replace"))
        return answers

    def create_all(self, documents, threads=16):
        """Creates objects of the kinds that COLLECTIONS knows, many at once."""
        return self.in_bulk([("POST", collection(one, one["metadata"].get("namespace")), one) for one in documents], threads)


def _bytes(document):
    return document if isinstance(document, bytes) else json.dumps(document, separators=(",", ":")).encode()


# (group, plural, namespaced) of the kinds that tests write.
COLLECTIONS = {
    "Node": ("api/v1", "nodes", False), "Pod": ("api/v1", "pods", True), "Namespace": ("api/v1", "namespaces", False),
    "Service": ("api/v1", "services", True), "ServiceAccount": ("api/v1", "serviceaccounts", True),
    "APIService": ("apis/apiregistration.k8s.io/v1", "apiservices", False),
    "ClusterRole": ("apis/rbac.authorization.k8s.io/v1", "clusterroles", False),
    "ClusterRoleBinding": ("apis/rbac.authorization.k8s.io/v1", "clusterrolebindings", False),
    "Role": ("apis/rbac.authorization.k8s.io/v1", "roles", True),
    "RoleBinding": ("apis/rbac.authorization.k8s.io/v1", "rolebindings", True),
    "DeviceClass": ("apis/resource.k8s.io/v1", "deviceclasses", False),
    "ResourceSlice": ("apis/resource.k8s.io/v1", "resourceslices", False),
    "ResourceClaim": ("apis/resource.k8s.io/v1", "resourceclaims", True),
    "ResourceClaimTemplate": ("apis/resource.k8s.io/v1", "resourceclaimtemplates", True),
}


def collection(document, namespace=None):
    """The path of the collection that an object belongs to."""
    group, plural, namespaced = COLLECTIONS[document["kind"]]
    return f"/{group}/namespaces/{namespace or 'default'}/{plural}" if namespaced else f"/{group}/{plural}"


