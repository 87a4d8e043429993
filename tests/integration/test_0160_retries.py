"""When a request is sent again on a new connection, and when it must not be."""
import pytest

from harness.deadline import until
from harness.message import chunked, reply, request
from harness.origin import serve, serve_and_close
from harness.proxy import cuttle_only


def die_on_second(wire):
    """Answers one request, reads the next one's head and closes without a byte of a reply."""
    wire.read_request()
    wire.send(reply(body=b"first"))
    wire.read_head()
    wire.half_close()
    wire.read_rest()


def reset_on_second(wire):
    wire.read_request()
    wire.send(reply(body=b"first"))
    wire.read_head()
    wire.reset()


@pytest.mark.parametrize("death", [die_on_second, pytest.param(reset_on_second, marks=cuttle_only(
    "Squid does not repeat after a reset"))])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_idempotent_request_is_repeated(client, start_origin, death, method):
    origin = start_origin([death, serve(reply(body=b"" if method == "HEAD" else b"again"))])
    assert client.get(origin.url()).body == b"first"
    got = client.ask(method, origin.url("/second"))
    assert got.status == 200
    assert [h.target for h in origin.heads] == ["/", "/second", "/second"]


@cuttle_only("Squid does not repeat these")
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_idempotent_request_with_a_small_body_is_repeated_or_failed_but_never_half(client, start_origin, method):
    origin = start_origin([die_on_second, serve(reply(body=b"again"))])
    assert client.get(origin.url()).body == b"first"
    got = client.ask(method, origin.url("/second"), body=b"12345")
    assert got.status in (200, 502)
    if got.status == 200:
        assert origin.requests[-1].body == b"12345"


@pytest.mark.parametrize("body", [{"body": b"12345"}, {"fields": {"Transfer-Encoding": "chunked"}}])
def test_post_is_not_sent_on_an_idle_connection(client, start_origin, body):
    origin = start_origin([serve(reply(body=b"first")), serve(reply(body=b"posted"))])
    assert client.get(origin.url()).body == b"first"
    client.send(request("POST", origin.url(), **body) + (b"" if "body" in body else chunked(b"12345")))
    assert client.read_reply().body == b"posted"
    assert origin.connections == 2
    assert origin.requests[1].body == b"12345"


def test_server_pconn_for_nonretriable_allows_it(start_proxy, start_origin):
    proxy = start_proxy("http_access allow all\nserver_pconn_for_nonretriable allow all\n")
    origin = start_origin([serve(reply(body=b"first"), reply(body=b"posted"))])
    with proxy.client() as client:
        assert client.get(origin.url()).body == b"first"
        assert client.ask("POST", origin.url(), body=b"12345").body == b"posted"
    assert origin.connections == 1


@cuttle_only("Squid answers 502 or sends it twice, depending on the moment")
def test_post_is_never_repeated_after_it_was_sent(start_proxy, start_origin):
    proxy = start_proxy("http_access allow all\nserver_pconn_for_nonretriable allow all\n")
    origin = start_origin([die_on_second, serve(reply(body=b"must not come"))])
    with proxy.client() as client:
        assert client.get(origin.url()).body == b"first"
        assert client.ask("POST", origin.url("/pay"), body=b"12345").status == 502
    assert [h.target for h in origin.heads] == ["/", "/pay"]


def test_nothing_is_repeated_after_a_byte_of_the_reply(proxy, client, start_origin):
    def script(wire):
        wire.read_request()
        wire.send(reply(body=b"first"))
        wire.read_head()
        wire.send(b"HTTP/1.1 200 O")
    origin = start_origin([script, serve(reply(body=b"must not come"))])
    assert client.get(origin.url()).body == b"first"
    got = client.get(origin.url("/second"))
    assert got.status == 502 or proxy.is_squid      # Squid repeats it
    if not proxy.is_squid:
        assert [h.target for h in origin.heads] == ["/", "/second"]


@pytest.mark.parametrize("ending", ["close", "reset"])
def test_new_connection_that_dies_gives_a_502(proxy, client, start_origin, ending):
    def script(wire):
        wire.read_head()
        if ending == "reset":
            wire.reset()
    origin = start_origin(script)
    got = client.get(origin.url())
    assert got.status == 502
    line, = proxy.wait_log(1)
    assert line.status == 502
    assert line.hier == "HIER_DIRECT"


def test_pool_of_dead_connections(proxy, start_origin):
    """Connections that died while idle are thrown away one by one, and the request still succeeds."""
    scripts = [serve_and_close(reply(body=b"%d" % n)) for n in range(3)] + [serve(reply(body=b"alive"))]
    origin = start_origin(scripts)
    for n in range(3):
        with proxy.client() as client:
            assert client.get(origin.url()).body == b"%d" % n
        until(lambda n=n: origin.wires[n].eof, "the connection has ended")
    with proxy.client() as client:
        assert client.get(origin.url()).body == b"alive"
