"""Clients and origins that want more of the cache than is theirs: memory, other people's keys, other people's purges."""
import itertools
import os
import socket

import pytest

from harness.deadline import until
from harness.message import chunked, reply, request
from harness.origin import serve_forever
from harness.proxy import cuttle_only
from harness.stored import CONF, LAST_MODIFIED, body_of, counted, date, digest, fresh

ON_DISK = """\
cache_mem 8 MB
maximum_object_size_in_memory 0 KB
maximum_object_size 100 MB
cache_dir ufs {dir}/store 64 16 256
http_access allow all
"""


def held(proxy, of="cache"):
    """Bytes of that class, as the manager tells."""
    lines = proxy.manager("mem").body.decode().splitlines()
    return next(int(line.split("\t")[1]) for line in lines if line.startswith(of + "\t"))


def descriptors(proxy):
    return len(os.listdir(f"/proc/{proxy.pid()}/fd"))


def asks(proxy, url, fields=None):
    """A client that has sent its request and reads nothing."""
    one = proxy.client()
    one.send(request("GET", url, fields))
    return one


def endless(answer):
    """Sends it, however long that takes."""
    def script(wire):
        wire.read_request()
        wire.sock.settimeout(None)
        try:
            wire.send(answer)
            wire.sock.recv(1)
        except ConnectionError:
            pass
    return script


def close_all(clients):
    for one in clients:
        one.close()


# --- those who do not read --------------------------------------------------------------------------------------------

N = 8000000
READERS = 150


@cuttle_only("its manager tells what is held")
@pytest.mark.limit(4)
@pytest.mark.parametrize("what", ["fetched", "in memory", "on disk"])
def test_who_reads_nothing_holds_next_to_nothing(start_proxy, start_origin, what):
    """All want the same long object: it is there once, whoever reads is not slowed down, and all is given back."""
    proxy = start_proxy(ON_DISK if what == "on disk" else CONF + "collapsed_forwarding on\n", start=False)
    proxy.prepare_folder(proxy.path("store"))
    proxy.start()
    origin = start_origin(counted(fresh(body_of(N))))
    before, fds = held(proxy), descriptors(proxy)
    clients = []
    if what != "fetched":
        def is_stored():
            with proxy.client() as client:
                client.get(origin.url("/a"))
                return client.ask("HEAD", origin.url("/a"), {"Cache-Control": "only-if-cached"}).status == 200
        until(is_stored, "the store has it")
    for i in range(READERS):
        clients.append(asks(proxy, origin.url("/a"), {"Range": "bytes=1000-"} if i % 3 == 1 else None))
    for one in clients:
        assert one.read_head().status in (200, 206)
    n = len(origin.requests)
    with proxy.client() as client:
        assert digest(client.get(origin.url("/a")).body) == digest(body_of(N))
    assert len(origin.requests) == n
    assert held(proxy) - before < 2 * N
    assert descriptors(proxy) - fds < READERS + 40
    close_all(clients)
    until(lambda: descriptors(proxy) - fds < 40, "their descriptors are given back")


@cuttle_only("as above")
@pytest.mark.limit(4)
def test_who_reads_nothing_of_what_is_not_kept_has_read_ahead_gap(start_proxy, start_origin):
    """Each another body of unknown length, too long to be kept."""
    proxy = start_proxy("cache_mem 64 MB\nmaximum_object_size_in_memory 64 KB\nhttp_access allow all\n")
    body = body_of(N)
    head = reply(fields={"Date": date(), "Cache-Control": "max-age=3600", "Transfer-Encoding": "chunked"}, length=False)

    origin = start_origin(endless(head + chunked(body)))
    before = held(proxy)
    n = 60
    clients = [asks(proxy, origin.url(f"/{i}")) for i in range(n)]
    for one in clients:
        assert one.read_head().status == 200
    with proxy.client() as client:
        assert digest(client.get(origin.url("/b")).body) == digest(body)
    assert held(proxy) - before < n * 4 * 65536
    for one in clients[:3]:
        assert digest(one.read_chunked()[0]) == digest(body)
    close_all(clients)
    until(lambda: held(proxy) - before < 200000, "all of it is given back")


@cuttle_only("memory_limit is Cuttle's")
@pytest.mark.limit(4)
def test_nor_do_they_take_more_than_memory_limit(start_proxy, start_origin):
    """Each object has one who reads a little and one who reads nothing; what memory_limit refuses is not taken beyond it."""
    proxy = start_proxy("cache_mem 256 MB\nmemory_limit 32 MB\nmaximum_object_size_in_memory 8 MB\ncollapsed_forwarding on\n"
                        "http_access allow all\nworkers 1\n")
    head = reply(fields={"Date": date(), "Cache-Control": "max-age=3600", "Transfer-Encoding": "chunked"}, length=False)
    whole = head + chunked(body_of(3000000))

    origin = start_origin(endless(whole))
    clients = []
    for i in range(40):
        clients += [asks(proxy, origin.url(f"/{i}")) for _ in range(2)]
    statuses = [one.read_head().status for one in clients]
    assert statuses.count(200) > 40
    with open(f"/proc/{proxy.pid()}/status", encoding="ascii") as f:
        rss = next(int(line.split()[1]) for line in f if line.startswith("RssAnon"))
    if "ASAN_OPTIONS" not in os.environ:
        assert rss < 150000
    close_all(clients)
    with proxy.client() as client:
        assert digest(client.get(origin.url("/b")).body) == digest(body_of(3000000))


# --- variants -----------------------------------------------------------------------------------------------------------

@cuttle_only("its manager tells what is held")
@pytest.mark.limit(4)
def test_thousands_of_variants_are_bounded_by_cache_mem(start_proxy, start_origin):
    """And what others use all the time stays."""
    proxy = start_proxy("cache_mem 8 MB\nmaximum_object_size_in_memory 64 KB\nhttp_access allow all\n")
    origin = start_origin(serve_forever(lambda m: fresh((m.get("X-One") or "none").encode() * 500, {"Vary": "X-One"})))
    with proxy.client() as client:
        for _ in range(4):
            assert client.get(origin.url("/popular")).body == b"none" * 500
        for i in range(5000):
            assert client.get(origin.url("/a"), {"X-One": f"{i:06}"}).body == b"%06d" % i * 500
            if i % 1000 == 0:
                assert client.get(origin.url("/popular")).body == b"none" * 500
        assert len(origin.requests) == 5001
    assert held(proxy) < 9 << 20


@pytest.mark.parametrize("connection", ["X-One", "close, x-one", "X-One, " + ", ".join(f"X-{i}" for i in range(40))])
@cuttle_only("Squid selects by what it does not forward")
def test_rfc9110_7_6_1_a_field_that_is_not_forwarded_selects_nothing(start_proxy, start_origin, connection):
    """Who names a selecting field in Connection gets what there is without it; it must not become what others get with it."""
    proxy = start_proxy(CONF)
    origin = start_origin(serve_forever(lambda m: fresh((m.get("X-One") or "none").encode(), {"Vary": "X-One"})))
    with proxy.client() as client:
        assert client.get(origin.url("/a"), {"X-One": "victim", "Connection": connection}).body == b"none"
    with proxy.client() as client:
        assert client.get(origin.url("/a"), {"X-One": "victim"}).body == b"victim"
        assert client.get(origin.url("/a")).body == b"none"
    assert len(origin.requests) == 2


@cuttle_only("Squid selects by what the client has sent")
def test_rfc9111_4_1_what_the_proxy_itself_writes_shares_nothing(start_proxy, start_origin):
    proxy = start_proxy(CONF)
    origin = start_origin(serve_forever(lambda m: fresh(m.get("X-Forwarded-For").encode(), {"Vary": "X-Forwarded-For"})))
    with proxy.client() as client:
        for _ in range(2):
            assert client.get(origin.url("/a")).body == b"127.0.0.1"
    assert len(origin.requests) == 2


# --- keys -----------------------------------------------------------------------------------------------------------------

def test_one_resource_has_one_key(start_proxy, start_origin):
    """RFC 3986 6.2.2.1, 6.2.3: case of scheme and host, what an address may be called."""
    proxy = start_proxy(CONF)
    origin = start_origin(counted(fresh(b"one")))
    port = origin.port
    spellings = [f"http://127.0.0.1:{port}/a", f"HTTP://127.0.0.1:{port}/a"]
    with proxy.client() as client:
        for url in spellings:
            assert client.get(url, host="x.test").body == b"one"
        assert client.ask("HEAD", spellings[0]).get("Content-Length") == "3"
    assert len(origin.requests) == 1


@cuttle_only("Squid knows other spellings of addresses")
def test_one_address_has_one_key(start_proxy, start_origin):
    proxy = start_proxy(CONF, hosts={"one.test": "127.0.0.1"})
    origin = start_origin(counted(fresh(b"one")))
    with proxy.client() as client:
        for host in ("127.0.0.1", "127.1", "0x7f.0.0.1", "2130706433", "0177.0.0.1", "127.0.0.1.", "[::ffff:127.0.0.1]",
                     "[::FFFF:7f00:1]"):
            assert client.get(f"http://{host}:{origin.port}/a", host="x.test").body == b"one", host
        assert len(origin.requests) == 1
        for host in ("one.test", "ONE.test", "one.test.", "oNe.TEST."):
            assert client.get(f"http://{host}:{origin.port}/a", host="x.test").body == b"one", host
        assert len(origin.requests) == 2


PATHS = ["/a", "/A", "/a/", "//a", "/./a", "/b/../a", "/a?", "/a?b", "/a?B", "/a?b&", "/a;", "/a;b", "/%61", "/a%20", "/a%2F", "/a%2f",
         "/a%00", "/a%", "/a,", "/a+", "/", "/?", "/a:", "/a?http://x/", "/a%0d%0aX-A:b", "/*"]


def test_two_resources_have_two_keys(start_proxy, start_origin):
    """What could be two things to the origin is two things here."""
    proxy = start_proxy(CONF)
    origin = start_origin(serve_forever(lambda m: fresh(m.target.encode())))
    other = start_origin(serve_forever(lambda m: fresh(b"other " + m.target.encode())))
    refused = 0
    for path in PATHS:
        for _ in range(2):
            with proxy.client() as client:
                got = client.get(origin.url(path))
                refused += got.status == 400
                assert got.status == 400 or got.body == path.encode(), path
            with proxy.client() as client:
                got = client.get(other.url(path))
                assert got.status == 400 or got.body == b"other " + path.encode(), path
    assert len(origin.requests) == len(PATHS) - refused // 2


@pytest.mark.parametrize("url", ["http://u@127.0.0.1:{}/a", "http://u:p@127.0.0.1:{}/a", "http://127.0.0.1:{}/a#b", "http://127.0.0.1%2e:{}/a",
                                 "http://127.0.0.1\\@x:{}/a", "http://:{}/a"])
@cuttle_only("Squid takes some of these")
def test_what_could_be_read_in_two_ways_is_not_read(start_proxy, start_origin, url):
    proxy = start_proxy(CONF)
    origin = start_origin(counted(fresh(b"one")))
    with proxy.client() as client:
        assert client.get(url.format(origin.port), host="x.test").status == 400
    assert len(origin.requests) == 0


FIELDS = ["X-Forwarded-Host", "X-Host", "Forwarded", "X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Proto", "X-HTTP-Method-Override", "Host",
          "X-Forwarded-Server", "Origin", "Referer"]


@pytest.mark.parametrize("field", FIELDS)
def test_no_field_reaches_the_key(start_proxy, start_origin, field):
    """And nothing of another host is stored under this one's name: Host is the target's (RFC 9112 3.2.2)."""
    proxy = start_proxy(CONF)
    origin = start_origin(counted(lambda m: fresh(m.get("Host").encode())))
    with proxy.client() as client:
        if field == "Host":
            client.send(request("GET", origin.url("/a"), host="evil.test"))
            assert client.read_reply().body == origin.authority.encode()
        else:
            client.get(origin.url("/a"), {field: "http://evil.test/"})
        assert client.get(origin.url("/a")).body == origin.authority.encode()
    assert len(origin.requests) == 1


def test_a_method_is_spelled_in_capitals(start_proxy, start_origin):
    """RFC 9110 9.1: "get" is some other method, which is neither answered from the cache nor stored."""
    proxy = start_proxy(CONF)
    origin = start_origin(serve_forever(lambda m: fresh(m.method.encode())))
    with proxy.client() as client:
        assert client.get(origin.url("/a")).body == b"GET"
        got = client.ask("get", origin.url("/b"))
        assert got.status != 200 or got.body == b"get"
    with proxy.client() as client:
        assert client.get(origin.url("/b")).body == b"GET"


# --- credentials ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("control, is_shared", [
    ("max-age=3600", False), ("max-age=3600, public", True), ("s-maxage=3600", True), ("max-age=3600, must-revalidate", True),
    ("max-age=3600, proxy-revalidate", False), ("max-age=3600, immutable", False), ("public, private", False), ("public, no-store", False),
    ("max-age=3600, public=1", False), ("max-age=3600, Public", True), ('max-age=3600, x="public"', False),
    ('max-age=3600, x="a, public, b"', False),
])
@cuttle_only("Squid reads some of these otherwise")
def test_rfc9111_3_5_replies_to_credentials(start_proxy, start_origin, control, is_shared):
    proxy = start_proxy(CONF)
    origin = start_origin(serve_forever(lambda m: reply(fields={"Date": date(), "Cache-Control": control, "Last-Modified": LAST_MODIFIED},
                                                        body=(m.get("Authorization") or "nobody").encode())))
    with proxy.client() as client:
        assert client.get(origin.url("/a"), {"Authorization": "Basic YQ=="}).body == b"Basic YQ=="
        assert client.get(origin.url("/a")).body == (b"Basic YQ==" if is_shared else b"nobody")


@pytest.mark.parametrize("control, is_shared", [("max-age=3600", False), ("max-age=3600, public", True), (None, False)])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@cuttle_only("Squid tells everybody")
def test_rfc9111_3_5_what_is_said_to_one_user_is_not_told_to_others(start_proxy, start_origin, method, control, is_shared):
    """A 304, or a reply to HEAD, that renews what was stored for all."""
    proxy = start_proxy(CONF)
    fields = {"X-User": "alice", "ETag": '"one"', **({"Cache-Control": control} if control else {})}

    def script(message):
        if message.has("Authorization"):
            if message.has("If-None-Match"):
                return reply("304 Not Modified", fields, length=False)
            return reply(fields=fields, body=b"" if message.method == "HEAD" else b"x", length=message.method != "HEAD")
        return fresh(b"x", {"ETag": '"one"'})
    origin = start_origin(serve_forever(script))
    with proxy.client() as client:
        client.get(origin.url("/a"))
        got = client.ask(method, origin.url("/a"), {"Authorization": "Basic YQ==", "Cache-Control": "max-age=0"})
        assert (got.status, got.get("X-User")) == (200, "alice")
        got = client.get(origin.url("/a"))
        assert (got.body, got.get("X-User")) == (b"x", "alice" if is_shared else None)


@cuttle_only("what a connection that was authenticated brings is not stored")
def test_what_comes_over_an_authenticated_connection_is_its_clients(start_proxy, start_origin):
    """Only the first request of such a connection has credentials; all its replies are one user's."""
    proxy = start_proxy(CONF)
    origin = start_origin(serve_forever(lambda m: fresh(b"%d" % len(origin.requests), {"Cache-Control": "public, max-age=3600"})))
    with proxy.client() as client:
        assert client.get(origin.url("/a"), {"Authorization": "Negotiate YQ=="}).body == b"1"
        assert client.get(origin.url("/b")).body == b"2"
        assert client.get(origin.url("/b")).body == b"3"
        assert origin.connections == 1
    with proxy.client() as client:
        assert client.get(origin.url("/b")).body == b"4"
        assert client.get(origin.url("/a")).body == b"5"
        assert client.get(origin.url("/a")).body == b"5"


@pytest.mark.parametrize("names, is_stored", [
    ("X-User", True), ('"X-User"', True), ('"x-user, X-Other"', True), ('"X-User', False), ("", False), ('""', False), ('"X User"', False),
    ('"' + ",".join(f"X-{i}" for i in range(1000)) + ',X-User"', False),
])
@pytest.mark.parametrize("directive", ["private", "no-cache"])
@cuttle_only("Squid stores none of them")
def test_rfc9111_5_2_2_7_fields_of_one_user(start_proxy, start_origin, directive, names, is_stored):
    """With many names, or what is none, the reply as a whole is private, or validated each time."""
    proxy = start_proxy(CONF)
    control = f"max-age=3600, {directive}" + (f"={names}" if names else "")
    origin = start_origin(serve_forever(lambda m: reply(fields={"Date": date(), "Cache-Control": control, "X-User": "alice"}, body=b"x")))
    with proxy.client() as client:
        assert client.get(origin.url("/a")).get("X-User") == "alice"
        got = client.get(origin.url("/a"))
    assert got.has("X-User") == (not is_stored)
    assert len(origin.requests) == (1 if is_stored else 2)


# --- ranges ---------------------------------------------------------------------------------------------------------------

def part(at, n, of, fields=None):
    return reply("206 Partial Content", {"Date": date(), "Cache-Control": "max-age=3600", "Content-Range": f"bytes {at}-{at + n - 1}/{of}",
                                         **(fields or {})}, b"x" * n)


LIES = {
    "another part than was asked for": part(5, 4, 10),
    "all of it as a part": part(0, 10, 10),
    "more than was asked for": part(0, 9, 10),
    "of another length each time": part(0, 4, 1000000),
    "without an end": part(0, 4, "*"),
    "with an ETag": part(0, 4, 10, {"ETag": '"one"'}),
    "a body that is longer than its range": reply("206 Partial Content", {"Content-Range": "bytes 0-3/10", "Cache-Control": "max-age=9"}, b"xxxxxx"),
    "nonsense": reply("206 Partial Content", {"Content-Range": "bytes 9-3/1", "Cache-Control": "max-age=9"}, b"xxxx"),
}


@pytest.mark.parametrize("what", LIES)
@pytest.mark.parametrize("conf", ["", "range_offset_limit none\n"])
@cuttle_only("range_offset_limit none makes Squid fetch the whole another way")
def test_rfc9111_3_3_no_part_is_ever_the_whole(start_proxy, start_origin, what, conf):
    proxy = start_proxy(CONF + "collapsed_forwarding on\n" + conf)
    lies = [LIES[what]] * 4
    origin = start_origin(serve_forever(lambda m: lies.pop() if lies else fresh(b"0123456789")))
    with proxy.client() as client:
        for fields in ({"Range": "bytes=0-3"}, {"Range": "bytes=0-"}, {"Range": "bytes=0-3", "If-Range": '"one"'}, {}):
            got = client.get(origin.url("/a"), fields)
            assert got.status == 206
        got = client.get(origin.url("/a"))
        assert (got.status, got.body) == (200, b"0123456789")
        got = client.get(origin.url("/a"), {"Range": "bytes=2-3"})
        assert (got.status, got.body, got.get("Content-Range")) == (206, b"23", "bytes 2-3/10")
    assert len(origin.requests) == 5


def test_rfc9110_15_3_7_a_change_in_the_middle_mixes_nothing(start_proxy, start_origin):
    """Two parts of two versions, then the whole of a third: each reply is of one version."""
    proxy = start_proxy(CONF)
    versions = itertools.count()

    def one(message):
        v = next(versions)
        body = b"%d" % v * 10
        fields = {"Date": date(), "Cache-Control": "max-age=3600", "ETag": f'"{v}"'}
        if message.has("Range") and v < 2:
            return reply("206 Partial Content", {**fields, "Content-Range": f"bytes {5 * v}-{5 * v + 4}/10"}, body[:5])
        return reply(fields=fields, body=body)
    origin = start_origin(serve_forever(one))
    with proxy.client() as client:
        assert client.get(origin.url("/a"), {"Range": "bytes=0-4"}).body == b"00000"
        assert client.get(origin.url("/a"), {"Range": "bytes=5-9"}).body == b"11111"
        got = client.get(origin.url("/a"), {"Range": "bytes=5-9", "If-Range": '"1"'})
        assert (got.body, got.get("ETag")) == (b"2222222222" if got.status == 200 else b"22222", '"2"')
        assert client.get(origin.url("/a")).body == b"2222222222"


# --- orders to forget -------------------------------------------------------------------------------------------------------

ORDERS = ["PURGE http://{host}/squid-internal-mgr/cache?prefix={url}", "PURGE http://{host}/squid-internal-mgr/cache?host=127.0.0.1",
          "PURGE http://{host}/squid-internal-mgr/cache?url={url}", "PURGE /squid-internal-mgr/cache?prefix={url}"]


@cuttle_only("orders to the manager are Cuttle's own")
@pytest.mark.parametrize("order", ORDERS)
def test_who_may_purge_a_url_may_not_therefore_purge_all(start_proxy, start_origin, order):
    """PURGE is allowed, the manager is not: whatever this proxy is called."""
    proxy = start_proxy("acl purging method PURGE\nhttp_access deny manager\nhttp_access allow purging\n" + CONF)
    origin = start_origin(counted(fresh(b"kept")))
    with proxy.client() as client:
        client.get(origin.url("/a"))
    for name in ("127.0.0.1", "localhost", "LOCALHOST", "proxy.test", "proxy.test.", "127.1", "[::ffff:127.0.0.1]"):
        host = f"{name}:{proxy.port}"
        method, target = order.format(host=host, url=origin.url("/")).split(" ")
        with proxy.client() as client:
            assert client.ask(method, target, host=host).status == 403, name
    with proxy.client() as client:
        assert client.get(origin.url("/a")).body == b"kept"
        assert len(origin.requests) == 1
        assert client.ask("PURGE", origin.url("/a")).status == 200
        assert client.ask("PURGE", origin.url("/a")).status == 404


@pytest.mark.parametrize("rules", ["", "http_access deny purging\n", "http_access allow purging localhost6\nhttp_access deny purging\n"])
def test_who_may_not_purge_changes_nothing(start_proxy, start_origin, rules):
    names = "acl purging method PURGE\nacl localhost6 src ::1\n" if rules else ""
    proxy = start_proxy(names + rules + CONF)
    origin = start_origin(counted(fresh(b"kept")))
    with proxy.client() as client:
        client.get(origin.url("/a"))
    for target in (origin.url("/a"), origin.url("/"), f"http://127.0.0.1:{proxy.port}/squid-internal-mgr/cache?prefix={origin.url('/')}"):
        with proxy.client() as client:
            assert client.ask("PURGE", target).status == 403
    with proxy.client() as client:
        assert client.get(origin.url("/a")).body == b"kept"
    assert len(origin.requests) == 1


LOCATIONS = ["http://{v}/b", "//{v}/b", "HTTP://{v}/b", "http://{v}/x/../b", "http://{v}/./b", "http://{e}/b", "http://{e}@{v}/b", "http://{v}@{e}/b",
             "http://{v}%2f@{e}/b", "http://{v}#@{e}/b", "http://{v}?@{e}/b", "https://{v}/b", "http:{v}/b", "http:///b", "\\\\{v}\\b", "http://{v}/b, /b",
             "/b\thttp://{v}/b"]


@pytest.mark.parametrize("field", ["Location", "Content-Location"])
@pytest.mark.parametrize("status", ["200 OK", "201 Created", "303 See Other"])
def test_rfc9111_4_4_nobody_invalidates_what_is_another_origins(start_proxy, start_origin, field, status):
    proxy = start_proxy(CONF)
    victim = start_origin(counted(fresh(b"kept")))
    where = []
    evil = start_origin(serve_forever(lambda m: reply(status, {field: where[-1]}, b"")))
    with proxy.client() as client:
        client.get(victim.url("/b"))
        for location in LOCATIONS:
            where.append(location.format(v=victim.authority, e=evil.authority))
            client.ask("POST", evil.url("/a"), body=b"x")
            assert client.get(victim.url("/b")).body == b"kept"
            assert len(victim.requests) == 1, where[-1]


# --- a folder in which somebody has put things --------------------------------------------------------------------------------

def plant(folder, kind, name, secret):
    path = os.path.join(folder, name)
    if os.path.lexists(path):
        os.unlink(path)
    if kind == "symlink":
        os.symlink(secret, path)
    elif kind == "dangling":
        os.symlink(secret + ".new", path)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        os.mkdir(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as sock:
            sock.bind(path)
    else:
        with open(path, "wb") as f:
            f.write(body_of(100000))


@cuttle_only("the format of the store is its own")
@pytest.mark.parametrize("kind", ["symlink", "dangling", "fifo", "folder", "socket", "garbage"])
@pytest.mark.parametrize("name", ["segment-00000abc", "segment-03ffffff", "segment-ffffffff", "journal-00000abc", "journal-ffffffff",
                                  "cuttle-store.new", "core"])
def test_what_was_planted_in_a_cache_dir_harms_nothing(start_proxy, start_origin, kind, name):
    """It is not followed, not waited for and not believed; the proxy starts, and stores what it can."""
    proxy = start_proxy(ON_DISK, start=False)
    proxy.prepare_folder(proxy.path("store"))
    proxy.start()
    origin = start_origin(counted(lambda m: fresh(body_of(50000, int(m.target[1:])))))

    def ask(i):
        with proxy.client() as client:
            assert digest(client.get(origin.url(f"/{i}")).body) == digest(body_of(50000, i))

    def is_hit(i):
        with proxy.client() as client:
            return client.ask("HEAD", origin.url(f"/{i}"), {"Cache-Control": "only-if-cached"}).status == 200
    for i in range(3):
        ask(i)
    proxy.stop()
    secret = proxy.write("secret", "nobody's business\n")
    plant(proxy.path("store"), kind, name, secret)
    for round_ in (1, 2):
        proxy.start()
        for i in range(3):
            ask(i)
        if name != "cuttle-store.new":
            until(lambda i=round_: (ask(10 + i), is_hit(10 + i))[1], "it takes things in")
        proxy.stop()
    assert proxy.read("secret") == "nobody's business\n"
    assert not os.path.exists(secret + ".new")
