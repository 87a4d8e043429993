"""CONNECT: bytes both ways, half closes, counts, limits."""
import hashlib
import threading

import pytest

from harness.deadline import LONG, until
from harness.message import reply, request
from harness.origin import closed_port, echo, serve
from harness.proxy import cuttle_only


def test_bytes_go_both_ways(proxy, client, start_origin):
    origin = start_origin(echo)
    got = client.connect(origin.authority)
    assert got.status == 200
    assert not got.has("Content-Length") and not got.has("Transfer-Encoding")   # RFC 9110 section 9.3.6
    for text in (b"one", b"two", b"three" * 1000):
        client.send(text)
        assert client.read_exact(len(text)) == text
    client.close()
    line, = proxy.wait_log(1)
    assert line.result == "TCP_TUNNEL/200"
    assert (line.method, line.url) == ("CONNECT", origin.authority)
    assert (line.hier, line.server, line.type) == ("HIER_DIRECT", "127.0.0.1", "-")


def test_bytes_that_arrive_with_the_connect(client, start_origin):
    origin = start_origin(echo)
    client.send(request("CONNECT", origin.authority) + b"early bird")
    assert client.read_reply("CONNECT").status == 200
    assert client.read_exact(10) == b"early bird"


def test_origin_that_speaks_first(client, start_origin):
    origin = start_origin(lambda wire: (wire.send(b"220 ready\r\n"), wire.read_rest()))
    assert client.connect(origin.authority).status == 200
    assert client.read_line() == b"220 ready"


@cuttle_only("Squid ends the tunnel")
def test_half_close_by_the_client(client, start_origin):
    """The origin sees the end, and what it sends afterwards still arrives."""
    origin = start_origin(lambda wire: wire.send(b"got " + wire.read_rest()))
    client.connect(origin.authority)
    client.send(b"question")
    client.half_close()
    assert client.read_rest() == b"got question"


@cuttle_only("Squid ends the tunnel")
def test_half_close_by_the_origin(client, start_origin):
    def script(wire):
        wire.send(b"all I have")
        wire.half_close()
        assert wire.read_rest() == b"thanks"
    origin = start_origin(script)
    client.connect(origin.authority)
    assert client.read_rest() == b"all I have"
    client.send(b"thanks")
    client.close()


def test_reset_by_the_origin_ends_the_tunnel(client, start_origin):
    def script(wire):
        wire.read_exact(2)
        wire.reset()
    origin = start_origin(script)
    client.connect(origin.authority)
    client.send(b"go")
    client.expect_close()


def test_reset_by_the_client_ends_the_tunnel(proxy, client, start_origin):
    ended = threading.Event()

    def script(wire):
        wire.send(b"hello")
        try:
            wire.read_rest()
        except ConnectionError:
            pass
        ended.set()
    origin = start_origin(script)
    client.connect(origin.authority)
    client.read_exact(5)
    client.reset()
    assert ended.wait(20)
    assert proxy.wait_log(1)[0].code.startswith("TCP_TUNNEL")


@pytest.mark.parametrize("up, down", [(0, 0), (1, 0), (0, 1), (10, 20), (70000, 300000), (1 << 20, 1 << 20)])
def test_byte_count_in_the_log(proxy, client, start_origin, up, down):
    """The size is what was sent to the client, the 200 included."""
    def script(wire):
        wire.read_exact(up)
        wire.sock.sendall(b"d" * down)
        wire.half_close()
        wire.read_rest()
    origin = start_origin(script)
    client.connect(origin.authority)
    client.sock.sendall(b"u" * up)
    assert client.drain(limit=down) == down
    client.close()
    line, = proxy.wait_log(1)
    head = client.received.split(b"\r\n\r\n")[0]
    assert line.bytes == down + len(head) + 4


def test_bulk_both_ways_at_once(client, start_origin):
    size = (16 << 20) * LONG
    block = bytes(range(256)) * 256
    sums = {}

    def pump(wire, who):
        hasher = hashlib.sha256()
        reader = threading.Thread(target=lambda: sums.update({who: (wire.drain(hasher, limit=size), hasher.digest())}))
        reader.start()
        for _ in range(size // len(block)):
            wire.sock.sendall(block)
        reader.join()
    origin = start_origin(lambda wire: pump(wire, "origin"))
    client.connect(origin.authority)
    pump(client, "client")
    until(lambda: len(sums) == 2, "both ends have everything")
    assert sums["client"][0] == size
    assert sums["client"] == sums["origin"]


def test_nobody_listens(proxy, client):
    sock, port = closed_port()
    with sock:
        got = client.connect(f"127.0.0.1:{port}")
    assert got.status == 503
    # all that most clients show of it
    assert got.reason == "the connection could not be opened" or proxy.is_squid
    line, = proxy.wait_log(1)
    assert (line.result, line.hier) == ("TCP_TUNNEL/503", "HIER_DIRECT") or line.status == 503


@cuttle_only("Squid answers 500 to a CONNECT here")
def test_unknown_host(start_proxy):
    proxy = start_proxy("http_access allow all\ndns_nameservers 127.0.0.1\ndns_timeout 1 second\n")
    with proxy.client() as one:
        assert one.connect("no-such-host.invalid:443").status == 503
    assert proxy.wait_log(1)[0].hier == "HIER_NONE"


def test_idle_tunnel_ends_after_read_timeout(start_proxy, start_origin):
    origin = start_origin(echo)
    proxy = start_proxy("http_access allow all\nread_timeout 1 second\n")
    with proxy.client() as one:
        one.connect(origin.authority)
        one.send(b"x")
        assert one.read_exact(1) == b"x"
        one.expect_close()
    assert proxy.wait_log(1)[0].code.startswith("TCP_TUNNEL")


@cuttle_only("Squid's ends no tunnel on which bytes move")
def test_client_lifetime_ends_a_busy_tunnel(start_proxy, start_origin):
    origin = start_origin(echo)
    proxy = start_proxy("http_access allow all\nclient_lifetime 2 seconds\n")
    with proxy.client() as one:
        one.connect(origin.authority)
        ended = False
        while not ended:
            try:
                one.send(b"x")
                one.read_exact(1)
            except (AssertionError, ConnectionError):
                ended = True
    proxy.wait_log(1)


@pytest.mark.parametrize("authority", ["127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:-1",
                                       "127.0.0.1:80:80", "http://127.0.0.1:443/", "/", "*", ":443",
                                       "user@127.0.0.1:443", "[::1:443", "127.0.0.1:443/path"])
@cuttle_only("Squid takes some of these")
def test_bad_authority(proxy, client, authority):
    client.send(request("CONNECT", authority, host="127.0.0.1"))
    got = client.read_reply("CONNECT")
    assert got.status == 400
    client.expect_close()
    assert proxy.wait_log(1)[0].result == "NONE_NONE/400"


def test_connect_in_http_1_0(client, start_origin):
    origin = start_origin(echo)
    client.send(request("CONNECT", origin.authority, version="HTTP/1.0", host=None))
    assert client.read_reply("CONNECT").status == 200
    client.send(b"abc")
    assert client.read_exact(3) == b"abc"


def test_many_tunnels(proxy, start_origin):
    origin = start_origin(echo)
    count = 100 * LONG
    wires = [proxy.client() for _ in range(count)]
    for one in wires:
        one.send(request("CONNECT", origin.authority))
    for n, one in enumerate(wires):
        assert one.read_reply("CONNECT").status == 200
        one.send(b"%06d" % n)
    for n, one in enumerate(wires):
        assert one.read_exact(6) == b"%06d" % n
        one.close()
    assert {line.result for line in proxy.wait_log(count)} == {"TCP_TUNNEL/200"}


def test_connect_on_a_connection_that_served_requests(client, start_origin):
    web = start_origin(serve(reply(body=b"first")))
    origin = start_origin(echo)
    assert client.get(web.url()).body == b"first"
    assert client.connect(origin.authority).status == 200
    client.send(b"then")
    assert client.read_exact(4) == b"then"
