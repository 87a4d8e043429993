"""The same cache_peer lines and requests through Debian's squid and through Cuttle.

Compared are the hierarchy codes, which peer was asked, and what it was told of the target and of credentials.
Squid gets a moment to find its peers before the first request: it connects to each when it starts.
"""
import pytest

from harness.deadline import until
from harness.message import reply, request
from harness.origin import serve_forever
from harness.proxy import IS_SQUID, SQUID

pytestmark = pytest.mark.skipif(IS_SQUID or not SQUID, reason="squid is not installed" if not SQUID
                                else "PROXY=squid compares squid with itself")

# Squid goes direct to servers that its ICMP measurements call near.
PLAIN = "http_access allow all\nminimum_direct_hops 0\nminimum_direct_rtt 0\n"
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"]
AUTH = {"Authorization": "Basic eA==", "Proxy-Authorization": "Basic eTp6"}

# {a}, {b} and {c} are the ports of three parents, {o} that of the server.
A = "cache_peer 127.0.0.1 parent {a} 0 no-query no-digest name=a"
B = "cache_peer 127.0.0.1 parent {b} 0 no-query no-digest name=b"
C = "cache_peer 127.0.0.1 parent {c} 0 no-query no-digest name=c"
NEVER = "never_direct allow all"
EACH = [(method, {}) for method in METHODS] + [("GET", AUTH)]
ROWS = [    # name, lines, requests
    ("one parent", [A], EACH),
    ("never direct", [A, NEVER], EACH),
    ("never direct for some", [A, "acl post method POST", "never_direct allow post"], EACH),
    ("always direct", [A, "always_direct allow all"], EACH),
    ("always direct for some", [A, "acl post method POST PUT", "always_direct allow post", NEVER], EACH),
    ("always before never", [A, "always_direct allow all", NEVER], EACH),
    ("everything to parents", [A, "nonhierarchical_direct off"], EACH),
    ("direct preferred", [A, "prefer_direct on"], EACH),
    ("direct preferred, never direct", [A, "prefer_direct on", NEVER], EACH),
    ("two parents", [A, B, NEVER], EACH),
    ("the default one is first", [A + " default", B, NEVER], EACH),
    ("the default one is second", [A, B + " default", NEVER], EACH),
    ("round-robin behind another", [A, B + " round-robin", NEVER], EACH),
    ("round-robin, only one", [A + " round-robin", NEVER], EACH),
    ("not for GET", [A, B, "acl get method GET", "cache_peer_access a deny get", NEVER], EACH),
    ("only for GET", [A, B, "acl get method GET", "cache_peer_access a allow get", "cache_peer_access a deny all", NEVER], EACH),
    ("for nobody", [A, "cache_peer_access a deny all"], EACH),
    ("a web server", [A + " originserver", NEVER], EACH),
    ("a web server with another name", [A + " originserver forceddomain=f.test", NEVER], EACH),
    ("a login", [A + " login=u:p%20w", NEVER], EACH),
    ("a login for a web server", [A + " originserver login=u:p", NEVER], EACH),
    ("the client's login", [A + " login=PASS", NEVER], EACH),
    ("the client's login, whatever it is", [A + " login=PASSTHRU", NEVER], EACH),
    ("the client's login for a web server", [A + " originserver login=PASS", NEVER], EACH),
    # without credentials squid 5.7 logs in as PROXYPASS
    ("the client's login to a proxy for a web server", [A + " originserver login=PROXYPASS", NEVER], [("GET", AUTH)]),
    ("a busy gateway behind it", [C, A, NEVER], EACH),
    ("a tunnel", [A], "o"),
    ("a tunnel, never direct", [A, NEVER], "o"),
    ("a tunnel, two parents", [A, B, NEVER], "o"),
    ("a tunnel, round-robin", [A, B + " round-robin", NEVER], "o"),
    ("a tunnel, always direct", [A, "always_direct allow all", NEVER], "o"),
    ("a tunnel, everything to parents", [A, "nonhierarchical_direct off"], "o"),
    ("a tunnel, direct preferred", [A, "nonhierarchical_direct off", "prefer_direct on"], "o"),
    ("a tunnel, a parent that may not", [A, B, "cache_peer_access a deny CONNECT", NEVER], "o"),
    ("a tunnel to a web server as peer", [A + " originserver", NEVER], "a"),
]


@pytest.fixture
def upstreams(start_origin):
    def script(name):
        return serve_forever(lambda r: reply(body=b"" if r.method == "HEAD" else name, fields={"X-Is": name}, length=r.method != "HEAD"))
    made = {name: start_origin(script(name.encode())) for name in "abo"}
    made["c"] = start_origin(serve_forever(reply("504 Gateway Timeout", body=b"")))
    return made


def outcome(proxy, upstreams, requests):
    """What came of each request, in words."""
    found = []
    for method, fields in requests:
        with proxy.client() as client:
            body = b"x" if method in ("POST", "PUT") else None
            answer = client.ask(method, f"http://127.0.0.1:{upstreams['o'].port}/p?q", fields, body)
        who = answer.get("X-Is", "-")
        line = f"{method}{' with credentials' if fields else ''}: {answer.status} from {who}"
        if who in upstreams:
            seen = upstreams[who].requests[-1]
            line += f", {seen.target}, Host {seen.get('Host')}, {seen.get('Authorization')}, {seen.get('Proxy-Authorization')}"
        found.append(line)
    lines = proxy.wait_log(len(requests))
    return [f"{text}: {line.result} {line.hier}/{line.server}" for text, line in zip(found, lines)]


def tunnel(proxy, upstreams, port):
    """The same of a CONNECT."""
    with proxy.client() as client:
        client.send(request("CONNECT", f"127.0.0.1:{upstreams[port].port}"))
        status = client.read_head().status
    line = proxy.wait_log(1)[0]
    return [f"{status}: {line.result} {line.hier}/{line.server}"]


def run(start_proxy, upstreams, lines, requests, squid):
    """requests: a list for outcome(), or the letter of the server to which a tunnel is to lead."""
    ports = {name: str(origin.port) for name, origin in upstreams.items()}
    conf = "\n".join(lines)
    for name, port in ports.items():
        conf = conf.replace("{" + name + "}", port)
    before = {name: upstreams[name].connections for name in "abc"}
    proxy = start_proxy(PLAIN + conf + "\n", squid=squid, name="squid" if squid else "proxy")
    if squid:
        for name in "abc":
            if "{" + name + "}" in "".join(lines):
                until(lambda n=name: upstreams[n].connections > before[n], f"squid has looked for its peer {name}")
    return tunnel(proxy, upstreams, requests) if isinstance(requests, str) else outcome(proxy, upstreams, requests)


@pytest.mark.parametrize("lines, requests", [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_the_same_way(start_proxy, upstreams, lines, requests):
    theirs = run(start_proxy, upstreams, lines, requests, squid=True)
    ours = run(start_proxy, upstreams, lines, requests, squid=False)
    assert ours == theirs
