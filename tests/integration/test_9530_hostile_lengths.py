"""Lengths in replies that have no body: a client that believed one would take the next reply for it."""
import pytest

from harness.message import reply
from harness.proxy import cuttle_only

# what the origin sends, the method, what the client may see of Content-Length
BODILESS = [
    ("interim", "GET", b"HTTP/1.1 103 Early Hints\r\nContent-Length: 40\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
     [[], ["2"]]),
    ("204", "GET", b"HTTP/1.1 204 No Content\r\nContent-Length: 40\r\n\r\n", [[]]),
    ("304", "GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 40\r\n\r\n", [["40"]]),
    ("304, two", "GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 40\r\nContent-Length: 50\r\n\r\n", [[]]),
    ("HEAD", "HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n", [["40"]]),
    ("HEAD, a list", "HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 40, 40\r\n\r\n", [["40"]]),
    ("HEAD, zeros", "HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 0040\r\n\r\n", [["40"]]),
    ("HEAD, no number", "HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: +40\r\n\r\n", [[]]),
    ("HEAD, coded", "HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\nTransfer-Encoding: chunked\r\n\r\n", [[]]),
]


@pytest.mark.parametrize("method, raw, lengths", [pytest.param(*row[1:], id=row[0]) for row in BODILESS])
@cuttle_only("Squid passes what it was told")
def test_lengths_without_bodies(client, start_origin, method, raw, lengths):
    def script(wire):
        wire.read_request()
        wire.send(raw)
        wire.read_request()
        wire.send(reply(body=b"next"))
        wire.read_rest()
    origin = start_origin(script)
    got = client.ask(method, origin.url())
    heads = [*got.interim, got.head]
    assert [[v for n, v in head.fields if n.lower() == "content-length"] for head in heads] == lengths
    assert client.get(origin.url()).body == b"next"
