"""Kill it at any moment: after the restart no byte is wrong, nothing forgotten comes back, and what was complete is there.

A load of hits, misses, replacements, invalidations and purges runs until SIGKILL comes at a random moment; then the
same directory is used again. What clients were told counts: bodies are a function of URL and version, a version is
never older than the last one that an answered PURGE, POST or reload has established, and an object that had been taken
whole a second before the kill is a hit. The origin is asked nothing while that is checked (only-if-cached).
"""
import hashlib
import http.client
import http.server
import random
import socketserver
import threading
import time

import pytest

from harness.deadline import LIMIT, LONG, until
from harness.proxy import cuttle_only

pytestmark = cuttle_only("the store is its own")

KILLS = 5 * LONG        # for each of ten seeds: 50, and 500 in the long run
IMMUTABLE, VERSIONED = 60, 12


def body_of(path, version):
    seed = hashlib.sha256(f"{path} {version}".encode()).digest()
    kind = seed[0]
    size = 1 + int.from_bytes(seed[1:3], "big") % 3000
    if kind >= 250:
        size = 1_200_000 + int.from_bytes(seed[3:6], "big") % 2_000_000     # several fragments
    elif kind >= 180:
        size = 60_000 + int.from_bytes(seed[3:5], "big")
    return random.Random(seed).randbytes(size)


class Site(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """The origin: /o/N never changes, /v/N changes when a test says so."""
    daemon_threads = True
    request_queue_size = 64

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Page)
        self.versions = {}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def handle_error(self, request, client_address):
        pass        # the proxy is killed while it is served

    def close(self, check=True):
        del check
        self.shutdown()
        self.server_close()


class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format, *args):       # pylint: disable=redefined-builtin
        pass

    def do_GET(self):
        version = self.server.versions.get(self.path, 0)
        body = body_of(self.path, version)
        self.send_response(200)
        self.send_header("Cache-Control", "max-age=86400")
        self.send_header("X-Version", str(version))
        chunked = len(body) % 3 == 0
        self.send_header(*(("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(len(body)))))
        self.end_headers()
        if not chunked:
            self.wfile.write(body)
            return
        for at in range(0, len(body), 50_000):
            piece = body[at:at + 50_000]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.server.versions[self.path] = self.server.versions.get(self.path, 0) + 1
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


class Load:
    """Clients that remember what they were told."""

    def __init__(self, proxy, site, rng):
        self.proxy, self.site, self.rng = proxy, site, rng
        self.floor = {}         # path: the oldest version that may still be seen
        self.complete = {}      # path: (when it was taken whole, its version)
        self.lock = threading.Lock()
        self.faults = []
        self.stopping = False
        self.threads = []

    def ask(self, connection, method, path, **fields):
        connection.request(method, self.site.url(path), body=b"x" if method == "POST" else None, headers=fields)
        reply = connection.getresponse()
        return reply, reply.read()

    def judge(self, path, reply, body, floor):
        version = int(reply.headers["X-Version"])
        if body != body_of(path, version):
            self.faults.append(f"{path}: {len(body)} bytes that are not those of version {version}")
        if version < floor:
            self.faults.append(f"{path}: version {version} came back; {floor} had been established")
        return version

    def get(self, connection, path):
        with self.lock:
            floor = self.floor.get(path, 0)
        reply, body = self.ask(connection, "GET", path)
        if reply.status != 200:
            self.faults.append(f"{path}: {reply.status} {body[:200]!r}")
            return
        version = self.judge(path, reply, body, floor)
        if not path.startswith("/v/"):
            with self.lock:
                self.complete.setdefault(path, (time.monotonic(), version))

    def change(self, connection, path, how):
        """A new version is at the origin; from the answer on the old one must not be seen."""
        if how != "POST":       # a POST changes it itself
            self.site.versions[path] = self.site.versions.get(path, 0) + 1
        if how == "reload":
            reply, body = self.ask(connection, "GET", path, **{"Cache-Control": "no-cache"})
            if reply.status == 200:
                self.judge(path, reply, body, self.site.versions[path])
        else:
            reply, _ = self.ask(connection, how, path)
        if reply.status == 200 or (how == "PURGE" and reply.status == 404):
            self.floor[path] = self.site.versions[path]

    def client(self, number, seed):
        rng = random.Random(seed)
        while not self.stopping:
            connection = http.client.HTTPConnection("127.0.0.1", self.proxy.port, timeout=LIMIT)
            try:
                for _ in range(40):
                    if self.stopping:
                        break
                    if rng.random() < 0.7:
                        self.get(connection, f"/o/{rng.randrange(IMMUTABLE)}")
                        continue
                    # each versioned path has one client, so that it knows what it has changed
                    path = f"/v/{rng.randrange(VERSIONED // 3) * 3 + number}"
                    if rng.random() < 0.6:
                        self.get(connection, path)
                    else:
                        self.change(connection, path, rng.choice(["POST", "PURGE", "reload"]))
            except (OSError, http.client.HTTPException):
                pass            # it was killed, or is about to be
            finally:
                connection.close()

    def start(self):
        self.stopping = False
        self.threads = [threading.Thread(target=self.client, args=(i, self.rng.random()), daemon=True) for i in range(3)]
        for thread in self.threads:
            thread.start()

    def stop(self):
        for thread in self.threads:
            thread.join(LIMIT)

    def check(self, killed_at):
        """The restarted proxy is asked for what it has, and the origin for nothing."""
        connection = http.client.HTTPConnection("127.0.0.1", self.proxy.port, timeout=LIMIT)
        hits = 0
        for path in [f"/o/{i}" for i in range(IMMUTABLE)] + [f"/v/{i}" for i in range(VERSIONED)]:
            reply, body = self.ask(connection, "GET", path, **{"Cache-Control": "only-if-cached"})
            if reply.status == 200:
                self.judge(path, reply, body, self.floor.get(path, 0))
                hits += 1
            elif reply.status != 504:
                self.faults.append(f"{path}: {reply.status} {body[:200]!r}")
            elif path in self.complete and self.complete[path][0] < killed_at - 1:
                self.faults.append(f"{path}: lost, though complete {killed_at - self.complete[path][0]:.2f} s before the kill")
            if reply.status == 504:
                self.complete.pop(path, None)
        connection.close()
        return hits


@pytest.mark.limit(6 * LONG)
@pytest.mark.parametrize("seed", range(10))
def test_killed_at_random_moments(start_proxy, _keeper, seed):
    rng = random.Random(seed)
    site = _keeper.keep(Site())
    proxy = start_proxy("acl purges method PURGE\nhttp_access allow purges\nhttp_access allow all\n"
                        "cache_dir ufs {dir}/store 400 16 256\nmaximum_object_size 16 MB\n"
                        # every second run has no memory to hit from
                        + ("cache_mem 0\n" if seed % 2 else ""))
    load = Load(proxy, site, rng)
    hits = 0
    for _ in range(KILLS):
        load.start()
        threading.Event().wait(rng.uniform(0.02, 2.2))      # the moment is the test's input
        killed_at = time.monotonic()
        load.stopping = True
        proxy.kill()
        load.stop()
        proxy.start()
        until(lambda: b"being loaded" not in proxy.manager("storedir").body, "the index is loaded")
        hits += load.check(killed_at)
        assert not load.faults, "\n".join(load.faults)
    assert hits > 0
