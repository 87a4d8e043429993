"""1xx replies, Expect: 100-continue, and final replies that come before the request has ended."""
import pytest

from harness.message import chunked, reply, request
from harness.origin import serve
from harness.proxy import cuttle_only


def test_expect_continue_reaches_the_origin_and_its_answer_the_client(client, start_origin):
    def script(wire):
        head = wire.read_head()
        assert "100-continue" in head.tokens("Expect")
        wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert wire.read_exact(5) == b"hello"
        wire.send(reply(body=b"thanks"))
        wire.read_rest()
    origin = start_origin(script)
    client.send(request("POST", origin.url(), {"Expect": "100-continue", "Content-Length": "5"}))
    assert client.read_head().status == 100
    client.send(b"hello")
    assert client.read_reply().body == b"thanks"


def test_expect_continue_refused_by_the_origin(client, start_origin):
    """The body is never sent; what the origin says arrives."""
    origin = start_origin(lambda wire: (wire.read_head(), wire.send(reply("413 Too Big", body=b"no")), wire.read_rest()))
    client.send(request("POST", origin.url(), {"Expect": "100-continue", "Content-Length": "5"}))
    got = client.read_reply()
    assert (got.status, got.body) == (413, b"no")


def test_body_that_does_not_wait_for_the_continue(client, start_origin):
    origin = start_origin(serve(reply(body=b"ok")))
    client.send(request("POST", origin.url(), {"Expect": "100-continue", "Content-Length": "5"}) + b"hello")
    assert client.read_reply("POST").body == b"ok"
    assert origin.requests[0].body == b"hello"


def test_unknown_expectation(client, start_origin):
    """RFC 9110 section 10.1.1: may be answered 417, or passed on."""
    origin = start_origin(serve(reply(body=b"ok")))
    got = client.get(origin.url(), {"Expect": "miracles"})
    assert got.status in (200, 417)


@pytest.mark.parametrize("status", ["102 Processing", "103 Early Hints"])
def test_interim_replies_pass(client, start_origin, status):
    def script(wire):
        wire.read_request()
        wire.send(b"HTTP/1.1 %s\r\nLink: </style.css>; rel=preload\r\n\r\n" % status.encode())
        wire.send(reply(body=b"final"))
        wire.read_rest()
    got = client.get(start_origin(script).url())
    assert got.body == b"final"
    assert [h.status for h in got.interim] == [int(status[:3])]
    assert got.interim[0].get("Link") == "</style.css>; rel=preload"


def test_several_interim_replies_in_one_piece_with_the_final(client, start_origin):
    def script(wire):
        wire.read_request()
        wire.send(b"HTTP/1.1 103 Early Hints\r\nX-N: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-N: 2\r\n\r\n" + reply(body=b"z"))
        wire.read_rest()
    got = client.get(start_origin(script).url())
    assert [h.get("X-N") for h in got.interim] == ["1", "2"]
    assert got.body == b"z"


def test_no_interim_reply_to_an_http_1_0_client(client, start_origin):
    """RFC 9110 section 15.2: MUST NOT."""
    def script(wire):
        wire.read_request()
        wire.send(b"HTTP/1.1 103 Early Hints\r\n\r\n" + reply(body=b"final"))
        wire.read_rest()
    got = client.ask("GET", start_origin(script).url(), version="HTTP/1.0")
    assert (got.body, got.interim) == (b"final", [])


@cuttle_only("Squid takes any number")
def test_interim_replies_without_end_are_cut(client, start_origin):
    def script(wire):
        wire.read_request()
        try:
            while True:
                wire.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        except OSError:
            pass
    client.send(request("GET", start_origin(script).url()))
    while client.read_head().status == 103:
        pass


def test_unrequested_101_is_a_bad_reply(client, start_origin):
    def script(wire):
        wire.read_request()
        wire.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
        wire.read_rest()
    assert client.get(start_origin(script).url()).status == 502


def test_final_reply_while_the_body_is_under_way(proxy, client, start_origin):
    """The reply is delivered, and neither connection is used again."""
    def script(wire):
        wire.read_head()
        wire.read_exact(1000)
        wire.send(reply("403 Forbidden", body=b"enough"))
        try:
            wire.read_rest()
        except ConnectionError:
            pass
    origin = start_origin(script)
    client.send(request("POST", origin.url(), {"Content-Length": "100000000"}) + b"x" * 5000)
    got = client.read_reply()
    assert (got.status, got.body) == (403, b"enough")
    proxy.wait_log(1)


def test_final_reply_and_close_before_the_body_ends(proxy, client, start_origin):
    def script(wire):
        wire.read_head()
        wire.send(reply("401 Unauthorized", {"Connection": "close"}, body=b"who are you"))
    origin = start_origin(script)
    client.send(request("POST", origin.url(), {"Content-Length": "1000"}) + b"x" * 10)
    got = client.read_reply()
    assert (got.status, got.body) == (401, b"who are you")
    client.expect_close()
    assert proxy.wait_log(1)[0].status == 401


def test_body_that_goes_on_after_the_final_reply(client, start_origin):
    """The origin answers at once but reads everything: both sides end well."""
    def script(wire):
        wire.read_head()
        wire.send(reply(body=b"already"))
        try:
            wire.read_rest()
        except ConnectionError:
            pass
    origin = start_origin(script)
    client.send(request("POST", origin.url(), {"Content-Length": "10"}) + b"12345")
    got = client.read_reply()
    assert got.body == b"already"


def test_malformed_chunk_in_an_upload(proxy, client, start_origin):
    def script(wire):
        wire.read_head()
        try:
            wire.read_rest()
        except ConnectionError:
            pass
    origin = start_origin(script)
    client.send(request("POST", origin.url(), {"Transfer-Encoding": "chunked"}) + b"5\r\nhello\r\nzz\r\n")
    try:
        got = client.read_rest()
        assert not got or got.startswith((b"HTTP/1.1 400", b"HTTP/1.1 502", b"HTTP/1.1 500"))
    except ConnectionResetError:
        pass
    proxy.wait_line(f"POST {origin.url()}")


def test_chunked_upload_then_pipelined_request(client, start_origin):
    origin = start_origin(serve(reply(body=b"1"), reply(body=b"2")))
    client.send(request("PUT", origin.url(), {"Transfer-Encoding": "chunked"}) + chunked(b"abc", b"def")
                + request("GET", origin.url("/next")))
    assert [client.read_reply().body for _ in range(2)] == [b"1", b"2"]
    assert origin.requests[0].body == b"abcdef"
    assert origin.requests[1].target == "/next"
