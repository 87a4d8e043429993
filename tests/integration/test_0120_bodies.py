"""Bodies both ways: lengths, chunks, trailers, and the replies that have none."""
import hashlib

import pytest

from harness.deadline import LONG
from harness.message import chunked, reply, request
from harness.origin import serve, serve_and_close
from harness.proxy import IS_SQUID, cuttle_only


@pytest.mark.parametrize("size", [0, 1, 4095, 65536, 1 << 20])
def test_upload_with_a_length(client, start_origin, size):
    body = bytes(range(256)) * (size // 256) + b"z" * (size % 256)
    origin = start_origin(serve(reply(body=b"ok")))
    assert client.ask("POST", origin.url(), body=body).body == b"ok"
    assert origin.requests[0].body == body
    assert origin.requests[0].get("Content-Length") == str(size)


@pytest.mark.parametrize("size", [0, 1, 4095, 65536, 1 << 20])
def test_download_with_a_length(client, start_origin, size):
    body = bytes(range(256)) * (size // 256) + b"z" * (size % 256)
    origin = start_origin(serve(reply(body=body)))
    got = client.get(origin.url())
    assert got.body == body
    assert got.get("Content-Length") == str(size)


def test_upload_in_chunks(client, start_origin):
    origin = start_origin(serve(reply(body=b"ok")))
    client.send(request("POST", origin.url(), {"Transfer-Encoding": "chunked"}) + chunked(b"one", b"two" * 1000, b"!"))
    assert client.read_reply().body == b"ok"
    seen = origin.requests[0]
    assert seen.body == b"one" + b"two" * 1000 + b"!"
    assert not (seen.has("Content-Length") and seen.has("Transfer-Encoding"))


def test_download_in_chunks(client, start_origin):
    head = reply(fields={"Transfer-Encoding": "chunked"}, length=False)
    origin = start_origin(serve(head + chunked(b"one", b"two" * 1000, b"!"), reply(body=b"next")))
    got = client.get(origin.url())
    assert got.body == b"one" + b"two" * 1000 + b"!"
    assert not (got.has("Content-Length") and got.has("Transfer-Encoding"))
    assert client.get(origin.url()).body == b"next"


@pytest.mark.parametrize("extension", [";a=b", ";a", ';a="q;\\"q"'])
def test_chunk_extensions_are_dropped(client, start_origin, extension):
    origin = start_origin(serve(reply(fields={"Transfer-Encoding": "chunked"}, length=False)
                                + chunked(b"abc", extension=extension)))
    got = client.get(origin.url())
    assert got.body == b"abc"
    assert extension.encode() not in client.received


@cuttle_only("Squid drops trailers")
def test_trailers_from_the_origin(client, start_origin):
    origin = start_origin(serve(reply(fields={"Transfer-Encoding": "chunked", "Trailer": "X-Sum"}, length=False)
                                + chunked(b"abc", trailers={"X-Sum": "7"}), reply(body=b"next")))
    got = client.get(origin.url(), {"TE": "trailers", "Connection": "TE"})
    assert got.body == b"abc"
    assert got.trailers == [("X-Sum", "7")]
    assert client.get(origin.url()).body == b"next"


@cuttle_only("Squid drops trailers")
def test_trailers_from_the_client(client, start_origin):
    origin = start_origin(serve(reply(body=b"ok")))
    client.send(request("POST", origin.url(), {"Transfer-Encoding": "chunked", "Trailer": "X-Sum"})
                + chunked(b"abc", trailers={"X-Sum": "7"}))
    assert client.read_reply().body == b"ok"
    assert origin.requests[0].body == b"abc"
    assert origin.requests[0].trailers == [("X-Sum", "7")]


@cuttle_only("Squid drops trailers")
def test_framing_fields_never_pass_as_trailers(client, start_origin):
    """RFC 9110 section 6.5.1."""
    bad = {"Content-Length": "5", "Transfer-Encoding": "chunked", "Host": "x", "X-Good": "1"}
    origin = start_origin(serve(reply(fields={"Transfer-Encoding": "chunked"}, length=False)
                                + chunked(b"abc", trailers=bad)))
    got = client.get(origin.url(), {"TE": "trailers", "Connection": "TE"})
    assert got.body == b"abc"
    assert not {n.lower() for n, _ in got.trailers} & {"content-length", "transfer-encoding", "host"}


@pytest.mark.parametrize("length", [True, False])
def test_head(client, start_origin, length):
    """A HEAD reply has no body whatever its fields say (RFC 9112 section 6.3)."""
    fields = {"Content-Length": "12345"} if length else {"Transfer-Encoding": "chunked"}
    origin = start_origin(serve(reply(fields=fields, length=False), reply(body=b"next")))
    got = client.ask("HEAD", origin.url())
    assert got.status == 200
    if length:
        assert got.get("Content-Length") == "12345"
    if length or not IS_SQUID:      # Squid 5 announces keep-alive here and closes
        assert client.get(origin.url()).body == b"next"


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_bodiless_status(client, start_origin, status):
    origin = start_origin(serve(reply(status, {"ETag": '"x"'}, length=False), reply(body=b"next")))
    got = client.get(origin.url(), {"If-None-Match": '"x"'})
    assert got.status == int(status[:3])
    assert client.get(origin.url()).body == b"next"


def test_304_with_a_length_has_no_body(client, start_origin):
    origin = start_origin(serve(reply("304 Not Modified", {"Content-Length": "100"}, length=False), reply(body=b"next")))
    assert client.get(origin.url(), {"If-None-Match": '"x"'}).status == 304
    assert client.get(origin.url()).body == b"next"


def test_reply_until_close(client, start_origin):
    body = b"abc" * 100000
    origin = start_origin(serve_and_close(reply(body=body, length=False)))
    assert client.get(origin.url()).body == body


@cuttle_only("Squid 5 refuses them without request_entities")
def test_get_with_a_body(client, start_origin):
    origin = start_origin(serve(reply(body=b"ok")))
    assert client.get(origin.url(), body=b"unusual").body == b"ok"
    assert origin.requests[0].body == b"unusual"


def test_reply_larger_than_all_buffers_to_a_slow_reader(proxy, client, start_origin):
    """Back-pressure: nothing is lost when the client reads late."""
    size = (32 << 20) * LONG
    block = bytes(range(256)) * 256

    def script(wire):
        wire.read_request()
        wire.sock.sendall(reply(fields={"Content-Length": size}, length=False))
        for _ in range(size // len(block)):
            wire.sock.sendall(block)
        wire.read_rest()
    origin = start_origin(script)
    client.send(request("GET", origin.url()))
    head = client.read_head()
    hasher, want = hashlib.sha256(), hashlib.sha256()
    assert client.drain(hasher, limit=size) == size
    for _ in range(size // len(block)):
        want.update(block)
    assert hasher.digest() == want.digest()
    assert proxy.wait_log(1)[0].bytes == size + len(head.raw)


def test_origin_dies_in_the_middle_of_a_body(proxy, client, start_origin):
    """The client must be able to see that the reply is not whole."""
    def script(wire):
        wire.read_request()
        wire.send(reply(fields={"Content-Length": "1000"}, length=False) + b"x" * 400)
    origin = start_origin(script)
    client.send(request("GET", origin.url()))
    head = client.read_head()
    assert head.get("Content-Length") == "1000"
    assert client.read_rest() == b"x" * 400
    if not proxy.is_squid:      # which logs TCP_MISS
        assert proxy.wait_log(1)[0].code == "TCP_MISS_ABORTED"


def test_origin_dies_in_the_middle_of_chunks(proxy, client, start_origin):
    def script(wire):
        wire.read_request()
        wire.send(reply(fields={"Transfer-Encoding": "chunked"}, length=False) + b"400\r\n" + b"x" * 100)
    origin = start_origin(script)
    client.send(request("GET", origin.url()))
    client.read_head()
    assert not client.read_rest().endswith(b"0\r\n\r\n")
    if not proxy.is_squid:      # which logs TCP_MISS
        assert proxy.wait_log(1)[0].code == "TCP_MISS_ABORTED"


def test_origin_resets_in_the_middle_of_a_body(proxy, client, start_origin):
    def script(wire):
        wire.read_request()
        wire.send(reply(fields={"Content-Length": "1000"}, length=False) + b"x" * 400)
        wire.reset()
    origin = start_origin(script)
    client.send(request("GET", origin.url()))
    try:
        client.read_head()
        assert len(client.read_rest()) <= 400
    except ConnectionResetError:
        pass
    proxy.wait_log(1)


def test_client_goes_away_in_the_middle_of_a_download(proxy, start_origin):
    def script(wire):
        wire.read_request()
        wire.send(reply(fields={"Content-Length": str(1 << 30)}, length=False))
        try:
            while True:
                wire.sock.sendall(b"x" * 65536)
        except OSError:
            pass
    origin = start_origin(script)
    with proxy.client() as one:
        one.send(request("GET", origin.url()))
        one.read_exact(100000)
        one.reset()
    line, = proxy.wait_log(1)
    assert line.result == "TCP_MISS_ABORTED/200" or proxy.is_squid      # which sometimes forgets the suffix


def test_client_goes_away_in_the_middle_of_an_upload(proxy, start_origin):
    origin = start_origin(lambda wire: (wire.read_head(), wire.read_rest()))
    with proxy.client() as one:
        one.send(request("POST", origin.url(), {"Content-Length": "1000"}) + b"x" * 100)
        origin.wait_heads(1)
        one.reset()
    line, = proxy.wait_log(1)
    assert "ABORTED" in line.code
