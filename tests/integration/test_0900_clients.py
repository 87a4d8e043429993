"""Real clients and servers: curl, wget, git, python, openssl; nginx."""
import hashlib
import http.server
import os
import subprocess
import sys
import threading

import pytest

from harness.deadline import LONG
from harness.proxy import cuttle_only
from harness.tools import Nginx, certificate, need, run

DATA = bytes((n * 31 + n // 256) & 255 for n in range(1 << 20))


@pytest.fixture
def start_nginx(_keeper):
    return lambda *a, **kw: _keeper.keep(Nginx(*a, **kw))


@pytest.fixture
def nginx(start_nginx):
    server = start_nginx("location /redirect { return 302 /file; }")
    server.file("file", DATA)
    server.file("small.txt", b"hello\n")
    return server


@pytest.fixture
def env(proxy):
    return {"http_proxy": proxy.url, "https_proxy": proxy.url, "HTTP_PROXY": proxy.url, "HTTPS_PROXY": proxy.url,
            "no_proxy": "", "NO_PROXY": ""}


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path)


# --- curl --------------------------------------------------------------------------------------
def test_curl_get(proxy, nginx, env):
    need("curl")
    assert run("curl", "-sS", "--fail", nginx.url("/file"), env=env).stdout == DATA
    assert proxy.wait_log(1)[0].result == "TCP_MISS/200"


def test_curl_many_urls_on_one_connection(proxy, nginx, env):
    need("curl")
    urls = [nginx.url("/small.txt")] * 50
    assert run("curl", "-sS", "--fail", *urls, env=env).stdout == b"hello\n" * 50
    assert len(proxy.wait_log(50)) == 50


def test_curl_in_parallel(proxy, nginx, env):
    need("curl")
    urls = []
    for _ in range(50):
        urls += ["-o", "/dev/null", nginx.url("/file")]
    run("curl", "-sS", "--fail", "--parallel", "--parallel-max", "20", *urls, env=env)
    assert {line.result for line in proxy.wait_log(50)} == {"TCP_MISS/200"}


def test_curl_range_and_head(nginx, env):
    need("curl")
    assert run("curl", "-sS", "--fail", "-r", "100-199", nginx.url("/file"), env=env).stdout == DATA[100:200]
    head = run("curl", "-sS", "--fail", "-I", nginx.url("/file"), env=env).stdout
    assert b"Content-Length: 1048576" in head


def test_curl_redirect(nginx, env):
    need("curl")
    assert run("curl", "-sS", "--fail", "-L", nginx.url("/redirect"), env=env).stdout == DATA


def test_curl_compressed_and_conditional(nginx, env, folder):
    need("curl")
    etag = os.path.join(folder, "etag")
    run("curl", "-sS", "--fail", "--etag-save", etag, "-o", "/dev/null", nginx.url("/small.txt"), env=env)
    done = run("curl", "-sS", "--fail", "--etag-compare", etag, "-w", "%{http_code}", nginx.url("/small.txt"), env=env)
    assert done.stdout == b"304"


def test_curl_http_1_0(nginx, env):
    need("curl")
    assert run("curl", "-sS", "--fail", "-0", nginx.url("/small.txt"), env=env).stdout == b"hello\n"


class Sums(http.server.BaseHTTPRequestHandler):
    """Answers an upload with its size and digest."""
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        hasher, count = hashlib.sha256(), 0
        if self.headers.get("Transfer-Encoding"):
            while True:
                size = int(self.rfile.readline(), 16)
                data = self.rfile.read(size)
                hasher.update(data)
                count += size
                self.rfile.readline()
                if not size:
                    break
        else:
            left = int(self.headers["Content-Length"])
            while left:
                data = self.rfile.read(min(left, 1 << 16))
                hasher.update(data)
                left -= len(data)
                count += len(data)
        text = f"{count} {hasher.hexdigest()}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_PUT = do_POST

    def log_message(self, *args):
        del args


@pytest.fixture
def sums(_keeper):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sums)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("how", [["-T", "{file}"], ["--data-binary", "@{file}"], ["-F", "f=@{file}"],
                                 ["-T", "{file}", "-H", "Transfer-Encoding: chunked"],
                                 ["-T", "{file}", "-H", "Expect:"], ["-T", "{file}", "-p"]])
def test_curl_upload(sums, env, folder, how):
    """-p goes through a tunnel; the others are plain requests, with 100-continue and without."""
    need("curl")
    path = os.path.join(folder, "up")
    with open(path, "wb") as f:
        f.write(DATA * 3)
    done = run("curl", "-sS", "--fail", *[h.replace("{file}", path) for h in how], sums, env=env)
    count, digest = done.stdout.decode().split()
    if "-F" in how:
        assert int(count) > len(DATA) * 3
    else:
        assert int(count) == len(DATA) * 3
        assert digest == hashlib.sha256(DATA * 3).hexdigest()


def test_curl_https(proxy, start_nginx, env, folder):
    need("curl")
    tls = certificate(folder)
    nginx = start_nginx(tls=tls)
    nginx.file("file", DATA)
    url = f"https://127.0.0.1:{nginx.tls_port}/file"
    assert run("curl", "-sS", "--fail", "--cacert", tls + ".pem", url, env=env).stdout == DATA
    line, = proxy.wait_log(1)
    assert (line.result, line.method, line.url) == ("TCP_TUNNEL/200", "CONNECT", f"127.0.0.1:{nginx.tls_port}")
    assert line.bytes > len(DATA)


@cuttle_only("Squid gives no reason")
def test_curl_shows_why_a_tunnel_is_denied(start_proxy):
    need("curl")
    proxy = start_proxy("acl blocked dstdomain .bad.test\nhttp_access deny blocked\nhttp_access allow all\n")
    done = run("curl", "-sSv", "-x", proxy.url, "https://www.bad.test/", check=56)
    assert b"blocked" in done.stderr


def test_curl_websocket_like_upgrade_is_refused_quietly(nginx, env):
    need("curl")
    done = run("curl", "-sS", "--fail", "-H", "Connection: Upgrade", "-H", "Upgrade: websocket", nginx.url("/small.txt"), env=env)
    assert done.stdout == b"hello\n"


# --- wget, python, openssl ---------------------------------------------------------------------
def test_wget(proxy, nginx, env, folder):
    need("wget")
    run("wget", "-q", "-O", os.path.join(folder, "out"), nginx.url("/file"), env=env)
    with open(os.path.join(folder, "out"), "rb") as f:
        assert f.read() == DATA
    assert proxy.wait_log(1)[0].result == "TCP_MISS/200"


def test_wget_continues(nginx, env, folder):
    need("wget")
    path = os.path.join(folder, "file")
    with open(path, "wb") as f:
        f.write(DATA[:1000])
    run("wget", "-q", "-c", nginx.url("/file"), env=env, cwd=folder)
    with open(path, "rb") as f:
        assert f.read() == DATA


def test_python_urllib(nginx, env):
    script = ("import sys, urllib.request as u\n"
              "for n in range(3):\n"
              "    sys.stdout.buffer.write(u.urlopen(sys.argv[1]).read())\n")
    assert run(sys.executable, "-c", script, nginx.url("/small.txt"), env=env).stdout == b"hello\n" * 3


def test_python_https_through_a_tunnel(start_nginx, env, folder):
    tls = certificate(folder)
    nginx = start_nginx(tls=tls)
    nginx.file("file", DATA)
    script = ("import ssl, sys, urllib.request as u\n"
              "c = ssl.create_default_context(cafile=sys.argv[2])\n"
              "sys.stdout.buffer.write(u.urlopen(sys.argv[1], context=c).read())\n")
    done = run(sys.executable, "-c", script, f"https://127.0.0.1:{nginx.tls_port}/file", tls + ".pem", env=env)
    assert done.stdout == DATA


def test_openssl_s_client(proxy, start_nginx, folder):
    tls = certificate(folder)
    nginx = start_nginx(tls=tls)
    nginx.file("small.txt", b"hello\n")
    done = run("openssl", "s_client", "-proxy", f"127.0.0.1:{proxy.port}", "-connect", f"127.0.0.1:{nginx.tls_port}",
               "-servername", "localhost", "-CAfile", tls + ".pem", "-verify_return_error", "-quiet", "-ign_eof",
               stdin=b"GET /small.txt HTTP/1.0\r\n\r\n", check=None)
    assert b"hello" in done.stdout
    assert proxy.wait_log(1)[0].result == "TCP_TUNNEL/200"


# --- git ---------------------------------------------------------------------------------------
class GitHttp(http.server.BaseHTTPRequestHandler):
    """git's own CGI program (git http-backend), for smart HTTP."""
    protocol_version = "HTTP/1.1"
    root = ""

    def do_GET(self):
        path, _, query = self.path.partition("?")
        if self.headers.get("Transfer-Encoding"):
            body = b""
            while True:
                size = int(self.rfile.readline(), 16)
                body += self.rfile.read(size)
                self.rfile.readline()
                if not size:
                    break
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        env = dict(os.environ, GIT_PROJECT_ROOT=self.root, GIT_HTTP_EXPORT_ALL="1", PATH_INFO=path, QUERY_STRING=query,
                   REQUEST_METHOD=self.command, CONTENT_TYPE=self.headers.get("Content-Type", ""), REMOTE_USER="test",
                   CONTENT_LENGTH=str(len(body)), HTTP_CONTENT_ENCODING=self.headers.get("Content-Encoding", ""),
                   GIT_PROTOCOL=self.headers.get("Git-Protocol", ""), REMOTE_ADDR="127.0.0.1")
        done = subprocess.run(["git", "http-backend"], input=body, env=env, capture_output=True, check=False)
        head, _, out = done.stdout.partition(b"\r\n\r\n")
        fields = [line.split(": ", 1) for line in head.decode().split("\r\n") if line]
        status = next((v for n, v in fields if n == "Status"), "200 OK")
        self.send_response_only(int(status[:3]))
        for name, value in fields:
            if name != "Status":
                self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for at in range(0, len(out), 10000):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(out[at:at + 10000]), out[at:at + 10000]))
        self.wfile.write(b"0\r\n\r\n")

    do_POST = do_GET

    def log_message(self, *args):
        del args


@pytest.fixture
def repository(folder):
    need("git")
    root = os.path.join(folder, "srv")
    os.mkdir(root)
    git = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@x",
           "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@x", "HOME": folder}
    run("git", "init", "-q", "--bare", "-b", "main", root + "/one.git", env=git)
    run("git", "-C", root + "/one.git", "config", "http.receivepack", "true", env=git)
    work = os.path.join(folder, "seed")
    run("git", "init", "-q", "-b", "main", work, env=git)
    with open(work + "/data", "wb") as f:
        f.write(os.urandom(2 << 20))
    run("git", "-C", work, "add", "data", env=git)
    run("git", "-C", work, "commit", "-q", "-m", "one", env=git)
    run("git", "-C", work, "push", "-q", root + "/one.git", "main", env=git)
    handler = type("Handler", (GitHttp,), {"root": root})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/one.git", git
    server.shutdown()
    server.server_close()


def test_git_clone_push_fetch(proxy, repository, env, folder):
    """git POSTs to fetch and to push, chunked when the body is large."""
    url, git = repository
    all_env = dict(env, **git)
    first, second = os.path.join(folder, "first"), os.path.join(folder, "second")
    run("git", "clone", "-q", url, first, env=all_env)
    run("git", "clone", "-q", url, second, env=all_env)
    with open(first + "/more", "wb") as f:
        f.write(os.urandom(3 << 20))
    run("git", "-C", first, "add", "more", env=all_env)
    run("git", "-C", first, "commit", "-q", "-m", "two", env=all_env)
    run("git", "-C", first, "push", "-q", "origin", "main", env=all_env)
    run("git", "-C", second, "pull", "-q", env=all_env)
    with open(first + "/more", "rb") as a, open(second + "/more", "rb") as b:
        assert a.read() == b.read()
    lines = proxy.log_lines()
    assert any(line.method == "POST" and "git-receive-pack" in line.url for line in lines)
    assert {line.result for line in lines} <= {"TCP_MISS/200"}


def test_git_through_a_tunnel(start_nginx, proxy, repository, env, folder):
    """The same over https: nginx terminates TLS before git's server."""
    url, git = repository
    tls = certificate(folder)
    nginx = start_nginx(f"location / {{ proxy_pass {url.rsplit('/', 1)[0]}; proxy_http_version 1.1; "
                        "proxy_request_buffering off; }", tls=tls)
    where = os.path.join(folder, "clone")
    run("git", "clone", "-q", f"https://127.0.0.1:{nginx.tls_port}/one.git", where,
        env=dict(env, GIT_SSL_CAINFO=tls + ".pem", **git))
    assert os.path.getsize(where + "/data") == 2 << 20
    assert proxy.log_lines()[0].code == "TCP_TUNNEL"


@pytest.mark.limit(4 * LONG)
def test_large_download_with_nginx(proxy, start_nginx, env, folder):
    need("curl")
    nginx = start_nginx()
    block = os.urandom(1 << 20)
    size = 100 * LONG
    hasher = hashlib.sha256()
    with open(nginx.path("www/big"), "wb") as f:
        for _ in range(size):
            f.write(block)
            hasher.update(block)
    out = os.path.join(folder, "big")
    run("curl", "-sS", "--fail", "-o", out, nginx.url("/big"), env=env)
    got = hashlib.sha256()
    with open(out, "rb") as f:
        while data := f.read(1 << 20):
            got.update(data)
    assert got.digest() == hasher.digest()
    assert proxy.wait_log(1)[0].bytes > size << 20
