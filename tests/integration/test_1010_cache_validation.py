"""Stale objects are validated; conditions of clients are answered from the store."""
import pytest

from harness.deadline import until
from harness.message import reply
from harness.origin import serve
from harness.proxy import IS_SQUID, cuttle_only
from harness.stored import (AN_HOUR_BEFORE, AN_HOUR_LATER, CONF, LAST_MODIFIED, body_of, counted, date, digest, fresh,
                            stale)


@pytest.fixture
def proxy(start_proxy):
    return start_proxy(CONF)


def not_modified(fields=None):
    return reply("304 Not Modified", {"Date": date(), "ETag": '"one"', "Cache-Control": "max-age=3600",
                                      **(fields or {})}, length=False)


def results(proxy, n):
    return [line.result for line in proxy.wait_log(n)]


def test_rfc9111_4_3_1_a_stale_object_is_validated(proxy, client, start_origin):
    origin = start_origin(counted(stale(body_of(50000)), not_modified()))
    client.get(origin.url("/a"))
    got = client.get(origin.url("/a"))
    assert (got.status, digest(got.body)) == (200, digest(body_of(50000)))
    asked = origin.requests[1]
    assert asked.get("If-None-Match") == '"one"'
    assert asked.get("If-Modified-Since") == LAST_MODIFIED
    assert results(proxy, 2) == ["TCP_MISS/200", "TCP_REFRESH_UNMODIFIED/200"]


def test_rfc9111_3_2_a_304_renews_the_stored_fields(proxy, client, start_origin):
    origin = start_origin(counted(stale(b"same", {"X-Changing": "1", "X-Staying": "1"}), not_modified({"X-Changing": "2"})))
    client.get(origin.url("/a"))
    for _ in range(2):      # the second is a hit: the 304 made it fresh
        got = client.get(origin.url("/a"))
        assert (got.body, got.get("X-Changing"), got.get("X-Staying")) == (b"same", "2", "1")
        assert got.get("Content-Length") == "4"
    assert len(origin.requests) == 2
    assert results(proxy, 3) == ["TCP_MISS/200", "TCP_REFRESH_UNMODIFIED/200", "TCP_MEM_HIT/200"]


def test_rfc9111_4_3_3_a_200_replaces_it(proxy, client, start_origin):
    origin = start_origin(counted(stale(b"old"), fresh(b"new", {"ETag": '"two"'})))
    client.get(origin.url("/a"))
    assert client.get(origin.url("/a")).body == b"new"
    assert client.get(origin.url("/a")).body == b"new"
    assert len(origin.requests) == 2
    assert results(proxy, 3) == ["TCP_MISS/200", "TCP_REFRESH_MODIFIED/200", "TCP_MEM_HIT/200"]


def test_rfc9111_5_2_2_4_no_cache_is_validated_each_time(proxy, client, start_origin):
    origin = start_origin(counted(fresh(b"x", {"Cache-Control": "no-cache, max-age=60", "ETag": '"one"',
                                               "Last-Modified": LAST_MODIFIED}),
                                  not_modified({"Cache-Control": "no-cache, max-age=60"})))
    for _ in range(3):
        assert client.get(origin.url("/a")).body == b"x"
    assert [m.has("If-None-Match") for m in origin.requests] == [False, True, True]
    assert results(proxy, 3) == ["TCP_MISS/200"] + ["TCP_REFRESH_UNMODIFIED/200"] * 2


@cuttle_only("Squid 5.7 passes the error on")
def test_rfc9111_4_3_3_a_failed_validation_leaves_the_stored_reply(proxy, client, start_origin):
    origin = start_origin(counted(stale(b"old"), reply("503 Down", {"Date": date()}, b"sorry")))
    client.get(origin.url("/a"))
    got = client.get(origin.url("/a"))
    assert (got.status, got.body) == (200, b"old")
    assert results(proxy, 2) == ["TCP_MISS/200", "TCP_REFRESH_FAIL_OLD/200"]


@cuttle_only("Squid 5.7 answers with an error of its own")
def test_rfc9111_4_2_4_an_origin_that_is_gone_leaves_the_stored_reply(proxy, client, start_origin):
    origin = start_origin(counted(stale(b"old")))
    url = origin.url("/a")
    client.get(url)
    origin.close()
    got = client.get(url)
    assert (got.status, got.body) == (200, b"old")
    assert results(proxy, 2)[1] == "TCP_REFRESH_FAIL_OLD/200"


def test_rfc5861_4_stale_if_error_of_too_little(proxy, client, start_origin):
    old = stale(b"old", {"Cache-Control": "max-age=10, stale-if-error=1"})
    origin = start_origin(counted(old, reply("503 Down", {"Date": date()}, b"sorry")))
    client.get(origin.url("/a"))
    got = client.get(origin.url("/a"))
    assert (got.status, got.body) == (503, b"sorry")
    assert results(proxy, 2)[1] == "TCP_REFRESH_FAIL_ERR/503"


@cuttle_only("Squid 5.7 passes the error on")
def test_rfc5861_4_stale_if_error_of_enough(proxy, client, start_origin):
    old = stale(b"old", {"Cache-Control": "max-age=10, stale-if-error=10000"})
    origin = start_origin(counted(old, reply("500 Down", {"Date": date()}, b"sorry")))
    client.get(origin.url("/a"))
    assert client.get(origin.url("/a")).body == b"old"


def test_rfc9111_5_2_1_4_a_request_with_no_cache(proxy, client, start_origin):
    origin = start_origin(counted(fresh(b"one"), fresh(b"two")))
    assert client.get(origin.url("/a")).body == b"one"
    assert client.get(origin.url("/a"), {"Cache-Control": "no-cache"}).body == b"two"
    assert client.get(origin.url("/a")).body == b"two"
    assert results(proxy, 3) == ["TCP_MISS/200", "TCP_MISS/200" if IS_SQUID else "TCP_CLIENT_REFRESH_MISS/200",
                                 "TCP_MEM_HIT/200"]      # Squid 5.7 does not use the code that it documents


def test_rfc9111_5_4_pragma(client, start_origin):
    origin = start_origin(counted(fresh(b"one"), fresh(b"two")))
    client.get(origin.url("/a"))
    assert client.get(origin.url("/a"), {"Pragma": "no-cache"}).body == b"two"


def test_rfc9111_5_2_1_1_a_request_with_max_age_0(proxy, client, start_origin):
    origin = start_origin(counted(fresh(b"one", {"ETag": '"one"', "Last-Modified": LAST_MODIFIED}), not_modified()))
    client.get(origin.url("/a"))
    assert client.get(origin.url("/a"), {"Cache-Control": "max-age=0"}).body == b"one"
    assert origin.requests[1].get("If-None-Match") == '"one"'
    assert results(proxy, 2)[1] == "TCP_REFRESH_UNMODIFIED/200"


def test_rfc9111_5_2_1_2_max_stale(proxy, client, start_origin):
    origin = start_origin(counted(stale(b"old")))
    client.get(origin.url("/a"))
    assert client.get(origin.url("/a"), {"Cache-Control": "max-stale=10000"}).body == b"old"
    assert len(origin.requests) == 1


def test_rfc9111_5_2_1_7_only_if_cached(proxy, client, start_origin):
    origin = start_origin(counted(fresh(b"one")))
    assert client.get(origin.url("/a"), {"Cache-Control": "only-if-cached"}).status == 504
    assert origin.requests == []
    client.get(origin.url("/a"))
    assert client.get(origin.url("/a"), {"Cache-Control": "only-if-cached"}).body == b"one"
    assert len(origin.requests) == 1


@pytest.mark.parametrize("directive", ["must-revalidate", "proxy-revalidate", "s-maxage=10"])
def test_rfc9111_5_2_2_2_what_must_be_validated_is_not_served_without(proxy, client, start_origin, directive):
    origin = start_origin(counted(stale(b"old", {"Cache-Control": f"max-age=10, {directive}"})))
    url = origin.url("/a")
    client.get(url)
    origin.close()
    assert client.get(url).status == 504
    assert results(proxy, 2)[1] == "TCP_REFRESH_FAIL_ERR/504"


@pytest.mark.parametrize("name, fields, wants", [
    ("9111 5.2.1.2 max-stale of too little", {}, {"Cache-Control": "max-stale=5"}),
    ("9111 5.2.1.3 min-fresh", {}, {"Cache-Control": "min-fresh=1"}),
    ("9111 5.2.2.2 max-stale against must-revalidate", {"Cache-Control": "max-age=10, must-revalidate"},
     {"Cache-Control": "max-stale=10000"}),
])
def test_what_is_validated_all_the_same(client, start_origin, name, fields, wants):
    origin = start_origin(counted(stale(b"old", fields), not_modified()))
    client.get(origin.url("/a"))
    assert client.get(origin.url("/a"), wants).body == b"old"
    assert len(origin.requests) == 2, name


@cuttle_only("Squid 5.7 knows nothing of it")
def test_rfc5861_3_stale_while_revalidate(proxy, client, start_origin):
    """The old one at once, and a new one for the next."""
    origin = start_origin(counted(stale(b"old", {"Cache-Control": "max-age=10, stale-while-revalidate=1000"}),
                                  fresh(b"new", {"ETag": '"two"'})))
    client.get(origin.url("/a"))
    assert client.get(origin.url("/a")).body == b"old"
    assert origin.wait_requests(2)[1].get("If-None-Match") == '"one"'
    until(lambda: client.get(origin.url("/a")).body == b"new", "the new one")
    assert len(origin.requests) == 2


@cuttle_only("Squid 5.7 does not look at what a HEAD says")
def test_rfc9111_4_3_5_a_head_renews_the_stored_fields(client, start_origin):
    def one(message):
        if message.method == "HEAD":
            return reply(fields={"Date": date(), "ETag": '"one"', "Cache-Control": "max-age=3600", "X-New": "1",
                                 "Content-Length": "3"}, length=False)
        return stale(b"old")
    origin = start_origin(counted(one))
    client.get(origin.url("/a"))
    assert client.ask("HEAD", origin.url("/a")).get("X-New") == "1"
    got = client.get(origin.url("/a"))
    assert (got.body, got.get("X-New")) == (b"old", "1")
    assert [m.method for m in origin.requests] == ["GET", "HEAD"]


@cuttle_only("Squid 5.7 keeps it")
def test_rfc9111_5_2_2_5_a_304_with_no_store_answers_once_and_drops_the_stored_one(client, start_origin):
    origin = start_origin(counted(stale(b"old"), not_modified({"Cache-Control": "no-store"}), fresh(b"new")))
    client.get(origin.url("/a"))
    assert client.get(origin.url("/a")).body == b"old"
    assert client.get(origin.url("/a")).body == b"new"
    assert origin.requests[2].get("If-None-Match") is None


def test_rfc9111_4_an_answer_that_is_not_stored_takes_the_stored_one_away(client, start_origin):
    """Squid does so, too (httpMaybeRemovePublic): what is known to be old is not served any more."""
    origin = start_origin(counted(fresh(b"old"), fresh(b"mine", {"Cache-Control": "private"}), fresh(b"new")))
    client.get(origin.url("/a"))
    assert client.get(origin.url("/a")).body == b"old"
    assert client.get(origin.url("/a"), {"Cache-Control": "no-cache"}).body == b"mine"
    assert client.get(origin.url("/a")).body == b"new"


@cuttle_only("Squid 5.7 does not look at what a HEAD says")
def test_rfc9111_4_3_5_a_head_that_tells_of_another_makes_the_stored_one_stale(client, start_origin):
    tag = ['"one"']

    def one(message):
        return reply(body=b"" if message.method == "HEAD" else tag[0].encode(),
                     fields={"Date": date(), "ETag": tag[0], "Cache-Control": "max-age=3600", "Content-Length": "5"},
                     length=False)
    origin = start_origin(counted(one))
    assert client.get(origin.url("/a")).body == b'"one"'
    tag[0] = '"two"'
    client.ask("HEAD", origin.url("/a"), {"Cache-Control": "no-cache"})
    assert client.get(origin.url("/a")).body == b'"two"'
    assert origin.requests[2].get("If-None-Match") == '"one"'


@cuttle_only("Squid 5.7 sends all of it, with the same code")
def test_rfc9111_4_3_2_a_client_that_has_it_gets_a_304_for_a_304(proxy, client, start_origin):
    origin = start_origin(counted(stale(b"old"), not_modified()))
    client.get(origin.url("/a"))
    assert client.get(origin.url("/a"), {"If-None-Match": '"one"'}).status == 304
    assert client.get(origin.url("/a")).body == b"old"
    assert len(origin.requests) == 2
    assert results(proxy, 3) == ["TCP_MISS/200", "TCP_REFRESH_UNMODIFIED/304", "TCP_MEM_HIT/200"]


def test_rfc9111_4_3_2_a_client_that_has_another_gets_all_of_it(proxy, client, start_origin):
    """The stored one is validated by its own tag, or by both; what comes is what the client has not."""
    def one(message):
        if '"one"' in (message.get("If-None-Match") or ""):
            return not_modified()
        return stale(b"old")
    origin = start_origin(counted(one))
    client.get(origin.url("/a"))
    got = client.get(origin.url("/a"), {"If-None-Match": '"another"'})
    assert (got.status, got.body) == (200, b"old")


# --- conditions of the client ---------------------------------------------------------------------

TAGGED = {"ETag": '"one"', "Last-Modified": LAST_MODIFIED, "Content-Type": "text/x"}


@pytest.mark.parametrize("condition, status, code", [
    ({"If-None-Match": '"one"'}, 304, "TCP_INM_HIT"),
    ({"If-None-Match": 'W/"one"'}, 304, "TCP_INM_HIT"),
    ({"If-None-Match": '"two", "one"'}, 304, "TCP_INM_HIT"),
    ({"If-None-Match": "*"}, 304, "TCP_INM_HIT"),
    ({"If-None-Match": '"two"'}, 200, "TCP_MEM_HIT"),
    ({"If-None-Match": '"two"', "If-Modified-Since": LAST_MODIFIED}, 200, "TCP_MEM_HIT"),
    ({"If-Modified-Since": LAST_MODIFIED}, 304, "TCP_IMS_HIT"),
    ({"If-Modified-Since": AN_HOUR_LATER}, 304, "TCP_IMS_HIT"),
    ({"If-Modified-Since": AN_HOUR_BEFORE}, 200, "TCP_MEM_HIT"),
])
def test_rfc9110_13_a_condition_is_answered_here(proxy, client, start_origin, condition, status, code):
    origin = start_origin(counted(fresh(b"body", TAGGED)))
    client.get(origin.url("/a"))
    got = client.get(origin.url("/a"), condition)
    assert got.status == status
    assert got.body == (b"" if status == 304 else b"body")
    assert len(origin.requests) == 1
    assert results(proxy, 2)[1] == f"{code}/{status}"
    assert client.get(origin.url("/a")).body == b"body"


def test_rfc9110_15_4_5_what_a_304_carries(client, start_origin):
    origin = start_origin(counted(fresh(b"body", TAGGED)))
    client.get(origin.url("/a"))
    got = client.get(origin.url("/a"), {"If-None-Match": '"one"'})
    assert got.status == 304
    assert got.has("Date") and got.get("Cache-Control") == "max-age=3600"
    assert not got.has("Content-Length") or got.get("Content-Length") == "4"    # RFC 9110 8.6
    assert IS_SQUID or got.get("ETag") == '"one"'       # Squid 5.7 forgets it


def test_rfc9110_13_1_1_if_match(client, start_origin):
    origin = start_origin(counted(fresh(b"body", TAGGED)))
    client.get(origin.url("/a"))
    assert client.get(origin.url("/a"), {"If-Match": '"two"'}).status == 412
    assert client.get(origin.url("/a"), {"If-Match": '"one"'}).status == 200
    assert len(origin.requests) == 1


def test_a_condition_on_what_is_not_stored_goes_to_the_origin(proxy, client, start_origin):
    origin = start_origin(serve(not_modified()))
    got = client.get(origin.url("/a"), {"If-None-Match": '"one"'})
    assert got.status == 304
    assert origin.requests[0].get("If-None-Match") == '"one"'
    assert results(proxy, 1) == ["TCP_MISS/304"]


def test_refresh_pattern_makes_fresh_what_says_nothing(start_proxy, start_origin):
    proxy = start_proxy("refresh_pattern /long 60 20% 4320\nrefresh_pattern . 0 0% 0\n" + CONF)
    plain = reply(fields={"Date": date(), "Last-Modified": LAST_MODIFIED}, body=b"x")
    origin = start_origin(counted(plain))
    with proxy.client() as client:
        for path in ("/long", "/long", "/short", "/short"):
            assert client.get(origin.url(path)).body == b"x"
    assert [m.target for m in origin.requests] == ["/long", "/short", "/short"]


def test_offline_mode_serves_what_is_stale(start_proxy, start_origin):
    proxy = start_proxy(CONF + "offline_mode on\n")
    origin = start_origin(counted(stale(b"old")))
    with proxy.client() as client:
        for _ in range(2):
            assert client.get(origin.url("/a")).body == b"old"
    assert len(origin.requests) == 1
    # Squid says so of hits from disk only
    assert results(proxy, 2) == ["TCP_MISS/200", "TCP_MEM_HIT/200"]     # TCP_OFFLINE_HIT: from disk
