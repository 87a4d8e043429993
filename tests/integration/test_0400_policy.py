"""http_access and the acl types that decide it. A row: the acl lines, what is asked, what comes."""
import time

import pytest

from harness.message import reply, request
from harness.origin import echo, serve_forever
from harness.proxy import cuttle_only

TODAY = "SMTWHFA"[(time.localtime().tm_wday + 1) % 7]
OTHER_DAY = "SMTWHFA"[(time.localtime().tm_wday + 3) % 7]
HOSTS = {"www.good.test": "127.0.0.1", "good.test": "127.0.0.1", "a.b.good.test": "127.0.0.1",
         "notgood.test": "127.0.0.1", "bad.test": "127.0.0.1", "ads.bad.test": "127.0.0.1"}

# The acl is called a. Each row: the lines that make it, the request, whether a matches.
# {P} is the origin's port. A request is "METHOD URL" with fields after it.
ROWS = [
    ("src address", "acl a src 127.0.0.1", "GET http://good.test:{P}/", True),
    ("src network", "acl a src 127.0.0.0/8", "GET http://good.test:{P}/", True),
    ("src range", "acl a src 127.0.0.0-127.0.0.9", "GET http://good.test:{P}/", True),
    ("src dotted mask", "acl a src 127.0.0.0/255.0.0.0", "GET http://good.test:{P}/", True),
    ("src elsewhere", "acl a src 10.0.0.0/8 192.168.0.0/16 fc00::/7", "GET http://good.test:{P}/", False),
    ("src all", "acl a src all", "GET http://good.test:{P}/", True),
    ("src in two lines", "acl a src 10.0.0.0/8\nacl a src 127.0.0.1", "GET http://good.test:{P}/", True),
    ("localip", "acl a localip 127.0.0.1", "GET http://good.test:{P}/", True),
    ("localport", "acl a localport {port}", "GET http://good.test:{P}/", True),
    ("localport other", "acl a localport 1", "GET http://good.test:{P}/", False),
    ("dst by name", "acl a dst 127.0.0.0/8", "GET http://good.test:{P}/", True),
    ("dst by address", "acl a dst 127.0.0.1", "GET http://127.0.0.1:{P}/", True),
    ("dst elsewhere", "acl a dst 10.0.0.0/8", "GET http://good.test:{P}/", False),
    ("dst -n asks no name", "acl a dst -n 127.0.0.0/8", "GET http://good.test:{P}/", False),
    ("to_localhost", "acl a any-of to_localhost", "GET http://127.0.0.1:{P}/", True),
    ("dstdomain exact", "acl a dstdomain www.good.test", "GET http://www.good.test:{P}/", True),
    ("dstdomain exact, subdomain", "acl a dstdomain good.test", "GET http://www.good.test:{P}/", False),
    ("dstdomain dot, subdomain", "acl a dstdomain .good.test", "GET http://a.b.good.test:{P}/", True),
    ("dstdomain dot, itself", "acl a dstdomain .good.test", "GET http://good.test:{P}/", True),
    ("dstdomain dot, longer word", "acl a dstdomain .good.test", "GET http://notgood.test:{P}/", False),
    ("dstdomain in capitals", "acl a dstdomain .GOOD.test", "GET http://www.Good.TEST:{P}/", True),
    ("dstdomain of several", "acl a dstdomain .x.test .y.test .good.test .z.test", "GET http://good.test:{P}/", True),
    ("dstdomain address", "acl a dstdomain 127.0.0.1", "GET http://127.0.0.1:{P}/", True),
    ("dstdom_regex", "acl a dstdom_regex ^www\\.", "GET http://www.good.test:{P}/", True),
    ("dstdom_regex not", "acl a dstdom_regex ^www\\.", "GET http://good.test:{P}/", False),
    ("dstdom_regex -i", "acl a dstdom_regex -i GOOD", "GET http://good.test:{P}/", True),
    ("dstdom_regex word", "acl a dstdom_regex \\<ads\\>", "GET http://ads.bad.test:{P}/", True),
    ("port", "acl a port {P}", "GET http://good.test:{P}/", True),
    ("port range", "acl a port 1024-65535", "GET http://good.test:{P}/", True),
    ("port other", "acl a port 80 443", "GET http://good.test:{P}/", False),
    ("method", "acl a method GET", "GET http://good.test:{P}/", True),
    ("method of several", "acl a method POST PUT GET", "GET http://good.test:{P}/", True),
    ("method other", "acl a method POST", "GET http://good.test:{P}/", False),
    ("method unknown", "acl a method FROB", "FROB http://good.test:{P}/", True),
    ("method CONNECT", "acl a method CONNECT", "CONNECT good.test:{P}", True),
    ("builtin CONNECT", "acl a any-of CONNECT", "CONNECT good.test:{P}", True),
    ("builtin CONNECT not", "acl a any-of CONNECT", "GET http://good.test:{P}/", False),
    ("proto", "acl a proto HTTP", "GET http://good.test:{P}/", True),
    ("proto other", "acl a proto FTP", "GET http://good.test:{P}/", False),
    ("url_regex", "acl a url_regex ^http://good", "GET http://good.test:{P}/", True),
    ("url_regex path", "acl a url_regex /secret/", "GET http://good.test:{P}/a/secret/b", True),
    ("url_regex not", "acl a url_regex /secret/", "GET http://good.test:{P}/open", False),
    ("url_regex case", "acl a url_regex /SECRET/", "GET http://good.test:{P}/a/secret/b", False),
    ("url_regex -i", "acl a url_regex -i /SECRET/", "GET http://good.test:{P}/a/secret/b", True),
    ("url_regex on CONNECT", "acl a url_regex ^good.test:", "CONNECT good.test:{P}", True),
    ("url_regex alternatives", "acl a url_regex (one|two)$", "GET http://good.test:{P}/two", True),
    ("url_regex of two", "acl a url_regex /nothing /two", "GET http://good.test:{P}/two", True),
    ("urlpath_regex", "acl a urlpath_regex ^/a", "GET http://good.test:{P}/abc", True),
    ("urlpath_regex query", "acl a urlpath_regex q=1", "GET http://good.test:{P}/abc?q=1", True),
    ("urlpath_regex not the host", "acl a urlpath_regex good", "GET http://good.test:{P}/abc", False),
    ("urlpath_regex extension", "acl a urlpath_regex -i \\.(exe|zip)$", "GET http://good.test:{P}/x.EXE", True),
    ("browser", "acl a browser ^Mozilla", "GET http://good.test:{P}/ User-Agent:Mozilla/5.0", True),
    ("browser not", "acl a browser ^Mozilla", "GET http://good.test:{P}/ User-Agent:curl/8", False),
    ("browser absent", "acl a browser .", "GET http://good.test:{P}/", False),
    ("time all day", "acl a time 00:00-23:59", "GET http://good.test:{P}/", True),
    ("time today", f"acl a time {TODAY}", "GET http://good.test:{P}/", True),
    ("time another day", f"acl a time {OTHER_DAY}", "GET http://good.test:{P}/", False),
    ("any-of", "acl x method POST\nacl y port {P}\nacl a any-of x y", "GET http://good.test:{P}/", True),
    ("any-of none", "acl x method POST\nacl y port 1\nacl a any-of x y", "GET http://good.test:{P}/", False),
    ("all-of", "acl x method GET\nacl y port {P}\nacl a all-of x y", "GET http://good.test:{P}/", True),
    ("all-of not all", "acl x method GET\nacl y port 1\nacl a all-of x y", "GET http://good.test:{P}/", False),
    ("all-of with a negation", "acl x method POST\nacl y port {P}\nacl a all-of !x y", "GET http://good.test:{P}/", True),
    ("nested", "acl x method GET\nacl y all-of x\nacl z any-of y\nacl a all-of z !CONNECT", "GET http://good.test:{P}/", True),
    ("myportname", "acl a myportname special", "GET http://good.test:{P}/", False),
    ("manager", "acl a any-of manager", "GET http://good.test:{P}/squid-internal-mgr/info", True),
    ("manager not", "acl a any-of manager", "GET http://good.test:{P}/x", False),
    ("values in a file", 'acl a dstdomain "{dir}/list"', "GET http://www.good.test:{P}/", True),
    ("values in a file, not in it", 'acl a dstdomain "{dir}/list"', "GET http://notgood.test:{P}/", False),
]


def ask(proxy, origin, what):
    """Sends the request of a row; the reply's status."""
    method, target, *fields = what.replace("{P}", str(origin.port)).split(" ")
    with proxy.client() as client:
        client.send(request(method, target, [f.split(":", 1) for f in fields]))
        return client.read_reply(method).status


@pytest.fixture(scope="module")
def anywhere():
    from harness.origin import Origin

    def script(wire):
        head = wire.sock.recv(8, 2)     # MSG_PEEK: a tunnel's client says nothing
        if head:
            serve_forever(reply(body=b"reached"))(wire)
    with Origin(script) as origin:
        yield origin


@pytest.mark.parametrize("rule", ["allow", "deny"])
@pytest.mark.parametrize("what, lines, asked, matches", [pytest.param(*row, id=row[0]) for row in ROWS])
def test_acl(start_proxy, anywhere, what, lines, asked, matches, rule):
    """Once as "allow a, deny all", once as "deny a, allow all": both must follow the match."""
    del what
    other = "deny" if rule == "allow" else "allow"
    proxy = start_proxy(start=False, hosts=HOSTS)
    proxy.write("list", "# a comment\n.good.test\n\n  .spaces.test   # and another\n")
    proxy.configure(lines.replace("{P}", str(anywhere.port)) + f"\nhttp_access {rule} a\nhttp_access {other} all\n")
    proxy.start()
    status = ask(proxy, anywhere, asked)
    assert status == (200 if (rule == "allow") == matches else 403) or (status == 404 and "mgr" in asked and
                                                                         (rule == "allow") == matches)
    line, = proxy.wait_log(1)
    if status == 403:
        assert line.result == "TCP_DENIED/403"
        assert line.hier == "HIER_NONE"


def check(start_proxy, anywhere, conf, asked, want):
    proxy = start_proxy(conf.replace("{P}", str(anywhere.port)), hosts=HOSTS)
    assert ask(proxy, anywhere, asked) == want


def test_first_matching_line_decides(start_proxy, anywhere):
    check(start_proxy, anywhere, "acl g dstdomain .good.test\nacl get method GET\nhttp_access deny g !get\n"
          "http_access allow g\nhttp_access deny all\n", "GET http://good.test:{P}/", 200)


def test_all_acls_of_a_line_must_match(start_proxy, anywhere):
    check(start_proxy, anywhere, "acl g dstdomain .good.test\nacl p method POST\nhttp_access allow g p\n"
          "http_access deny all\n", "GET http://good.test:{P}/", 403)


@pytest.mark.parametrize("last, want", [("allow", 403), ("deny", 200)])
def test_no_line_matches_means_the_opposite_of_the_last(start_proxy, anywhere, last, want):
    check(start_proxy, anywhere, f"acl p method POST\nhttp_access {last} p\n", "GET http://good.test:{P}/", want)


def test_no_http_access_at_all_denies(start_proxy, anywhere):
    check(start_proxy, anywhere, "", "GET http://good.test:{P}/", 403)


def test_acl_on_two_ports(start_proxy, anywhere):
    """myportname tells listeners apart."""
    proxy = start_proxy("http_port 127.0.0.1:{port2} name=special\nacl special myportname special\n"
                        "http_access allow special\nhttp_access deny all\n")
    url = anywhere.url()
    for port, want in ((proxy.port, 403), (proxy.port2, 200)):
        with proxy.client(port) as client:
            assert client.get(url).status == want


def test_safe_ports_as_everybody_writes_them(start_proxy, start_origin):
    proxy = start_proxy("acl SSL_ports port 443\nacl Safe_ports port 80\nacl Safe_ports port 443\n"
                        "acl Safe_ports port 1025-65535\nacl localnet src 127.0.0.0/8\n"
                        "http_access deny !Safe_ports\nhttp_access deny CONNECT !SSL_ports\n"
                        "http_access allow localhost manager\nhttp_access deny manager\n"
                        "http_access allow localnet\nhttp_access allow localhost\nhttp_access deny all\n")
    origin = start_origin(echo)
    with proxy.client() as client:
        assert client.connect(origin.authority).status == 403
    with proxy.client() as client:
        assert client.get("http://127.0.0.1:25/").status == 403
    assert [line.result for line in proxy.wait_log(2)] == ["TCP_DENIED/403"] * 2
    assert origin.connections == 0


@cuttle_only("Squid gives no reason")
def test_denied_connect_says_why(start_proxy):
    """Where clients show it: the reason phrase and Proxy-Status (RFC 9209) name the acls that decided."""
    proxy = start_proxy("acl blocked dstdomain .bad.test\nhttp_access deny CONNECT blocked\nhttp_access allow all\n",
                        hosts=HOSTS)
    with proxy.client() as client:
        got = client.connect("ads.bad.test:443")
    assert got.status == 403
    assert "blocked" in got.reason and "http_access" in got.reason
    status = got.get("Proxy-Status")
    assert "blocked" in status and "http_access" in status
    assert "squid.conf" not in client.received.decode("latin-1")     # file and line are not for the client
    assert proxy.wait_log(1)[0].result == "TCP_DENIED/403"


@cuttle_only("a directive of Cuttle's")
def test_deny_detail_tells_the_client_file_and_line(start_proxy):
    proxy = start_proxy("deny_detail on\nacl blocked dstdomain .bad.test\nhttp_access deny blocked\nhttp_access allow all\n",
                        hosts=HOSTS)
    with proxy.client() as client:
        got = client.connect("ads.bad.test:443")
    assert "squid.conf" in got.reason + (got.get("Proxy-Status") or "")


def test_denied_get_has_a_page(start_proxy):
    proxy = start_proxy("acl blocked dstdomain .bad.test\nhttp_access deny blocked\nhttp_access allow all\n", hosts=HOSTS)
    with proxy.client() as client:
        got = client.get("http://ads.bad.test/")
    assert got.status == 403
    assert got.get("X-Squid-Error", "").startswith("ERR_ACCESS_DENIED")
    assert got.get("Content-Type").startswith("text/html")
    assert b"ads.bad.test" in got.body


def test_denied_head_has_no_body(start_proxy, anywhere):
    proxy = start_proxy("acl blocked method HEAD\nhttp_access deny blocked\nhttp_access allow all\n")
    with proxy.client() as client:
        assert client.ask("HEAD", anywhere.url()).status == 403
        assert client.get(anywhere.url()).status == 200     # the connection goes on


def test_denied_post_does_not_take_its_body_for_a_request(start_proxy, anywhere):
    proxy = start_proxy("acl post method POST\nhttp_access deny post\nhttp_access allow all\n")
    evil = b"GET http://evil.test/ HTTP/1.1\r\nHost: evil.test\r\n\r\n"
    with proxy.client() as client:
        client.send(request("POST", anywhere.url("/denied"), body=evil))
        assert client.read_reply().status == 403
        try:
            client.send(request("GET", anywhere.url("/after")))
            rest = client.read_reply().body
        except (AssertionError, ConnectionError):
            rest = b""
    assert rest in (b"", b"reached")
    assert not [line for line in proxy.log_lines() if "evil" in line.url]


@pytest.mark.parametrize("acl, want", [("dstdomain .named.test", 403), ("dstdom_regex ^www\\.named", 403),
                                       ("dstdomain -n .named.test", 200), ("dstdom_regex -n named", 200)])
def test_name_of_an_address(start_proxy, start_origin, acl, want):
    """A URL with an address is matched by the address's name too, unless -n says not to ask for it."""
    origin = start_origin(serve_forever(reply()), host="127.0.0.7")
    proxy = start_proxy(f"acl a {acl}\nhttp_access deny a\nhttp_access allow all\n", hosts={"www.named.test": "127.0.0.7"})
    with proxy.client() as client:
        assert client.get(origin.url()).status == want


@pytest.mark.parametrize("acl, want", [("srcdomain .clients.test", 403), ("srcdomain .others.test", 200)])
def test_name_of_the_client(start_proxy, start_origin, acl, want):
    origin = start_origin(serve_forever(reply()))
    proxy = start_proxy(f"acl a {acl}\nhttp_access deny a\nhttp_access allow all\n")
    proxy.write("hosts", "127.0.0.1 one.clients.test\n")
    proxy.stop()
    proxy.start()
    with proxy.client() as client:
        assert client.get(origin.url()).status == want
