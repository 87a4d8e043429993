"""Directories that stall, fill up, cannot be written, come and go: requests that need no disk do not notice."""
import hashlib
import os
import re
import subprocess
import threading
import time

import pytest

from harness.deadline import LONG, until
from harness.message import reply, request
from harness.proxy import cuttle_only
from harness.stored import body_of, counted, digest, fresh
from harness.tools import need_unshare

CONF = """\
cache_mem 8 MB
maximum_object_size_in_memory 64 KB
maximum_object_size 100 MB
cache_dir ufs {dir}/store 200 16 256
acl purging method PURGE
http_access allow purging
http_access allow all
"""


def sized(message):
    n = int(message.target.split("/")[1])
    return fresh(body_of(n, n), {"ETag": f'"{n}"'})


def is_stored(proxy, url):
    with proxy.client() as client:
        client.get(url)
        return client.ask("HEAD", url, {"Cache-Control": "only-if-cached"}).status == 200


@pytest.fixture
def start_prepared(start_proxy, start_origin):
    """A proxy whose store takes things in."""
    def start(conf=CONF, **kw):
        proxy = start_proxy(conf, start=False, **kw)
        proxy.prepare_folder(proxy.path("store"))
        proxy.start()
        url = start_origin(counted(sized)).url("/1")
        until(lambda: is_stored(proxy, url), "the store takes things in")
        return proxy
    return start


class Gate:
    """Calls of one kind on the disk wait while it is closed."""

    def __init__(self, proxy, call):
        self.path = proxy.path("gate")
        self.open()
        proxy.env["CUTTLE_DISK_FAULTS"] = f"{call}:until={self.path}"

    def open(self):
        with open(self.path, "wb"):
            pass
        os.chmod(self.path, 0o644)

    def close(self):
        os.unlink(self.path)


def is_silent(client):
    """Nothing has come, and the connection is open."""
    client.sock.setblocking(False)
    try:
        return client.sock.recv(1) is None
    except BlockingIOError:
        return True
    finally:
        client.sock.settimeout(20)


@cuttle_only("fault injection")
@pytest.mark.parametrize("way", ["reload", "PURGE", "304"])
def test_a_stalled_journal_delays_only_who_must_be_told(start_prepared, start_origin, way):
    """What makes the disk forget waits; its worker, the only one, does not."""
    proxy = start_prepared()
    version = {"n": 1}

    def script(message):
        if message.target == "/changes":
            if message.has("If-None-Match") and way == "304":
                return fresh(b"", {"ETag": '"1"'}, status="304 Not Modified")
            return fresh(b"version %d" % version["n"], {"ETag": f'"{version["n"]}"'})
        return sized(message)
    origin = start_origin(counted(script))
    proxy.stop()
    gate = Gate(proxy, "write")
    proxy.start()
    with proxy.client() as client:
        for path in ("/changes", "/300000", "/7"):
            until(lambda path=path: is_stored(proxy, origin.url(path)), "it is stored")
        proxy.restart()
        until(lambda: b"being loaded" not in proxy.manager("storedir").body, "the index is loaded")
    version["n"] = 2
    fields = {"reload": {"Cache-Control": "no-cache"}, "304": {"Cache-Control": "max-age=0"}, "PURGE": {}}[way]
    gate.close()
    before = len(origin.requests)
    slow = proxy.client()
    slow.send(request("PURGE" if way == "PURGE" else "GET", origin.url("/changes"), fields))
    if way != "PURGE":
        until(lambda: len(origin.requests) > before, "the origin was asked")
    with proxy.client() as client:
        for _ in range(5):
            for n in (300000, 7, 1000, 20000):       # hits and misses
                assert digest(client.get(origin.url(f"/{n}")).body) == digest(body_of(n, n))
            client.get(origin.url(f"/{before}/{_}"))
        assert is_silent(slow)
        gate.open()
        told = slow.read_reply("PURGE" if way == "PURGE" else "GET")
        assert told.status == 200
        assert way == "PURGE" or told.body == (b"version 1" if way == "304" else b"version 2")
        slow.close()
    proxy.kill()
    proxy.start()
    until(lambda: b"being loaded" not in proxy.manager("storedir").body, "the index is loaded")
    with proxy.client() as client:
        got = client.get(origin.url("/changes"), {"Cache-Control": "only-if-cached"})
        assert got.status == 504 or (way != "PURGE" and got.body == told.body)


@cuttle_only("fault injection")
def test_who_changes_what_is_not_stored_does_not_wait_for_a_stalled_disk(start_prepared, start_origin):
    """RFC 9111 4.4: there is nothing to invalidate, although others keep all that reads the disk busy."""
    proxy = start_prepared()
    origin = start_origin(counted(lambda m: sized(m) if m.method == "GET" else reply(body=b"done")))
    proxy.stop()
    gate = Gate(proxy, "read")
    proxy.start()
    urls = [origin.url(f"/300000/{i}") for i in range(20)]
    for url in urls:
        until(lambda url=url: is_stored(proxy, url), "it is stored")
    proxy.restart()
    until(lambda: b"being loaded" not in proxy.manager("storedir").body, "the index is loaded")
    with proxy.client() as client:      # the first one also says that the folder is in use
        assert client.ask("POST", origin.url("/elsewhere"), body=b"x").body == b"done"
    gate.close()
    slow = [proxy.client() for _ in urls]
    for one, url in zip(slow, urls):
        one.send(request("GET", url))
    with proxy.client() as client:
        assert client.get(origin.url("/1000/miss")).status == 200
        assert client.ask("POST", origin.url("/elsewhere"), body=b"x").body == b"done"
    assert all(is_silent(one) for one in slow)
    gate.open()
    for one in slow:
        assert digest(one.read_reply().body) == digest(body_of(300000, 300000))
        one.close()


@cuttle_only("fault injection")
def test_who_changes_something_waits_for_a_stalled_journal_no_longer_than_read_timeout(start_prepared, start_origin):
    proxy = start_prepared(CONF + "read_timeout 1 second\n")
    origin = start_origin(counted(lambda m: sized(m) if m.method == "GET" else reply(body=b"done")))
    url = origin.url("/1000")
    until(lambda: is_stored(proxy, url), "it is stored")
    proxy.stop()
    gate = Gate(proxy, "write")
    proxy.start()
    until(lambda: b"being loaded" not in proxy.manager("storedir").body, "the index is loaded")
    gate.close()
    with proxy.client() as client:
        assert client.ask("POST", url, body=b"x").body == b"done"
        assert client.ask("POST", origin.url("/elsewhere"), body=b"x").body == b"done"
        assert client.ask("HEAD", url, {"Cache-Control": "only-if-cached"}).status == 504
    assert f"{url} was changed, and a disk did not answer within read_timeout" in proxy.operator_log()
    assert "elsewhere" not in proxy.operator_log()
    gate.open()


@cuttle_only("Squid keeps a cache_dir until it is restarted")
def test_a_cache_dir_that_comes_back_while_it_is_still_read_is_used_again(start_prepared, start_origin):
    proxy = start_prepared()
    origin = start_origin(counted(sized))
    n = 30_000_000
    with proxy.client() as client:
        assert digest(client.get(origin.url(f"/{n}")).body) == digest(body_of(n, n))
    slow = proxy.client()
    slow.send(request("GET", origin.url(f"/{n}")))
    assert slow.read_head().status == 200
    proxy.configure(re.sub("cache_dir.*\n", "", CONF))
    proxy.reload()
    proxy.configure(CONF)
    proxy.reload()
    assert b"/store" not in proxy.manager("storedir").body
    assert digest(slow.read_exact(n)) == digest(body_of(n, n))
    slow.close()
    until(lambda: b"/store" in proxy.manager("storedir").body, "the folder is used again")
    until(lambda: b"being loaded" not in proxy.manager("storedir").body, "the index is loaded")
    with proxy.client() as client:
        got = client.get(origin.url(f"/{n}"), {"Cache-Control": "only-if-cached"})
        assert (got.status, digest(got.body)) == (200, digest(body_of(n, n)))
    assert len(origin.requests) == 1


@cuttle_only("fault injection")
def test_a_clean_stop_does_not_wait_for_the_walk_of_a_purge(start_prepared, start_origin):
    """All heads would be read in a minute."""
    proxy = start_prepared()
    origin = start_origin(counted(sized))
    with proxy.client() as client:
        for i in range(600):
            client.get(origin.url(f"/{100 + i}"))
    proxy.stop()
    proxy.env["CUTTLE_DISK_FAULTS"] = "read:slow=100"
    proxy.start()
    until(lambda: b"being loaded" not in proxy.manager("storedir").body, "the index is loaded")
    purger = proxy.client()
    purger.send(request("PURGE", f"/squid-internal-mgr/cache?prefix={origin.url('/')}", host=f"127.0.0.1:{proxy.port}"))
    with proxy.client() as client:
        assert client.get(origin.url("/7")).status == 200
    assert is_silent(purger)
    purger.close()
    proxy.stop()
    until(lambda: "a purge by prefix or host was under way" in proxy.operator_log(), "it is told")


def start_on_tmpfs(proxy, size, more=""):
    """In a mount namespace of its own; `more` is done there before the proxy starts."""
    need_unshare("--mount")
    folder = proxy.path("store")
    os.makedirs(folder, exist_ok=True)
    script = f"mount -t tmpfs -o size={size},mode=777 none {folder} && {more} exec \"$@\""
    proxy.proc = subprocess.Popen(["unshare", "-m", "sh", "-c", script, "sh", *proxy.command("-N")],
                                  stdin=subprocess.DEVNULL, stdout=proxy._stdout, stderr=proxy._stderr, env=proxy.env)
    proxy.wait_ready()


def ask_all(proxy, origin, sizes, rounds=1):
    with proxy.client() as client:
        for i in range(rounds):
            for n in sizes:
                got = client.get(origin.url(f"/{n}/{i}"))
                assert (got.status, digest(got.body)) == (200, digest(body_of(n, n))), n


@cuttle_only("a small file system is Squid's own trouble")
@pytest.mark.skipif(os.getuid() != 0, reason="needs root for a small file system")
@pytest.mark.parametrize("megabytes", [1, 200])
def test_a_file_system_of_2_mb(start_proxy, start_origin, megabytes):
    """A cache_dir that fits into it, and one that is said to be much larger: ENOSPC all the time, and each reply is whole."""
    proxy = start_proxy(CONF.replace("store 200", f"store {megabytes}"), start=False)
    origin = start_origin(counted(sized))
    start_on_tmpfs(proxy, "2m")
    ask_all(proxy, origin, [7, 3000, 70000, 500000, 3_000_000], rounds=6)
    if megabytes == 200:
        until(lambda: "is there room on the file system" in proxy.operator_log(), "it is told")
    ask_all(proxy, origin, [7, 3000], rounds=6)


@cuttle_only("Squid does not start")
@pytest.mark.skipif(os.getuid() != 0, reason="needs root for a file system")
def test_a_file_system_that_is_read_only_at_the_start(start_proxy, start_origin):
    proxy = start_proxy(CONF, start=False)
    origin = start_origin(counted(sized))
    folder = proxy.path("store")
    prepare = " ".join(proxy.command("-N", "-z"))
    start_on_tmpfs(proxy, "20m", f"{prepare} && mount -o remount,ro {folder} && ")
    ask_all(proxy, origin, [7, 70000, 3_000_000])
    assert f"cache_dir {folder}" in proxy.operator_log()


@cuttle_only("fault injection")
def test_a_file_system_that_becomes_read_only(start_prepared, start_origin):
    """As the kernel does it after an error: what is there can be read, and each write fails."""
    proxy = start_prepared()
    origin = start_origin(counted(sized))
    sizes = [7, 70000, 3_000_000]
    ask_all(proxy, origin, sizes)
    proxy.stop()
    # The label, the journal and the first pieces are written.
    proxy.env["CUTTLE_DISK_FAULTS"] = ("write:EROFS:from=6,open:EROFS:from=20,unlink:EROFS,sync:EROFS:from=4")
    proxy.start()
    until(lambda: b"being loaded" not in proxy.manager("storedir").body, "the index is loaded")
    for i in range(10):
        ask_all(proxy, origin, [1000 + i, 100_000 + i, 2_000_000 + i])
    until(lambda: proxy.operator_log().count("cache_dir") > 0 and "cannot" in proxy.operator_log(), "it is told")
    ask_all(proxy, origin, sizes)
    assert len([m for m in origin.requests if int(m.target.split("/")[1]) in sizes]) == len(sizes)
    # Nothing can be written down: who purges must be told, and nothing of it is found.
    with proxy.client() as client:
        assert client.ask("PURGE", origin.url("/70000/0")).status in (200, 500)
        assert client.get(origin.url("/70000/0"), {"Cache-Control": "only-if-cached"}).status == 504


@cuttle_only("fault injection")
def test_what_the_disk_loses_before_it_is_read_comes_from_the_origin(start_prepared, start_origin):
    """The writes begin to fail while replies are taken in; nobody has seen anything of them yet."""
    proxy = start_prepared(CONF + "cache_mem 0\n")
    origin = start_origin(counted(sized))
    for at in range(3, 13):
        proxy.stop()
        proxy.env["CUTTLE_DISK_FAULTS"] = f"write:EIO:from={at},sync:skip"
        proxy.start()
        ask_all(proxy, origin, [100_000 + at * 20 + i for i in range(20)])


class Loader:
    """A client that asks for the same few until it is stopped, and compares what comes."""

    def __init__(self, proxy, origin):
        self.proxy, self.origin = proxy, origin
        self.fault = None
        self.count = 0
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            with self.proxy.client() as client:
                while not self.stopping.is_set():
                    n = (7, 3000, 70000, 400_000, 1_500_000)[self.count % 5]
                    got = client.get(self.origin.url(f"/{n}/{self.count // 5 % 40}"))
                    assert (got.status, digest(got.body)) == (200, digest(body_of(n, n))), n
                    self.count += 1
        except BaseException as e:      # pylint: disable=broad-except
            self.fault = e

    def stop(self):
        self.stopping.set()
        self.thread.join(20)
        assert self.fault is None, self.fault


@cuttle_only("Squid locks by its PID file only")
def test_a_second_instance_on_the_same_directory_under_load(start_prepared, start_proxy, start_origin):
    """The second says so and goes on without; the first does not notice, nor does who comes after it has ended."""
    proxy = start_prepared()
    origin = start_origin(counted(sized))
    loaders = [Loader(proxy, origin) for _ in range(2)]
    conf = CONF.replace("{dir}", proxy.dir)
    for i in range(3):
        other = start_proxy(conf, name=f"other{i}")
        ask_all(other, origin, [7, 70000, 3_000_000], rounds=2)
        assert f"cache_dir {proxy.dir}/store: another Cuttle is using it" in other.operator_log()
        assert b"/store" not in other.manager("storedir").body
        other.reload()          # still not
        assert b"/store" not in other.manager("storedir").body
        done = other.run("-N", "-z")
        assert done.returncode == 0, done.stderr
        other.stop()
    for loader in loaders:
        loader.stop()
        assert loader.count > 0
    counters = proxy.manager("storedir").body
    assert b"/store" in counters
    assert not re.search("(WARNING|ERROR): cache_dir", proxy.operator_log())
    last = start_proxy(conf, name="last")
    last_has = until(lambda: "another Cuttle" in last.operator_log(), "the last one says so, too")
    assert last_has
    proxy.stop()
    last.reload()
    until(lambda: b"/store" in last.manager("storedir").body, "it has the folder now")
    until(lambda: b"being loaded" not in last.manager("storedir").body, "the index is loaded")
    with last.client() as client:
        got = client.get(origin.url("/70000/0"), {"Cache-Control": "only-if-cached"})
        assert (got.status, digest(got.body)) == (200, digest(body_of(70000, 70000)))


# --- objects larger than what else is there ---------------------------------------------------------------------------

BLOCK = body_of(1 << 20)


def blocks(n, seed, at=0):
    """n bytes from `at`, which begins a MiB, on; a MiB at a time, none of which is like another."""
    for start in range(at, n, len(BLOCK)):
        yield (start.to_bytes(8, "big") + seed.to_bytes(8, "big") + BLOCK[16:])[:n - start]


def huge_digest(n, seed):
    hasher = hashlib.sha256()
    for block in blocks(n, seed):
        hasher.update(block)
    return hasher.hexdigest()


def slower_each_time():
    """A script: GET /N/SEED gives N bytes; as fast as it can the first time, then with a pause behind each MiB."""
    asked = {}

    def stream(wire):
        target = wire.read_request().target
        n, seed = (int(word) for word in target.split("/")[1:3])
        pause = asked.get(target, 0)
        asked[target] = pause + 0.006
        wire.send(f"HTTP/1.1 200 OK\r\nCache-Control: max-age=86400\r\nETag: \"{n}\"\r\nConnection: close\r\n"
                  f"Content-Length: {n}\r\n\r\n".encode())
        for block in blocks(n, seed):
            wire.sock.sendall(block)
            time.sleep(pause)
    return stream


def fetch_digest(proxy, url, n, fields=None):
    with proxy.client() as client:
        client.send(request("GET", url, fields))
        assert client.read_head().status == 200
        hasher = hashlib.sha256()
        assert client.drain(hasher, n) == n
        return hasher.hexdigest()


@cuttle_only("memory that is left to the page cache")
@pytest.mark.limit(120 * LONG)
def test_a_huge_object_is_stored_served_and_evicted(start_prepared, start_origin):
    """TEST_LONG=80: of 5 GB in a folder of 12 GB."""
    n = 64_000_000 * LONG
    capacity = n * 12 // 5 // 1_000_000
    proxy = start_prepared(CONF.replace("store 200", f"store {capacity}").replace("maximum_object_size 100 MB",
                                                                                "maximum_object_size 100 GB"))
    origin = start_origin(slower_each_time())
    url, right = origin.url(f"/{n}/1"), huge_digest(n, 1)
    last, = blocks(n, 1, (n - 1) // len(BLOCK) * len(BLOCK))
    kept = {"Cache-Control": "only-if-cached"}

    def is_kept(of=url):
        with proxy.client() as client:
            return client.ask("HEAD", of, kept).status == 200
    # A disk that cannot keep up with this origin does not take it.
    until(lambda: fetch_digest(proxy, url, n) == right and is_kept(), "it is stored", limit=60 * LONG)
    for _ in range(2):
        assert fetch_digest(proxy, url, n, kept) == right
        with proxy.client() as client:
            got = client.get(url, {**kept, "Range": "bytes=-1000"})
            assert (got.status, got.get("Content-Range")) == (206, f"bytes {n - 1000}-{n - 1}/{n}")
            assert got.body == last[-1000:]
        proxy.restart()
        until(is_kept, "it is there after the restart")
    for seed in range(2, 40):
        if not is_kept():
            break
        part = n // 4
        assert fetch_digest(proxy, origin.url(f"/{part}/{seed}"), part) == huge_digest(part, seed)
    until(lambda: not is_kept(), "it is evicted")
    used = sum(os.stat(entry.path).st_blocks * 512 for entry in os.scandir(proxy.path("store")))
    assert used <= capacity * (1 << 20)
