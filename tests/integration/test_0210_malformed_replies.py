"""Replies that are not HTTP, or could be read in two ways: 502, and nothing of them passes."""
import threading

import pytest

from harness.deadline import until
from harness.message import reply, request
from harness.origin import serve
from harness.proxy import cuttle_only

BAD = [
    ("both lengths", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    ("two lengths that differ", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
    ("length with a sign", b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello"),
    ("negative length", b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello"),
    ("length that is no number", b"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello"),
    ("length beyond 64 bits", b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhello"),
    ("unknown coding", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: frob\r\n\r\nhello"),
    ("chunked is not last", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\nhello"),
    ("chunked twice", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
    ("coding in HTTP/1.0", b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("space before the colon", b"HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello"),
    ("obs-fold", b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 5\r\n\r\nhello"),
    ("bare CR", b"HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 5\r\n\r\nhello"),
    ("bare LF", b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello"),
    ("NUL", b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 5\r\n\r\nhello"),
    ("field without a colon", b"HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 5\r\n\r\nhello"),
    ("no HTTP at all", b"220 mail.example.test ESMTP\r\n\r\n"),
    ("HTTP/0.9", b"<html>hello</html>"),
    ("status of two digits", b"HTTP/1.1 20 OK\r\nContent-Length: 5\r\n\r\nhello"),
    ("status of four digits", b"HTTP/1.1 2000 OK\r\nContent-Length: 5\r\n\r\nhello"),
    ("status of letters", b"HTTP/1.1 abc OK\r\nContent-Length: 5\r\n\r\nhello"),
    ("status zero", b"HTTP/1.1 000 OK\r\nContent-Length: 5\r\n\r\nhello"),
    ("version 2", b"HTTP/2.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
    ("control in the reason", b"HTTP/1.1 200 O\x01K\r\nContent-Length: 5\r\n\r\nhello"),
    ("cut in the head", b"HTTP/1.1 200 OK\r\nContent-Le"),
    ("nothing", b""),
]
SQUID_TOO = {"nothing"}


@pytest.mark.parametrize("what, raw", [pytest.param(*row, id=row[0]) for row in BAD])
@cuttle_only("Squid repairs or passes most of these")
def test_malformed_reply_is_a_502(proxy, client, start_origin, what, raw):
    del what

    def script(wire):
        wire.read_request()
        wire.send(raw)
        wire.half_close()
        try:
            wire.read_rest()
        except ConnectionError:
            pass
    origin = start_origin(script)
    got = client.get(origin.url())
    assert got.status == 502
    assert b"hello" not in got.body
    line, = proxy.wait_log(1)
    assert line.status == 502
    assert line.hier == "HIER_DIRECT"


@pytest.mark.parametrize("chunks", [b"5\r\nhello\r\nzz\r\n", b"5\r\nhelloX\r\n0\r\n\r\n", b"-5\r\nhello\r\n0\r\n\r\n",
                                    b"ffffffffffffffffff\r\nhello", b"5\nhello\n0\n\n"], ids=repr)
@cuttle_only("Squid's log and framing differ")
def test_malformed_chunks_cut_the_reply(proxy, client, start_origin, chunks):
    """The client is told 502 as long as nothing was sent; later it must see that the body is not whole."""
    def script(wire):
        wire.read_request()
        wire.send(reply(fields={"Transfer-Encoding": "chunked"}, length=False) + chunks)
        try:
            wire.read_rest()
        except ConnectionError:
            pass
    origin = start_origin(script)
    client.send(request("GET", origin.url()))
    try:
        head = client.read_head()
        rest = client.read_rest() if head.status != 502 else None
    except ConnectionResetError:
        head = rest = None
    if head and head.status != 502:
        assert "chunked" in head.tokens("Transfer-Encoding")
        assert not rest.endswith(b"0\r\n\r\n")
        assert proxy.wait_log(1)[0].code == "TCP_MISS_ABORTED"
    else:
        proxy.wait_log(1)


def test_bytes_after_the_reply_are_not_the_next_one(client, start_origin):
    """What nobody asked for ends the connection; it must never answer the next request."""
    def script(wire):
        wire.read_request()
        wire.send(reply(body=b"good") + reply(body=b"poison"))
        try:
            wire.read_rest()
        except ConnectionError:
            pass
    origin = start_origin([script, serve(reply(body=b"second"))])
    assert client.get(origin.url()).body == b"good"
    assert client.get(origin.url("/2")).body == b"second"


def test_body_longer_than_its_length(client, start_origin):
    def script(wire):
        wire.read_request()
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngoodHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad")
        try:
            wire.read_rest()
        except ConnectionError:
            pass
    origin = start_origin([script, serve(reply(body=b"second"))])
    assert client.get(origin.url()).body == b"good"
    assert client.get(origin.url("/2")).body == b"second"


@cuttle_only("Squid hands out the 408 when it has not seen the close yet")
def test_bytes_on_an_idle_connection_are_not_a_reply(client, start_origin):
    """An unasked 408 before a close is common; it must not answer the next request."""
    served = threading.Event()

    def script(wire):
        wire.read_request()
        wire.send(reply(body=b"good"))
        served.wait(20)
        wire.send(reply("408 Request Timeout", {"Connection": "close"}))
        wire.half_close()
        try:
            wire.read_rest()
        except ConnectionError:
            pass
    origin = start_origin([script, serve(reply(body=b"second"))])
    assert client.get(origin.url()).body == b"good"
    served.set()
    until(lambda: origin.wires[0].eof or origin.wires[0].sock.fileno() < 0, "the proxy drops the connection")
    assert client.get(origin.url("/2")).body == b"second"
