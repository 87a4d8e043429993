"""request_header_access and its like, where more than the differential test's fields matters."""
import pytest

from harness.message import chunked, reply, request
from harness.origin import serve, serve_forever
from harness.proxy import cuttle_only

ALL = "http_access allow all\n"

# What Squid knows by heart, without what stays with a connection anyway or means something to the proxy.
COMMON = ["Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Accept-Ranges", "Age", "Allow",
          "Alternate-Protocol", "Authentication-Info", "Authorization", "Cache-Control", "CDN-Loop", "Content-Base",
          "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Location", "Content-MD5", "Content-Type",
          "Cookie", "Cookie2", "Date", "ETag", "Expires", "Forwarded", "From", "Front-End-Https", "If-Match", "If-Range",
          "If-Unmodified-Since", "Key", "Last-Modified", "Link", "Location", "Mime-Version", "Origin", "Pragma",
          "Proxy-support", "Public", "Referer", "Retry-After", "Server", "Set-Cookie", "Set-Cookie2",
          "Surrogate-Capability", "Surrogate-Control", "Title", "Translate", "Unless-Modified-Since", "User-Agent", "Vary",
          "Via", "Warning", "WWW-Authenticate", "X-Accelerator-Vary", "X-Cache", "X-Cache-Lookup", "X-Forwarded-For",
          "X-Next-Services", "X-Request-URI", "X-Squid-Error"]
UNCOMMON = ["X-Mine", "DNT", "Upgrade-Insecure-Requests", "Sec-Fetch-Mode", "Strict-Transport-Security", "Content-Security-Policy",
            "X-Real-IP", "X-Requested-With", "Priority", "Proxy-Status", "Refresh", "Alt-Svc", "Server-Timing", "Prefer"]


def test_other_is_what_squid_does_not_know(start_proxy, start_origin):
    origin = start_origin(serve(reply()))
    with start_proxy(ALL + "request_header_access Other deny all\n").client() as client:
        client.ask("GET", origin.url(), [(name, "1") for name in COMMON + UNCOMMON])
    seen = {name.lower() for name, _ in origin.requests[0].fields}
    assert [name for name in COMMON if name.lower() not in seen] == []
    assert [name for name in UNCOMMON if name.lower() in seen] == []


@cuttle_only("Squid removes what frames the message as well, and then it means something else")
@pytest.mark.parametrize("body", ["length", "chunks"])
def test_framing_is_beyond_rules(start_proxy, start_origin, body):
    """Both messages of two exchanges arrive whole on connections that go on."""
    rules = "".join(f"{d}_header_access {n} deny all\n" for d in ("request", "reply")
                    for n in ("All", "Other", "Content-Length", "Transfer-Encoding", "Connection", "Host"))
    answer = reply(body=b"hello") if body == "length" else \
        reply(fields={"Transfer-Encoding": "chunked"}, length=False) + chunked(b"hel", b"lo")
    origin = start_origin(serve_forever(answer))
    with start_proxy(ALL + rules + "server_pconn_for_nonretriable allow all\n").client() as client:
        for _ in range(2):
            if body == "length":
                client.send(request("POST", origin.url(), body=b"12345"))
            else:
                client.send(request("POST", origin.url(), {"Transfer-Encoding": "chunked"}) + chunked(b"123", b"45"))
            assert client.read_reply("POST").body == b"hello"
    assert [r.body for r in origin.requests] == [b"12345", b"12345"]
    assert [r.get("Host") for r in origin.requests] == [origin.authority] * 2
    assert origin.connections == 1


@cuttle_only("Squid passes no trailers on at all")
def test_denied_fields_do_not_come_back_as_trailers(start_proxy, start_origin):
    answer = reply(fields={"Transfer-Encoding": "chunked"}, length=False) + chunked(b"x", trailers={"X-Mine": "1"})
    for rules, want in (("", [("X-Mine", "1")]), ("reply_header_access X-Mine deny all\n", [])):
        origin = start_origin(serve(answer))
        with start_proxy(ALL + rules).client() as client:
            assert client.get(origin.url()).trailers == want


@cuttle_only("Squid goes on with less than was written")
@pytest.mark.parametrize("line, says", [
    ('request_header_add X-Mine "a\\r\\nX-Other: b"', "control byte"),
    ("request_header_add Content-Length 5", "ambiguous"),
    ("request_header_add X:Mine a", "cannot be a field's name"),
    ("request_header_replace X-Mine", "missing"),
    ("request_header_access X-Mine denied all", "denied"),
    ("reply_body_max_size 10 TB", "TB"),
])
def test_what_is_refused(start_proxy, line, says):
    proxy = start_proxy(ALL + line + "\n", start=False)
    done = proxy.run("-k", "parse")
    assert done.returncode != 0
    assert says in done.stderr + done.stdout
