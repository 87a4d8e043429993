"""Upgrade: dropped unless http_upgrade_request_protocols allows it, then a tunnel."""
import base64
import hashlib
import socket

from harness.message import reply, request
from harness.origin import serve
from harness.proxy import IS_SQUID, cuttle_only

# Squid 5 compares the name's case, so what browsers really send (websocket) does not match its example.
NAME = "WebSocket" if IS_SQUID else "websocket"
WEBSOCKET = {"Connection": "Upgrade", "Upgrade": NAME, "Sec-WebSocket-Version": "13",
             "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
ALLOW = "http_access allow all\nhttp_upgrade_request_protocols WebSocket allow all\n"


def switch(wire):
    """An origin that speaks WebSocket as far as this test needs it: it echoes."""
    head = wire.read_head()
    assert "upgrade" in head.tokens("Connection")
    assert head.get("Upgrade").lower() == "websocket"
    key = head.get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
    wire.send(reply("101 Switching Protocols", {"Upgrade": head.get("Upgrade"), "Connection": "Upgrade",
                                                "Sec-WebSocket-Accept": accept}, length=False))
    while True:
        data = wire.sock.recv(65536)
        if not data:
            return
        wire.send(data)


def test_upgrade_is_dropped_by_default(client, start_origin):
    origin = start_origin(serve(reply(body=b"plain")))
    assert client.get(origin.url(), WEBSOCKET).body == b"plain"
    assert not origin.requests[0].has("Upgrade")
    assert "upgrade" not in origin.requests[0].tokens("Connection")


def test_upgrade_becomes_a_tunnel(start_proxy, start_origin):
    proxy = start_proxy(ALLOW)
    origin = start_origin(switch)
    with proxy.client() as client:
        client.send(request("GET", origin.url("/chat"), WEBSOCKET))
        got = client.read_reply()
        assert got.status == 101
        assert got.get("Upgrade") == NAME
        assert "upgrade" in got.tokens("Connection")
        assert got.get("Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        for data in (b"\x81\x85\x00\x00\x00\x00hello", b"x" * 100000):
            client.send(data)
            assert client.read_exact(len(data)) == data
    line, = proxy.wait_log(1)
    assert line.method == "GET"
    assert line.code == "TCP_TUNNEL" or proxy.is_squid
    assert line.status == 101 or proxy.is_squid


@cuttle_only("Squid may lose bytes that come with the 101")
def test_bytes_that_come_with_the_101(start_proxy, start_origin):
    def script(wire):
        wire.read_head()
        wire.send(reply("101 Switching Protocols", {"Upgrade": "websocket", "Connection": "Upgrade"}, length=False)
                  + b"at once")
        wire.read_rest()
    proxy = start_proxy(ALLOW)
    with proxy.client() as client:
        client.send(request("GET", start_origin(script).url(), WEBSOCKET))
        assert client.read_reply().status == 101
        assert client.read_exact(7) == b"at once"


def test_origin_that_does_not_switch(start_proxy, start_origin):
    proxy = start_proxy(ALLOW)
    origin = start_origin(serve(reply("426 Upgrade Required", {"Upgrade": "websocket", "Connection": "upgrade"},
                                      body=b"no"), reply(body=b"next")))
    with proxy.client() as client:
        got = client.get(origin.url(), WEBSOCKET)
        assert (got.status, got.body) == (426, b"no")
        assert client.get(origin.url()).body == b"next"


def test_other_protocols_stay_dropped(start_proxy, start_origin):
    proxy = start_proxy(ALLOW)
    origin = start_origin(serve(reply(body=b"plain")))
    with proxy.client() as client:
        assert client.get(origin.url(), {"Connection": "Upgrade", "Upgrade": "h2c"}).body == b"plain"
    assert not origin.requests[0].has("Upgrade")


def test_only_the_allowed_of_several_pass(start_proxy, start_origin):
    proxy = start_proxy(ALLOW)
    origin = start_origin(serve(reply(body=b"plain")))
    with proxy.client() as client:
        client.get(origin.url(), {"Connection": "Upgrade", "Upgrade": f"h2c, {NAME}"})
    assert [v.lower() for v in origin.requests[0].tokens("Upgrade")] == ["websocket"]


def test_denied_by_acl(start_proxy, start_origin):
    proxy = start_proxy("acl post method POST\nhttp_access allow all\n"
                        "http_upgrade_request_protocols WebSocket allow post\n")
    origin = start_origin(serve(reply(body=b"plain")))
    with proxy.client() as client:
        assert client.get(origin.url(), WEBSOCKET).body == b"plain"
    assert not origin.requests[0].has("Upgrade")


@cuttle_only("Squid passes it on")
def test_switch_to_something_that_was_not_offered(start_proxy, start_origin):
    def script(wire):
        wire.read_head()
        wire.send(reply("101 Switching Protocols", {"Upgrade": "smtp", "Connection": "Upgrade"}, length=False))
        try:
            wire.read_rest()
        except (ConnectionError, socket.timeout):
            pass
    proxy = start_proxy(ALLOW)
    with proxy.client() as client:
        assert client.get(start_origin(script).url(), WEBSOCKET).status == 502
