"""Requests through other proxies: which one is asked, what it is told, and what happens when it fails.

Parents are another Cuttle, Debian's squid, or a script, where it matters what exactly they see or say.
"""
import os
import re
import threading

import pytest

from harness.deadline import until
from harness.message import reply
from harness.origin import Origin, closed_port, echo, serve_forever
from harness.proxy import CUTTLE, SQUID, cuttle_only, reserve_port

NEVER = "never_direct allow all\nhttp_access allow all\n"
# Squid goes direct to servers that are near; so near is nothing in a test.
PLAIN = "http_access allow all\nminimum_direct_hops 0\nminimum_direct_rtt 0\n"


def peer(port, options="", name="up"):
    return f"cache_peer 127.0.0.1 parent {port} 0 no-query no-digest name={name} {options}\n"


@pytest.fixture
def origin(start_origin):
    return start_origin(serve_forever(lambda r: reply(body=b"hello", fields={"X-Seen": r.get("X-Forwarded-For", "-")})))


@pytest.fixture
def start_parent(start_origin):
    """start_parent(name): a script that answers as if it were a parent."""
    return lambda name: start_origin(serve_forever(reply(body=name.encode())))


def status_of(proxy, name="up"):
    """What the manager tells of a peer, by its labels."""
    page = proxy.manager("server_list").body.decode()
    for paragraph in page.split("\n\n"):
        lines = dict(re.findall(r"^(\w[\w ]*?) *: ?(.*)$", paragraph, re.M))
        if lines.get("Parent") == name:
            return lines
    raise AssertionError(f"no peer {name} in {page}")


def is_up(proxy, name="up"):
    return status_of(proxy, name)["Status"].startswith("Up")


# --- real parents --------------------------------------------------------------------------------
@pytest.fixture(params=["cuttle", "squid"])
def parent(request, start_proxy):
    if not os.path.exists((SQUID or "") if request.param == "squid" else CUTTLE):
        pytest.skip(f"there is no {request.param}")
    # its own name, lest the request seem to go round
    return start_proxy("http_access allow all\nunique_hostname parent.test\n", squid=request.param == "squid", name="parent")


def test_a_request_through_a_parent(parent, start_proxy, origin):
    proxy = start_proxy(peer(parent.port) + PLAIN)
    with proxy.client() as client:
        answer = client.get(origin.url())
        assert answer.body == b"hello"
        assert answer.get("X-Seen") == "127.0.0.1, 127.0.0.1"
        assert answer.get("Via").count("1.1 ") == 2
    line = proxy.wait_log(1)[0]
    assert (line.result, line.hier, line.server) == ("TCP_MISS/200", "FIRSTUP_PARENT", "127.0.0.1")
    assert parent.wait_line("GET").hier == "HIER_DIRECT"


def test_a_tunnel_through_a_parent(parent, start_proxy, start_origin):
    server = start_origin(echo)
    proxy = start_proxy(peer(parent.port) + NEVER)
    with proxy.client() as client:
        assert client.connect(server.authority).status == 200
        client.send(b"ping" * 1000)
        client.read_until(b"ping" * 1000)
        client.half_close()
        assert client.read_rest() == b""
    line = proxy.wait_line("CONNECT")
    assert (line.result, line.hier) == ("TCP_TUNNEL/200", "FIRSTUP_PARENT")
    assert parent.wait_line("CONNECT").hier == "HIER_DIRECT"


def test_an_upload_through_a_parent(parent, start_proxy, start_origin):
    server = start_origin(serve_forever(lambda r: reply(body=b"%d" % len(r.body))))
    proxy = start_proxy(peer(parent.port) + NEVER)
    with proxy.client() as client:
        assert client.ask("POST", server.url(), body=b"x" * 300000).body == b"300000"


def test_a_chain_of_three(start_proxy, origin):
    top = start_proxy("http_access allow all\nunique_hostname top.test\n", name="top")
    middle = start_proxy(peer(top.port) + NEVER + "unique_hostname middle.test\n", name="middle")
    proxy = start_proxy(peer(middle.port) + NEVER)
    with proxy.client() as client:
        answer = client.get(origin.url())
        assert answer.body == b"hello" and answer.get("Via").count("1.1 ") == 3


@cuttle_only("Squid goes direct instead")
def test_a_circle(start_proxy, origin):
    """Two proxies that are each other's parent: the first one sees its own name again."""
    one = start_proxy("http_access allow all\nunique_hostname one.test\n", name="one")
    two = start_proxy(peer(one.port) + NEVER + "unique_hostname two.test\n", name="two")
    one.configure(peer(two.port) + NEVER + "unique_hostname one.test\n")
    one.reload()
    with one.client() as client:
        assert client.get(origin.url()).status == 403
    assert origin.connections == 0


# --- which one -----------------------------------------------------------------------------------
@cuttle_only("the first turns of squid 5.7 are uneven")
def test_turns(start_proxy, start_parent):
    a, b = start_parent("a"), start_parent("b")
    proxy = start_proxy(peer(a.port, "round-robin", "a") + peer(b.port, "round-robin weight=2", "b") + NEVER)
    with proxy.client() as client:
        said = [client.get("http://x.test/").body for _ in range(9)]
    assert said.count(b"a") == 3 and said.count(b"b") == 6
    assert {line.hier for line in proxy.wait_log(9)} == {"ROUNDROBIN_PARENT"}


def test_peers_for_some_requests_only(start_proxy, start_parent):
    a, b = start_parent("a"), start_parent("b")
    proxy = start_proxy(peer(a.port, "", "a") + peer(b.port, "", "b") + "acl inner dstdomain .inner.test\n"
                        "cache_peer_access a allow inner\ncache_peer_access a deny all\n" + NEVER)
    with proxy.client() as client:
        assert client.get("http://www.inner.test/").body == b"a"
        assert client.get("http://www.other.test/").body == b"b"


def test_some_requests_always_direct(start_proxy, start_parent, origin):
    a = start_parent("a")
    proxy = start_proxy(peer(a.port) + f"acl near port {origin.port}\nalways_direct allow near\n" + NEVER)
    with proxy.client() as client:
        assert client.get(origin.url()).body == b"hello"
        assert client.get("http://x.test/").body == b"a"


def test_the_name_is_the_parents_business(start_proxy, start_parent):
    """No lookup is made, or needed, for what a parent fetches."""
    a = start_parent("a")
    proxy = start_proxy(peer(a.port) + "dns_nameservers 127.0.0.1\n" + NEVER)
    with proxy.client() as client:
        assert client.get("http://nobody.knows.test/p?q").body == b"a"
    assert a.requests[0].target == "http://nobody.knows.test/p?q"
    assert a.requests[0].get("Host") == "nobody.knows.test"


@pytest.mark.parametrize("lines", ["", "cache_peer_access up deny all\n"], ids=["no peer", "none that may"])
@cuttle_only("squid 5.7 answers 502 ERR_READ_ERROR, and 500 to a CONNECT")
def test_never_direct_fails_closed(start_proxy, start_parent, origin, lines):
    a = start_parent("a")
    proxy = start_proxy((peer(a.port) + lines if lines else "") + NEVER)
    with proxy.client() as client:
        answer = client.get(origin.url())
    assert answer.status == 503 and answer.get("X-Squid-Error") == "ERR_CANNOT_FORWARD 0"
    with proxy.client() as client:
        assert client.connect(origin.authority).status == 503
    connect, plain = sorted(proxy.wait_log(2), key=lambda line: line.method)
    assert (plain.result, plain.hier) == ("TCP_MISS/503", "HIER_NONE")
    assert (connect.result, connect.hier) == ("NONE_NONE/503", "HIER_NONE")
    assert origin.connections == 0 and a.connections == 0


def test_a_web_server_as_peer(start_proxy, start_origin):
    server = start_origin(serve_forever(reply(body=b"site")))
    proxy = start_proxy(peer(server.port, "originserver forceddomain=site.test") + NEVER)
    with proxy.client() as client:
        assert client.get("http://x.test/a?b", {"Authorization": "Basic eA=="}).body == b"site"
    seen = server.requests[0]
    assert seen.target == "/a?b" and seen.get("Host") == "site.test" and not seen.has("Authorization")


@cuttle_only("Squid connects to its peers when it starts")
def test_acls_that_name_the_peer(start_proxy, start_origin):
    sources = []

    def script(wire):
        sources.append(wire.sock.getpeername()[0])
        serve_forever(reply(body=b"ok"))(wire)
    a, b = start_origin(script), start_origin(script)
    proxy = start_proxy(peer(a.port, "", "a") + peer(b.port, "", "b") + "acl to_b peername b\nacl inner dstdomain .inner.test\n"
                        "cache_peer_access a deny inner\ntcp_outgoing_address 127.0.0.9 to_b\n" + NEVER)
    with proxy.client() as client:
        assert client.get("http://x.inner.test/").status == 200
        assert client.get("http://x.test/").status == 200
    assert sources == ["127.0.0.9", "127.0.0.1"]


def test_what_the_log_says(start_proxy, start_parent, origin):
    """The peer's name is %<A, and acls of access_log may look at it and at the hierarchy code."""
    a = start_parent("a")
    proxy = start_proxy(peer(a.port) + PLAIN + "logformat way %rm %Sh %<A %<a\nacl up peername up\nacl first hier_code FIRSTUP_PARENT\n"
                        "access_log stdio:{dir}/all.log logformat=way\naccess_log stdio:{dir}/up.log logformat=way up first\n")
    with proxy.client() as client:
        assert client.get("http://x.test/").body == b"a"
        assert client.ask("POST", origin.url(), body=b"x").body == b"hello"
    until(lambda: proxy.read("all.log").count("\n") == 2, "two lines")
    lines = sorted(proxy.read("all.log").splitlines())
    assert lines == ["GET FIRSTUP_PARENT up 127.0.0.1", "POST HIER_DIRECT 127.0.0.1 127.0.0.1"]
    assert proxy.read("up.log") == "GET FIRSTUP_PARENT up 127.0.0.1\n"


# --- what they are told --------------------------------------------------------------------------
CLIENTS = {"Proxy-Authorization": "Basic eDp5", "Authorization": "Basic YTpi"}
LOGINS = [      # options, Proxy-Authorization and Authorization as the peer sees them
    ("", None, "Basic YTpi"),
    ("login=u:p%20w", "Basic dTpwIHc=", "Basic YTpi"),
    ("login=PASS", "Basic eDp5", "Basic YTpi"),
    ("login=PASSTHRU", "Basic eDp5", "Basic YTpi"),
    ("originserver", None, None),
    ("originserver login=u:p", None, "Basic dTpw"),
    ("originserver login=PASS", None, "Basic YTpi"),
]


@pytest.mark.parametrize("options, proxy_login, login", LOGINS, ids=[row[0] or "none" for row in LOGINS])
def test_logins(start_proxy, start_parent, options, proxy_login, login):
    a = start_parent("a")
    proxy = start_proxy(peer(a.port, options) + NEVER)
    with proxy.client() as client:
        assert client.get("http://x.test/", CLIENTS).body == b"a"
    seen = a.requests[0]
    assert seen.get("Proxy-Authorization") == proxy_login
    assert seen.get("Authorization") == login


def test_a_tunnel_with_a_login(start_proxy, start_origin):
    def script(wire):
        wire.read_head()
        wire.send(b"HTTP/1.1 200 OK\r\n\r\n")
        echo(wire)
    a = start_origin(script)
    proxy = start_proxy(peer(a.port, "login=u:p") + NEVER)
    with proxy.client() as client:
        assert client.connect("x.test:443", CLIENTS).status == 200
    assert a.heads[0].get("Proxy-Authorization") == "Basic dTpw"
    assert a.heads[0].start == "CONNECT x.test:443 HTTP/1.1" and a.heads[0].get("Host") == "x.test:443"


@cuttle_only("the manager's page shows no configuration to whoever has no password")
def test_the_login_is_shown_nowhere(start_proxy, start_parent):
    a = start_parent("a")
    proxy = start_proxy(peer(a.port, "login=user:geheim") + "always_direct allow all\nhttp_access allow all\n")
    for page in ("config", "server_list"):
        text = proxy.manager(page).body
        assert b"geheim" not in text and b"dXNlcjpnZWhlaW0" not in text
    assert "geheim" not in proxy.run("-k", "parse").stderr


@pytest.mark.parametrize("login, passes", [("", False), ("login=PASS", True), ("login=PASSTHRU", True)])
def test_challenges_of_a_parent(start_proxy, start_origin, login, passes):
    a = start_origin(serve_forever(reply("407 Proxy Authentication Required", {"Proxy-Authenticate": 'Basic realm="up"'}, b"who?")))
    proxy = start_proxy(peer(a.port, login) + NEVER)
    with proxy.client() as client:
        answer = client.get("http://x.test/")
        assert answer.status == 407 and answer.body == b"who?"
        assert answer.has("Proxy-Authenticate") == passes


# --- tunnels -------------------------------------------------------------------------------------
def test_bytes_that_come_with_the_reply_to_connect(start_proxy, start_origin):
    def script(wire):
        wire.read_head()
        wire.send(b"HTTP/1.1 200 Yes\r\nX-Parent: 1\r\nContent-Length: 5\r\n\r\nearly")
        assert wire.read_until(b"with the head").endswith(b"with the head")
        wire.send(b"late")
    a = start_origin(script)
    proxy = start_proxy(peer(a.port) + NEVER)
    with proxy.client() as client:
        client.send(b"CONNECT x.test:443 HTTP/1.1\r\nHost: x.test:443\r\n\r\nwith the head")
        head = client.read_head()
        assert head.status == 200 and not head.has("Content-Length")      # RFC 9110 9.3.6
        assert client.read_until(b"late") == b"earlylate"


@cuttle_only("squid 5.7 sends the head of the refusal without its body")
@pytest.mark.parametrize("status", ["403 Forbidden", "407 Proxy Authentication Required", "503 Busy", "301 Elsewhere"])
def test_a_refused_tunnel_is_passed_on(start_proxy, start_origin, status):
    a = start_origin(serve_forever(reply(status, {"X-Parent": "yes", "Content-Type": "text/plain"}, b"no, and why")))
    proxy = start_proxy(peer(a.port) + NEVER)
    with proxy.client() as client:
        answer = client.connect("x.test:443")
        assert (answer.status, answer.reason) == (int(status[:3]), status[4:])
        assert answer.body == b"no, and why" and answer.get("X-Parent") == "yes"
        assert client.read_rest() == b""
    line = proxy.wait_log(1)[0]
    assert (line.result, line.hier) == (f"TCP_TUNNEL/{status[:3]}", "FIRSTUP_PARENT")


@cuttle_only("squid 5.7 asks the next parent after any refusal")
def test_a_denied_tunnel_is_not_tried_elsewhere(start_proxy, start_origin):
    refuses = start_origin(serve_forever(reply("403 Forbidden", body=b"no")))
    other = start_origin(serve_forever(reply(body=b"yes")))
    proxy = start_proxy(peer(refuses.port, "", "a") + peer(other.port, "", "b") + NEVER)
    with proxy.client() as client:
        assert client.connect("x.test:443").status == 403
    assert other.connections == 0


# --- failing -------------------------------------------------------------------------------------
@pytest.fixture
def dead():
    sock, port = closed_port()
    yield port
    sock.close()


@cuttle_only("squid probes its peers when it starts, so it knows beforehand")
def test_the_next_one_is_asked(start_proxy, start_parent, dead):
    b = start_parent("b")
    proxy = start_proxy(peer(dead, "connect-fail-limit=2", "a") + peer(b.port, "", "b") + NEVER)
    with proxy.client() as client:
        for _ in range(4):
            assert client.get("http://x.test/").body == b"b"
    # twice after a failure, then at once
    assert [line.hier for line in proxy.wait_log(4)] == ["ANY_OLD_PARENT"] * 2 + ["FIRSTUP_PARENT"] * 2
    assert not is_up(proxy, "a") and is_up(proxy, "b")
    until(lambda: re.search(r"WARNING: cache_peer a .* is down", proxy.operator_log()), "that is told")


def test_tunnels_go_to_the_next_one_too(start_proxy, start_origin, dead):
    def script(wire):
        wire.read_head()
        wire.send(b"HTTP/1.1 200 OK\r\n\r\n")
        echo(wire)
    b = start_origin(script)
    proxy = start_proxy(peer(dead, "", "a") + peer(b.port, "", "b") + NEVER)
    with proxy.client() as client:
        assert client.connect("x.test:443").status == 200
        client.send(b"ping")
        client.read_until(b"ping")


def test_direct_is_the_last_resort(start_proxy, origin, dead):
    proxy = start_proxy(peer(dead) + PLAIN)
    with proxy.client() as client:
        assert client.get(origin.url()).body == b"hello"
    assert proxy.wait_log(1)[0].hier == "HIER_DIRECT"


@cuttle_only("Squid's answer to a peer's failure differs by version")
def test_nobody_answers(start_proxy, origin, dead):
    proxy = start_proxy(peer(dead) + NEVER)
    with proxy.client() as client:
        answer = client.get(origin.url())
    assert answer.status == 503 and answer.get("X-Squid-Error") == "ERR_CONNECT_FAIL 0"
    line = proxy.wait_log(1)[0]
    assert (line.result, line.hier, line.server) == ("TCP_MISS/503", "FIRSTUP_PARENT", "127.0.0.1")
    assert origin.connections == 0


@pytest.mark.parametrize("status, moves_on", [("502 Bad Gateway", True), ("504 Gateway Timeout", True),
                                              ("503 Busy", False), ("404 Not Found", False)])
def test_replies_after_which_the_next_one_is_asked(start_proxy, start_origin, start_parent, status, moves_on):
    a = start_origin(serve_forever(reply(status, body=b"a")))
    b = start_parent("b")
    proxy = start_proxy(peer(a.port, "", "a") + peer(b.port, "", "b") + NEVER)
    with proxy.client() as client:
        assert client.get("http://x.test/").body == (b"b" if moves_on else b"a")
        # what has a body is sent once
        assert client.ask("POST", "http://x.test/", body=b"x").body == b"a"


def test_retry_on_error(start_proxy, start_origin, start_parent):
    a = start_origin(serve_forever(reply("403 Forbidden", body=b"a")))
    b = start_parent("b")
    proxy = start_proxy(peer(a.port, "", "a") + peer(b.port, "", "b") + NEVER + "retry_on_error on\n")
    with proxy.client() as client:
        assert client.get("http://x.test/").body == b"b"


def test_a_parent_that_closes_without_a_word(start_proxy, start_origin, start_parent):
    a = start_origin(lambda wire: wire.read_request())
    b = start_parent("b")
    proxy = start_proxy(peer(a.port, "", "a") + peer(b.port, "", "b") + NEVER)
    with proxy.client() as client:
        assert client.get("http://x.test/").body == b"b"
        assert client.ask("POST", "http://x.test/", body=b"x").status == 502


@cuttle_only("Squid connects to its peers when it starts")
def test_a_parent_that_dies_within_its_reply(start_proxy, start_origin, start_parent):
    """Nothing is asked again, and the client sees that the reply is not whole."""
    def script(wire):
        wire.read_request()
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    a, b = start_origin(script), start_parent("b")
    proxy = start_proxy(peer(a.port, "", "a") + peer(b.port, "", "b") + NEVER)
    with proxy.client() as client:
        client.send(b"GET http://x.test/ HTTP/1.1\r\nHost: x.test\r\n\r\n")
        client.read_until(b"half")
        with pytest.raises(ConnectionResetError):
            if client.read_rest() == b"":
                raise ConnectionResetError      # a FIN tells it as well: the length is known
    assert b.connections == 0


@cuttle_only("Squid looks for the parent only when it is wanted again")
@pytest.mark.limit(2)
def test_back_from_the_dead(start_proxy, origin):
    """Down after the first failure; found in the background when it listens again."""
    sock, port = reserve_port()
    proxy = start_proxy(peer(port, "connect-fail-limit=1") + PLAIN)
    with proxy.client() as client:
        assert client.get(origin.url()).body == b"hello"
        assert not is_up(proxy)
        parent = Origin(serve_forever(reply(body=b"parent")), port=port)
        try:
            until(lambda: is_up(proxy), "the parent is found to be up again")
            assert client.get(origin.url()).body == b"parent"
            until(lambda: "cache_peer up is up again" in proxy.operator_log(), "that is told")
        finally:
            parent.close(check=False)
            sock.close()


@cuttle_only("the manager's words")
def test_state_outlives_a_reload(start_proxy, origin, start_parent, dead):
    a = start_parent("a")
    conf = peer(a.port, "", "a") + peer(dead, "connect-fail-limit=1 round-robin", "b") + PLAIN
    proxy = start_proxy(conf)
    with proxy.client() as client:
        assert client.get("http://x.test/").body == b"a"
        assert not is_up(proxy, "b")
        proxy.configure(conf.replace("connect-fail-limit=1", "weight=7"))
        proxy.reload()
        assert not is_up(proxy, "b")
        assert status_of(proxy, "a")["FETCHES"] == "1" and status_of(proxy, "a")["OPEN CONNS"] == "1"
        proxy.configure(peer(a.port, "", "c") + PLAIN)
        proxy.reload()
        assert client.get("http://x.test/").body == b"a"
        assert status_of(proxy, "c")["FETCHES"] == "1"
        assert b"Parent     : a" not in proxy.manager("server_list").body


@cuttle_only("Squid connects to its peers when it starts")
def test_as_many_connections_as_it_may_have(start_proxy, start_origin, start_parent):
    """max-conn=1: while one is busy, the next request goes on to the next peer; an idle one is used again."""
    go = threading.Event()

    def script(wire):
        while True:
            wire.read_request()
            assert go.wait(20)
            wire.send(reply(body=b"a"))
    a, b = start_origin(script), start_parent("b")
    proxy = start_proxy(peer(a.port, "max-conn=1", "a") + peer(b.port, "", "b") + NEVER)
    with proxy.client() as first, proxy.client() as second:
        first.send(b"GET http://x.test/ HTTP/1.1\r\nHost: x.test\r\n\r\n")
        a.wait_requests(1)
        assert second.get("http://x.test/").body == b"b"
        go.set()
        assert first.read_reply("GET").body == b"a"
        assert second.get("http://x.test/").body == b"a"
    assert a.connections == 1


@cuttle_only("Squid connects to its peers when it starts")
def test_a_connection_to_a_peer_is_not_one_to_a_server(start_proxy, start_origin):
    """The same host and port: as a parent, and as what the client names."""
    both = start_origin(serve_forever(lambda r: reply(body=r.target.encode())))
    proxy = start_proxy(peer(both.port) + f"acl itself port {both.port}\nalways_direct allow itself\n" + NEVER)
    with proxy.client() as client:
        assert client.get("http://x.test/").body == b"http://x.test/"
        assert client.get(both.url("/own")).body == b"/own"
        assert client.get("http://x.test/").body == b"http://x.test/"
    assert both.connections == 2


# --- beside the floor ----------------------------------------------------------------------------
@cuttle_only("its own")
def test_the_floor_is_not_for_peers(start_proxy, start_parent, origin):
    a = start_parent("a")
    proxy = start_proxy(peer(a.port) + f"acl near port {origin.port}\nalways_direct allow near\n" + NEVER, floor=True)
    with proxy.client() as client:
        assert client.get("http://x.test/").body == b"a"
        assert client.get(origin.url()).status == 403
    assert origin.connections == 0


@cuttle_only("its own")
def test_what_the_floor_forbids_is_not_handed_to_a_peer(start_proxy, start_parent, origin):
    a = start_parent("a")
    proxy = start_proxy(peer(a.port) + "prefer_direct on\nhttp_access allow all\n", floor=True)
    with proxy.client() as client:
        assert client.get(origin.url()).status == 403
    assert a.connections == 0 and origin.connections == 0


@cuttle_only("the counters of the manager")
def test_workers_share_what_they_know(start_proxy, origin, dead):
    """Connects that fail on different workers add up."""
    proxy = start_proxy(peer(dead, "connect-fail-limit=6") + PLAIN + "workers 3\n")
    clients = [proxy.client() for _ in range(8)]
    try:
        for client in clients:
            assert client.get(origin.url()).body == b"hello"
    finally:
        for client in clients:
            client.close()
    assert not is_up(proxy)
    failed = int(re.search(r"(\d+) failed", status_of(proxy)["CONNECTS"])[1])
    assert failed >= 6


@cuttle_only("Squid logs an error and starts without the option")
@pytest.mark.parametrize("line, said", [
    ("cache_peer up.test sibling 3128 0", "sibling peers are not built yet"),
    ("cache_peer up.test parent 3128 3130", "ICP is not built yet"),
    ("cache_peer up.test parent 3128 0 tls", "TLS to peers is not built yet"),
    ("cache_peer up.test parent 3128 0 no-qery", "did you mean no-query"),
    ("cache_peer_domain up.test .a.test", "cache_peer_access"),
])
def test_what_is_not_built_does_not_start(start_proxy, line, said):
    proxy = start_proxy(f"{line}\nhttp_access allow all\n", start=False)
    done = proxy.run("-k", "parse")
    assert done.returncode == 1 and said in done.stderr


def test_proxies_that_forward_bytes_only(start_proxy, start_parent):
    """A parent that is reached through something else, by name and over IPv6."""
    try:
        six = Origin(serve_forever(reply(body=b"six")), host="::1")
    except OSError:
        pytest.skip("no IPv6 here")
    with six:
        proxy = start_proxy(f"cache_peer parent.test parent {six.port} 0 no-query no-digest\n" + NEVER, hosts={"parent.test": "::1"})
        with proxy.client() as client:
            assert client.get("http://x.test/").body == b"six"
        assert proxy.wait_log(1)[0].server == "::1"


