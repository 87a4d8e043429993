"""What a proxy must take away, add and count: hop-by-hop fields, Via, X-Forwarded-For, Max-Forwards."""
import pytest

from harness.message import chunked, reply, request
from harness.origin import serve
from harness.proxy import cuttle_only


def seen_by_origin(client, start_origin, fields, method="GET"):
    origin = start_origin(serve(reply(body=b"")))
    client.ask(method, origin.url(), fields)
    return origin.requests[0]


@pytest.mark.parametrize("name, value", [
    ("Proxy-Connection", "keep-alive"), ("Keep-Alive", "timeout=5"), ("TE", "gzip"), ("Upgrade", "h2c"),
    ("Proxy-Authorization", "Basic eDp5")])
def test_hop_by_hop_fields_of_the_request_stop_here(client, start_origin, name, value):
    assert not seen_by_origin(client, start_origin, {name: value}).has(name)


@pytest.mark.parametrize("connection", ["X-Mine", "x-mine", "close, X-Mine", "X-Mine,keep-alive", " , X-Mine ,,"])
def test_fields_named_by_connection_stop_here(client, start_origin, connection):
    seen = seen_by_origin(client, start_origin, {"Connection": connection, "X-Mine": "secret", "X-Other": "public"})
    assert not seen.has("X-Mine")
    assert seen.get("X-Other") == "public"


def test_fields_named_by_connection_in_a_reply_stop_here(client, start_origin):
    origin = start_origin(serve(reply(fields={"Connection": "X-Mine, X-Too", "X-Mine": "1", "X-Too": "2", "X-Other": "3",
                                              "Keep-Alive": "timeout=5", "Proxy-Connection": "keep-alive"})))
    got = client.get(origin.url())
    assert not got.has("X-Mine") and not got.has("X-Too") and not got.has("Proxy-Connection")
    assert got.get("X-Other") == "3"
    if got.has("Keep-Alive"):
        assert got.get("Keep-Alive") != "timeout=5"


@cuttle_only("Squid obeys even these")
@pytest.mark.parametrize("name", ["Host", "Content-Length", "Authorization", "Cache-Control"])
def test_connection_cannot_name_fields_that_matter(client, start_origin, name):
    """RFC 9110 section 7.6.1: a sender MUST NOT name end-to-end fields; obeying would let it smuggle."""
    origin = start_origin(serve(reply(body=b"ok")))
    client.send(request("POST", origin.url(), {"Connection": name, "Authorization": "Bearer x",
                                               "Cache-Control": "no-store"}, body=b"12345"))
    got = client.read_reply()
    if got.status == 400:
        return
    seen = origin.requests[0]
    assert seen.body == b"12345"
    assert seen.get("Host") == origin.authority


def test_via_on_both_sides(client, start_origin):
    origin = start_origin(serve(reply(fields={"Via": "1.0 inner"})))
    got = client.get(origin.url(), {"Via": "1.1 outer"})
    seen = [v.strip() for v in origin.requests[0].get("Via").split(",")]
    assert seen[0] == "1.1 outer"
    assert seen[1].startswith("1.1 proxy.test")
    back = [v.strip() for v in got.get("Via").split(",")]
    assert back[0] == "1.0 inner"
    assert back[1].startswith("1.1 proxy.test")


def test_via_says_the_received_version(client, start_origin):
    origin = start_origin(serve(reply()))
    client.ask("GET", origin.url(), version="HTTP/1.0")
    assert origin.requests[0].get("Via").startswith("1.0 proxy.test")


def test_via_off(start_proxy, start_origin):
    proxy = start_proxy("http_access allow all\nvia off\n")
    origin = start_origin(serve(reply()))
    with proxy.client() as client:
        got = client.get(origin.url(), {"Via": "1.1 outer"})
    assert origin.requests[0].get("Via") == "1.1 outer"
    assert not got.has("Via")


@pytest.mark.parametrize("setting, sent, want", [
    ("on", None, "127.0.0.1"), ("on", "10.1.1.1", "10.1.1.1, 127.0.0.1"),
    ("off", None, "unknown"), ("off", "10.1.1.1", "10.1.1.1, unknown"),
    ("transparent", None, None), ("transparent", "10.1.1.1", "10.1.1.1"),
    ("delete", None, None), ("delete", "10.1.1.1", None),
    ("truncate", None, "127.0.0.1"), ("truncate", "10.1.1.1, 10.2.2.2", "127.0.0.1")])
def test_forwarded_for(start_proxy, start_origin, setting, sent, want):
    proxy = start_proxy(f"http_access allow all\nforwarded_for {setting}\n")
    origin = start_origin(serve(reply()))
    with proxy.client() as client:
        client.get(origin.url(), {"X-Forwarded-For": sent} if sent else {})
    assert origin.requests[0].get("X-Forwarded-For") == want


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS"])
def test_max_forwards_is_counted_down(client, start_origin, method):
    assert seen_by_origin(client, start_origin, {"Max-Forwards": "5"}, method).get("Max-Forwards") == "4"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_max_forwards_means_nothing_elsewhere(client, start_origin, method):
    """RFC 9110 section 7.6.2: may be ignored. Squid drops it."""
    assert seen_by_origin(client, start_origin, {"Max-Forwards": "0"}, method).get("Max-Forwards") in ("0", None)


def test_trace_ends_here(proxy, client):
    """RFC 9110 section 9.3.8: the final recipient reflects the request, without credentials."""
    client.send(request("TRACE", "http://127.0.0.1:9/", {"Max-Forwards": "0", "X-Mine": "1",
                                                         "Proxy-Authorization": "Basic eDp5"}))
    got = client.read_reply()
    assert got.status == 200
    assert b"TRACE" in got.body and b"X-Mine: 1" in got.body
    if not proxy.is_squid:
        assert b"eDp5" not in got.body
        assert got.get("Content-Type").startswith("message/http")


@cuttle_only("Squid sends it on")
def test_options_ends_here(client):
    client.send(request("OPTIONS", "http://127.0.0.1:9/", {"Max-Forwards": "0"}))
    got = client.read_reply()
    assert got.status in (200, 204)


def test_options_asterisk(client, start_origin):
    """RFC 9112 section 3.2.4: an absolute target without path and query is sent as *."""
    origin = start_origin(serve(reply()))
    client.ask("OPTIONS", f"http://{origin.authority}")
    assert origin.requests[0].target in ("*", "/")


@pytest.mark.parametrize("via", ["1.1 proxy.test", "1.1 proxy.test (squid/5.7)", "1.0 a, 1.1 proxy.test (cuttle)", "1.1 PROXY.test"])
@cuttle_only("Squid recognises its whole own comment only, and logs more than it refuses")
def test_loop_by_name_only_is_no_loop_or_is_refused(proxy, client, start_origin, via):
    """A Via that names us is a loop only if it is ours for certain: refused or sent on, never hung."""
    origin = start_origin(serve(reply(body=b"ok")))
    got = client.get(origin.url(), {"Via": via})
    assert got.status in (200, 403)
    proxy.wait_log(1)


def test_request_to_the_proxy_itself_is_stopped(start_proxy):
    """A proxy that is asked for itself must notice when its own request comes back."""
    proxy = start_proxy()
    with proxy.client() as client:
        got = client.get(f"http://127.0.0.1:{proxy.port}/somewhere")
    assert got.status in (400, 403, 404, 508)


def test_loop_over_two_names_is_stopped(start_proxy):
    proxy = start_proxy(hosts={"me.test": "127.0.0.1"})
    with proxy.client() as client:
        got = client.get(f"http://me.test:{proxy.port}/somewhere")
    assert got.status >= 400
    assert len(proxy.log_lines()) < 10


def test_date_is_added_when_it_is_missing(client, start_origin):
    """RFC 9110 section 6.6.1."""
    origin = start_origin(serve(reply()))
    assert client.get(origin.url()).has("Date")


def test_content_of_end_to_end_fields_is_kept(client, start_origin):
    value = 'a "quoted, comma", b;q=0.5;  c="\\"" , \t d'
    seen = seen_by_origin(client, start_origin, {"X-Odd": value, "X-Empty": ""})
    assert seen.get("X-Odd") == value
    assert seen.all("X-Empty") == [""]


def test_bytes_above_127_pass(client, start_origin):
    """obs-text of RFC 9110 section 5.5."""
    origin = start_origin(serve(reply(fields=[("X-Back", b"gr\xfc\xdf")])))
    got = client.get(origin.url(), [("X-There", b"\xe4\xf6")])
    assert origin.requests[0].get("X-There") == "\xe4\xf6"
    assert got.get("X-Back") == "gr\xfc\xdf"


def test_te_trailers_is_ours(client, start_origin):
    """TE is hop-by-hop: what the origin sees is the proxy's own, if any."""
    origin = start_origin(serve(reply(fields={"Transfer-Encoding": "chunked"}, length=False) + chunked(b"x")))
    assert client.get(origin.url(), {"TE": "gzip;q=0.5", "Connection": "TE"}).body == b"x"
    assert "gzip" not in (origin.requests[0].get("TE") or "")
