"""Reloading with list files: what has not changed is not read again, what has changed counts."""
import os

import pytest

from harness.deadline import until
from harness.message import reply
from harness.origin import serve_forever
from harness.proxy import cuttle_only

pytestmark = cuttle_only("Squid reads all lists at each reload, and says nothing of them")

POLICY = ("http_access allow manager\n"
          'acl listed dstdomain -n "{dir}/list"\nhttp_access deny listed\nhttp_access allow all\n')


def lists(proxy):
    counters = proxy.counters()
    return {name: counters[f"lists.{name}"] for name in ("read", "compiled", "reused")}


def reload_unread(proxy):
    """Reloads; whether nothing was read for it."""
    before = lists(proxy)
    proxy.reload()
    return lists(proxy)["read"] == before["read"]


@pytest.mark.parametrize("args", [("-N",), ("--foreground",)], ids=["in one process", "with a keeper"])
def test_unchanged_list_is_not_read(start_proxy, start_origin, args):
    proxy = start_proxy(POLICY, start=False, args=args)
    proxy.write("list", "one.test\n.localhost\n")
    proxy.start()
    origin = start_origin(serve_forever(reply(body=b"ok")))
    start = lists(proxy)
    # a file so young that it could change again within a tick of its clock is read to make sure
    until(lambda: reload_unread(proxy), "a reload that reads no list")
    after = lists(proxy)
    assert after["compiled"] == start["compiled"]
    assert after["reused"] > start["reused"]
    with proxy.client() as client:
        assert client.get(origin.url()).status == 200
        assert client.get(f"http://localhost:{origin.port}/").status == 403
    assert "List files in use:\t1, with 2 values" in proxy.manager("info").body.decode()


def test_changed_list_counts(start_proxy, start_origin):
    proxy = start_proxy(POLICY, start=False)
    proxy.write("list", "127.0.0.2\n")
    proxy.start()
    origin = start_origin(serve_forever(reply(body=b"ok")))
    until(lambda: reload_unread(proxy), "a reload that reads no list")
    with proxy.client() as client:
        assert client.get(origin.url()).status == 200
        # in place, of the same length
        before = lists(proxy)
        proxy.write("list", "127.0.0.1\n")
        proxy.reload()
        assert lists(proxy)["compiled"] == before["compiled"] + 1
        assert client.get(origin.url()).status == 403
        # by another file that takes its name, of the same length and age
        os.rename(proxy.write("list.new", "127.0.0.3\n"), proxy.path("list"))
        proxy.reload()
        assert client.get(origin.url()).status == 200
        # by the same bytes
        before = lists(proxy)
        os.rename(proxy.write("list.new", "127.0.0.3\n"), proxy.path("list"))
        proxy.reload()
        assert lists(proxy)["compiled"] == before["compiled"]
        assert client.get(origin.url()).status == 200


def test_list_that_vanishes_keeps_the_policy(start_proxy, start_origin):
    proxy = start_proxy(POLICY, start=False)
    proxy.write("list", "127.0.0.1\n")
    proxy.start()
    origin = start_origin(serve_forever(reply(body=b"ok")))
    os.unlink(proxy.path("list"))
    proxy.reload(want="reload.errors")
    with proxy.client() as client:
        assert client.get(origin.url()).status == 403
