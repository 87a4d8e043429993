"""Objects in a cache_dir: hits from disk, also after a restart and after a crash."""
import re

import pytest

from harness.deadline import until
from harness.message import reply, request
from harness.proxy import cuttle_only
from harness.stored import LAST_MODIFIED, body_of, counted, digest, fresh, stale
from harness.wire import Closed

# Nothing stays in memory: each hit is from disk.
ON_DISK = """\
cache_mem 8 MB
maximum_object_size_in_memory 0 KB
maximum_object_size 100 MB
cache_dir ufs {dir}/store 200 16 256
http_access allow all
"""
SIZES = [0, 1, 1000, 4096, 65536, 300001, 1048576, 5000003]


@pytest.fixture
def start_prepared(start_proxy, start_origin):
    """start_prepared(conf) prepares the folders as cuttle -z does, starts, and waits until the store takes things in."""
    def start(conf=ON_DISK, **kw):
        proxy = start_proxy(conf, start=False, **kw)
        for folder in re.findall(r"^cache_dir \S+ (\S+)", proxy.read("squid.conf"), re.M):
            proxy.prepare_folder(folder)
        proxy.run("-N", "-z", check=0)
        proxy.start()
        url = start_origin(counted(fresh(b"warm"))).url("/warm")

        def is_stored():
            with proxy.client() as client:
                client.get(url)
                return client.ask("HEAD", url, {"Cache-Control": "only-if-cached"}).status == 200
        until(is_stored, "the store takes things in")
        return proxy
    return start


def sized(message):
    n = int(message.target[1:])
    return fresh(body_of(n, n), {"ETag": f'"{n}"', "Content-Type": "text/x"})


def ask_all(proxy, origin, sizes=SIZES):
    with proxy.client() as client:
        for n in sizes:
            got = client.get(origin.url(f"/{n}"))
            assert (got.status, got.get("ETag"), got.get("Content-Type")) == (200, f'"{n}"', "text/x")
            assert digest(got.body) == digest(body_of(n, n)), n


def wait_loaded(proxy, origin, paths, fields=None):
    """Until its index is loaded an object is a miss: wait for these, without asking the origin."""
    wanted = {"Cache-Control": "only-if-cached", **(fields or {})}

    def all_found():
        with proxy.client() as client:
            return all(client.ask("HEAD", origin.url(f"/{path}"), wanted).status == 200 for path in paths)
    until(all_found, f"{paths} are found")


def codes(proxy, n):
    """The codes of the n GETs."""
    def found():
        return [line.code for line in proxy.log_lines() if line.method == "GET" and "/warm" not in line.url]
    until(lambda: len(found()) >= n, f"{n} lines")
    return found()


HITS = {"TCP_HIT", "TCP_MEM_HIT"}       # a head, and a body that lies behind it, stay in memory when they were read


def test_hits_from_disk(start_prepared, start_origin):
    proxy = start_prepared()
    origin = start_origin(counted(sized))
    for _ in range(3):
        ask_all(proxy, origin)
    assert len(origin.requests) == len(SIZES)
    found = codes(proxy, 3 * len(SIZES))
    assert found[:len(SIZES)] == ["TCP_MISS"] * len(SIZES)
    assert set(found[len(SIZES):]) <= HITS


def test_all_is_there_after_a_clean_restart(start_prepared, start_origin):
    proxy = start_prepared()
    origin = start_origin(counted(sized))
    ask_all(proxy, origin)
    proxy.restart()
    wait_loaded(proxy, origin, SIZES)
    ask_all(proxy, origin)
    assert len(origin.requests) == len(SIZES)
    assert set(codes(proxy, 2 * len(SIZES))[len(SIZES):]) <= HITS


def test_ranges_and_conditions_from_disk(start_prepared, start_origin):
    proxy = start_prepared()
    origin = start_origin(counted(sized))
    n = 3000000
    ask_all(proxy, origin, [n])
    proxy.restart()
    wait_loaded(proxy, origin, [n])
    body, url = body_of(n, n), origin.url(f"/{n}")
    with proxy.client() as client:
        got = client.get(url, {"Range": "bytes=1048570-1048580"})
        assert (got.status, got.body) == (206, body[1048570:1048581])
        got = client.get(url, {"Range": "bytes=2999990-"})
        assert (got.status, got.body) == (206, body[2999990:])
        assert client.get(url, {"If-None-Match": f'"{n}"'}).status == 304
        got = client.ask("HEAD", url)
        assert (got.status, got.get("Content-Length")) == (200, str(n))
        assert digest(client.get(url).body) == digest(body)
    assert len(origin.requests) == 1
    assert proxy.wait_line("/206").code in HITS


@cuttle_only("Squid 5.7 leaves the head on disk as it was")
def test_a_304_renews_what_is_on_disk(start_prepared, start_origin):
    proxy = start_prepared()
    body = body_of(2000000)
    origin = start_origin(counted(stale(body), reply("304 Not Modified", {"Cache-Control": "max-age=3600", "X-New": "1",
                                                                          "ETag": '"one"'}, length=False)))
    with proxy.client() as client:
        client.get(origin.url("/a"))
        assert digest(client.get(origin.url("/a")).body) == digest(body)
    proxy.restart()
    wait_loaded(proxy, origin, ["a"])
    with proxy.client() as client:
        got = client.get(origin.url("/a"))
        assert (digest(got.body), got.get("X-New"), got.get("Last-Modified")) == (digest(body), "1", LAST_MODIFIED)
    assert len(origin.requests) == 2


def test_variants_on_disk(start_prepared, start_origin):
    proxy = start_prepared()
    origin = start_origin(counted(lambda m: fresh((m.get("X-One") or "none").encode() * 1000, {"Vary": "X-One"})))
    for _ in range(2):
        with proxy.client() as client:
            for one in ("1", "2"):
                assert client.get(origin.url("/a"), {"X-One": one}).body == one.encode() * 1000
            assert client.get(origin.url("/a")).body == b"none" * 1000
        proxy.restart()
        for fields in ({"X-One": "1"}, {"X-One": "2"}, {}):
            wait_loaded(proxy, origin, ["a"], fields)
    assert len(origin.requests) == 3


@pytest.mark.parametrize("way", ["PURGE", "POST"])
@cuttle_only("Squid writes its journal later: what was purged before a crash may come back")
def test_what_is_gone_does_not_come_back_after_a_crash(start_prepared, start_origin, way):
    proxy = start_prepared("acl purging method PURGE\nhttp_access allow purging\n" + ON_DISK)
    origin = start_origin(counted(lambda m: sized(m) if m.method == "GET" else reply("204 Done", length=False)))
    ask_all(proxy, origin, [1000, 300001, 7])
    proxy.restart()
    wait_loaded(proxy, origin, [1000, 300001])
    with proxy.client() as client:
        for n in (1000, 300001):
            assert client.ask(way, origin.url(f"/{n}")).status in (200, 204)
    proxy.kill()
    proxy.start()
    wait_loaded(proxy, origin, [7])
    before = len(origin.requests)
    ask_all(proxy, origin, [1000, 300001])
    assert len(origin.requests) == before + 2


@cuttle_only("the folder's state is Cuttle's own")
def test_a_crash_loses_nothing_that_was_written(start_prepared, start_origin):
    proxy = start_prepared()
    origin = start_origin(counted(sized))
    ask_all(proxy, origin)
    proxy.restart()         # all of it is on disk now
    ask_all(proxy, origin, [7, 70000])
    proxy.kill()
    proxy.start()
    wait_loaded(proxy, origin, SIZES)
    ask_all(proxy, origin)
    assert len([m for m in origin.requests if int(m.target[1:]) in SIZES]) == len(SIZES)
    ask_all(proxy, origin, [7, 70000])      # these may be hits or not, but are right


def test_two_folders_and_their_limits_of_size(start_prepared, start_origin):
    conf = ON_DISK.replace("cache_dir ufs {dir}/store 200 16 256", "cache_dir ufs {dir}/small 50 16 256 max-size=10000\n"
                           "cache_dir ufs {dir}/large 200 16 256 min-size=10001")
    proxy = start_prepared(conf)
    origin = start_origin(counted(sized))
    ask_all(proxy, origin)
    proxy.restart()
    wait_loaded(proxy, origin, SIZES)
    ask_all(proxy, origin)
    assert len(origin.requests) == len(SIZES)


def test_what_is_too_large_for_the_disk_is_passed_on(start_prepared, start_origin):
    proxy = start_prepared(ON_DISK.replace("maximum_object_size 100 MB", "maximum_object_size 100 KB"))
    origin = start_origin(counted(sized))
    for _ in range(2):
        ask_all(proxy, origin, [50000, 300000])
    assert [m.target for m in origin.requests] == ["/50000", "/300000", "/300000"]


def test_what_is_too_large_for_the_folder_is_not_begun(start_prepared, start_origin):
    proxy = start_prepared(ON_DISK.replace("store 200 16", "store 16 16").replace(
        "http_access", "http_access allow localhost manager\nhttp_access", 1))
    origin = start_origin(counted(sized))
    ask_all(proxy, origin, [300001, 16 << 20, 300001, 16 << 20, 300001])
    assert [m.target for m in origin.requests] == ["/300001", "/16777216", "/16777216"]
    assert re.search(r"Not stored, .*:\t0\n", proxy.manager("storedir").body.decode())


@cuttle_only("Squid locks by its PID file only")
def test_a_second_instance_leaves_the_folder_alone(start_prepared, start_proxy, start_origin):
    proxy = start_prepared()
    origin = start_origin(counted(sized))
    ask_all(proxy, origin, [1000])
    other = start_proxy(ON_DISK.replace("{dir}", proxy.dir), name="other")
    ask_all(other, origin, [1000, 1000])
    ask_all(proxy, origin, [1000])
    assert "store" in other.operator_log()
    proxy.restart()
    wait_loaded(proxy, origin, [1000])


def ask_until_whole(proxy, origin, n, may_be_cut):
    """
    Only a read that fails in the middle of a body cuts it, where the client can see it; then what cannot be read is
    dropped, and whoever asks again gets it from the origin.
    """
    for is_cut in (False, True):
        with proxy.client() as client:
            client.send(request("GET", origin.url(f"/{n}")))
            head = client.read_head()
            assert (head.status, head.get("Content-Length")) == (200, str(n))
            try:
                body = client.read_exact(n)
            except Closed:
                assert may_be_cut and not is_cut, f"{n} bytes were cut"
                body = client.read_rest()
            assert digest(body) == digest(body_of(n, n)[:len(body)]), "a wrong byte"
            if len(body) == n:
                return


@cuttle_only("fault injection")
@pytest.mark.parametrize("fault", ["read:EIO", "read:short", "write:short", "write:EIO", "write:ENOSPC", "sync:EIO",
                                   "write:ENOSPC:from=3:count=2", "read:EIO:from=5:count=3"])
def test_no_fault_of_the_disk_makes_a_wrong_byte(start_prepared, start_origin, fault):
    proxy = start_prepared()
    origin = start_origin(counted(sized))
    ask_all(proxy, origin, [1000, 300001, 5000003])
    proxy.restart()
    proxy.stop()
    proxy.env["CUTTLE_DISK_FAULTS"] = fault
    proxy.start()
    for _ in range(3):
        for n in (1000, 300001, 5000003, 2000, 2000000):
            ask_until_whole(proxy, origin, n, may_be_cut=fault.startswith("read:EIO"))
    assert proxy.proc.poll() is None
