"""Reloading: the new policy counts, nothing under way notices, a bad file changes nothing."""
import hashlib
import os
import re
import signal
import threading

import pytest

from harness.deadline import LONG, until
from harness.message import reply, request
from harness.origin import echo, serve_forever
from harness.proxy import cuttle_only, listening

pytestmark = cuttle_only("Squid closes its ports to reload")


def test_new_policy_counts(start_proxy, start_origin):
    proxy = start_proxy()
    origin = start_origin(serve_forever(reply(body=b"ok")))
    with proxy.client() as client:
        assert client.get(origin.url()).status == 200
        proxy.configure("acl post method POST\nacl mgr url_regex /squid-internal-mgr/\nhttp_access allow post\n"
                        "http_access allow mgr\nhttp_access deny all\n")
        proxy.reload()
        assert client.get(origin.url()).status == 403       # on the connection that was open before
        assert client.ask("POST", origin.url(), body=b"").status == 200


def test_reload_by_verb(start_proxy):
    proxy = start_proxy()
    before = proxy.counters()["reloads"]
    proxy.run("-k", "reconfigure", check=0)
    until(lambda: proxy.counters()["reloads"] > before, "the reload is counted")


@pytest.mark.parametrize("bad", ["frobnicate on\n", "acl x src 1.2.3.4.5\nhttp_access deny x\n", "http_access allow nobody\n",
                                 "http_port 127.0.0.1:{taken}\n"])
def test_bad_file_changes_nothing(start_proxy, start_origin, bad):
    proxy = start_proxy()
    origin = start_origin(serve_forever(reply(body=b"ok")))
    with proxy.client() as client:
        client.get(origin.url())
        proxy.configure("http_access deny all\n" + bad.replace("{taken}", str(origin.port)))
        proxy.reload(want="reload.errors")
        assert client.get(origin.url()).status == 200
    with proxy.client() as client:
        assert client.get(origin.url()).status == 200
    if "taken" not in bad:
        until(lambda: re.search(r"squid\.conf:\d+", proxy.operator_log()), "the log names file and line")


def test_bad_file_is_refused_by_the_verb_too(start_proxy):
    proxy = start_proxy()
    proxy.configure("http_access allow all\nfrobnicate on\n")
    done = proxy.run("-k", "reconfigure")
    assert done.returncode == 1
    assert "frobnicate" in done.stderr


def test_ports_come_and_go(start_proxy, start_origin):
    proxy = start_proxy()
    origin = start_origin(serve_forever(reply(body=b"ok")))
    proxy.configure("http_port 127.0.0.1:{port2}\nhttp_access allow all\n")
    proxy.reload()
    with proxy.client(proxy.port2) as client:
        assert client.get(origin.url()).status == 200
        proxy.configure("http_access allow all\n")
        proxy.reload()
        until(lambda: not listening(proxy.port2), "the port is closed")
        assert client.get(origin.url()).status == 200       # what was accepted there goes on


@pytest.mark.parametrize("name, value", [("workers", "5"), ("max_filedescriptors", "4000"), ("memory_limit", "700 MB"),
                                         ("umask", "077"), ("pid_filename", "/run/elsewhere.pid"),
                                         ("cache_effective_group", "nogroup"), ("coredump_dir", "/tmp")])
def test_what_needs_a_restart_says_so(start_proxy, name, value):
    proxy = start_proxy()
    proxy.configure(f"http_access allow all\n{name} {value}\n")
    proxy.reload()
    until(lambda: f"{name} has changed" in proxy.operator_log(), f"a word about {name}")


class Reloader:
    """Sends SIGHUP every 100 ms until it is closed."""

    def __init__(self, proxy):
        self._stop = threading.Event()
        self._proxy = proxy
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while not self._stop.wait(0.1):
            self._proxy.proc.send_signal(signal.SIGHUP)

    def __enter__(self):
        self._thread.start()

    def __exit__(self, *exc):
        self._stop.set()
        self._thread.join()
        self._proxy.reload()        # the last of them is over, too


SIZE = (100 << 20) * LONG
BLOCK = bytes((n * 7 + n // 256) & 255 for n in range(1 << 16))


def digest(size):
    hasher = hashlib.sha256()
    for _ in range(size // len(BLOCK)):
        hasher.update(BLOCK)
    return hasher.hexdigest()


def send_blocks(wire, size):
    for _ in range(size // len(BLOCK)):
        wire.sock.sendall(BLOCK)


def take(wire, size):
    hasher = hashlib.sha256()
    assert wire.drain(hasher, limit=size) == size
    return hasher.hexdigest()


@pytest.mark.limit(6 * LONG)
def test_bulk_download_while_reloading(start_proxy, start_origin):
    def script(wire):
        wire.read_request()
        wire.send(reply(fields={"Content-Length": SIZE}, length=False))
        send_blocks(wire, SIZE)
        wire.read_rest()
    proxy = start_proxy()
    with proxy.client() as client, Reloader(proxy):
        client.send(request("GET", start_origin(script).url()))
        assert client.read_head().status == 200
        assert take(client, SIZE) == digest(SIZE)


@pytest.mark.limit(6 * LONG)
def test_bulk_upload_while_reloading(start_proxy, start_origin):
    def script(wire):
        wire.read_head()
        wire.send(reply(body=take(wire, SIZE).encode()))
        wire.read_rest()
    proxy = start_proxy()
    with proxy.client() as client, Reloader(proxy):
        client.send(request("POST", start_origin(script).url(), {"Content-Length": SIZE}))
        send_blocks(client, SIZE)
        assert client.read_reply().body.decode() == digest(SIZE)


@pytest.mark.limit(6 * LONG)
def test_bulk_tunnel_while_reloading(start_proxy, start_origin):
    def script(wire):
        wire.read_exact(2)
        send_blocks(wire, SIZE)
        wire.send(take(wire, SIZE).encode())
        wire.read_rest()
    proxy = start_proxy()
    with proxy.client() as client, Reloader(proxy):
        assert client.connect(start_origin(script).authority).status == 200
        client.send(b"go")
        assert take(client, SIZE) == digest(SIZE)
        send_blocks(client, SIZE)
        assert client.read_exact(64).decode() == digest(SIZE)


def test_no_request_fails_while_reloading(start_proxy, start_origin):
    """Keep-alive and new connections, some hundred requests, a reload every 100 ms."""
    proxy = start_proxy("include {dir}/*.inc\nhttp_access allow all\n", start=False)
    proxy.write("list.inc", "acl bad dstdomain " + " ".join(f".d{n}.test" for n in range(2000)) + "\nhttp_access deny bad\n")
    proxy.start()
    origin = start_origin(serve_forever(lambda r: reply(body=r.target.encode())))
    with Reloader(proxy), proxy.client() as client:
        for n in range(400 * LONG):
            assert client.get(origin.url(f"/{n}")).body == b"/%d" % n
            if n % 2:
                with proxy.client() as fresh:
                    assert fresh.get(origin.url(f"/n{n}")).body == b"/n%d" % n
    assert proxy.counters()["reload.errors"] == 0


@pytest.mark.limit(6 * LONG)
def test_reloads_leave_two_snapshots_alive(start_proxy, start_origin):
    """With tunnels open and requests under way, whatever the number of reloads."""
    proxy = start_proxy()
    origin = start_origin(echo)
    tunnels = [proxy.client() for _ in range(100)]
    for one in tunnels:
        assert one.connect(origin.authority).status == 200
    for _ in range(100 * LONG):
        proxy.reload()
    info = proxy.manager("info").body.decode()
    alive = int(re.search(r"Snapshots alive:\s+(\d+)", info).group(1))
    assert alive <= 2
    for n, one in enumerate(tunnels):
        one.send(b"%03d" % n)
        assert one.read_exact(3) == b"%03d" % n
        one.close()


def test_reload_in_the_middle_of_a_request_head(start_proxy, start_origin):
    proxy = start_proxy()
    origin = start_origin(serve_forever(reply(body=b"ok")))
    raw = request("GET", origin.url())
    with proxy.client() as client:
        client.send(raw[:20])
        proxy.reload()
        client.send(raw[20:])
        assert client.read_reply().body == b"ok"


def test_log_moves_with_a_reload(start_proxy, start_origin):
    proxy = start_proxy()
    origin = start_origin(serve_forever(reply(body=b"ok")))
    with proxy.client() as client:
        client.get(origin.url("/first"))
        proxy.wait_line("/first")
        proxy.access_log = f"stdio:{proxy.dir}/other.log squid"
        proxy.configure("http_access allow all\n")
        proxy.reload()
        client.get(origin.url("/second"))
    until(lambda: "/second" in proxy.read("other.log"), "the line is in the new log")
    assert "/second" not in proxy.read("access.log")


def test_stop_while_reloading(start_proxy):
    """A reload that is under way when the stop begins is dropped."""
    for _ in range(5 * LONG):
        proxy = start_proxy()
        proxy.signal(signal.SIGHUP)
        proxy.signal(signal.SIGTERM)
        assert proxy.wait_exit() == 0, proxy.operator_log()


@pytest.mark.parametrize("mode", ["-N", "--foreground"])
@cuttle_only("Squid looks for them in coredump_dir then")
def test_relative_names_stay_what_they_were_at_the_start(start_proxy, start_origin, mode):
    """coredump_dir becomes the working directory, but the configuration's names do not start from there."""
    proxy = start_proxy(start=False, args=(mode,))
    os.mkdir(proxy.path("elsewhere"), 0o777)
    proxy.write("names", ".bad.test\n")
    proxy.write("10.inc", 'acl bad dstdomain "names"\nhttp_access deny bad\n')
    proxy.configure("coredump_dir {dir}/elsewhere\ninclude 10.inc\nhttp_access allow all\n")
    proxy.start()
    proxy.write("names", ".worse.test\n")
    proxy.write("20.inc", "acl post method POST\nhttp_access deny post\n")
    proxy.configure("coredump_dir {dir}/elsewhere\ninclude ?0.inc\nhttp_access allow all\n")
    for _ in range(2):
        proxy.reload()
    origin = start_origin(serve_forever(reply(body=b"ok")))
    with proxy.client() as client:
        assert client.get("http://www.worse.test/").status == 403
        assert client.ask("POST", origin.url(), body=b"").status == 403
        assert client.get(origin.url()).status == 200
