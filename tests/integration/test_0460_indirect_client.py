"""follow_x_forwarded_for: whom policy and the log take for the client."""
import pytest

from harness.deadline import until
from harness.message import reply
from harness.origin import serve_forever
from harness.proxy import cuttle_only

TRUST = "acl near src 127.0.0.1\nacl middle src 10.0.0.1 10.0.1.0/24\nacl bad src 10.0.0.9\n" \
        "follow_x_forwarded_for allow near\nfollow_x_forwarded_for allow middle\nhttp_access deny bad\nhttp_access allow all\n"


def ask(proxy, origin, fields):
    """(status, client's address in access.log)"""
    before = len(proxy.log_lines())
    with proxy.client() as client:
        status = client.ask("GET", origin.url(), fields).status
        until(lambda: len(proxy.log_lines()) > before, "a line in access.log")
    return status, proxy.log_lines()[before].client


# What Squid does with them as well, but for the last ones.
WALKS = [
    ("no field", [], 200, "127.0.0.1"),
    ("one", ["10.0.0.5"], 200, "10.0.0.5"),
    ("one that is denied", ["10.0.0.9"], 403, "10.0.0.9"),
    ("through a trusted one", ["10.0.0.9, 10.0.0.1"], 403, "10.0.0.9"),
    ("not through another", ["10.0.0.9, 10.0.0.2"], 200, "10.0.0.2"),
    ("nonsense ends it", ["10.0.0.9, foo, 10.0.0.1"], 200, "10.0.0.1"),
    ("two fields", ["10.0.0.9", "10.0.0.1"], 403, "10.0.0.9"),
    ("empty elements", ["10.0.0.9, , 10.0.0.1,"], 403, "10.0.0.9"),
    ("a port", ["10.0.0.9:80"], 200, "127.0.0.1"),
    ("IPv6", ["2001:db8::1"], 200, "2001:db8::1"),
    ("brackets", ["[2001:db8::1]"], 200, "127.0.0.1"),
    ("unknown", ["unknown"], 200, "127.0.0.1"),
    ("blanks", ["10.0.0.9 10.0.0.1"], 403, "10.0.0.9"),
    ("no more than 64", [", ".join(f"10.0.1.{i}" for i in range(80))], 200, "10.0.1.16"),
]


@pytest.mark.parametrize("fields, status, client", [w[1:] for w in WALKS], ids=[w[0] for w in WALKS])
def test_walk(start_proxy, start_origin, fields, status, client):
    origin = start_origin(serve_forever(reply()))
    got = ask(start_proxy(TRUST), origin, [("X-Forwarded-For", f) for f in fields])
    assert got == (status, client)


@cuttle_only("Squid takes 10.9 for 10.0.0.9")
def test_short_addresses_are_none(start_proxy, start_origin):
    origin = start_origin(serve_forever(reply()))
    assert ask(start_proxy(TRUST), origin, {"X-Forwarded-For": "10.9"}) == (200, "127.0.0.1")


@pytest.mark.parametrize("conf, fields, want", [
    ("acl_uses_indirect_client off\n", "10.0.0.9", (200, "10.0.0.9")),
    ("acl_uses_indirect_client off\n", "10.0.0.9, 10.0.0.1", (200, "10.0.0.9")),
    ("log_uses_indirect_client off\n", "10.0.0.5", (200, "127.0.0.1")),
    ("log_uses_indirect_client off\n", "10.0.0.9", (403, "127.0.0.1")),
    ("miss_access deny near\n", "10.0.0.5", (403, "10.0.0.5")),
    ("http_reply_access deny near\n", "10.0.0.5", (200, "10.0.0.5")),
])
def test_who_looks_at_it(start_proxy, start_origin, conf, fields, want):
    origin = start_origin(serve_forever(reply()))
    assert ask(start_proxy(TRUST + conf), origin, {"X-Forwarded-For": fields}) == want


def test_nobody_is_believed_without_a_rule(start_proxy, start_origin):
    origin = start_origin(serve_forever(reply()))
    proxy = start_proxy("acl bad src 10.0.0.9\nhttp_access deny bad\nhttp_access allow all\n")
    assert ask(proxy, origin, {"X-Forwarded-For": "10.0.0.9"}) == (200, "127.0.0.1")


def test_what_is_sent_on_names_the_direct_client(start_proxy, start_origin):
    origin = start_origin(serve_forever(reply()))
    ask(start_proxy(TRUST), origin, {"X-Forwarded-For": "10.0.0.5"})
    assert origin.requests[0].get("X-Forwarded-For") == "10.0.0.5, 127.0.0.1"


@cuttle_only("Squid asks for a name only if it happens to be known")
def test_trust_by_name(start_proxy, start_origin):
    """Each address is looked up by itself: the names of the hops before do not stick."""
    origin = start_origin(serve_forever(reply()))
    proxy = start_proxy("acl mine srcdomain .proxies.test\nacl far srcdomain far.test\n"
                        "follow_x_forwarded_for allow mine\nhttp_access allow far\n",
                        hosts={"one.proxies.test": "127.0.0.1", "two.proxies.test": "10.0.0.1", "far.test": "10.0.0.5"})
    proxy.write("hosts", "127.0.0.1 one.proxies.test\n10.0.0.1 two.proxies.test\n10.0.0.5 far.test\n")
    proxy.stop()
    proxy.start()
    assert ask(proxy, origin, {"X-Forwarded-For": "10.0.0.7, 10.0.0.5, 10.0.0.1"}) == (200, "10.0.0.5")
    assert ask(proxy, origin, {"X-Forwarded-For": "10.0.0.5, 10.0.0.1, 10.0.0.5"})[0] == 200
    assert ask(proxy, origin, {"X-Forwarded-For": "10.0.0.5, 10.0.0.1, 10.0.0.1"}) == (200, "10.0.0.5")
