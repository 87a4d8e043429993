"""What makes stored objects go: unsafe methods, PURGE (RFC 9111 4.4)."""
import threading

import pytest

from harness.deadline import LIMIT
from harness.message import reply, request
from harness.origin import serve_forever
from harness.proxy import cuttle_only
from harness.stored import CONF, counted, date, fresh


@pytest.fixture
def proxy(start_proxy):
    return start_proxy("acl purging method PURGE\nhttp_access allow purging\n" + CONF)


def numbered():
    """An origin whose every GET has another body; answers to unsafe methods say `fields` with `status`."""
    state = {"n": 0, "status": "200 OK", "fields": {}}

    def one(message):
        if message.method != "GET":
            return reply(state["status"], {"Date": date(), **state["fields"]}, b"done")
        state["n"] += 1
        return fresh(b"%d" % state["n"])
    return state, counted(one)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_rfc9111_4_4_an_unsafe_method_invalidates(client, start_origin, method):
    _, script = numbered()
    origin = start_origin(script)
    assert client.get(origin.url("/a")).body == b"1"
    assert client.get(origin.url("/a")).body == b"1"
    assert client.ask(method, origin.url("/a"), body=b"x").status == 200
    assert client.get(origin.url("/a")).body == b"2"


def test_rfc9111_4_4_an_error_does_not(client, start_origin):
    state, script = numbered()
    state["status"] = "500 No"
    origin = start_origin(script)
    client.get(origin.url("/a"))
    client.ask("POST", origin.url("/a"), body=b"x")
    assert client.get(origin.url("/a")).body == b"1"


@pytest.mark.parametrize("field", ["Location", "Content-Location"])
def test_rfc9111_4_4_location_of_the_same_origin(client, start_origin, field):
    state, script = numbered()
    origin = start_origin(script)
    assert client.get(origin.url("/b")).body == b"1"
    state["fields"] = {field: "/b"}
    client.ask("POST", origin.url("/a"), body=b"x")
    assert client.get(origin.url("/b")).body == b"2"


def test_rfc9111_4_4_location_of_another_origin_is_left_alone(client, start_origin):
    state, script = numbered()
    origin, other = start_origin(script), start_origin(numbered()[1])
    assert client.get(other.url("/b")).body == b"1"
    state["fields"] = {"Location": other.url("/b")}
    client.ask("POST", origin.url("/a"), body=b"x")
    assert client.get(other.url("/b")).body == b"1"


@cuttle_only("Squid 5.7 forgets the variant that the request selects")
def test_all_variants_go(client, start_origin):
    count = {"n": 0}

    def one(message):
        if message.method == "POST":
            return reply(fields={"Date": date()})
        count["n"] += 1
        return fresh(b"%d" % count["n"], {"Vary": "X-One"})
    origin = start_origin(counted(one))
    assert client.get(origin.url("/a"), {"X-One": "1"}).body == b"1"
    assert client.get(origin.url("/a"), {"X-One": "2"}).body == b"2"
    client.ask("POST", origin.url("/a"), body=b"x")
    assert client.get(origin.url("/a"), {"X-One": "1"}).body == b"3"
    assert client.get(origin.url("/a"), {"X-One": "2"}).body == b"4"


def test_safe_methods_leave_it(client, start_origin):
    _, script = numbered()
    origin = start_origin(script)
    client.get(origin.url("/a"))
    client.ask("OPTIONS", origin.url("/a"))
    assert client.get(origin.url("/a")).body == b"1"


def test_purge(proxy, client, start_origin):
    """Squid: 200 if it was there, 404 if not."""
    _, script = numbered()
    origin = start_origin(script)
    assert client.get(origin.url("/a")).body == b"1"
    assert client.ask("PURGE", origin.url("/a")).status == 200
    assert client.ask("PURGE", origin.url("/a")).status == 404
    assert client.get(origin.url("/a")).body == b"2"
    assert [m.method for m in origin.requests] == ["GET", "GET"]
    assert [line.result for line in proxy.wait_log(4)] == ["TCP_MISS/200", "TCP_MISS/200", "TCP_MISS/404", "TCP_MISS/200"]


def test_purge_is_refused_where_no_acl_names_it(start_proxy, start_origin):
    proxy = start_proxy(CONF)
    _, script = numbered()
    origin = start_origin(script)
    with proxy.client() as client:
        client.get(origin.url("/a"))
        assert client.ask("PURGE", origin.url("/a")).status == 403
        assert client.get(origin.url("/a")).body == b"1"
    assert proxy.wait_log(3)[1].result == "TCP_DENIED/403"


@cuttle_only("Squid purges what it was told by name, variant by variant")
def test_purge_takes_all_variants(client, start_origin):
    origin = start_origin(counted(lambda m: fresh((m.get("X-One") or "-").encode(), {"Vary": "X-One"})))
    for one in ("1", "2"):
        client.get(origin.url("/a"), {"X-One": one})
    assert client.ask("PURGE", origin.url("/a")).status == 200
    for one in ("1", "2"):
        client.get(origin.url("/a"), {"X-One": one})
    assert len(origin.requests) == 4


# --- what is on its way meanwhile ----------------------------------------------------------------
def order_purge(client, proxy, origin):
    del proxy
    assert client.ask("PURGE", origin.url("/a")).status in (200, 404)


def order_host(client, proxy, origin):
    del origin
    assert client.ask("PURGE", "/squid-internal-mgr/cache?host=127.0.0.1", host=f"127.0.0.1:{proxy.port}").status in (200, 404)


def order_post(client, proxy, origin):
    del proxy
    assert client.ask("POST", origin.url("/a"), body=b"x").status == 200


def nothing_stored(client, proxy, origin):
    del client, proxy, origin


def fresh_one_stored(client, proxy, origin):
    del proxy
    assert client.get(origin.url("/a")).body == b"first"


@cuttle_only("Squid stores it")
@pytest.mark.parametrize("order", [order_purge, order_host, order_post])
@pytest.mark.parametrize("before, fields", [(nothing_stored, {}), (nothing_stored, {"Authorization": "Basic eA=="}),
                                            (fresh_one_stored, {"Cache-Control": "no-cache"}),
                                            (fresh_one_stored, {"Cache-Control": "max-age=0"})],
                         ids=["miss", "authorized", "reload", "validation"])
@pytest.mark.parametrize("collapsed", ["off", "on"])
@pytest.mark.parametrize("on_disk", [False, True], ids=["memory", "disk"])
def test_what_was_asked_for_before_is_not_stored_after(start_proxy, start_origin, order, before, fields, collapsed, on_disk):
    """RFC 9111 4.4, and what a PURGE promises: an answer that is older than the order to forget must not come back."""
    asked, go_on = threading.Event(), threading.Event()
    replies = [fresh(b"first", {"ETag": '"1"'})] if before is fresh_one_stored else []

    def one(message):
        if message.method != "GET":
            return reply(fields={"Date": date()}, body=b"done")
        if replies:
            return replies.pop()
        asked.set()
        assert go_on.wait(LIMIT)
        return fresh(b"older", {"Cache-Control": "public, max-age=3600"})
    origin = start_origin(serve_forever(one))
    proxy = start_proxy("acl purging method PURGE\nhttp_access allow purging\n" + CONF
                        + f"collapsed_forwarding {collapsed}\n" + ("cache_dir ufs {dir}/store 100 16 256\n" if on_disk else ""))
    with proxy.client() as first, proxy.client() as second:
        before(second, proxy, origin)
        first.send(request("GET", origin.url("/a"), fields))
        assert asked.wait(LIMIT)
        order(second, proxy, origin)
        go_on.set()
        assert first.read_reply("GET").body == b"older"
        assert second.get(origin.url("/a"), {"Cache-Control": "only-if-cached"}).status == 504
