"""Requests that another parser could read differently: 400 (or the right 4xx), a close, a log line.

Nothing of them may reach an origin. {O} stands for the authority of an origin that must stay unasked.
"""
import pytest

from harness.deadline import until
from harness.message import reply, request
from harness.origin import serve_forever
from harness.proxy import Proxy, cuttle_only

# Each row: what is wrong, the bytes, the statuses that are right for it.
GET = b"GET http://{O}/ HTTP/1.1\r\nHost: {O}\r\n"
POST = b"POST http://{O}/ HTTP/1.1\r\nHost: {O}\r\n"
BAD = [
    # framing, RFC 9112 section 6
    ("both lengths", POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [400]),
    ("both lengths, other order", POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", [400]),
    ("two lengths that differ", POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n123456", [400]),
    ("two lengths that differ in a list", POST + b"Content-Length: 5, 6\r\n\r\n123456", [400]),
    ("length with a plus", POST + b"Content-Length: +5\r\n\r\n12345", [400]),
    ("length with a minus", POST + b"Content-Length: -5\r\n\r\n12345", [400]),
    ("length in hexadecimal", POST + b"Content-Length: 0x5\r\n\r\n12345", [400]),
    ("length with a space inside", POST + b"Content-Length: 1 2\r\n\r\n123456789012", [400]),
    ("length with a fraction", POST + b"Content-Length: 5.0\r\n\r\n12345", [400]),
    ("empty length", POST + b"Content-Length:\r\n\r\n", [400]),
    ("length beyond 64 bits", POST + b"Content-Length: 18446744073709551621\r\n\r\n12345", [400, 413]),
    ("length of 2^63", POST + b"Content-Length: 9223372036854775808\r\n\r\n12345", [400, 413]),
    ("unknown coding", POST + b"Transfer-Encoding: frob\r\n\r\n0\r\n\r\n", [400, 501]),
    ("identity", POST + b"Transfer-Encoding: identity\r\n\r\n0\r\n\r\n", [400, 501]),
    ("coding before chunked", POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", [400, 501]),
    ("coding after chunked", POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", [400, 501]),
    ("chunked twice", POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", [400, 501]),
    ("chunked in two fields", POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [400, 501]),
    ("chunked with a parameter", POST + b"Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n", [400, 501]),
    ("chunked in quotes", POST + b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n', [400, 501]),
    ("vertical tab before chunked", POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", [400, 501]),
    ("empty coding", POST + b"Transfer-Encoding:\r\n\r\n0\r\n\r\n", [400, 501]),
    ("chunked in HTTP/1.0", b"POST http://{O}/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [400]),
    # lines, RFC 9112 section 2.2
    ("bare LF after the request line", b"GET http://{O}/ HTTP/1.1\nHost: {O}\r\n\r\n", [400]),
    ("bare LF after a field", b"GET http://{O}/ HTTP/1.1\r\nHost: {O}\nX: y\r\n\r\n", [400]),
    ("bare LF at the end", GET + b"X: y\n\n", [400]),
    ("bare CR inside a value", GET + b"X: a\rb\r\n\r\n", [400]),
    ("bare CR inside the target", b"GET http://{O}/a\rb HTTP/1.1\r\nHost: {O}\r\n\r\n", [400]),
    ("bare CR instead of CRLF", GET + b"X: a\rY: b\r\n\r\n", [400]),
    ("two CRs", b"GET http://{O}/ HTTP/1.1\r\r\nHost: {O}\r\n\r\n", [400]),
    # fields, RFC 9112 section 5
    ("space before the colon", GET + b"X : y\r\n\r\n", [400]),
    ("tab before the colon", GET + b"X\t: y\r\n\r\n", [400]),
    ("space before the colon of a length", POST + b"Content-Length : 5\r\n\r\n12345", [400]),
    ("obs-fold", GET + b"X: a\r\n b\r\n\r\n", [400]),
    ("obs-fold with a tab", GET + b"X: a\r\n\tb\r\n\r\n", [400]),
    ("obs-fold of a coding", POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", [400]),
    ("space before the first field", b"GET http://{O}/ HTTP/1.1\r\n Host: {O}\r\n\r\n", [400]),
    ("field without a colon", GET + b"nonsense\r\n\r\n", [400]),
    ("field without a name", GET + b": value\r\n\r\n", [400]),
    ("NUL in a value", GET + b"X: a\0b\r\n\r\n", [400]),
    ("NUL in a name", GET + b"X\0Y: b\r\n\r\n", [400]),
    ("control in a value", GET + b"X: a\x01b\r\n\r\n", [400]),
    ("delimiter in a name", GET + b"X(Y): b\r\n\r\n", [400]),
    ("at sign in a name", GET + b"X@Y: b\r\n\r\n", [400]),
    ("byte above 127 in a name", GET + b"X\xe4: b\r\n\r\n", [400]),
    # request line, RFC 9112 section 3
    ("no version", b"GET http://{O}/\r\nHost: {O}\r\n\r\n", [400]),
    ("unknown major version", b"GET http://{O}/ HTTP/2.0\r\nHost: {O}\r\n\r\n", [400, 505]),
    ("version in lower case", b"GET http://{O}/ http/1.1\r\nHost: {O}\r\n\r\n", [400, 505]),
    ("version with two digits", b"GET http://{O}/ HTTP/1.10\r\nHost: {O}\r\n\r\n", [400, 505]),
    ("version without a dot", b"GET http://{O}/ HTTP/1\r\nHost: {O}\r\n\r\n", [400, 505]),
    ("other protocol", b"GET http://{O}/ FTP/1.1\r\nHost: {O}\r\n\r\n", [400, 505]),
    ("two spaces before the target", b"GET  http://{O}/ HTTP/1.1\r\nHost: {O}\r\n\r\n", [400]),
    ("two spaces after the target", b"GET http://{O}/  HTTP/1.1\r\nHost: {O}\r\n\r\n", [400]),
    ("tab between the words", b"GET\thttp://{O}/ HTTP/1.1\r\nHost: {O}\r\n\r\n", [400]),
    ("space inside the target", b"GET http://{O}/a b HTTP/1.1\r\nHost: {O}\r\n\r\n", [400]),
    ("space at the end of the line", b"GET http://{O}/ HTTP/1.1 \r\nHost: {O}\r\n\r\n", [400]),
    ("space before the method", b" GET http://{O}/ HTTP/1.1\r\nHost: {O}\r\n\r\n", [400]),
    ("method that is no token", b"G(T http://{O}/ HTTP/1.1\r\nHost: {O}\r\n\r\n", [400]),
    ("method only", b"GET\r\n\r\n", [400]),
    ("binary", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", [400]),
    ("control in the target", b"GET http://{O}/a\x01b HTTP/1.1\r\nHost: {O}\r\n\r\n", [400]),
    ("NUL in the target", b"GET http://{O}/a\0b HTTP/1.1\r\nHost: {O}\r\n\r\n", [400]),
    # Host, RFC 9112 section 3.2
    ("no Host", b"GET http://{O}/ HTTP/1.1\r\n\r\n", [400]),
    ("two Hosts", GET + b"Host: {O}\r\n\r\n", [400]),
    ("two Hosts that differ", GET + b"Host: other.test\r\n\r\n", [400]),
    ("Host as a list", b"GET http://{O}/ HTTP/1.1\r\nHost: {O}, other.test\r\n\r\n", [400]),
    ("Host with userinfo", b"GET http://{O}/ HTTP/1.1\r\nHost: user@{O}\r\n\r\n", [400]),
    ("Host with a path", b"GET http://{O}/ HTTP/1.1\r\nHost: {O}/x\r\n\r\n", [400]),
    ("Host with a space", b"GET http://{O}/ HTTP/1.1\r\nHost: a b\r\n\r\n", [400]),
    ("Host with a wild port", b"GET http://{O}/ HTTP/1.1\r\nHost: a.test:80a\r\n\r\n", [400]),
    # targets
    ("userinfo", b"GET http://user:pass@{O}/ HTTP/1.1\r\nHost: {O}\r\n\r\n", [400]),
    ("port 0", b"GET http://127.0.0.1:0/ HTTP/1.1\r\nHost: 127.0.0.1:0\r\n\r\n", [400]),
    ("port 65536", b"GET http://127.0.0.1:65536/ HTTP/1.1\r\nHost: 127.0.0.1:65536\r\n\r\n", [400]),
    ("port with a sign", b"GET http://127.0.0.1:+80/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", [400]),
    ("port that is no number", b"GET http://127.0.0.1:8x/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", [400]),
    ("no host", b"GET http:///x HTTP/1.1\r\nHost: {O}\r\n\r\n", [400]),
    ("no authority", b"GET http:x HTTP/1.1\r\nHost: {O}\r\n\r\n", [400]),
    ("open bracket", b"GET http://[::1/ HTTP/1.1\r\nHost: {O}\r\n\r\n", [400]),
    ("brackets around a name", b"GET http://[name]/ HTTP/1.1\r\nHost: {O}\r\n\r\n", [400]),
    ("fragment", b"GET http://{O}/#x HTTP/1.1\r\nHost: {O}\r\n\r\n", [400]),
    ("relative target", b"GET x HTTP/1.1\r\nHost: {O}\r\n\r\n", [400]),
    ("asterisk for GET", b"GET * HTTP/1.1\r\nHost: {O}\r\n\r\n", [400]),
    ("unknown scheme", b"GET gopher://{O}/ HTTP/1.1\r\nHost: {O}\r\n\r\n", [400, 501]),
    ("file scheme", b"GET file:///etc/passwd HTTP/1.1\r\nHost: {O}\r\n\r\n", [400, 501]),
]
SQUID_TOO = {"length with a minus", "unknown coding", "method that is no token", "NUL in a value",
             "NUL in a name", "port 65536"}


@pytest.fixture(scope="module")
def strict():
    with Proxy() as proxy:
        yield proxy


@pytest.fixture(scope="module")
def untouched():
    from harness.origin import Origin
    with Origin(serve_forever(reply(body=b"reached"))) as origin:
        yield origin


@pytest.mark.parametrize("what, raw, want", [
    pytest.param(*row, id=row[0])
    for row in BAD])
@cuttle_only("Squid is more lenient, even with relaxed_header_parser off")
def test_refused_and_closed_and_logged(strict, untouched, what, raw, want):
    del what
    before = untouched.connections
    with strict.client() as client:
        client.send(raw.replace(b"{O}", untouched.authority.encode()))
        got = client.read_reply()
        assert got.status in want
        client.expect_close()
    line, = strict.wait_log(1)
    assert line.result == f"NONE_NONE/{got.status}"
    assert line.hier == "HIER_NONE"
    assert untouched.connections == before


@pytest.mark.parametrize("chunks", [
    b"g\r\n", b"-1\r\nx\r\n", b"+1\r\nx\r\n", b"0x1\r\nx\r\n", b" 1\r\nx\r\n", b"1\nx\n0\n\n", b"1\r\nxy\r\n", b"1\r\nx\n",
    b"ffffffffffffffff\r\nx", b"10000000000000000\r\nx", b"1;a\0=b\r\nx\r\n", b"1;a=\rb\r\nx\r\n", b"\r\n", b"1 \r\nx\r\n\x00",
    b"1 ;a\r\nx\r\n",
    b"1\r\nx\r\n0\r\nBad : trailer\r\n\r\n",
    pytest.param(b"1\r\nx\r\n0\r\n folded\r\n\r\n")], ids=repr)
@cuttle_only("Squid is more lenient")
def test_malformed_chunks(strict, start_origin, chunks):
    """The origin may have seen a part, but never a whole request."""
    def script(wire):
        wire.read_head()
        try:
            assert not wire.read_rest().endswith(b"0\r\n\r\n")
        except ConnectionError:
            pass
    origin = start_origin(script)
    with strict.client() as client:
        client.send(request("POST", origin.url(), {"Transfer-Encoding": "chunked"}) + chunks)
        got = client.read_reply()
        assert got.status == 400
        client.expect_close()
    assert strict.wait_log(1)[0].status == 400


@pytest.mark.parametrize("what", sorted(SQUID_TOO))
def test_refused_by_squid_too(strict, untouched, what):
    """The part of the table that Squid refuses as well."""
    raw = next(raw for name, raw, _ in BAD if name == what)
    with strict.client() as client:
        client.send(raw.replace(b"{O}", untouched.authority.encode()))
        assert client.read_reply().status in (400, 411, 501, 505)
    assert strict.wait_line("NONE_NONE/").hier == "HIER_NONE"


def test_invalid_request_in_the_log(proxy, client):
    client.send(b"nonsense\r\n\r\n")
    assert client.read_reply().status == 400
    line, = proxy.wait_log(1)
    assert line.result == "NONE_NONE/400"
    assert line.url == "error:invalid-request"
    assert line.hier == "HIER_NONE"


def test_good_request_before_a_bad_one_is_answered(proxy, client, start_origin):
    origin = start_origin(serve_forever(reply(body=b"good")))
    client.send(request("GET", origin.url()) + b"GET nonsense\r\n\r\n")
    assert client.read_reply().body == b"good"
    assert client.read_reply().status == 400
    client.expect_close()
    until(lambda: len(proxy.log_lines()) >= 2, "both are logged")


@pytest.mark.parametrize("what, raw", [
    ("same length twice", POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\n12345"),
    ("same length in a list", POST + b"Content-Length: 5, 5\r\n\r\n12345")])
@cuttle_only("Squid accepts the first")
def test_equal_lengths_are_refused_or_made_one(strict, start_origin, what, raw):
    """RFC 9112 section 6.3 (5): may be replaced by a single one."""
    del what
    origin = start_origin(serve_forever(reply(body=b"ok")))
    with strict.client() as client:
        client.send(raw.replace(b"{O}", origin.authority.encode()))
        if client.read_reply().status == 200:
            assert origin.heads[0].all("Content-Length") == ["5"]
    strict.wait_log(1)


def test_fields_may_surround_values_with_blanks(client, start_origin):
    origin = start_origin(serve_forever(reply()))
    client.send(b"GET %s HTTP/1.1\r\nHost:%s\r\nX: \t y \t\r\n\r\n" % (origin.url().encode(), origin.authority.encode()))
    assert client.read_reply().status == 200
    assert origin.requests[0].get("X") == "y"


def test_minor_versions_beyond_1_are_ours(client, start_origin):
    """RFC 9110 section 2.5: a higher minor version is treated as the highest one known."""
    origin = start_origin(serve_forever(reply(body=b"ok")))
    got = client.ask("GET", origin.url(), version="HTTP/1.2")
    assert got.status in (200, 400, 505)
    if got.status == 200:
        assert origin.heads[0].version == "HTTP/1.1"
