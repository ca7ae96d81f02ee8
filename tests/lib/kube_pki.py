"""Certificates and kubeconfigs of one test cluster, made with openssl (elliptic curves: quick to make)."""
import base64
import json
import pathlib
import subprocess


def _openssl(*arguments, text=None):
    done = subprocess.run(["openssl", *arguments], input=text, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stderr}")
    return done.stdout


class Pki:
    """All in one folder: NAME.crt and NAME.key, and the key pair `service-accounts.{key,pub}`."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(mode=0o700)
        self._serial = 100
        for authority in ("ca", "front-proxy-ca"):
            self._new_key(authority)
            _openssl("req", "-x509", "-new", "-key", self.key(authority), "-out", self.crt(authority), "-subj", f"/CN={authority}",
                     "-days", "30", "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self._new_key("service-accounts")
        _openssl("pkey", "-in", self.key("service-accounts"), "-pubout", "-out", str(self.folder / "service-accounts.pub"))

    def key(self, name):
        return str(self.folder / f"{name}.key")

    def crt(self, name):
        return str(self.folder / f"{name}.crt")

    def _new_key(self, name):
        _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.key(name))

    def issue(self, name, user, groups=(), hosts=(), authority="ca"):
        """A certificate for a client (its user and groups) and for a server (its hosts: "DNS:..." and "IP:...")."""
        self._new_key(name)
        subject = "".join(f"/O={group}" for group in groups) + f"/CN={user}"
        request = _openssl("req", "-new", "-key", self.key(name), "-subj", subject)
        extensions = self.folder / f"{name}.ext"
        extensions.write_text("basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n"
                              + (f"subjectAltName={','.join(hosts)}\n" if hosts else ""))
        self._serial += 1
        _openssl("x509", "-req", "-CA", self.crt(authority), "-CAkey", self.key(authority), "-set_serial", str(self._serial), "-days", "30",
                 "-extfile", str(extensions), "-out", self.crt(name), text=request)


def _encoded(path):
    return base64.b64encode(pathlib.Path(path).read_bytes()).decode()


def write_kubeconfig(path, server, ca, certificate=None, key=None, token=None, token_file=None, context="test"):
    """A kubeconfig (JSON is YAML) for a client certificate, a token, or a file that holds one."""
    user = {}
    if certificate:
        user = {"client-certificate-data": _encoded(certificate), "client-key-data": _encoded(key)}
    elif token:
        user = {"token": token}
    elif token_file:
        user = {"tokenFile": str(token_file)}
    document = {"apiVersion": "v1", "kind": "Config", "current-context": context,
                "clusters": [{"name": "test-cluster", "cluster": {"server": server, "certificate-authority-data": _encoded(ca)}}],
                "users": [{"name": "test-user", "user": user}],
                "contexts": [{"name": context, "context": {"cluster": "test-cluster", "user": "test-user"}}]}
    path = pathlib.Path(path)
    path.touch(mode=0o600)
    path.write_text(json.dumps(document, indent=1))
    return path
