"""Real servers and clients as subprocesses, with deadlines and what they said on a failure."""
import os
import shutil
import subprocess
import tempfile

import pytest

from . import transcript
from .deadline import LIMIT, until
from .proxy import listening, reserve_port

_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"


def need(*programs):
    """Skips the test unless all programs are there."""
    for program in programs:
        if not shutil.which(program, path=_PATH):
            pytest.skip(f"{program} is not installed")


def need_unshare(*kinds):
    """Skips the test unless `unshare KINDS` may be used here: root in a container often may not."""
    done = subprocess.run(["unshare", *kinds, "true"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"unshare {' '.join(kinds)}: {done.stderr.strip()}")


def run(*args, check=0, timeout=2 * LIMIT, env=None, cwd=None, stdin=None):
    """Runs a client to its end: the finished process, output as bytes."""
    clean = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    done = subprocess.run(args, capture_output=True, timeout=timeout, env=dict(clean, **(env or {})), cwd=cwd,
                          input=stdin, check=False)
    transcript.note(args[0], f"{' '.join(args[1:])}: exit {done.returncode}", done.stderr[-2000:])
    if check is not None:
        assert done.returncode == check, f"{args}: exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done


class Nginx:
    """nginx with a folder and a port of its own. server is what its server block holds."""

    def __init__(self, server="", tls=None, http=""):
        need("nginx")
        self.dir = tempfile.mkdtemp(prefix="cuttle-nginx-")
        os.chmod(self.dir, 0o755)
        self._sock, self.port = reserve_port()
        self._sock2, self.tls_port = reserve_port()
        os.mkdir(self.path("www"))
        listen = f"listen 127.0.0.1:{self.port};"
        if tls:
            listen += f" listen 127.0.0.1:{self.tls_port} ssl; ssl_certificate {tls}.pem; ssl_certificate_key {tls}.key;"
        temp = " ".join(f"{kind}_temp_path {self.dir}/{kind};" for kind in
                        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        user = "user root;" if os.getuid() == 0 else ""
        with open(self.path("nginx.conf"), "w", encoding="ascii") as f:
            f.write(f"daemon off; master_process off; worker_processes 1; pid {self.dir}/pid; {user}\n"
                    f"error_log {self.dir}/error.log;\nevents {{ }}\n"
                    f"http {{ access_log {self.dir}/access.log; {temp} {http}\n"
                    f"  types {{ text/plain txt; text/html html; }} default_type application/octet-stream;\n"
                    f"  server {{ {listen} root {self.dir}/www; client_max_body_size 0;\n{server}\n}} }}\n")
        self.proc = subprocess.Popen(["nginx", "-c", self.path("nginx.conf"), "-p", self.dir], env={"PATH": _PATH},
                                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def ready():
            assert self.proc.poll() is None, "nginx does not start: " + self.read("error.log")
            return listening(self.port)
        until(ready, "nginx listens")

    def path(self, name):
        return os.path.join(self.dir, name)

    def read(self, name):
        try:
            with open(self.path(name), encoding="utf-8", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def file(self, name, data):
        with open(self.path(f"www/{name}"), "wb") as f:
            f.write(data)

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.port}{path}"

    def close(self, check=True):
        del check
        self.proc.terminate()
        try:
            self.proc.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            self.proc.wait()
        self._sock.close()
        self._sock2.close()
        shutil.rmtree(self.dir, ignore_errors=True)


def certificate(folder, name="localhost"):
    """A self-signed certificate: FOLDER/tls.pem and FOLDER/tls.key; the path without its ending."""
    need("openssl")
    base = os.path.join(folder, "tls")
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
        "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1",
        "-keyout", base + ".key", "-out", base + ".pem")
    return base
