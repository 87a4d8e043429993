"""Clients, origins and careless files that try to get another verdict, or another message, than was meant."""
import pytest

from harness.deadline import until
from harness.dns import Server
from harness.message import reply, request
from harness.origin import serve_forever
from harness.proxy import cuttle_only


@pytest.fixture
def start_dns(_keeper):
    return lambda *a, **kw: _keeper.keep(Server(*a, **kw))


# RFC 9110 15.3.5, 15.3.6: they have no content, so what followed the head would be the next reply's.
@pytest.mark.parametrize("status", [204, 205])
@cuttle_only("Squid sends the page behind such a head")
def test_a_page_without_content_has_none(start_proxy, start_origin, status):
    origin = start_origin(serve_forever(reply(body=b"fine")))
    proxy = start_proxy(f"acl bad dstdomain .bad.test\ndeny_info {status}:ERR_ACCESS_DENIED bad\n"
                        "http_access deny bad\nhttp_access allow all\n")
    with proxy.client() as client:
        client.send(request("GET", "http://bad.test/") + request("GET", origin.url()))
        first = client.read_reply()
        assert first.status == status and first.body == b""
        assert first.get("Content-Length") == (None if status == 204 else "0")
        second = client.read_reply()
        assert (second.status, second.body) == (200, b"fine")


# RFC 9110 9.3.6: any 2xx to a CONNECT says that there is a tunnel.
@pytest.mark.parametrize("status", [200, 204, 299])
@cuttle_only("Squid tells the client that there is a tunnel")
def test_a_refused_tunnel_does_not_look_open(start_proxy, status):
    proxy = start_proxy(f"acl bad dstdomain .bad.test\ndeny_info {status}:ERR_ACCESS_DENIED bad\n"
                        "http_access deny bad\nhttp_access allow all\n")
    with proxy.client() as client:
        got = client.connect("bad.test:443")
        assert got.status == 403


def test_rules_are_asked_anew_about_the_page(start_proxy, start_origin):
    """The origin's reply breaks before anything was sent: what was decided about it is not for the page."""
    def broken(wire):
        wire.read_request()
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
        wire.close()
    origin = start_origin(broken)
    proxy = start_proxy("acl fine http_status 200\nreply_header_access Content-Type deny fine\n"
                        "http_access allow all\n")
    if proxy.is_squid:
        pytest.skip("Squid sends the head as it comes")
    with proxy.client() as client:
        got = client.get(origin.url())
        assert got.status == 502 and got.get("Content-Type").startswith("text/html")


@cuttle_only("Squid's miss_access does not wait")
def test_waiting_in_miss_access_does_not_change_who_asks(start_proxy, start_origin, start_dns):
    """Later lists are about the indirect client, also if miss_access, which is not, had to wait."""
    origin = start_origin(serve_forever(reply(body=b"secret")))
    dns = start_dns({("a.test", "A"): [("127.0.0.1", 60)]})
    proxy = start_proxy(f"dns_nameservers 127.0.0.1:{dns.port}\nacl near src 127.0.0.1\nacl bad src 10.0.0.9\n"
                        "acl far dst 192.0.2.1\nfollow_x_forwarded_for allow near\nmiss_access deny far\n"
                        "http_reply_access deny bad\nhttp_access allow all\n")
    with proxy.client() as client:
        got = client.ask("GET", f"http://a.test:{origin.port}/", {"X-Forwarded-For": "10.0.0.9"})
        assert got.status == 403 and b"secret" not in got.body


@cuttle_only("Squid connects wherever http_access lets it")
def test_an_authenticated_connection_below_the_floor_is_not_lent(start_proxy, start_origin):
    """A request that may not use its client's connection leaves it to nobody else."""
    def script(wire):
        who = "nobody"
        while True:
            head = wire.read_head()
            who = head.get("Authorization") or who
            wire.send(reply(body=who.encode()))
    origin = start_origin(script)
    proxy = start_proxy("acl inside urlpath_regex ^/inside\nhttp_access allow inside to_localhost\n"
                        "http_access allow all\n", floor=True)
    with proxy.client() as alice, proxy.client() as bob:
        got = alice.get(origin.url("/inside"), {"Authorization": "NTLM alice"})
        assert got.body == b"NTLM alice"
        assert alice.get(origin.url("/")).status == 403
        assert bob.get(origin.url("/inside")).body == b"nobody"


@cuttle_only("Squid has no limit on matching, and so takes for ever")
def test_what_cannot_be_decided_is_logged(start_proxy, start_origin):
    """A URL that takes an expression to its limit does not keep its client out of the log."""
    origin = start_origin(serve_forever(reply()))
    noise = "(.)((a|aa)+)+\\1\\1[^a]$"
    proxy = start_proxy(f"acl noise url_regex {noise}\naccess_log stdio:{{dir}}/one.log squid !noise\n"
                        "access_log none noise\naccess_log stdio:{dir}/two.log squid\nhttp_access allow all\n")
    with proxy.client() as client:
        client.get(origin.url("/" + "a" * 64))
    until(lambda: proxy.read("one.log") and proxy.read("two.log"), "both logs have a line")
