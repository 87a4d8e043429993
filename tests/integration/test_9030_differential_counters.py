"""What page `counters` says of the cache, after the same requests through Debian's squid and through Cuttle."""
import re

import pytest

from harness.deadline import until
from harness.message import reply
from harness.origin import serve_forever
from harness.proxy import IS_SQUID, SQUID, Proxy
from harness.stored import LAST_MODIFIED, body_of, date, fresh, stale

pytestmark = pytest.mark.skipif(IS_SQUID or not SQUID, reason="squid is not installed" if not SQUID
                                else "PROXY=squid compares squid with itself")

BYTES = 20000
N = 5
RULES = "acl purges method PURGE\nhttp_access allow purges\nhttp_access allow all\n"
CONFS = {
    "memory": "cache_mem 8 MB\n",
    "memory and disk": "cache_mem 8 MB\ncache_dir ufs {dir}/store 100 16 256\n",
    "disk": "cache_mem 0 MB\ncache_dir ufs {dir}/store 100 16 256\n",
}
# What both count of the same thing, in requests or objects.
SAME = ("client_http.requests", "client_http.hits", "swap.outs", "swap.ins")
# In KB; heads differ, and each is cut to whole KB.
NEARLY = ("client_http.hit_kbytes_out", "server.all.kbytes_in")


def answer(message):
    """/fresh...: good for an hour. /stale...: always to be validated, and never changed."""
    if message.target.startswith("/stale"):
        if message.get("If-None-Match"):
            return reply("304 Not Modified", {"Date": date(), "ETag": '"one"'}, length=False)
        return stale(body_of(BYTES))
    return fresh(body_of(BYTES), {"Last-Modified": LAST_MODIFIED, "ETag": '"one"'})


def counters(proxy):
    text = proxy.manager("counters").body.decode()
    return {name: float(value) for name, value in re.findall(r"^([\w.]+) = ([0-9.]+)", text, re.M)}


def ask(client, origin, method, path, fields=None, status=200):
    got = client.ask(method, origin.url(path), fields or {})
    assert got.status == status, (method, path, got.status)


def settle(proxy, name, least):
    """What Squid writes to its disk it writes when it likes; nothing else is counted meanwhile."""
    until(lambda: counters(proxy).get(name, 0) >= least, f"{name} reaches {least}")


def fill(client, origin):
    for i in range(N):
        ask(client, origin, "GET", f"/fresh/{i}")
        ask(client, origin, "GET", f"/stale/{i}")


def use(client, origin):
    for i in range(N):
        ask(client, origin, "GET", f"/fresh/{i}")
        ask(client, origin, "GET", f"/fresh/{i}", {"Range": "bytes=100-199"}, 206)
        ask(client, origin, "GET", f"/fresh/{i}", {"If-None-Match": '"one"'}, 304)
        ask(client, origin, "GET", f"/stale/{i}")
        ask(client, origin, "GET", f"/fresh/{i}", {"Cache-Control": "only-if-cached"})
        ask(client, origin, "GET", f"/none/{i}", {"Cache-Control": "only-if-cached"}, 504)
    ask(client, origin, "PURGE", "/fresh/0")
    ask(client, origin, "PURGE", "/fresh/0", status=404)
    ask(client, origin, "GET", "/fresh/0", {"Cache-Control": "only-if-cached"}, 504)


def run(conf, squid, origin):
    with Proxy(RULES + conf, squid=squid, start=False) as proxy:
        if "cache_dir" in conf:
            proxy.prepare_folder(proxy.path("store"))
            proxy.run("-N", "-z", check=0)
        proxy.start()
        if "cache_dir" in conf and not squid:
            until(lambda: "index is loaded" in proxy.read("cache.log"), "what comes now is stored on disk")
        start = counters(proxy)
        # One connection: what Squid has not seen acknowledged when a client closes it does not count.
        with proxy.client() as client:
            fill(client, origin)
            if "cache_dir" in conf:
                settle(proxy, "swap.outs", 2 * N)
            middle = counters(proxy)
            use(client, origin)
            end = counters(proxy)
    return ({name: middle[name] - start[name] for name in SAME + NEARLY if name != "client_http.requests"},
            {name: end[name] - middle[name] for name in SAME + NEARLY})


@pytest.mark.parametrize("kind", CONFS)
def test_the_same_is_counted(start_origin, kind):
    origin = start_origin(serve_forever(answer))
    theirs, ours = (run(CONFS[kind], squid, origin) for squid in (True, False))
    for when, a, b in zip(("while it was filled", "while it was used"), theirs, ours):
        if kind == "disk":
            # Squid opens the file once for the head and once for the body, and for a PURGE too.
            assert a.pop("swap.ins") >= b.pop("swap.ins") == b["client_http.hits"]
        for name in a:
            least = 0 if name in SAME else 8 * N
            assert abs(a[name] - b[name]) <= least, f"{name} {when}: squid {a[name]:g}, Cuttle {b[name]:g}"
