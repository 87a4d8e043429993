"""Clients that make the proxy keep more than they sent: memory_limit and sizes hold all the same."""
import pytest

from harness.deadline import LONG, until
from harness.message import reply
from harness.proxy import cuttle_only


def held(proxy):
    """Bytes that requests hold, as the manager tells."""
    lines = proxy.manager("mem").body.decode().splitlines()
    return next(int(line.split("\t")[1]) for line in lines if line.startswith("request\t"))


@cuttle_only("memory_limit is Cuttle's")
def test_unfinished_heads_count_for_memory_limit(start_proxy):
    """Heads that never end, of as many fields as they hold: refused in the end, not kept beyond the limit."""
    proxy = start_proxy("http_access allow all\nmemory_limit 16 MB\nworkers 1\n")
    before = held(proxy)
    clients = []
    try:
        for _ in range(20):
            one = proxy.client()
            clients.append(one)
            one.send(b"GET http://127.0.0.1:9/ HTTP/1.1\r\nHost: x\r\n" + b"a:\r\n" * 12000)
        until(lambda: held(proxy) - before > 20 * 48000, "what heads take is counted")
        # each of these takes more than its bytes; together more than there is
        for _ in range(150):
            one = proxy.client()
            clients.append(one)
            try:
                one.send(b"GET http://127.0.0.1:9/ HTTP/1.1\r\nHost: x\r\n" + b"a:\r\n" * 12000)
            except ConnectionError:
                pass    # refused while it was sent
        # the limit holds: heads are answered by 503, or connections closed before they are read
        until(lambda: any(line.status == 503 for line in proxy.log_lines())
              or any(one.closed_by_peer() for one in clients), "somebody is refused")
    finally:
        for one in clients:
            one.close()
    until(lambda: held(proxy) <= before + 65536, "all of it is given back")


@cuttle_only("what a request holds is told by Cuttle's manager")
@pytest.mark.limit(4)
def test_body_in_tiny_pieces_holds_nothing(proxy, client, start_origin):
    """An upload of one byte at a time must not cost memory for each of its pieces."""
    steps = 3000 * LONG

    def script(wire):
        wire.read_head()
        for _ in range(steps):
            assert wire.read_line() == b"1"
            assert wire.read_line() == b"x"
            wire.origin.seen += 1
        wire.read_until(b"0\r\n\r\n")
        wire.send(reply(body=b"done"))
    origin = start_origin(script)
    origin.seen = 0
    client.send(b"POST " + origin.url().encode() + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    for n in range(steps):
        client.send(b"1\r\nx\r\n")
        until(lambda n=n: origin.seen > n, "the byte arrives")
    assert held(proxy) < 200000
    client.send(b"0\r\n\r\n")
    assert client.read_reply("POST").body == b"done"
