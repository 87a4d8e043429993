"""NTLM and Negotiate authenticate a connection: nobody else may send requests on it."""
import pytest

from harness.message import reply
from harness.proxy import cuttle_only


class Site:
    """Says whose connection a request came on: the last Authorization field seen on it."""

    def __init__(self, start_origin):
        self.origin = start_origin(self.script)

    def script(self, wire):
        who = "nobody"
        while True:
            head = wire.read_head()
            who = head.get("Authorization") or who
            if who == "nobody":
                wire.send(reply("401 Unauthorized", {"WWW-Authenticate": "NTLM"}, b"nobody"))
            else:
                wire.send(reply(body=who.encode()))


@pytest.fixture
def site(start_origin):
    return Site(start_origin)


@pytest.mark.parametrize("scheme", ["NTLM", "Negotiate", "ntlm"])
def test_anothers_connection_is_not_lent(proxy, site, scheme):
    with proxy.client() as alice, proxy.client() as bob:
        got = alice.get(site.origin.url(), {"Authorization": f"{scheme} alice"})
        assert got.body == f"{scheme} alice".encode()
        assert bob.get(site.origin.url()).body == b"nobody"
        assert alice.get(site.origin.url()).body == f"{scheme} alice".encode()
    with proxy.client() as carol:
        assert carol.get(site.origin.url()).body == b"nobody"


@cuttle_only("Squid's hierarchy and retries differ")
def test_a_handshake_stays_on_its_connection(proxy, site):
    """401, then a request with a body: both on one connection, though POST alone would get a new one."""
    with proxy.client() as alice:
        assert alice.get(site.origin.url()).status == 401
        got = alice.ask("POST", site.origin.url(), {"Authorization": "NTLM three"}, b"")
        assert got.body == b"NTLM three"
        assert site.origin.connections == 1
        assert alice.get(site.origin.url()).body == b"NTLM three"
    assert site.origin.connections == 1


def test_other_schemes_share(proxy, site):
    """Basic is for the request: its connection goes to the pool."""
    with proxy.client() as alice:
        alice.get(site.origin.url(), {"Authorization": "Basic YTpi"})
    with proxy.client() as bob:
        bob.get(site.origin.url(), {"Authorization": "Basic Yjpi"})
    assert site.origin.connections == 1
