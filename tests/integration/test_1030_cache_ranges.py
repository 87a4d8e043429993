"""Ranges of a stored object, and what is partial is never taken for the whole (RFC 9110 14, RFC 9111 3.3)."""
import re

import pytest

from harness.message import reply
from harness.proxy import cuttle_only
from harness.stored import AN_HOUR_LATER, CONF, LAST_MODIFIED, body_of, counted, date, digest, fresh

N = 100000
BODY = body_of(N)
TAGGED = {"ETag": '"one"', "Last-Modified": LAST_MODIFIED, "Content-Type": "text/x"}


@pytest.fixture
def proxy(start_proxy):
    return start_proxy(CONF)


@pytest.fixture
def url(client, start_origin):
    """An object that is stored."""
    origin = start_origin(counted(fresh(BODY, TAGGED)))
    assert digest(client.get(origin.url("/a")).body) == digest(BODY)
    yield origin.url("/a")
    assert len(origin.requests) == 1


@pytest.mark.parametrize("what, first, last", [
    ("bytes=0-0", 0, 0), ("bytes=0-99", 0, 99), ("bytes=50000-", 50000, N - 1), ("bytes=-1", N - 1, N - 1),
    ("bytes=-5000", N - 5000, N - 1), ("bytes=99999-200000", N - 1, N - 1), ("bytes=0-", 0, N - 1),
    ("bytes=3-70000", 3, 70000),
])
def test_one_range(client, url, what, first, last):
    got = client.get(url, {"Range": what})
    assert (got.status, got.get("Content-Range")) == (206, f"bytes {first}-{last}/{N}")
    assert got.get("Content-Length") == str(last - first + 1)
    assert got.get("ETag") == '"one"'
    assert digest(got.body) == digest(BODY[first:last + 1])
    assert client.get(url).body == BODY


def parts_of(got):
    """The parts of multipart/byteranges, read strictly: [(Content-Range, Content-Type, bytes)]."""
    boundary = re.fullmatch(r'multipart/byteranges; *boundary="?([^"]+)"?', got.get("Content-Type")).group(1).encode()
    pieces = (b"\r\n" + got.body).split(b"\r\n--" + boundary)
    assert pieces[0] in (b"", b"\r\n") and pieces[-1] in (b"--", b"--\r\n")
    out = []
    for piece in pieces[1:-1]:
        head, body = piece.split(b"\r\n\r\n", 1)
        fields = dict(line.decode().lower().split(": ", 1) for line in head.split(b"\r\n") if line)
        out.append((fields["content-range"], fields.get("content-type"), body))
    return out


@pytest.mark.parametrize("what, ranges", [
    ("bytes=0-9,20-29", [(0, 9), (20, 29)]),
    ("bytes=0-0,-1", [(0, 0), (N - 1, N - 1)]),
    ("bytes=100-200, 5000-80000 ,90000-", [(100, 200), (5000, 80000), (90000, N - 1)]),
    ("bytes=0-9,200000-,50-59", [(0, 9), (50, 59)]),
])
def test_several_ranges(client, url, what, ranges):
    got = client.get(url, {"Range": what})
    assert got.status == 206 and not got.has("Content-Range")
    assert got.get("Content-Length") == str(len(got.body))
    parts = parts_of(got)
    assert [p[0] for p in parts] == [f"bytes {a}-{b}/{N}" for a, b in ranges]
    assert {p[1] for p in parts} == {"text/x"}
    assert [digest(p[2]) for p in parts] == [digest(BODY[a:b + 1]) for a, b in ranges]
    assert client.get(url).body == BODY


@cuttle_only("Squid sends all of it")
def test_several_ranges_in_any_order(client, url):
    got = client.get(url, {"Range": "bytes=500-599,0-99"})
    assert [p[0] for p in parts_of(got)] == [f"bytes 500-599/{N}", f"bytes 0-99/{N}"]


@cuttle_only("Squid sends all of it")
def test_rfc9110_15_5_17_a_range_behind_the_end(client, url):
    got = client.get(url, {"Range": f"bytes={N}-"})
    assert (got.status, got.get("Content-Range")) == (416, f"bytes */{N}")


@pytest.mark.parametrize("what", ["bytes=5-4", "bytes=x-", "lines=0-5", "bytes=", "0-5"])
def test_rfc9110_14_2_what_is_no_range_is_ignored(client, url, what):
    got = client.get(url, {"Range": what})
    assert (got.status, digest(got.body)) == (200, digest(BODY))


@cuttle_only("how many are too many is our own choice")
def test_rfc9110_14_2_too_many_ranges_are_ignored(client, url):
    got = client.get(url, {"Range": "bytes=" + ",".join(f"{i * 10}-{i * 10}" for i in range(100))})
    assert (got.status, digest(got.body)) == (200, digest(BODY))


@cuttle_only("Squid sends bytes twice")
def test_rfc9110_15_3_7_2_no_byte_is_sent_twice(client, url):
    got = client.get(url, {"Range": "bytes=" + ",".join(["0-"] * 50)})
    assert (got.status, len(got.body)) == (206, N)


@cuttle_only("Squid 5.7 answers 206")
def test_rfc9110_14_2_head_ignores_it(client, url):
    got = client.ask("HEAD", url, {"Range": "bytes=0-9"})
    assert (got.status, got.get("Content-Length")) == (200, str(N))


@pytest.mark.parametrize("validator, is_partial", [
    ('"one"', True), ('"two"', False), ('W/"one"', False), (LAST_MODIFIED, True), (AN_HOUR_LATER, False),
])
@cuttle_only("Squid 5.7 sends a 200 with a part of the body")
def test_rfc9110_13_1_5_if_range(client, url, validator, is_partial):
    got = client.get(url, {"Range": "bytes=5-9", "If-Range": validator})
    assert (got.status, digest(got.body)) == ((206, digest(BODY[5:10])) if is_partial else (200, digest(BODY)))


def test_rfc9110_13_2_2_not_modified_comes_before_the_range(client, url):
    assert client.get(url, {"Range": "bytes=5-9", "If-None-Match": '"one"'}).status == 304
    assert client.get(url, {"Range": "bytes=5-9", "If-None-Match": '"two"'}).status == 206


def test_a_range_in_the_log(proxy, client, url):
    client.get(url, {"Range": "bytes=0-9"})
    assert proxy.wait_log(2)[1].result == "TCP_MEM_HIT/206"


# --- what is not stored ----------------------------------------------------------------------------

def partial(message):
    """An origin that knows ranges of one kind."""
    asked = re.fullmatch(r"bytes=(\d+)-(\d+)", message.get("Range") or "")
    if not asked:
        return fresh(BODY, TAGGED)
    first, last = int(asked.group(1)), int(asked.group(2))
    return reply("206 Partial Content", {"Date": date(), "Cache-Control": "max-age=3600", **TAGGED,
                                         "Content-Range": f"bytes {first}-{last}/{N}"}, BODY[first:last + 1])


def test_rfc9111_3_3_a_partial_reply_is_not_the_whole(proxy, client, start_origin):
    """range_offset_limit is 0 where nothing else is said: the range is passed on."""
    origin = start_origin(counted(partial))
    got = client.get(origin.url("/a"), {"Range": "bytes=10-19"})
    assert (got.status, got.body) == (206, BODY[10:20])
    assert origin.requests[0].get("Range") == "bytes=10-19"
    got = client.get(origin.url("/a"))
    assert (got.status, digest(got.body)) == (200, digest(BODY))
    assert [line.result for line in proxy.wait_log(2)] == ["TCP_MISS/206", "TCP_MISS/200"]


def test_range_offset_limit_none_fetches_all_of_it(start_proxy, start_origin):
    proxy = start_proxy(CONF + "range_offset_limit none\n")
    origin = start_origin(counted(partial))
    with proxy.client() as client:
        got = client.get(origin.url("/a"), {"Range": "bytes=10-19"})
        assert (got.status, got.body) == (206, BODY[10:20])
        assert not origin.requests[0].has("Range")
    with proxy.client() as client:
        assert digest(client.get(origin.url("/a")).body) == digest(BODY)
    assert len(origin.requests) == 1
