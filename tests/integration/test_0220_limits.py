"""Limits and timeouts by their squid.conf names: each refused in the right way, with a line in the log."""
import socket

import pytest

from harness.deadline import until
from harness.message import chunked, reply, request
from harness.origin import closed_port, echo, serve
from harness.proxy import cuttle_only
from harness.wire import Closed

ALLOW = "http_access allow all\n"


def test_request_header_max_size(start_proxy):
    proxy = start_proxy(ALLOW + "request_header_max_size 4 KB\n")
    with proxy.client() as client:
        client.send(request("GET", "http://127.0.0.1:9/", {"X-Long": "x" * 5000}))
        got = client.read_reply()
        assert got.status in ((400, 431) if not proxy.is_squid else (400, 413, 414, 431))
        client.expect_close()
    line, = proxy.wait_log(1)
    assert line.code == "NONE_NONE"


def test_request_header_max_size_holds_for_the_url(start_proxy):
    proxy = start_proxy(ALLOW + "request_header_max_size 4 KB\n")
    with proxy.client() as client:
        client.send(request("GET", "http://127.0.0.1:9/" + "x" * 5000))
        assert client.read_reply().status in (400, 413, 414, 431)
        client.expect_close()
    assert proxy.wait_log(1)[0].url == "error:request-too-large"


def test_head_just_below_the_limit_passes(start_proxy, start_origin):
    proxy = start_proxy(ALLOW + "request_header_max_size 4 KB\n")
    origin = start_origin(serve(reply(body=b"ok")))
    with proxy.client() as client:
        assert client.get(origin.url(), {"X-Long": "x" * 3800}).body == b"ok"


def test_head_without_end_is_cut(start_proxy):
    proxy = start_proxy(ALLOW + "request_header_max_size 8 KB\n")
    with proxy.client() as client:
        client.send(b"GET http://127.0.0.1:9/ HTTP/1.1\r\n")
        try:
            for _ in range(1000):
                client.send(b"X-More: 1234567890\r\n")
            assert client.read_reply().status in (400, 413, 431)
            client.expect_close()
        except ConnectionError:
            pass        # it may have closed long before
    assert proxy.wait_line("NONE_NONE/").status in (400, 413, 431)


def test_many_fields(client, start_origin):
    """Within the size, any number of fields passes or is refused as a whole; none is lost."""
    origin = start_origin(serve(reply(body=b"ok")))
    got = client.get(origin.url(), [(f"X-{n}", "v") for n in range(900)])
    if got.status == 200:
        assert sum(1 for n, _ in origin.heads[0].fields if n.startswith("X-") and n[2:].isdigit()) == 900
    else:
        assert got.status in (400, 431)


def test_reply_header_max_size(start_proxy, start_origin):
    proxy = start_proxy(ALLOW + "reply_header_max_size 4 KB\n")
    origin = start_origin(lambda wire: (wire.read_request(), wire.send(reply(fields={"X-Long": "x" * 5000})),
                                        wire.read_rest()))
    with proxy.client() as client:
        assert client.get(origin.url()).status == 502
    assert proxy.wait_log(1)[0].status == 502


@pytest.mark.parametrize("framing", ["length", pytest.param("chunked", marks=cuttle_only(
    "Squid's close may overtake its reply"))])
def test_request_body_max_size(start_proxy, start_origin, framing):
    proxy = start_proxy(ALLOW + "request_body_max_size 1000 bytes\n")

    def script(wire):
        wire.read_head()
        try:
            wire.read_rest()
        except ConnectionError:
            pass
    origin = start_origin(script)
    with proxy.client() as client:
        if framing == "length":
            client.send(request("POST", origin.url(), {"Content-Length": "1001"}) + b"x" * 1001)
        else:
            client.send(request("POST", origin.url(), {"Transfer-Encoding": "chunked"}) + chunked(b"x" * 1001))
        assert client.read_reply().status == 413
    assert proxy.wait_line("POST").status == 413


def test_request_body_of_just_the_size(start_proxy, start_origin):
    proxy = start_proxy(ALLOW + "request_body_max_size 1000 bytes\n")
    origin = start_origin(serve(reply(body=b"1"), ))
    with proxy.client() as client:
        assert client.ask("POST", origin.url(), body=b"x" * 1000).body == b"1"


def test_request_timeout(start_proxy):
    """A client that begins a request and does not finish it."""
    proxy = start_proxy(ALLOW + "request_timeout 1 second\nrequest_start_timeout 1 second\n")
    with proxy.client() as client:
        client.send(b"GET http://127.0.0.1:9/ HTTP/1.1\r\nHos")
        if proxy.is_squid:
            client.read_rest()
        else:
            assert client.read_reply().status == 408
            client.expect_close()
    line, = proxy.wait_log(1)
    if not proxy.is_squid:
        assert line.status == 408


def test_request_timeout_is_not_prolonged_by_drops(start_proxy):
    """One byte now and then does not keep a request alive."""
    proxy = start_proxy(ALLOW + "request_timeout 1 second\n")
    with proxy.client() as client:
        client.send(b"GET http://127.0.0.1:9/ HTTP/1.1\r\nX: ")

        def ended():
            try:
                client.send(b"x")
            except ConnectionError:
                return True
            return client.closed_by_peer()
        until(ended, "the slow request is ended")


@cuttle_only("Squid waits request_timeout")
def test_request_start_timeout(start_proxy):
    proxy = start_proxy(ALLOW + "request_start_timeout 1 second\n")
    with proxy.client() as client:
        client.expect_close()


@cuttle_only("Squid waits for the origin")
def test_upload_that_stops(start_proxy, start_origin):
    """The client does not go on with its body."""
    def script(wire):
        wire.read_head()
        try:
            wire.read_rest()
        except ConnectionError:
            pass
    proxy = start_proxy(ALLOW + "request_timeout 1 second\nread_timeout 1 second\n")
    origin = start_origin(script)
    with proxy.client() as client:
        client.send(request("POST", origin.url(), {"Content-Length": "1000"}) + b"x" * 10)
        client.read_rest()
    line = proxy.wait_line("POST")
    assert line.status in (0, 408, 504)


def test_read_timeout(start_proxy, start_origin):
    """A server that does not answer."""
    proxy = start_proxy(ALLOW + "read_timeout 1 second\n")
    origin = start_origin(lambda wire: (wire.read_request(), wire.read_rest()))
    with proxy.client() as client:
        assert client.get(origin.url()).status == 504
    line, = proxy.wait_log(1)
    assert line.status == 504
    assert line.code.startswith("TCP_MISS")


def test_read_timeout_in_the_middle_of_a_body(start_proxy, start_origin):
    proxy = start_proxy(ALLOW + "read_timeout 1 second\n")

    def script(wire):
        wire.read_request()
        wire.send(reply(fields={"Content-Length": "100"}, length=False) + b"x" * 10)
        wire.read_rest()
    origin = start_origin(script)
    with proxy.client() as client:
        client.send(request("GET", origin.url()))
        client.read_head()
        try:
            assert client.read_rest() == b"x" * 10
        except ConnectionResetError:
            pass
    line, = proxy.wait_log(1)
    if not proxy.is_squid:
        assert line.code in ("TCP_MISS_TIMEDOUT", "TCP_MISS_ABORTED", "TCP_MISS_TIMEDOUT_ABORTED")


def test_connect_timeout(start_proxy):
    """An address that answers nothing: a listener whose queue is full."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = []
        for _ in range(4):      # fill the queue, so that the next SYN is dropped
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex(("127.0.0.1", port))
            waiting.append(s)
        proxy = start_proxy(ALLOW + "connect_timeout 1 second\n")
        with proxy.client() as client:
            assert client.get(f"http://127.0.0.1:{port}/").status in (503, 504)
        for s in waiting:
            s.close()
    assert proxy.wait_log(1)[0].status in (503, 504)


def test_nobody_listens(proxy, client):
    sock, port = closed_port()
    with sock:
        got = client.get(f"http://127.0.0.1:{port}/")
    assert got.status == 503
    line, = proxy.wait_log(1)
    assert line.status == 503
    assert line.hier == "HIER_DIRECT" or proxy.is_squid


@cuttle_only("Squid 5 lets in one more than it says")
def test_client_ip_max_connections(start_proxy, start_origin):
    """So many and no more, tunnels included; what is refused is counted, and what ends makes room."""
    origin, far = start_origin(serve(reply())), start_origin(echo)
    proxy = start_proxy("http_access allow all\nclient_ip_max_connections 2\n")

    def counters():
        try:
            return proxy.counters()
        except (Closed, ConnectionError):
            return None
    with proxy.client() as tunnel, proxy.client() as plain, proxy.client() as third:
        tunnel.connect(far.authority)
        assert plain.get(origin.url()).status == 200
        third.expect_close()
        assert counters() is None
        plain.close()
        got = until(counters, "room for another connection")
        assert got["accept.refused"] >= 2


def test_client_that_does_not_read(start_proxy, start_origin):
    """What a client does not take is not heaped up: the origin is slowed down."""
    sent = [0]

    def script(wire):
        wire.read_request()
        wire.send(reply(fields={"Content-Length": str(1 << 30)}, length=False))
        wire.sock.settimeout(1)
        try:
            while sent[0] < (256 << 20):
                sent[0] += wire.sock.send(b"x" * 65536)
        except OSError:
            pass
    proxy = start_proxy()
    origin = start_origin(script)
    with proxy.client() as client:
        client.send(request("GET", origin.url()))
        client.read_head()
        for thread in origin._threads[1:]:
            thread.join(20)
        assert sent[0] < (128 << 20)
