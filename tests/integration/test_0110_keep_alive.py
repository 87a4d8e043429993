"""Connections that stay open, on both sides, and the pool of upstream connections."""
import pytest

from harness.client import Client
from harness.deadline import until
from harness.message import chunked, reply, request
from harness.origin import closed_port, serve, serve_and_close, serve_forever


def test_one_connection_carries_many_requests(client, start_origin):
    origin = start_origin(serve(*[reply(body=b"%d" % n) for n in range(5)]))
    assert [client.get(origin.url(f"/{n}")).body for n in range(5)] == [b"0", b"1", b"2", b"3", b"4"]
    assert origin.connections == 1


def test_pool_is_shared_by_clients(proxy, start_origin):
    origin = start_origin([serve(reply(body=b"1"), reply(body=b"2"))])
    for want in (b"1", b"2"):
        with proxy.client() as one:
            assert one.get(origin.url()).body == want
    assert origin.connections == 1


def test_connections_of_different_origins_are_not_mixed(client, start_origin):
    first = start_origin([serve(reply(body=b"a"), reply(body=b"c"))])
    second = start_origin([serve(reply(body=b"b"), reply(body=b"d"))])
    assert [client.get(o.url()).body for o in (first, second, first, second)] == [b"a", b"b", b"c", b"d"]


def test_origin_that_says_close_is_not_used_again(client, start_origin):
    origin = start_origin([serve(reply(body=b"1", fields={"Connection": "close"})), serve(reply(body=b"2"))])
    assert [client.get(origin.url()).body for _ in range(2)] == [b"1", b"2"]
    assert origin.connections == 2


def test_client_that_says_close_gets_a_close(client, start_origin):
    origin = start_origin(serve(reply(body=b"1")))
    got = client.get(origin.url(), {"Connection": "close"})
    assert "close" in got.tokens("Connection")
    client.expect_close()


def test_reply_that_ends_with_the_close_ends_with_a_close_or_chunked(client, start_origin):
    """A body of unknown length is framed by chunks, or by a close that is announced."""
    origin = start_origin(serve_and_close(reply(body=b"until the end", length=False)))
    got = client.get(origin.url())
    assert got.body == b"until the end"
    assert "chunked" in got.tokens("Transfer-Encoding") or "close" in got.tokens("Connection")


def test_pipelined_requests_are_answered_in_order(client, start_origin):
    origin = start_origin(serve_forever(lambda r: reply(body=r.target.encode())))
    client.send(b"".join(request("GET", origin.url(f"/{n}")) for n in range(8)))
    assert [client.read_reply().body for _ in range(8)] == [b"/%d" % n for n in range(8)]


def test_pipelined_requests_to_two_origins_are_answered_in_order(client, start_origin):
    slow = start_origin(serve_forever(lambda r: reply(body=b"s" * 300000)))
    quick = start_origin(serve_forever(lambda r: reply(body=b"q")))
    client.send(b"".join(request("GET", o.url()) for o in (slow, quick, slow, quick)))
    assert [client.read_reply().body[:1] for _ in range(4)] == [b"s", b"q", b"s", b"q"]


def test_pipelined_request_behind_a_body(client, start_origin):
    origin = start_origin(serve_forever(lambda r: reply(body=r.target.encode() + r.body)))
    client.send(request("POST", origin.url("/a"), body=b"12345") + request("GET", origin.url("/b"))
                + request("POST", origin.url("/c"), {"Transfer-Encoding": "chunked"}) + chunked(b"678", b"9")
                + request("GET", origin.url("/d")))
    assert [client.read_reply().body for _ in range(4)] == [b"/a12345", b"/b", b"/c6789", b"/d"]


def test_empty_line_before_a_request_is_ignored(client, start_origin):
    """RFC 9112 section 2.2."""
    origin = start_origin(serve(reply(body=b"1"), reply(body=b"2")))
    client.send(b"\r\n" + request("GET", origin.url()))
    assert client.read_reply().body == b"1"
    client.send(b"\r\n" + request("GET", origin.url()))
    assert client.read_reply().body == b"2"


def test_request_in_single_bytes(client, start_origin):
    origin = start_origin(serve(reply(body=b"ok")))
    for byte in request("GET", origin.url("/slow"), {"X-A": "b"}):
        client.send(bytes([byte]))
    assert client.read_reply().body == b"ok"


def test_reply_in_single_bytes(client, start_origin):
    def script(wire):
        wire.read_request()
        for byte in reply(fields={"Transfer-Encoding": "chunked", "X-A": "b"}, length=False) + chunked(b"hello", b" you"):
            wire.send(bytes([byte]))
        wire.read_rest()
    origin = start_origin(script)
    got = client.get(origin.url())
    assert (got.body, got.get("X-A")) == (b"hello you", "b")


@pytest.mark.parametrize("fields, stays", [
    ({}, False), ({"Connection": "keep-alive"}, True), ({"Proxy-Connection": "keep-alive"}, None)])
def test_http_1_0_client(client, start_origin, fields, stays):
    origin = start_origin(serve(reply(body=b"1"), reply(body=b"2")))
    got = client.ask("GET", origin.url(), fields, version="HTTP/1.0")
    assert got.body == b"1"
    assert not got.has("Transfer-Encoding")
    assert origin.heads[0].version == "HTTP/1.1"    # RFC 9110 section 6.2: our own version
    if stays:
        assert client.ask("GET", origin.url(), fields, version="HTTP/1.0").body == b"2"
    elif stays is False:
        client.expect_close()


def test_http_1_0_client_gets_no_chunks(client, start_origin):
    origin = start_origin(serve(reply(fields={"Transfer-Encoding": "chunked"}, length=False) + chunked(b"abc", b"def")))
    got = client.ask("GET", origin.url(), version="HTTP/1.0")
    assert got.body == b"abcdef"
    assert not got.has("Transfer-Encoding")
    client.expect_close()


def test_http_1_0_server_closes_each_time(client, start_origin):
    answer = reply(body=b"old", version="HTTP/1.0")
    origin = start_origin([serve_and_close(answer), serve_and_close(answer)])
    for _ in range(2):
        got = client.get(origin.url())
        assert (got.version, got.body) == ("HTTP/1.1", b"old")


def test_http_1_0_server_without_length(client, start_origin):
    origin = start_origin(serve_and_close(b"HTTP/1.0 200 OK\r\n\r\nold and open"))
    assert client.get(origin.url()).body == b"old and open"


def test_client_persistent_connections_off(start_proxy, start_origin):
    origin = start_origin(serve(reply(body=b"1")))
    proxy = start_proxy("http_access allow all\nclient_persistent_connections off\n")
    with proxy.client() as one:
        assert one.get(origin.url()).body == b"1"
        one.expect_close()


def test_server_persistent_connections_off(start_proxy, start_origin):
    origin = start_origin([serve(reply(body=b"1")), serve(reply(body=b"2"))])
    proxy = start_proxy("http_access allow all\nserver_persistent_connections off\n")
    with proxy.client() as one:
        assert [one.get(origin.url()).body for _ in range(2)] == [b"1", b"2"]
    assert "close" in origin.heads[0].tokens("Connection")


@pytest.mark.parametrize("name", ["client_idle_pconn_timeout", "persistent_request_timeout"])
def test_client_idle_pconn_timeout_closes(start_proxy, start_origin, name):
    origin = start_origin(serve(reply(body=b"1")))
    proxy = start_proxy(f"http_access allow all\n{name} 1 second\n")
    with proxy.client() as one:
        assert one.get(origin.url()).body == b"1"
        one.expect_close()


def test_persistent_connection_after_error_off(start_proxy):
    proxy = start_proxy("http_access allow all\npersistent_connection_after_error off\n")
    sock, port = closed_port()
    with sock, proxy.client() as one:
        assert one.get(f"http://127.0.0.1:{port}/").status == 503
        one.expect_close()


def test_server_idle_pconn_timeout_closes(start_proxy, start_origin):
    origin = start_origin([serve(reply(body=b"1"))])
    proxy = start_proxy("http_access allow all\nserver_idle_pconn_timeout 1 second\n")
    with proxy.client() as one:
        assert one.get(origin.url()).body == b"1"
        until(lambda: origin.wires[0].eof, "the pool closes the idle connection")


def test_idle_connection_that_the_origin_closed_is_not_used(client, start_origin):
    origin = start_origin([serve_and_close(reply(body=b"1")), serve(reply(body=b"2"))])
    assert client.get(origin.url()).body == b"1"
    until(lambda: origin.wires[0].eof, "the proxy answers the close")
    assert client.get(origin.url()).body == b"2"


def test_many_clients_at_once(proxy, start_origin):
    origin = start_origin(serve_forever(lambda r: reply(body=r.target.encode())))
    clients = [Client(proxy.port) for _ in range(50)]
    for n, one in enumerate(clients):
        one.send(request("GET", origin.url(f"/{n}")))
    for n, one in enumerate(clients):
        assert one.read_reply().body == b"/%d" % n
        one.close()
