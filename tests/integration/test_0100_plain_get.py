"""One plain GET: what the origin sees, what the client gets, what the log says."""
from harness.message import reply
from harness.origin import serve


def test_absolute_form_becomes_origin_form(proxy, client, start_origin):
    origin = start_origin(serve(reply(body=b"hello", fields={"X-From": "origin", "Content-Type": "text/plain"})))
    got = client.get(origin.url("/path?q=1"), {"X-One": "1", "Accept": "*/*"})
    seen = origin.requests[0]
    assert seen.start == "GET /path?q=1 HTTP/1.1"
    assert seen.get("Host") == origin.authority
    assert seen.get("X-One") == "1"
    assert (got.status, got.body, got.get("X-From")) == (200, b"hello", "origin")
    line, = proxy.wait_log(1)
    assert line.result == "TCP_MISS/200"
    assert (line.method, line.url) == ("GET", origin.url("/path?"))     # strip_query_terms is on
    assert (line.hier, line.server) == ("HIER_DIRECT", "127.0.0.1")
    assert line.client == "127.0.0.1"
    assert line.type == "text/plain"


def test_bytes_in_the_log_are_those_sent_to_the_client(proxy, client, start_origin):
    origin = start_origin(serve(reply(body=b"x" * 1000)))
    client.get(origin.url())
    assert proxy.wait_log(1)[0].bytes == len(client.received)


def test_reply_without_a_body_and_type(proxy, client, start_origin):
    origin = start_origin(serve(reply("200 OK")))
    got = client.get(origin.url())
    assert got.body == b""
    assert proxy.wait_log(1)[0].type == "-"


def test_unknown_status_passes(client, start_origin):
    origin = start_origin(serve(reply("299 Quite Fine")))
    got = client.get(origin.url())
    assert got.status == 299     # the reason phrase is nobody's business (RFC 9112 section 4)


def test_unknown_method_passes(proxy, client, start_origin):
    origin = start_origin(serve(reply(body=b"ok")))
    assert client.ask("FROBNICATE", origin.url("/x")).body == b"ok"
    assert origin.requests[0].start == "FROBNICATE /x HTTP/1.1"
    assert proxy.wait_log(1)[0].method == "FROBNICATE"


def test_host_name_from_the_hosts_file(start_proxy, start_origin):
    origin = start_origin(serve(reply(body=b"ok")))
    proxy = start_proxy(hosts={"www.example.test": "127.0.0.1"})
    with proxy.client() as client:
        assert client.get(f"http://www.example.test:{origin.port}/").body == b"ok"
    assert origin.requests[0].get("Host") == f"www.example.test:{origin.port}"
    assert proxy.wait_log(1)[0].server == "127.0.0.1"


def test_empty_path_becomes_a_slash(client, start_origin):
    origin = start_origin(serve(reply(body=b"ok")))
    client.get(f"http://{origin.authority}")
    assert origin.requests[0].target == "/"


def test_repeated_fields_keep_their_order(client, start_origin):
    origin = start_origin(serve(reply(fields=[("Set-Cookie", "a=1"), ("X-L", "1"), ("Set-Cookie", "b=2"), ("X-L", "2")])))
    got = client.get(origin.url(), [("X-R", "1"), ("X-S", "s"), ("X-R", "2")])
    assert origin.requests[0].all("X-R") == ["1", "2"]
    assert got.all("Set-Cookie") == ["a=1", "b=2"]
    assert got.all("X-L") == ["1", "2"]
