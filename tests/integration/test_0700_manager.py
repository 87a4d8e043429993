"""The manager's pages, and who may see them."""
import pytest

from harness.message import reply
from harness.origin import serve
from harness.proxy import cuttle_only


@pytest.mark.parametrize("page, part", [("menu", "info"), ("info", "requests received"), ("counters", "client_http.requests")])
def test_page_by_the_port(start_proxy, page, part):
    proxy = start_proxy()
    got = proxy.manager(page)
    assert got.status == 200
    assert part in got.body.decode()
    assert got.get("Content-Type").startswith("text/") or proxy.is_squid


def test_page_through_the_proxy(start_proxy):
    """With the absolute URL that a browser would send."""
    proxy = start_proxy()
    with proxy.client() as client:
        got = client.get(f"http://127.0.0.1:{proxy.port}/squid-internal-mgr/info")
    if proxy.is_squid:
        assert got.status in (200, 403)     # depends on its idea of its own name
    else:
        assert got.status == 200


@cuttle_only("Squid forwards what is not for its one name")
def test_page_by_another_name(start_proxy):
    proxy = start_proxy("hostname_aliases one.test two.test\nhttp_access allow all\n", hosts={"three.test": "127.0.0.1"})
    with proxy.client() as client:
        for name, status in (("one.test", 200), ("TWO.test", 200), ("three.test", 403)):     # the floor
            assert client.get(f"http://{name}:{proxy.port}/squid-internal-mgr/info").status == status, name


@cuttle_only("the units")
def test_counters_count(start_proxy, start_origin):
    proxy = start_proxy()
    origin = start_origin(serve(reply(body=b"x"), reply(body=b"y")))
    before = proxy.counters()
    with proxy.client() as client:
        client.get(origin.url())
        client.get(origin.url())
    after = proxy.counters()
    for name, least in (("client_http.requests", 2), ("server.http.requests", 2),
                        ("server.http.bytes_in", 2 * len(reply(body=b"x"))), ("server.http.bytes_out", 40)):
        assert after[name] >= before[name] + least, name


@pytest.mark.parametrize("page", ["menu", "info", "counters", "config"])
def test_denied_by_the_manager_acl(start_proxy, page):
    proxy = start_proxy("http_access deny manager\nhttp_access allow all\n")
    assert proxy.manager(page).status == 403
    assert proxy.wait_log(1)[0].result == "TCP_DENIED/403"


def test_allowed_by_the_manager_acl_only(start_proxy, start_origin):
    proxy = start_proxy("http_access allow manager\nhttp_access deny all\n")
    assert proxy.manager("info").status == 200
    with proxy.client() as client:
        assert client.get("http://www.example.test/").status == 403


def test_unknown_page(start_proxy):
    assert start_proxy().manager("frobnicate").status == 404


def test_nothing_may_be_stored(start_proxy):
    got = start_proxy().manager("info")
    assert {"no-store", "no-cache"} & set(got.tokens("Cache-Control")) or got.has("Expires")


@cuttle_only("Squid wants a password")
def test_config_shows_what_is_in_force(start_proxy):
    proxy = start_proxy("acl special dstdomain .special.test\nhttp_access deny special\nhttp_access allow all\n"
                        "read_timeout 7 minutes\n")
    text = proxy.manager("config").body.decode()
    assert "acl special dstdomain .special.test" in text
    assert "read_timeout 7 minutes" in text


def test_only_get_and_head(start_proxy):
    proxy = start_proxy()
    with proxy.client() as client:
        got = client.ask("POST", "/squid-internal-mgr/info", body=b"x", host=f"127.0.0.1:{proxy.port}")
    assert got.status != 200 or proxy.is_squid
