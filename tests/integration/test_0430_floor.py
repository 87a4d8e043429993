"""The floor: what no rule reaches by accident, whatever name, answer or spelling leads there."""
import socket

import pytest

from harness.dns import Server
from harness.message import reply
from harness.origin import echo, serve_forever
from harness.proxy import cuttle_only

pytestmark = cuttle_only("Squid connects wherever http_access lets it")


@pytest.fixture
def start_dns(_keeper):
    return lambda *a, **kw: _keeper.keep(Server(*a, **kw))


@pytest.fixture
def origin(start_origin):
    return start_origin(serve_forever(reply(body=b"inside")))


@pytest.fixture
def setup(start_proxy, start_dns):
    """setup(answers, conf) starts a name server, and a proxy with its floor."""
    def make(answers=None, conf="http_access allow all\n", **kw):
        dns = start_dns(answers or {})
        return start_proxy(f"dns_nameservers 127.0.0.1:{dns.port}\n" + conf, floor=True, **kw)
    return make


def assert_denied(answer, proxy):
    assert answer.status == 403
    assert answer.get("X-Squid-Error") == "ERR_ACCESS_DENIED 0"
    assert "destination_ip_prohibited" in answer.get("Proxy-Status")
    assert "ssrf_protection" in answer.get("Proxy-Status")
    line = proxy.wait_line("TCP_DENIED")
    assert line.result == "TCP_DENIED/403" and line.hier == "HIER_NONE"
    assert proxy.counters()["client_http.ssrf_denied"] == 1


def test_loopback_is_out_of_reach(setup, origin):
    proxy = setup()
    with proxy.client() as client:
        answer = client.get(origin.url())
    assert_denied(answer, proxy)
    assert origin.connections == 0


@pytest.mark.parametrize("host", [
    "localhost", "LocalHost.", "127.0.0.1", "127.0.0.1.", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7F.1",
    "0177.0.0.1", "017700000001", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]", "[64:ff9b:1::127.0.0.1]", "[2002:7f00:1::]", "[2001:0:1::80ff:fffe]", "0.0.0.0", "0",
    "[::]", "127.255.255.254", "169.254.169.254", "0xA9FEA9FE", "169.254.1.1", "[fe80::1]", "[fd00:ec2::254]",
    "168.63.129.16", "100.100.100.200", "224.0.0.1", "[ff02::1]"])
def test_every_spelling(setup, origin, host):
    proxy = setup()
    with proxy.client() as client:
        answer = client.get(f"http://{host}:{origin.port}/")
    assert_denied(answer, proxy)


def test_connect_is_denied_with_a_reason(setup, origin):
    proxy = setup()
    with proxy.client() as client:
        answer = client.connect(f"127.1:{origin.port}")
    assert_denied(answer, proxy)
    assert answer.reason == "Denied by ssrf_protection"
    assert origin.connections == 0


@pytest.mark.parametrize("address, kind", [("127.0.0.1", "A"), ("169.254.169.254", "A"), ("0.0.0.0", "A"), ("::1", "AAAA"),
                                           ("64:ff9b::7f00:1", "AAAA"), ("fe80::1", "AAAA")])
def test_names_that_lead_there(setup, origin, address, kind):
    proxy = setup({("evil.test", kind): [(address, 60)]})
    with proxy.client() as client:
        answer = client.get(f"http://evil.test:{origin.port}/")
    assert_denied(answer, proxy)
    assert origin.connections == 0


def test_a_mapped_answer_leads_nowhere(setup, origin):
    proxy = setup({("evil.test", "AAAA"): [("::ffff:127.0.0.1", 60)]})
    with proxy.client() as client:
        assert client.get(f"http://evil.test:{origin.port}/").status in (403, 503)
    assert origin.connections == 0


def test_a_name_that_is_bound_anew_after_it_was_judged(setup, origin):
    """First an address elsewhere, for the rules; then loopback, for the connection."""
    answers = iter([[("192.0.2.1", 0)]])
    proxy = setup({("evil.test", "A"): lambda: next(answers, [("127.0.0.1", 0)])},
                  "acl here dst 127.0.0.0/8\nhttp_access deny here\nhttp_access allow all\n"
                  "negative_dns_ttl 1 second\npositive_dns_ttl 1 second\nconnect_timeout 1 second\n")
    for _ in range(3):
        with proxy.client() as client:
            assert client.get(f"http://evil.test:{origin.port}/").status in (403, 503, 504)
    assert origin.connections == 0


def test_one_of_several_addresses(setup, start_origin, origin):
    """The other address is tried; when nothing answers there, what was denied is told."""
    proxy = setup({("both.test", "A"): [("127.0.0.1", 60), ("192.0.2.1", 60)]},
                  "http_access allow all\nconnect_timeout 1 second\n")
    with proxy.client() as client:
        answer = client.get(f"http://both.test:{origin.port}/")
    assert answer.status == 403
    assert origin.connections == 0


RULES = [
    ("to_localhost", "http_access allow to_localhost\nhttp_access allow all\n", True),
    ("a dst acl", "acl own dst 127.0.0.1\nhttp_access allow own\nhttp_access allow all\n", True),
    ("a network", "acl own dst 127.0.0.0/8 10.0.0.0/8\nhttp_access allow localhost own\n", True),
    ("in a group", "acl own dst 127.0.0.1\nacl g any-of CONNECT own\nhttp_access allow g\n", True),
    ("an earlier rule allows", "acl own dst 127.0.0.1\nhttp_access allow localhost\nhttp_access allow own\n", False),
    ("the rest of a denial", "acl own dst 10.0.0.0/8\nhttp_access deny own\n", False),
    ("a negation", "acl other dst 10.0.0.0/8\nhttp_access allow !other\n", False),
    ("dst all", "acl every dst all\nhttp_access allow every\n", False),
    ("all of IPv4", "acl every dst 0.0.0.0/0\nhttp_access allow every\n", False),
    ("by name only", "acl own dstdomain 127.0.0.1\nhttp_access allow own\n", False),
    ("off", "ssrf_protection off\nhttp_access allow all\n", True),
]


@pytest.mark.parametrize("rules, passes", [row[1:] for row in RULES], ids=[row[0] for row in RULES])
def test_rules_that_name_the_address(setup, origin, rules, passes):
    proxy = setup(conf=rules)
    with proxy.client() as client:
        assert client.get(origin.url()).status == (200 if passes else 403)


def test_tunnels_to_what_a_rule_names(setup, start_origin):
    server = start_origin(echo)
    proxy = setup(conf="http_access allow to_localhost\n")
    with proxy.client() as client:
        assert client.connect(server.authority).status == 200
        client.send(b"ping")
        client.read_until(b"ping")


def test_an_idle_connection_is_no_way_around(setup, origin):
    """One client's rule names loopback, another's does not."""
    proxy = setup(conf="acl admin browser admin\nhttp_access allow admin to_localhost\nhttp_access allow all\n")
    with proxy.client() as client:
        assert client.get(origin.url(), {"User-Agent": "admin"}).body == b"inside"
        assert client.get(origin.url(), {"User-Agent": "other"}).status == 403
        assert client.get(origin.url(), {"User-Agent": "admin"}).body == b"inside"
    assert origin.connections == 1


def own_address():
    """An address of this machine that is not loopback; None without a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(("192.0.2.1", 9))
            return sock.getsockname()[0]
        except OSError:
            return None


def test_our_own_port_by_any_address_of_this_machine(setup, start_origin):
    own = own_address()
    if own is None or own.startswith("127."):
        pytest.skip("this machine has no other address than loopback")
    outside = start_origin(serve_forever(reply(body=b"beside")), host=own)
    proxy = setup()
    with proxy.client() as client:
        assert client.get(outside.url()).body == b"beside"      # another port of this machine is nobody's business
        answer = client.get(f"http://{own}:{proxy.port}/")
    assert_denied(answer, proxy)


def test_parse_says_that_it_is_on(setup, start_proxy):
    proxy = setup()
    assert proxy.run("-k", "parse", check=0).stderr.count("ssrf_protection is on") == 1
    proxy = start_proxy("ssrf_protection off\nhttp_access allow all\n", floor=True)
    assert "ssrf_protection is off" in proxy.run("-k", "parse", check=0).stderr
    proxy = start_proxy()
    assert "ssrf_protection is off" in proxy.run("-k", "parse", check=0).stderr      # --no-floor


def test_a_reload_turns_it_on_and_off(setup, origin):
    proxy = setup(conf="ssrf_protection off\nhttp_access allow all\n")
    with proxy.client() as client:
        assert client.get(origin.url()).status == 200
        proxy.configure("http_access allow all\n")
        proxy.reload()
        assert client.get(origin.url()).status == 403
