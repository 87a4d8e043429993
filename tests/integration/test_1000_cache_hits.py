"""What is stored, what is not, and hits: the origin is asked once, the rest comes from the store."""
import pytest

from harness.deadline import until
from harness.message import chunked, reply
from harness.proxy import cuttle_only
from harness.stored import CONF, LAST_MODIFIED, body_of, counted, date, digest, fresh


@pytest.fixture
def proxy(start_proxy):
    return start_proxy(CONF)


@pytest.mark.parametrize("n", [0, 1, 1024, 4096, 65536, 100000, 1048576, 3000001])
def test_a_stored_reply_comes_back_the_same(proxy, client, start_origin, n):
    body = body_of(n)
    origin = start_origin(counted(fresh(body, {"Content-Type": "text/x", "X-Of-Its-Own": "kept"})))
    first, second = client.get(origin.url("/a")), client.get(origin.url("/a"))
    assert digest(first.body) == digest(second.body) == digest(body)
    assert (second.status, second.get("Content-Type"), second.get("X-Of-Its-Own")) == (200, "text/x", "kept")
    assert second.get("Content-Length") == str(n)
    assert len(origin.requests) == 1
    miss, hit = proxy.wait_log(2)
    assert (miss.result, miss.hier) == ("TCP_MISS/200", "HIER_DIRECT")
    assert (hit.result, hit.hier, hit.server) == ("TCP_MEM_HIT/200", "HIER_NONE", "-")


def test_a_chunked_reply_is_stored_whole(client, start_origin):
    body = body_of(200000)
    origin = start_origin(counted(reply(fields={"Date": date(), "Cache-Control": "max-age=60",
                                                "Transfer-Encoding": "chunked"}, length=False)
                                  + chunked(body[:7], body[7:100000], body[100000:])))
    assert client.get(origin.url("/a")).body == body
    again = client.get(origin.url("/a"))
    assert digest(again.body) == digest(body) and len(origin.requests) == 1


def test_rfc9111_5_1_age_counts_from_the_origin(client, start_origin):
    origin = start_origin(counted(fresh(fields={"Age": "100"})))
    client.get(origin.url("/a"))
    age = int(client.get(origin.url("/a")).get("Age"))
    assert 100 <= age < 160
    assert len(origin.requests) == 1


def test_rfc9111_4_2_3_age_by_an_old_date(client, start_origin):
    origin = start_origin(counted(fresh(fields={"Date": date(-500)})))
    client.get(origin.url("/a"))
    age = int(client.get(origin.url("/a")).get("Age"))
    assert 500 <= age < 560


def test_rfc9111_4_one_uri_one_object(proxy, client, start_origin):
    origin = start_origin(counted(lambda m: fresh(m.target.encode())))
    for path in ("/a", "/b", "/a?", "/a?x=1", "/A"):
        assert client.get(origin.url(path)).body == path.encode()
    assert len(origin.requests) == 5
    for path in ("/a", "/b", "/a?", "/a?x=1", "/A"):
        assert client.get(origin.url(path)).body == path.encode()
    assert len(origin.requests) == 5


def test_rfc9110_9_3_2_head_is_answered_by_a_stored_get(proxy, client, start_origin):
    origin = start_origin(counted(fresh(body_of(5000), {"X-Of-Its-Own": "kept"})))
    client.get(origin.url("/a"))
    got = client.ask("HEAD", origin.url("/a"))
    assert (got.status, got.get("Content-Length"), got.get("X-Of-Its-Own")) == (200, "5000", "kept")
    assert client.get(origin.url("/a")).body == body_of(5000)     # nothing of a body was between them
    assert len(origin.requests) == 1
    assert [line.result for line in proxy.wait_log(3)] == ["TCP_MISS/200", "TCP_MEM_HIT/200", "TCP_MEM_HIT/200"]


def test_another_client_gets_it_too(proxy, start_origin):
    origin = start_origin(counted(fresh(b"shared")))
    for _ in range(3):
        with proxy.client() as one:
            assert one.get(origin.url("/a")).body == b"shared"
    assert len(origin.requests) == 1


@pytest.mark.parametrize("name, fields", [
    ("9111 5.2.2.5 no-store", {"Cache-Control": "no-store, max-age=60"}),
    ("9111 5.2.2.7 private", {"Cache-Control": "private, max-age=60"}),
    ("9111 4.1 Vary: *", {"Vary": "*"}),
    ("9111 4.2.2 nothing to tell freshness by", {"Cache-Control": "x"}),
    ("9111 5.3 Expires in the past, and no validator", {"Cache-Control": "public", "Expires": date(-3600)}),
    ("9111 5.3 Expires that is no date is the past", {"Cache-Control": "public", "Expires": "0"}),
])
def test_what_is_not_used_again(proxy, client, start_origin, name, fields):
    origin = start_origin(counted(fresh(b"one", fields), fresh(b"two", fields)))
    assert client.get(origin.url("/a")).body == b"one", name
    assert client.get(origin.url("/a")).body == b"two", name
    assert proxy.wait_log(2)[0].result == "TCP_MISS/200"


@pytest.mark.parametrize("fields, is_stored", [
    ({}, False),
    ({"Cache-Control": "public, max-age=60"}, True),
    ({"Cache-Control": "s-maxage=60"}, True),
    ({"Cache-Control": "must-revalidate, max-age=60"}, True),
])
def test_rfc9111_3_5_authorization(client, start_origin, fields, is_stored):
    origin = start_origin(counted(fresh(b"one", fields), fresh(b"two", fields)))
    secret = {"Authorization": "Basic dTpw"}
    assert client.get(origin.url("/a"), secret).body == b"one"
    assert client.get(origin.url("/a"), secret).body == (b"one" if is_stored else b"two")
    assert client.get(origin.url("/a")).body == (b"one" if is_stored else b"two")


def test_rfc9111_5_2_1_5_a_request_with_no_store(client, start_origin):
    origin = start_origin(counted(fresh(b"one"), fresh(b"two")))
    assert client.get(origin.url("/a"), {"Cache-Control": "no-store"}).body == b"one"
    assert client.get(origin.url("/a")).body == b"two"


@pytest.mark.parametrize("status, body", [("301 Moved", b"there"), ("308 Moved", b"there"), ("410 Gone", b"gone"),
                                          ("203 Else", b"else"), ("300 Many", b"many")])
def test_rfc9110_15_1_other_statuses_are_stored(proxy, client, start_origin, status, body):
    origin = start_origin(counted(fresh(body, {"Location": "http://x.test/"}, status)))
    for _ in range(2):
        assert client.get(origin.url("/a")).status == int(status[:3])
    assert len(origin.requests) == 1


def test_negative_ttl_keeps_an_error(start_proxy, start_origin):
    proxy = start_proxy(CONF + "negative_ttl 60 seconds\n")
    origin = start_origin(counted(reply("404 Not Found", {"Date": date()}, b"none")))
    with proxy.client() as client:
        for _ in range(2):
            assert client.get(origin.url("/a")).status == 404
    assert len(origin.requests) == 1
    assert [line.result for line in proxy.wait_log(2)] == ["TCP_MISS/404", "TCP_NEGATIVE_HIT/404"]


def test_without_negative_ttl_an_error_is_not_kept(proxy, client, start_origin):
    origin = start_origin(counted(reply("404 Not Found", {"Date": date()}, b"none")))
    for _ in range(2):
        assert client.get(origin.url("/a")).status == 404
    assert len(origin.requests) == 2


def test_rfc9111_4_2_2_freshness_by_last_modified(proxy, client, start_origin):
    """Squid's default: a fifth of its age when it came, at most three days."""
    origin = start_origin(counted(reply(fields={"Date": date(), "Last-Modified": LAST_MODIFIED}, body=b"old")))
    for _ in range(2):
        assert client.get(origin.url("/a")).body == b"old"
    assert len(origin.requests) == 1


def test_rfc9111_3_3_a_cut_reply_is_not_stored(proxy, start_origin):
    whole = fresh(body_of(10000))

    def cut(wire):
        wire.read_request()
        wire.send(whole[:-5000])

    def answer(wire):
        wire.read_request()
        wire.send(whole)
        wire.read_rest()
    origin = start_origin([cut, answer])
    with proxy.client() as one:
        one.send(b"GET " + origin.url("/a").encode() + b" HTTP/1.1\r\nHost: " + origin.authority.encode() + b"\r\n\r\n")
        assert len(one.read_rest().split(b"\r\n\r\n", 1)[1]) <= 5000
    with proxy.client() as one:
        assert one.get(origin.url("/a")).body == body_of(10000)
    assert len(origin.requests) == 2


def test_cache_deny_stores_nothing(start_proxy, start_origin):
    proxy = start_proxy("acl secret urlpath_regex ^/secret\ncache deny secret\n" + CONF)
    origin = start_origin(counted(lambda m: fresh(m.target.encode())))
    with proxy.client() as client:
        for _ in range(2):
            client.get(origin.url("/secret"))
            client.get(origin.url("/open"))
    assert [m.target for m in origin.requests] == ["/secret", "/open", "/secret"]


def test_what_is_too_large_is_passed_on_only(start_proxy, start_origin):
    proxy = start_proxy(CONF.replace("8 MB", "10 KB"))
    origin = start_origin(counted(lambda m: fresh(body_of(int(m.target[1:])))))
    with proxy.client() as client:
        for n in (9000, 9000, 20000, 20000):
            assert client.get(origin.url(f"/{n}")).body == body_of(n)
    assert [m.target for m in origin.requests] == ["/9000", "/20000", "/20000"]


def test_rfc9111_3_1_hop_by_hop_fields_are_not_stored(client, start_origin):
    origin = start_origin(counted(fresh(fields={"Connection": "X-Hop", "X-Hop": "1", "Keep-Alive": "timeout=9"})))
    client.get(origin.url("/a"))
    again = client.get(origin.url("/a"))
    assert not again.has("X-Hop") and not again.has("Keep-Alive")


def test_many_hits_in_a_row_on_one_connection(proxy, client, start_origin):
    """Pipelined: the answers come in order, each whole."""
    origin = start_origin(counted(lambda m: fresh(body_of(int(m.target[1:]), 2))))
    sizes = [10, 5000, 70000, 1, 300000, 64]
    for n in sizes:
        client.get(origin.url(f"/{n}"))
    client.send(b"".join(b"GET %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (origin.url(f"/{n}").encode(), origin.authority.encode())
                         for n in sizes))
    for n in sizes:
        assert digest(client.read_reply().body) == digest(body_of(n, 2))
    assert len(origin.requests) == len(sizes)


@cuttle_only("Squid 5 names itself by an identifier of each process")
def test_rfc9211_cache_status(client, start_origin):
    origin = start_origin(counted(fresh()))
    miss, hit = client.get(origin.url("/a")), client.get(origin.url("/a"))
    assert "fwd=uri-miss" in miss.get("Cache-Status") or "fwd=miss" in miss.get("Cache-Status")
    assert "hit" in hit.get("Cache-Status").split(";")[1]


def test_a_hit_while_the_origin_is_gone(proxy, client, start_origin):
    origin = start_origin(counted(fresh(b"kept")))
    client.get(origin.url("/a"))
    url = origin.url("/a")
    origin.close()
    until(lambda: not origin.sock.fileno() >= 0, "the origin is gone")
    assert client.get(url).body == b"kept"
