"""What counts as the host of a request, and a Host field that says something else."""
from harness.message import reply, request
from harness.origin import serve
from harness.proxy import cuttle_only


def test_target_replaces_a_host_that_differs(client, start_origin):
    """RFC 9112 section 3.2.2."""
    origin = start_origin(serve(reply(body=b"ok")))
    client.send(request("GET", origin.url(), host="www.other.test"))
    assert client.read_reply().body == b"ok"
    assert origin.requests[0].all("Host") == [origin.authority]


@cuttle_only("Squid takes more time to see it")
def test_host_verify_strict_answers_409(start_proxy, start_origin):
    proxy = start_proxy("http_access allow all\nhost_verify_strict on\n")
    origin = start_origin(serve(reply(body=b"ok")))
    with proxy.client() as client:
        client.send(request("GET", origin.url(), host="www.other.test"))
        assert client.read_reply().status == 409
    assert origin.connections == 0
    line, = proxy.wait_log(1)
    assert line.status == 409


def test_host_verify_strict_lets_equal_names_pass(start_proxy, start_origin):
    proxy = start_proxy("http_access allow all\nhost_verify_strict on\n", hosts={"www.example.test": "127.0.0.1"})
    origin = start_origin(serve(reply(body=b"ok")))
    with proxy.client() as client:
        client.send(request("GET", f"http://www.example.test:{origin.port}/", host=f"WWW.example.TEST:{origin.port}"))
        assert client.read_reply().body == b"ok"


def test_http_1_0_without_a_host(client, start_origin):
    origin = start_origin(serve(reply(body=b"ok")))
    client.send(request("GET", origin.url(), version="HTTP/1.0", host=None))
    assert client.read_reply().body == b"ok"
    assert origin.requests[0].get("Host") == origin.authority


def test_host_name_in_capitals(client, start_origin, start_proxy):
    proxy = start_proxy(hosts={"www.example.test": "127.0.0.1"})
    origin = start_origin(serve(reply(body=b"ok")))
    with proxy.client() as one:
        assert one.get(f"http://WWW.EXAMPLE.TEST:{origin.port}/Path").body == b"ok"
    assert origin.requests[0].get("Host") == f"www.example.test:{origin.port}"
    assert origin.requests[0].target == "/Path"


def test_default_port_is_left_out(start_proxy):
    """http://name:80/ and http://name/ are the same; the policy sees port 80."""
    proxy = start_proxy("acl p port 80\nhttp_access deny p\nhttp_access allow all\n")
    with proxy.client() as client:
        assert client.get("http://127.0.0.1/").status == 403
        assert client.get("http://127.0.0.1:80/").status == 403


def test_ipv6_literal(client, start_origin):
    origin = start_origin(serve(reply(body=b"six")), host="::1")
    assert client.get(origin.url()).body == b"six"
    assert origin.requests[0].get("Host") == origin.authority


@cuttle_only("Squid takes an origin-form request to a forward port for the proxy's own page")
def test_origin_form_request(proxy, client, start_origin):
    """A request line without a host: Host says which, or it is refused; never anybody else's."""
    origin = start_origin(serve(reply(body=b"ok")))
    client.send(request("GET", "/page", host=origin.authority))
    got = client.read_reply()
    assert got.status in (200, 400)
    if got.status == 200:
        assert origin.requests[0].target == "/page"
    proxy.wait_log(1)
