"""A disk that fails, is full, damaged or meddled with while clients read: never a wrong byte, and no reply that suffers."""
import glob
import os
import random

import pytest

from harness.deadline import until
from harness.message import reply, request
from harness.proxy import cuttle_only
from harness.stored import body_of, counted, date, digest, fresh, LAST_MODIFIED

CONF = """\
cache_mem 64 MB
maximum_object_size_in_memory 0 KB
maximum_object_size 100 MB
cache_dir ufs {dir}/store 64 16 256
http_access allow all
"""


@pytest.fixture
def start_prepared(start_proxy, start_origin):
    """A proxy whose store takes things in; `fault` strikes from its second start on, when nothing was counted yet."""
    def start(conf=CONF, fault=None, **kw):
        proxy = start_proxy(conf, start=False, **kw)
        proxy.prepare_folder(proxy.path("store"))
        proxy.start()
        takes_things_in(proxy, start_origin)
        if fault:
            proxy.stop()
            proxy.env["CUTTLE_DISK_FAULTS"] = fault
            proxy.start()
        return proxy
    return start


def takes_things_in(proxy, start_origin):
    url = start_origin(counted(fresh(b"warm"))).url("/warm")

    def is_stored():
        with proxy.client() as client:
            client.get(url)
            return client.ask("HEAD", url, {"Cache-Control": "only-if-cached"}).status == 200
    until(is_stored, "the store takes things in")


def sized(message):
    n = int(message.target.split("/")[1])
    return fresh(body_of(n, n), {"ETag": f'"{n}"'})


def begin(proxy, origin, path):
    one = proxy.client()
    one.send(request("GET", origin.url(path)))
    head = one.read_head()
    assert head.status == 200
    return one


@cuttle_only("fault injection")
@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("fault", ["write:ENOSPC", "write:EIO:from=2", "write:ENOSPC:from=3:count=2",
                                   "write:EIO:from=4:count=1", "open:ENOSPC:from=6", "sync:EIO", "unlink:EIO"])
def test_a_reply_is_whole_although_the_disk_does_not_take_it(start_prepared, start_origin, fault, workers):
    """What was handed to the disk, and is lost there, was still to be read by slow clients."""
    proxy = start_prepared(CONF + f"collapsed_forwarding on\nworkers {workers}\n", fault)
    origin = start_origin(counted(sized))
    n = 8000000
    for i in range(3):
        slow = [begin(proxy, origin, f"/{n}/{i}") for _ in range(4)]
        with proxy.client() as client:
            assert digest(client.get(origin.url(f"/{n}/{i}")).body) == digest(body_of(n, n))
        for one in slow:
            assert digest(one.read_exact(n)) == digest(body_of(n, n))
            one.close()


@cuttle_only("evicting is Cuttle's own")
def test_a_hit_is_whole_although_it_is_evicted_meanwhile(start_prepared, start_origin):
    proxy = start_prepared(CONF.replace("store 64", "store 48"))
    origin = start_origin(counted(sized))
    n = 9000001
    with proxy.client() as client:
        client.get(origin.url(f"/{n}"))
    slow = [begin(proxy, origin, f"/{n}") for _ in range(3)]
    with proxy.client() as client:
        for i in range(20):
            assert len(client.get(origin.url(f"/3000000/{i}")).body) == 3000000
    for one in slow:
        assert digest(one.read_exact(n)) == digest(body_of(n, n))
        one.close()


# --- files that somebody meddles with -------------------------------------------------------------------------------

def segments(proxy):
    return sorted(glob.glob(proxy.path("store") + "/segment-*"))


def flip_bodies(proxy, body):
    """One bit in the middle of each copy of the body's second half, on the disk and in the page cache."""
    n = 0
    for path in segments(proxy):
        with open(path, "r+b") as f:
            data = f.read()
            at = data.find(body[:4096])
            while at >= 0:
                f.seek(at + 100)
                f.write(bytes([data[at + 100] ^ 1]))
                n += 1
                at = data.find(body[:4096], at + 1)
    return n


@cuttle_only("the format of the store is its own")
@pytest.mark.parametrize("keeps_304", [True, False])
def test_what_was_validated_but_cannot_be_read_is_fetched(start_prepared, start_origin, keeps_304):
    """The 304 confirms a body that turns out to be damaged: the whole is asked for, once, and right."""
    proxy = start_prepared()
    body = body_of(300000)
    fields = {"Date": date(-100), "Cache-Control": "max-age=10", "ETag": '"one"', "Last-Modified": LAST_MODIFIED}
    confirmed = {"Cache-Control": "max-age=3600", "ETag": '"one"'} if keeps_304 else {"Cache-Control": "no-store", "ETag": '"one"'}

    def script(message):
        if message.has("If-None-Match"):
            return reply("304 Not Modified", confirmed, length=False)
        return reply(fields=fields, body=body)
    origin = start_origin(counted(script))
    with proxy.client() as client:
        client.get(origin.url("/a"))
    proxy.restart()
    assert flip_bodies(proxy, body) == 1
    with proxy.client() as client:
        assert digest(client.get(origin.url("/a")).body) == digest(body)
        assert digest(client.get(origin.url("/a")).body) == digest(body)
    whole = [m for m in origin.requests if not m.has("If-None-Match")]
    assert len(whole) == 2
    until(lambda: "SWAPFAIL_MISS" in proxy.read("access.log"), "the code")


@cuttle_only("the format of the store is its own")
def test_rfc9111_5_2_1_7_only_if_cached_does_not_ask_the_origin_for_what_is_damaged(start_prepared, start_origin):
    proxy = start_prepared()
    origin = start_origin(counted(sized))
    with proxy.client() as client:
        client.get(origin.url("/300000"))
    proxy.restart()
    assert flip_bodies(proxy, body_of(300000, 300000)) == 1
    with proxy.client() as client:
        assert client.get(origin.url("/300000"), {"Cache-Control": "only-if-cached"}).status == 504
    assert len(origin.requests) == 1


def test_a_body_on_disk_is_no_hit_from_memory(start_prepared, start_origin):
    """Squid's TCP_MEM_HIT is for what no disk is needed for."""
    proxy = start_prepared()
    origin = start_origin(counted(sized))
    with proxy.client() as client:
        for _ in range(3):
            client.get(origin.url("/300000"))
    def found():
        return [line.code for line in proxy.log_lines() if "/300000" in line.url]
    until(lambda: len(found()) == 3, "three lines")
    assert found() == ["TCP_MISS", "TCP_HIT", "TCP_HIT"]
