"""The manager about the cache: what is stored, and orders to forget (PURGE of the page "cache")."""
import pytest

from harness.deadline import until
from harness.origin import serve_forever
from harness.proxy import cuttle_only

pytestmark = cuttle_only("these pages and orders are its own")

REPLY = b"HTTP/1.1 200 OK\r\nCache-Control: max-age=1000\r\nContent-Length: 5\r\n\r\nhello"
CONF = ("acl purges method PURGE\nhttp_access allow purges\nhttp_access allow all\n")


def order(client, proxy, what):
    return client.ask("PURGE", f"/squid-internal-mgr/{what}", host=f"127.0.0.1:{proxy.port}")


def has(client, url):
    reply = client.get(url, [("Cache-Control", "only-if-cached")])
    assert reply.status in (200, 504)
    return reply.status == 200


@pytest.fixture(params=["cache_mem 8 MB\n", "cache_dir ufs {dir}/store 100 16 256\n"], ids=["memory", "disk"])
def filled(request, start_proxy, start_origin):
    origin = start_origin(serve_forever(REPLY))
    proxy = start_proxy(CONF + request.param, hosts={"other.test": "127.0.0.1"})
    with proxy.client() as client:
        urls = [origin.url(path) for path in ("/a/1", "/a/2", "/a/2?x=1", "/b")] + [
            f"http://other.test:{origin.port}/a/1"]
        for url in urls:
            assert client.get(url).status == 200
            assert has(client, url)
        yield proxy, client, urls


def test_a_url(filled):
    proxy, client, urls = filled
    reply = order(client, proxy, f"cache?url={urls[2]}")
    assert (reply.status, reply.body) == (200, b"1 object\n")
    assert [has(client, url) for url in urls] == [True, True, False, True, True]
    reply = order(client, proxy, f"cache?url={urls[2]}")
    assert (reply.status, reply.body) == (404, b"nothing was found\n")


def test_a_prefix_in_any_spelling_of_the_host(filled):
    proxy, client, urls = filled
    prefix = urls[0][:-1].replace("http://127.0.0.1", "HTTP://127.1")
    reply = order(client, proxy, f"cache?prefix={prefix}")
    assert (reply.status, reply.body) == (200, b"3 objects\n")
    assert [has(client, url) for url in urls] == [False, False, False, True, True]


def test_a_host(filled):
    proxy, client, urls = filled
    assert order(client, proxy, "cache?host=Other.test").status == 200
    assert [has(client, url) for url in urls] == [True, True, True, True, False]


@pytest.mark.parametrize("what, said", [("cache", b"PURGE is for"), ("cache?", b"expected url="), ("cache?u=x", b"expected url="),
                                        ("cache?url=/relative", b""), ("cache?host=", b""), ("cache?host=a:80", b"all its ports"),
                                        ("info?url=http://a/", b"PURGE is for")])
def test_orders_that_cannot_be_understood(start_proxy, what, said):
    proxy = start_proxy(CONF)
    with proxy.client() as client:
        reply = order(client, proxy, what)
        assert reply.status == 400
        assert said in reply.body


def test_an_order_needs_an_acl_as_any_purge(start_proxy):
    proxy = start_proxy("http_access allow all\n")
    with proxy.client() as client:
        assert order(client, proxy, "cache?host=a.test").status == 403


def test_the_page_tells_what_is_stored(filled):
    proxy, client, _ = filled
    page = proxy.manager("storedir").body.decode()
    assert "Store in memory:" in page
    if "Store directory:" in page:
        assert f"{proxy.dir}/store" in page
        until(lambda: "Objects:\t5 in" in proxy.manager("storedir").body.decode(), "five objects are on the disk")
