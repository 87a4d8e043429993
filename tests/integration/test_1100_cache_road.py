"""The road of a request through the cache, end to end: hits, validations, reloads, ranges, PURGE."""
import os
import re
import threading
import time
from email.utils import formatdate

import pytest

from harness import message
from harness.deadline import LIMIT, until
from harness.message import chunked, request
from harness.origin import serve, serve_and_close, serve_forever
from harness.proxy import IS_SQUID, cuttle_only

ALLOW = "http_access allow all\ncache_mem 64 MB\nmaximum_object_size_in_memory 4 MB\n"
FRESH = {"Cache-Control": "max-age=3600"}


def reply(status="200 OK", fields=None, **kw):
    """With a Date: Squid stores nothing without."""
    return message.reply(status, dict(fields or {}, Date=formatdate(usegmt=True)), **kw)


BIG = bytes(i * 7 % 251 for i in range(300000))


@pytest.fixture
def proxy(start_proxy):
    return start_proxy(ALLOW)


def lines_of(proxy, n):
    def lines():
        return [line for line in proxy.log_lines() if "squid-internal-mgr" not in line.url]
    until(lambda: len(lines()) >= n, f"{n} lines of the log")
    assert len(lines()) == n
    return lines()


def results(proxy, n):
    return [line.result for line in lines_of(proxy, n)]


def test_second_request_is_answered_from_memory(proxy, client, start_origin):
    """RFC 9111 section 4; Squid's TCP_MEM_HIT, HIER_NONE."""
    origin = start_origin(serve(reply(fields=FRESH, body=b"once")))
    first, second = client.get(origin.url()), client.get(origin.url())
    assert (first.body, second.body) == (b"once", b"once")
    assert not first.has("Age") and int(second.get("Age")) <= 1
    lines = lines_of(proxy, 2)
    assert [line.result for line in lines] == ["TCP_MISS/200", "TCP_MEM_HIT/200"]
    assert (lines[1].hier, lines[1].server) == ("HIER_NONE", "-")


@pytest.mark.parametrize("body", [b"", b"x", BIG], ids=["empty", "one byte", "300 kB"])
@pytest.mark.parametrize("framing", ["length", "chunks", "close"])
def test_stored_body_is_what_was_received(proxy, client, start_origin, body, framing):
    if framing == "length":
        script = serve(reply(fields=FRESH, body=body))
    elif framing == "chunks":
        pieces = [body[i:i + 7777] for i in range(0, len(body), 7777)]
        script = serve(reply(fields=dict(FRESH, **{"Transfer-Encoding": "chunked"}), length=False) + chunked(*pieces))
    else:
        script = serve_and_close(reply(fields=FRESH, body=body, length=False))
    origin = start_origin([script])
    for _ in range(3):
        with proxy.client() as one:
            assert one.get(origin.url()).body == body
    assert sorted(results(proxy, 3)) == ["TCP_MEM_HIT/200"] * 2 + ["TCP_MISS/200"]
    del client


def test_head_is_answered_from_a_stored_get(proxy, client, start_origin):
    """RFC 9110 section 9.3.2."""
    origin = start_origin(serve(reply(fields=FRESH, body=b"12345")))
    client.get(origin.url())
    got = client.ask("HEAD", origin.url())
    assert (got.status, got.get("Content-Length"), got.body) == (200, "5", b"")
    assert results(proxy, 2)[1] == "TCP_MEM_HIT/200"


def test_reply_that_says_no_store_is_fetched_each_time(proxy, client, start_origin):
    """RFC 9111 section 5.2.2.5."""
    origin = start_origin(serve_forever(reply(fields={"Cache-Control": "no-store"}, body=b"x")))
    for _ in range(2):
        client.get(origin.url())
    assert results(proxy, 2) == ["TCP_MISS/200"] * 2


def test_cache_deny_passes_by(start_proxy, start_origin):
    proxy = start_proxy("acl no urlpath_regex ^/no\ncache deny no\n" + ALLOW)
    origin = start_origin(serve_forever(reply(fields=FRESH, body=b"x")))
    with proxy.client() as client:
        for path in ("/no", "/no", "/yes", "/yes"):
            client.get(origin.url(path))
    assert results(proxy, 4) == ["TCP_MISS/200"] * 3 + ["TCP_MEM_HIT/200"]


def test_conditions_of_clients_are_answered_from_what_is_stored(proxy, client, start_origin):
    """RFC 9111 section 4.3.2."""
    date = formatdate(time.time() - 86400, usegmt=True)
    origin = start_origin(serve(reply(fields=dict(FRESH, ETag='"a"', **{"Last-Modified": date}), body=b"x")))
    client.get(origin.url())
    assert client.get(origin.url(), {"If-None-Match": '"a"'}).status == 304
    assert client.get(origin.url(), {"If-Modified-Since": date}).status == 304
    assert client.get(origin.url(), {"If-None-Match": '"b"'}).status == 200
    assert results(proxy, 4)[1:] == ["TCP_INM_HIT/304", "TCP_IMS_HIT/304", "TCP_MEM_HIT/200"]


def test_stale_reply_is_validated(proxy, client, start_origin):
    """RFC 9111 section 4.3: a 304 makes it fresh again, with the fields of the 304."""
    def second(message):
        assert message.get("If-None-Match") == '"a"'
        return reply("304 Not Modified", {"ETag": '"a"', "Cache-Control": "max-age=3600", "X-New": "1"}, length=False)
    origin = start_origin(serve(reply(fields={"ETag": '"a"', "Cache-Control": "max-age=0"}, body=b"body"), second))
    client.get(origin.url())
    for _ in range(2):
        got = client.get(origin.url())
        assert (got.status, got.body, got.get("X-New")) == (200, b"body", "1")
    lines = lines_of(proxy, 3)
    assert [line.result for line in lines] == ["TCP_MISS/200", "TCP_REFRESH_UNMODIFIED/200", "TCP_MEM_HIT/200"]
    assert lines[1].hier == "HIER_DIRECT"


def test_stale_reply_is_replaced(proxy, client, start_origin):
    origin = start_origin(serve(reply(fields={"ETag": '"a"', "Cache-Control": "max-age=0"}, body=b"old"),
                                reply(fields=dict(FRESH, ETag='"b"'), body=b"new")))
    assert [client.get(origin.url()).body for _ in range(3)] == [b"old", b"new", b"new"]
    assert results(proxy, 3)[1:] == ["TCP_REFRESH_MODIFIED/200", "TCP_MEM_HIT/200"]


def test_validation_that_fails_leaves_the_old_one(proxy, client, start_origin):
    """RFC 5861 section 4; Squid's TCP_REFRESH_FAIL_OLD."""
    origin = start_origin(serve(reply(fields={"ETag": '"a"', "Cache-Control": "max-age=0"}, body=b"old"),
                                reply("503 Busy", body=b"no")))
    client.get(origin.url())
    got = client.get(origin.url())
    assert (got.status, got.body) == (200, b"old")
    assert results(proxy, 2)[1] == "TCP_REFRESH_FAIL_OLD/200"


def test_validation_that_fails_is_told_where_it_must(proxy, client, start_origin):
    """RFC 9111 section 5.2.2.2: must-revalidate."""
    old = reply(fields={"ETag": '"a"', "Cache-Control": "max-age=0, must-revalidate"}, body=b"old")
    origin = start_origin(serve(old, reply("503 Busy", body=b"no")))
    client.get(origin.url())
    assert client.get(origin.url()).status == 503
    assert results(proxy, 2)[1] == "TCP_REFRESH_FAIL_ERR/503"


@cuttle_only("Squid takes any 304")
def test_304_about_another_representation(proxy, client, start_origin):
    """RFC 9111 section 4.3.4: it confirms nothing, so the whole is fetched."""
    def third(message):
        assert not message.has("If-None-Match")
        return reply(fields=dict(FRESH, ETag='"b"'), body=b"new")
    origin = start_origin(serve(reply(fields={"ETag": '"a"', "Cache-Control": "max-age=0"}, body=b"old"),
                                reply("304 Not Modified", {"ETag": '"b"'}, length=False), third))
    client.get(origin.url())
    assert [client.get(origin.url()).body for _ in range(2)] == [b"new", b"new"]
    assert results(proxy, 3)[2] == "TCP_MEM_HIT/200"


def test_origin_that_is_gone_leaves_the_old_one(proxy, client, start_origin):
    with start_origin(serve_and_close(reply(fields={"ETag": '"a"', "Cache-Control": "max-age=0"}, body=b"old"))) as origin:
        client.get(origin.url())
    assert client.get(origin.url()).body == b"old"
    assert results(proxy, 2)[1] == "TCP_REFRESH_FAIL_OLD/200"


@cuttle_only("Squid 5 has no stale-while-revalidate")
def test_stale_reply_is_served_while_it_is_validated(proxy, client, start_origin):
    """RFC 5861 section 3: one validation, for which nobody waits, whoever asks meanwhile."""
    old = reply(fields={"ETag": '"a"', "Cache-Control": "max-age=0, stale-while-revalidate=3600"}, body=b"old")
    gate = threading.Event()

    def script(wire):
        wire.read_request()
        wire.send(old)
        assert wire.read_request().get("If-None-Match") == '"a"'
        gate.wait(LIMIT)
        wire.send(reply(fields=dict(FRESH, ETag='"b"'), body=b"new"))
        wire.read_until(b"\r\n\r\n")
    origin = start_origin([script])
    client.get(origin.url())
    assert [client.get(origin.url()).body for _ in range(3)] == [b"old"] * 3
    gate.set()
    until(lambda: proxy.counters()["cache.fills"] == 2, "the new one")
    assert client.get(origin.url()).body == b"new"
    assert results(proxy, 5)[1:] == ["TCP_MEM_HIT/200"] * 4
    assert len(origin.requests) == 2


def test_error_that_is_kept(start_proxy, start_origin):
    """negative_ttl."""
    proxy = start_proxy("negative_ttl 1 hour\n" + ALLOW)
    origin = start_origin(serve(reply("404 Not Found", body=b"no")))
    with proxy.client() as client:
        assert [client.get(origin.url()).status for _ in range(2)] == [404, 404]
    assert results(proxy, 2) == ["TCP_MISS/404", "TCP_NEGATIVE_HIT/404"]


def test_offline_mode(start_proxy, start_origin):
    proxy = start_proxy("offline_mode on\n" + ALLOW)
    origin = start_origin(serve(reply(fields={"ETag": '"a"', "Cache-Control": "max-age=0"}, body=b"old")))
    with proxy.client() as client:
        assert [client.get(origin.url()).body for _ in range(2)] == [b"old"] * 2
    assert results(proxy, 2) == ["TCP_MISS/200", "TCP_MEM_HIT/200"]     # TCP_OFFLINE_HIT: from disk


def test_reload_into_ims(start_proxy, start_origin):
    proxy = start_proxy("reload_into_ims on\n" + ALLOW)
    origin = start_origin(serve(reply(fields=dict(FRESH, ETag='"a"'), body=b"same"),
                                reply("304 Not Modified", {"ETag": '"a"'}, length=False)))
    with proxy.client() as client:
        assert [client.get(origin.url(), f).body for f in ({}, {"Cache-Control": "no-cache"})] == [b"same"] * 2
    assert origin.requests[1].get("If-None-Match") == '"a"'
    assert results(proxy, 2)[1] == "TCP_REFRESH_UNMODIFIED/200"


@cuttle_only("Squid fetches it anew")
def test_head_of_a_stale_reply_renews_it(proxy, client, start_origin):
    """RFC 9111 section 4.3.5."""
    origin = start_origin(serve(reply(fields={"ETag": '"a"', "Cache-Control": "max-age=0"}, body=b"12345"),
                                b"HTTP/1.1 200 OK\r\nETag: \"a\"\r\nCache-Control: max-age=3600\r\nContent-Length: 5\r\n\r\n"))
    client.get(origin.url())
    assert client.ask("HEAD", origin.url()).status == 200
    assert client.get(origin.url()).body == b"12345"
    assert results(proxy, 3)[2] == "TCP_MEM_HIT/200"


def test_named_locations_are_invalidated(proxy, client, start_origin):
    """RFC 9111 section 4.4: what Location and Content-Location name of the same origin."""
    def answer(message):
        if message.method == "POST":
            return reply("201 Created", {"Location": "/a", "Content-Location": "/b"}, body=b"")
        return reply(fields=FRESH, body=b"x")
    origin = start_origin(serve_forever(answer))
    for path in ("/a", "/b", "/c"):
        client.get(origin.url(path))
    client.ask("POST", origin.url("/d"), body=b"")
    for path in ("/a", "/b", "/c"):
        client.get(origin.url(path))
    assert results(proxy, 7)[4:] == ["TCP_MISS/200", "TCP_MISS/200", "TCP_MEM_HIT/200"]


@cuttle_only("Debian's squid is older than the field")
def test_cache_status(proxy, client, start_origin):
    """RFC 9211."""
    origin = start_origin(serve(reply(fields=dict(FRESH, ETag='"a"'), body=b"x"), reply(fields=FRESH, body=b"y")))
    got = [client.get(origin.url(), f).get("Cache-Status") for f in ({}, {}, {"Cache-Control": "no-cache"})]
    assert got[0] == "proxy.test;fwd=uri-miss;stored"
    assert re.match(r"proxy.test;hit;ttl=3[56]\d\d$", got[1])
    assert got[2] == "proxy.test;fwd=request;stored"


@cuttle_only("Squid 5 says TCP_MISS, others TCP_CLIENT_REFRESH_MISS")
def test_reload_fetches_and_replaces(proxy, client, start_origin):
    """RFC 9111 section 5.2.1.4."""
    origin = start_origin(serve(reply(fields=FRESH, body=b"1"), reply(fields=FRESH, body=b"2")))
    client.get(origin.url())
    assert client.get(origin.url(), {"Cache-Control": "no-cache"}).body == b"2"
    assert client.get(origin.url()).body == b"2"
    assert results(proxy, 3)[1:] == ["TCP_CLIENT_REFRESH_MISS/200", "TCP_MEM_HIT/200"]


def test_only_if_cached(proxy, client, start_origin):
    """RFC 9111 section 5.2.1.7."""
    origin = start_origin(serve(reply(fields=FRESH, body=b"x")))
    assert client.get(origin.url(), {"Cache-Control": "only-if-cached"}).status == 504
    client.get(origin.url())
    assert client.get(origin.url(), {"Cache-Control": "only-if-cached"}).status == 200


def test_variants(proxy, client, start_origin):
    """RFC 9111 section 4.1."""
    origin = start_origin(serve_forever(lambda m: reply(fields=dict(FRESH, Vary="Accept-Language"),
                                                        body=m.get("Accept-Language").encode())))
    for language in ("en", "de", "en", "de"):
        assert client.get(origin.url(), {"Accept-Language": language}).body == language.encode()
    assert results(proxy, 4) == ["TCP_MISS/200"] * 2 + ["TCP_MEM_HIT/200"] * 2


@pytest.mark.parametrize("path", ["memory", "large"])
def test_ranges_of_a_stored_reply(proxy, client, start_origin, path):
    """RFC 9110 section 14."""
    body = BIG if path == "memory" else BIG * 6
    origin = start_origin(serve(reply(fields=FRESH, body=body)))
    client.get(origin.url())
    for first, last in ((0, 0), (100, 199), (len(body) - 5, len(body) - 1)):
        got = client.get(origin.url(), {"Range": f"bytes={first}-{last}"})
        assert (got.status, got.body) == (206, body[first:last + 1])
        assert got.get("Content-Range") == f"bytes {first}-{last}/{len(body)}"
    got = client.get(origin.url(), {"Range": "bytes=0-9,20-29"})
    boundary = re.match('multipart/byteranges; *boundary="?([^"]*)"?$', got.get("Content-Type")).group(1)
    parts = got.body.split(b"--" + boundary.encode())
    assert [p.split(b"\r\n\r\n", 1)[1].rstrip(b"\r\n") for p in parts[1:3]] == [body[:10], body[20:30]]
    assert client.get(origin.url(), {"Range": f"bytes={len(body)}-"}).status == (200 if IS_SQUID else 416)


def test_whole_is_fetched_for_a_range(start_proxy, start_origin):
    """range_offset_limit none."""
    proxy = start_proxy("range_offset_limit none\n" + ALLOW)
    origin = start_origin(serve(reply(fields=FRESH, body=BIG)))
    with proxy.client() as client:
        got = client.get(origin.url(), {"Range": "bytes=10-19"})
        assert (got.status, got.body) == (206, BIG[10:20])
        assert client.get(origin.url()).body == BIG
    assert not origin.requests[0].has("Range")
    assert len(origin.requests) == 1


def test_range_goes_through_as_it_is(proxy, client, start_origin):
    """A part is never stored as the whole."""
    part = reply("206 Partial Content", dict(FRESH, **{"Content-Range": "bytes 0-0/9"}), body=b"p")
    origin = start_origin(serve(part, reply(fields=FRESH, body=b"the whole")))
    assert client.get(origin.url(), {"Range": "bytes=0-0"}).status == 206
    assert client.get(origin.url()).body == b"the whole"
    assert results(proxy, 2) == ["TCP_MISS/206", "TCP_MISS/200"]


def test_purge(start_proxy, start_origin):
    """Squid: 200 where there was something, 404 where there was nothing."""
    proxy = start_proxy("acl purge method PURGE\n" + ALLOW)
    origin = start_origin(serve_forever(reply(fields=FRESH, body=b"x")))
    with proxy.client() as client:
        client.get(origin.url())
        assert [client.ask("PURGE", origin.url()).status for _ in range(2)] == [200, 404]
        client.get(origin.url())
    assert results(proxy, 4)[3] == "TCP_MISS/200"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "WHATEVER"])
def test_unsafe_request_invalidates(proxy, client, start_origin, method):
    """RFC 9111 section 4.4."""
    origin = start_origin(serve_forever(lambda m: reply(fields=FRESH, body=m.method.encode())))
    client.get(origin.url())
    client.ask(method, origin.url(), body=b"")
    client.get(origin.url())
    assert results(proxy, 3) == ["TCP_MISS/200"] * 3


def test_send_hit_and_store_miss(start_proxy, start_origin):
    proxy = start_proxy("acl pictures rep_mime_type image/png\nsend_hit deny pictures\n"
                        "acl films rep_mime_type video/mp4\nstore_miss deny films\n" + ALLOW)
    origin = start_origin(serve_forever(
        lambda m: reply(fields=dict(FRESH, **{"Content-Type": m.target.lstrip("/")}), body=b"x")))
    with proxy.client() as client:
        for path in ("/image/png", "/video/mp4", "/text/plain"):
            client.get(origin.url(path))
            client.get(origin.url(path))
    assert results(proxy, 6) == ["TCP_MISS/200"] * 5 + ["TCP_MEM_HIT/200"]


def test_reply_access_is_asked_about_hits(start_proxy, start_origin):
    proxy = start_proxy("acl late browser late\nhttp_reply_access deny late\n" + ALLOW)
    origin = start_origin(serve(reply(fields=FRESH, body=b"x")))
    with proxy.client() as client:
        client.get(origin.url())
        assert client.get(origin.url(), {"User-Agent": "late"}).status == 403
    assert results(proxy, 2)[1] == "TCP_DENIED_REPLY/403"


@cuttle_only("looks at counters")
def test_one_fetch_for_many(start_proxy, start_origin):
    """collapsed_forwarding: whoever comes before the head has come waits for it."""
    proxy = start_proxy("collapsed_forwarding on\nworkers 2\n" + ALLOW)
    gate = []

    def slow(wire):
        wire.read_request()
        gate.append(wire)
        wire.read_until(b"\r\n\r\n")
    origin = start_origin([slow])
    clients = [proxy.client() for _ in range(10)]
    for one in clients:
        one.send(request("GET", origin.url()))
    origin.wait_requests(1)
    until(lambda: proxy.counters()["cache.collapsed"] == 9, "nine that wait")
    gate[0].send(reply(fields=FRESH, body=BIG))
    assert all(one.read_reply().body == BIG for one in clients)
    for one in clients:
        one.close()
    codes = sorted(results(proxy, 10))
    assert codes == ["TCP_CF_HIT/200"] * 9 + ["TCP_MISS/200"]


@pytest.fixture
def slow_origin(start_origin):
    """Sends all but the last 1000 bytes, and these when finish() is called."""
    wires = []

    def script(wire):
        wire.read_request()
        wires.append(wire)
        wire.send(reply(fields=FRESH, body=BIG)[:-1000])
        wire.read_until(b"\r\n\r\n")
    origin = start_origin([script])
    origin.finish = lambda: wires[0].send(BIG[-1000:])
    return origin


def ask_and_read_most(client, origin):
    client.send(request("GET", origin.url()))
    assert client.read_head().status == 200
    return client.read_exact(len(BIG) - 5000)


def test_reading_along(proxy, slow_origin):
    """A second client gets what has come so far, and the rest as it comes."""
    with proxy.client() as one, proxy.client() as two:
        got = [ask_and_read_most(c, slow_origin) for c in (one, two)]
        slow_origin.finish()
        assert [most + c.read_exact(5000) for most, c in zip(got, (one, two))] == [BIG, BIG]
    assert sorted(results(proxy, 2)) == ["TCP_MISS/200" if IS_SQUID else "TCP_HIT/200", "TCP_MISS/200"]   # it has delay pools


def test_others_do_not_notice_that_the_first_leaves(proxy, slow_origin):
    with proxy.client() as two:
        with proxy.client() as one:
            ask_and_read_most(one, slow_origin)
            most = ask_and_read_most(two, slow_origin)
        assert results(proxy, 1) == ["TCP_MISS_ABORTED/200"]
        slow_origin.finish()
        assert most + two.read_exact(5000) == BIG


@cuttle_only("looks at counters")
def test_first_leaves_before_the_head(start_proxy, start_origin):
    """collapsed_forwarding: those who wait get the reply all the same."""
    proxy = start_proxy("collapsed_forwarding on\n" + ALLOW)
    wires = []

    def script(wire):
        wire.read_request()
        wires.append(wire)
        wire.read_until(b"\r\n\r\n")
    origin = start_origin([script])
    with proxy.client() as two:
        with proxy.client() as one:
            one.send(request("GET", origin.url()))
            origin.wait_requests(1)
            two.send(request("GET", origin.url()))
            until(lambda: proxy.counters()["cache.collapsed"] == 1, "the one that waits")
        wires[0].send(reply(fields=FRESH, body=b"for the other"))
        assert two.read_reply().body == b"for the other"
    assert sorted(results(proxy, 2)) == ["TCP_CF_HIT/200", "TCP_MISS_ABORTED/000"]


@cuttle_only("looks at counters")
def test_those_who_waited_for_what_is_not_shared_go_on_by_themselves(start_proxy, start_origin):
    proxy = start_proxy("collapsed_forwarding on\n" + ALLOW)
    wires = []

    def script(wire):
        message = wire.read_request()
        wires.append(wire)
        if len(wires) > 1:
            wire.send(reply(fields={"Cache-Control": "private"}, body=b"own"))
        wire.read_until(b"\r\n\r\n")
        del message
    origin = start_origin(script)
    with proxy.client() as one, proxy.client() as two, proxy.client() as three:
        one.send(request("GET", origin.url()))
        origin.wait_requests(1)
        for other in (two, three):
            other.send(request("GET", origin.url()))
        until(lambda: proxy.counters()["cache.collapsed"] == 2, "two that wait")
        wires[0].send(reply(fields={"Cache-Control": "private"}, body=b"own"))
        assert [c.read_reply().body for c in (one, two, three)] == [b"own"] * 3
    assert len(origin.requests) == 3


# --- on disk -----------------------------------------------------------------------------------
DISK = ALLOW.replace("cache_mem 64 MB", "cache_mem 0") + "cache_dir ufs {dir}/cache 100 16 256\n"


@cuttle_only("Squid wants -z first")
@pytest.mark.parametrize("body", [b"", b"small", BIG, BIG * 12], ids=["empty", "small", "300 kB", "3.6 MB"])
@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_hit_from_disk(start_proxy, start_origin, body, framing):
    if framing == "length":
        script = serve(reply(fields=FRESH, body=body))
    else:
        script = serve(reply(fields=dict(FRESH, **{"Transfer-Encoding": "chunked"}), length=False) + chunked(body))
    origin = start_origin([script])
    proxy = start_proxy(DISK, start=False)
    os.mkdir(proxy.path("cache"), 0o777)
    os.chmod(proxy.path("cache"), 0o777)
    proxy.start()
    with proxy.client() as client:
        assert client.get(origin.url()).body == body
        assert client.get(origin.url()).body == body
        got = client.get(origin.url(), {"Range": "bytes=1-3"})
        assert (got.status, got.body) == ((206, body[1:4]) if body else (416, got.body))
    proxy.stop()
    proxy.start()
    with proxy.client() as client:
        assert client.get(origin.url()).body == body
        assert client.get(origin.url(), {"Range": f"bytes={len(body) // 2}-"}).status == (206 if body else 416)
    assert all(code.startswith("TCP_HIT/") or code.startswith("TCP_MEM_HIT/") for code in results(proxy, 5)[1:])
    assert results(proxy, 5)[3] == "TCP_HIT/200"
