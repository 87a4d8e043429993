"""Origins and clients that try to leave in the cache what others must not get."""
import itertools
import threading

import pytest

from harness.message import chunked, reply, request
from harness.origin import serve_forever
from harness.proxy import cuttle_only
from harness.stored import CONF, date, fresh
from harness.wire import Closed

FRESH = {"Date": date(), "Cache-Control": "max-age=3600"}


def head(fields, status="200 OK"):
    return reply(status, {**FRESH, **fields}, length=False)


def ask(proxy, origin, path="/a", fields=None, method="GET"):
    """One request on a connection of its own: (status, body), or None where the reply was cut."""
    with proxy.client() as client:
        client.send(request(method, origin.url(path), fields))
        try:
            got = client.read_reply(method)
        except (Closed, ConnectionError):
            return None
        return got.status, got.body


# Each is sent for every request, then the connection is closed: nothing of it is a whole reply.
CUT = {
    "Content-Length that is too long": head({"Content-Length": "100"}) + b"x" * 99,
    "Content-Length of 2^63": head({"Content-Length": str(2 ** 63)}) + b"x" * 99,
    "Content-Length of 2^63 - 1": head({"Content-Length": str(2 ** 63 - 1)}) + b"x" * 99,
    "Content-Length of 2^64": head({"Content-Length": str(2 ** 64)}) + b"x" * 99,
    "two lengths": head({"Content-Length": "99, 100"}) + b"x" * 100,
    "a chunk that is cut": head({"Transfer-Encoding": "chunked"}) + b"64\r\n" + b"x" * 99,
    "chunks without a last one": head({"Transfer-Encoding": "chunked"}) + b"5\r\nxxxxx\r\n",
    "a last chunk without its end": head({"Transfer-Encoding": "chunked"}) + b"5\r\nxxxxx\r\n0\r\n",
    "trailers that are cut": head({"Transfer-Encoding": "chunked"}) + b"5\r\nxxxxx\r\n0\r\nX-A: 1\r\n",
    "a chunk of 2^64": head({"Transfer-Encoding": "chunked"}) + b"10000000000000000\r\nxxxxx\r\n0\r\n\r\n",
    "gzip, chunked": head({"Transfer-Encoding": "gzip, chunked"}) + chunked(b"xxxxx"),
}


@pytest.mark.parametrize("what", CUT)
@pytest.mark.parametrize("workers", [1, 3])
def test_rfc9111_3_3_what_was_cut_is_no_whole_hit(start_proxy, start_origin, what, workers):
    proxy = start_proxy(CONF + f"collapsed_forwarding on\nworkers {workers}\n")
    wrong = CUT[what]

    def script(wire):
        wire.read_request()
        wire.send(wrong)
        wire.half_close()
        wire.read_rest()
    origin = start_origin(script)
    for _ in range(3):
        got = ask(proxy, origin)
        assert got is None or got[0] == 502, got
    assert len(origin.requests) == 3


def test_rfc9112_6_3_a_body_that_ends_by_a_reset_is_no_whole_hit(start_proxy, start_origin):
    proxy = start_proxy(CONF)

    def script(wire):
        wire.read_request()
        wire.send(head({}) + b"x" * 1000)
        wire.origin.go_on.wait(20)
        wire.reset()
    origin = start_origin(script)
    origin.go_on = threading.Event()
    for _ in range(2):
        with proxy.client() as client:
            client.send(request("GET", origin.url("/a"), version="HTTP/1.1"))
            client.read_head()
            origin.go_on.set()
            try:
                client.read_rest()
            except ConnectionError:
                pass
    assert len(origin.requests) == 2


# What no request may ever get as the whole, although it was given to the first one.
PART = {
    "206 to a plain request": reply("206 Partial Content", {**FRESH, "Content-Range": "bytes 0-3/10"}, b"part"),
    "206 without a range": reply("206 Partial Content", FRESH, b"part"),
    "206 of multipart": reply("206 Partial Content", {**FRESH, "Content-Type": "multipart/byteranges; boundary=x"}, b"--x\r\n"),
    "304 to an unconditional request": reply("304 Not Modified", {**FRESH, "ETag": '"a"'}, length=False),
    "416": reply("416 Range Not Satisfiable", {**FRESH, "Content-Range": "bytes */10"}, b"part"),
    "412": reply("412 Precondition Failed", FRESH, b"part"),
    "401": reply("401 Unauthorized", {**FRESH, "WWW-Authenticate": "Basic realm=x"}, b"part"),
    "407": reply("407 Proxy Authentication Required", {**FRESH, "Proxy-Authenticate": "Basic realm=x"}, b"part"),
    "429": reply("429 Too Many Requests", FRESH, b"part"),
}


@cuttle_only("Squid keeps some of these")
@pytest.mark.parametrize("what", PART)
def test_rfc9111_3_what_is_about_one_request_is_not_for_the_next(start_proxy, start_origin, what):
    proxy = start_proxy(CONF + "collapsed_forwarding on\n")
    origin = start_origin(serve_forever(lambda m: fresh(b"the whole") if len(origin.requests) > 1 else PART[what]))
    ask(proxy, origin, fields={"Range": "bytes=0-3"} if "206" in what else None)
    assert ask(proxy, origin) == (200, b"the whole")
    assert ask(proxy, origin) == (200, b"the whole")
    assert len(origin.requests) == 2


VALUES = [None, "", "a", "b", "a,b", "a, b", "a\tb", "a;b", '"a"', "a=b", "X-B: b", "a\x01b", "%00", "a|b", "\x80", "0", "1:a"]


@cuttle_only("how values are compared is Cuttle's own")
def test_rfc9111_4_1_no_two_pairs_of_values_meet(start_proxy, start_origin):
    """Whatever stands in the selecting fields: each pair is answered with what its own request was."""
    proxy = start_proxy(CONF)

    def script(message):
        seen = repr((message.all("X-A"), message.all("X-B"))).encode()
        return fresh(seen, {"Vary": "X-A, X-B"})
    origin = start_origin(serve_forever(script))
    with proxy.client() as client:
        for _ in range(2):
            for a, b in itertools.product(VALUES, VALUES):
                fields = [(n, v) for n, v in (("X-A", a), ("X-B", b)) if v is not None]
                got = client.get(origin.url("/a"), fields)
                if got.status == 400:
                    client = proxy.client()
                    continue
                want = repr(([a.strip()] if a is not None else [], [b.strip()] if b is not None else [])).encode()
                assert got.body == want, (a, b)
        client.close()


AGES = ["max-age=-1", "max-age=99999999999999999999", "max-age=2147483648", "max-age=0", "max-age", 'max-age="', "s-maxage=1e9",
        "max-age=3600, max-age=0", "max-age=3600;no-store", "no-store=1, max-age=9", "max-age=3600" + ", x" * 20000,
        "," * 60000 + "max-age=5"]
TIMES = ["0", "-1", "99999999999999999999", "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT",
         "Mon, 01 Jan 0001 00:00:00 GMT", "Sun, 06 Nov 1994 08:49:37 GMT", "x" * 30000]


@cuttle_only("counts what Squid leaves alone")
@pytest.mark.parametrize("field", ["Age", "Date", "Expires", "Last-Modified"])
def test_nonsense_about_time_harms_nobody(start_proxy, start_origin, field):
    proxy = start_proxy(CONF + "reply_header_max_size 128 KB\nworkers 3\n")
    todo = list(itertools.product(AGES, TIMES))
    origin = start_origin(serve_forever(lambda m: reply(fields=[
        ("Cache-Control", todo[int(m.target[1:])][0]), (field, todo[int(m.target[1:])][1])], body=m.target.encode())))
    with proxy.client() as client:
        for i in range(len(todo)):
            for _ in range(2):
                got = client.get(origin.url(f"/{i}"))
                assert (got.status, got.body) == (200, b"/%d" % i)
                assert 0 <= int(got.get("Age") or 0) <= 2 ** 31 if field != "Age" else True


def test_fields_of_one_hop_and_secrets_are_not_for_the_next(start_proxy, start_origin):
    proxy = start_proxy(CONF)
    origin = start_origin(serve_forever(fresh(b"x", {"Set-Cookie": "a=1", "Connection": "X-Hop, close", "X-Hop": "1", "Keep-Alive": "x",
                                                     "Proxy-Authenticate": "Basic realm=x", "Upgrade": "x", "Trailer": "X-T"})))
    with proxy.client() as client:
        client.get(origin.url("/a"))
        got = client.get(origin.url("/a"))
    for name in ("Set-Cookie", "X-Hop", "Proxy-Authenticate", "Upgrade"):
        assert not got.has(name), name
    assert len(origin.requests) == 1


@cuttle_only("what a 304 may change is the RFC's")
def test_rfc9111_3_2_a_304_does_not_change_what_frames_the_body(start_proxy, start_origin):
    proxy = start_proxy(CONF)
    lies = [("ETag", '"a"'), ("Content-Length", "3"), ("Content-Range", "bytes 0-2/3"), ("Content-Encoding", "gzip"), ("Transfer-Encoding", "chunked"),
            ("Connection", "X-New"), ("X-New", "1"), ("Set-Cookie", "a=1"), ("Cache-Control", "max-age=3600"), ("Date", date())]

    def script(message):
        if message.has("If-None-Match"):
            return reply("103 Early Hints", {"Link": "x"}, length=False) + reply("304 Not Modified", lies, length=False)
        return reply(fields={"ETag": '"a"', "Cache-Control": "max-age=1", "Age": "100"}, body=b"0123456789")
    origin = start_origin(serve_forever(script))
    with proxy.client() as client:
        for _ in range(3):
            got = client.get(origin.url("/a"))
            assert (got.status, got.body) == (200, b"0123456789")
            assert not got.has("Content-Encoding") and not got.has("Content-Range") and not got.has("Transfer-Encoding")
        assert not got.has("X-New") and not got.has("Set-Cookie")
        assert client.get(origin.url("/a"), {"Range": "bytes=8-"}).body == b"89"


@cuttle_only("how many names are taken is Cuttle's own")
@pytest.mark.parametrize("vary", ["*", "X-A, *", ", ".join(f"X-{i}" for i in range(5000)), "X-" + "a" * 50000, "X A", ",,,", ""])
def test_a_vary_that_cannot_be_kept_shares_nothing(start_proxy, start_origin, vary):
    proxy = start_proxy(CONF + "reply_header_max_size 128 KB\n")
    origin = start_origin(serve_forever(lambda m: fresh(str(len(origin.requests)).encode(), {"Vary": vary})))
    got = {ask(proxy, origin)[1] for _ in range(3)}
    assert len(got) == (1 if vary in (",,,", "") else 3)


def test_floods_of_ranges_are_answered_once(start_proxy, start_origin):
    proxy = start_proxy(CONF)
    body = bytes(range(256)) * 400
    origin = start_origin(serve_forever(fresh(body)))
    with proxy.client() as client:
        client.get(origin.url("/a"))
        for ranges in (",".join(f"{2 * i}-{2 * i}" for i in range(1000)), ",".join(["0-"] * 1000), ",".join(["-1"] * 500), "0-0," * 900 + "1-1"):
            got = client.get(origin.url("/a"), {"Range": "bytes=" + ranges})
            assert got.status in (200, 206, 416)
            assert len(got.body) <= 2 * len(body)
    assert len(origin.requests) == 1
