"""The same configuration and requests through Debian's squid and through Cuttle.

What is compared: status, the fields that matter, what the origin sees, and the line in access.log. Where
the two are meant to differ, the row says so and why; a difference that has gone fails the row too, so
that the table stays true.
"""
import re

import pytest

from harness.deadline import until
from harness.message import chunked, reply, request
from harness.origin import Origin, closed_port
from harness.proxy import IS_SQUID, SQUID, Proxy

pytestmark = pytest.mark.skipif(IS_SQUID or not SQUID, reason="squid is not installed" if not SQUID
                                else "PROXY=squid compares squid with itself")

OK = reply(body=b"hello", fields={"Content-Type": "text/plain"})
ALL = "http_access allow all\n"
HOSTS = {"www.good.test": "127.0.0.1", "bad.test": "127.0.0.1"}

# Fields compared at the client and at the origin; values that name the product are normalised.
CLIENT_FIELDS = ["Content-Language", "Vary", "Content-Length", "Transfer-Encoding", "Content-Type", "Via", "X-Mine",
                 "Location", "ETag", "Set-Cookie", "Allow", "Proxy-Authenticate", "Upgrade", "Trailer"]
ORIGIN_FIELDS = ["Host", "Via", "X-Forwarded-For", "Content-Length", "Transfer-Encoding", "X-Mine", "TE", "Upgrade",
                 "Proxy-Connection", "Proxy-Authorization", "Keep-Alive", "Max-Forwards", "Expect", "Authorization",
                 "Cookie", "If-None-Match", "Range", "Accept-Encoding", "Trailer"]

STRICT = {"*": "Cuttle refuses what parsers could read differently; Squid repairs it"}
UNPARSED = "Cuttle takes nothing for the log from a request that it could not parse"
LENGTH = "RFC 9112 section 6.3: a malformed length is 400; 411 means that there is none"


class Row:
    def __init__(self, name, raw, answer=OK, conf=ALL, differs=None, method="GET", tunnel=False, close=False,
                 statuses=None):
        self.name = name
        self.raw = raw              # bytes, {O} is the origin's authority, {P} its port
        self.answer = answer        # what the origin sends for each request; None: it closes
        self.conf = conf
        self.differs = differs or {}
        self.method = method
        self.tunnel = tunnel        # the origin echoes
        self.close = close          # the origin closes after its answer
        self.statuses = statuses    # (Squid's, Cuttle's) where all else may differ: differs {"*": why}


def get(fields=b"", path=b"/p", method=b"GET", version=b"HTTP/1.1", host=b"{O}"):
    return method + b" http://{O}" + path + b" " + version + b"\r\nHost: " + host + b"\r\n" + fields + b"\r\n"


def post(fields, body, method=b"POST"):
    return get(fields, method=method) + body


DENY = "acl bad dstdomain -n .bad.test\nacl post method POST\nacl exe urlpath_regex -i \\.exe$\nacl p25 port 25\n" \
       "http_access deny bad\nhttp_access deny post\nhttp_access deny exe\nhttp_access deny p25\n" + ALL

REPLY = ALL + "acl denied urlpath_regex ^/p\nhttp_reply_access deny denied\nhttp_reply_access allow all\n"
NO_REPLY = ALL + "http_reply_access deny all\n"
METHODS = ALL + "acl get method GET\nacl post method POST\n"
FIELDS = get(b"X-Mine: a\r\nCookie: c\r\nAuthorization: x\r\n")
MANY = reply(body=b"hello", fields=[("Content-Type", "text/plain"), ("X-Mine", "a"), ("Set-Cookie", "c"), ("Location", "/l"),
                                    ("ETag", '"e"')])
UPGRADE = get(b"Connection: upgrade\r\nUpgrade: Bar/1, Bar/2, Foo, Baz/3, Qux\r\n")
LATER = "Squid learns it when the transaction ends"
PAGELESS = "Squid writes its answer to a failed CONNECT past what is logged"

PAGES = "".join(f"acl d{n} urlpath_regex ^/d{n}\n" for n in range(8)) + """acl c7 port 7
acl grp any-of d6 d7
deny_info ERR_TOO_BIG d0
deny_info 404:ERR_TOO_BIG d1
deny_info http://u.test/?m=%M&h=%H&i=%i&me=%h&r=%R d2
deny_info 303:http://u.test/x%20y d3
deny_info TCP_RESET d4
deny_info 307:https://u.test/ d5 c7
deny_info 404:ERR_DNS_FAIL grp
deny_info 410:ERR_DNS_FAIL d7
""" + "".join(f"http_access deny d{n}\n" for n in range(6)) + "http_access deny grp\nhttp_access deny c7\n" + ALL

ROWS = [
    # plain requests
    Row("get", get()),
    Row("get with a query", get(path=b"/p?a=b&c=d")),
    Row("get without a path", b"GET http://{O} HTTP/1.1\r\nHost: {O}\r\n\r\n"),
    Row("head", get(method=b"HEAD"), reply(fields={"Content-Length": "5", "Content-Type": "text/plain"}, length=False),
        method="HEAD"),
    Row("delete", get(method=b"DELETE")),
    Row("options", get(method=b"OPTIONS")),
    Row("unknown method", get(method=b"FROB")),
    Row("post", post(b"Content-Length: 5\r\n", b"12345")),
    Row("post of nothing", post(b"Content-Length: 0\r\n", b"")),
    Row("post in chunks", post(b"Transfer-Encoding: chunked\r\n", chunked(b"123", b"45")), differs={
        "origin Content-Length": "Squid waits a moment and counts a small body; Cuttle sends on what comes",
        "origin Transfer-Encoding": "the same"}),
    Row("put", post(b"Content-Length: 5\r\n", b"12345", b"PUT")),
    Row("patch", post(b"Content-Length: 5\r\n", b"12345", b"PATCH")),
    Row("http 1.0", get(version=b"HTTP/1.0")),
    Row("http 1.0 without a host", b"GET http://{O}/p HTTP/1.0\r\n\r\n"),
    Row("http 1.0 keep-alive", get(b"Connection: keep-alive\r\n", version=b"HTTP/1.0")),
    Row("connection close", get(b"Connection: close\r\n")),
    Row("host that differs", get(host=b"other.test")),
    Row("host in capitals", b"GET http://WWW.Good.TEST:{P}/p HTTP/1.1\r\nHost: WWW.Good.TEST:{P}\r\n\r\n"),
    Row("name from the hosts file", b"GET http://www.good.test:{P}/p HTTP/1.1\r\nHost: www.good.test:{P}\r\n\r\n"),
    Row("escaped path", get(path=b"/a%20b%2Fc")),
    Row("path with dots", get(path=b"/a/../b/./c")),
    Row("path with odd characters", get(path=b"/a;b=c,d~e!f$g'h(i)*j+k:l@m")),
    # deny_info
    Row("deny_info page", get(path=b"/d0"), conf=PAGES),
    Row("deny_info code and page", get(path=b"/d1"), conf=PAGES),
    Row("deny_info URL", get(path=b"/d2/x?y=z"), conf=PAGES),
    Row("deny_info URL for POST", post(b"Content-Length: 1\r\n", b"1").replace(b"/p ", b"/d2 "), conf=PAGES),
    Row("deny_info URL for POST by HTTP/1.0", post(b"Content-Length: 1\r\n", b"1").replace(b"/p ", b"/d2 ")
        .replace(b"HTTP/1.1", b"HTTP/1.0"), conf=PAGES),
    Row("deny_info URL for HEAD", get(path=b"/d2", method=b"HEAD"), conf=PAGES, method="HEAD"),
    Row("deny_info code and URL", get(path=b"/d3"), conf=PAGES, differs={
        "client Location": "Squid encodes the percent sign of %20, so that the URL means something else"}),
    Row("deny_info of a group", get(path=b"/d6"), conf=PAGES),
    Row("deny_info of a member", get(path=b"/d7"), conf=PAGES),
    Row("deny_info URL for CONNECT", b"CONNECT 127.0.0.1:7 HTTP/1.1\r\nHost: 127.0.0.1:7\r\n\r\n", conf=PAGES,
        method="CONNECT"),
    # fields
    Row("hop-by-hop by name", get(b"Connection: X-Mine\r\nX-Mine: secret\r\n")),
    Row("keep-alive field", get(b"Keep-Alive: timeout=5\r\n")),
    Row("proxy-connection", get(b"Proxy-Connection: keep-alive\r\n")),
    Row("proxy-authorization", get(b"Proxy-Authorization: Basic eDp5\r\n")),
    Row("authorization", get(b"Authorization: Basic eDp5\r\n")),
    Row("te", get(b"TE: gzip\r\n")),
    Row("upgrade", get(b"Connection: upgrade\r\nUpgrade: websocket\r\n")),
    Row("cookies", get(b"Cookie: a=b; c=d\r\n"), reply(fields=[("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])),
    Row("conditional", get(b'If-None-Match: "x"\r\n'), reply("304 Not Modified", {"ETag": '"x"'}, length=False)),
    Row("range", get(b"Range: bytes=0-1\r\n"), reply("206 Partial Content", {"Content-Range": "bytes 0-1/5"}, b"he")),
    Row("accept-encoding", get(b"Accept-Encoding: gzip, br\r\n")),
    Row("via of the client", get(b"Via: 1.1 outer\r\n")),
    Row("x-forwarded-for of the client", get(b"X-Forwarded-For: 10.1.1.1\r\n")),
    Row("via off", get(b"Via: 1.1 outer\r\n"), conf=ALL + "via off\n"),
    Row("forwarded_for off", get(b"X-Forwarded-For: 10.1.1.1\r\n"), conf=ALL + "forwarded_for off\n"),
    Row("forwarded_for delete", get(b"X-Forwarded-For: 10.1.1.1\r\n"), conf=ALL + "forwarded_for delete\n"),
    Row("forwarded_for transparent", get(b"X-Forwarded-For: 10.1.1.1\r\n"), conf=ALL + "forwarded_for transparent\n"),
    Row("forwarded_for truncate", get(b"X-Forwarded-For: 10.1.1.1\r\n"), conf=ALL + "forwarded_for truncate\n"),
    Row("options with max-forwards", get(b"Max-Forwards: 3\r\n", method=b"OPTIONS")),
    Row("trace with max-forwards", get(b"Max-Forwards: 3\r\n", method=b"TRACE")),
    # replies
    Row("reply 204", get(), reply("204 No Content", length=False)),
    Row("reply 404", get(), reply("404 Not Found", {"Content-Type": "text/html"}, b"gone")),
    Row("reply 301", get(), reply("301 Moved", {"Location": "/elsewhere"})),
    Row("reply 500", get(), reply("500 Oops", body=b"oops")),
    Row("reply 503", get(), reply("503 Later", body=b"later")),
    Row("reply in chunks", get(), reply(fields={"Transfer-Encoding": "chunked"}, length=False) + chunked(b"abc", b"def")),
    Row("reply until close", get(), reply(body=b"until close", length=False), close=True),
    Row("reply of http 1.0", get(), b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nold", close=True,
        differs={"client Via": "RFC 9110 section 7.6.3: the version in which the reply was received; Squid says its own"}),
    Row("reply with hop-by-hop fields", get(), reply(fields={"Connection": "X-Mine", "X-Mine": "1"})),
    Row("reply in chunks to http 1.0", get(version=b"HTTP/1.0"),
        reply(fields={"Transfer-Encoding": "chunked"}, length=False) + chunked(b"abc", b"def")),
    Row("via of the origin", get(), reply(fields={"Via": "1.0 inner"})),
    Row("content-type with parameters", get(), reply(fields={"Content-Type": "text/html; charset=utf-8"}, body=b"x")),
    Row("empty reply", get(), None),
    # policy
    Row("denied domain", b"GET http://bad.test:{P}/ HTTP/1.1\r\nHost: bad.test:{P}\r\n\r\n", conf=DENY),
    Row("denied method", post(b"Content-Length: 5\r\n", b"12345"), conf=DENY),
    Row("denied path", get(path=b"/setup.EXE"), conf=DENY),
    Row("denied port", b"GET http://127.0.0.1:25/ HTTP/1.1\r\nHost: 127.0.0.1:25\r\n\r\n", conf=DENY),
    Row("denied head", b"HEAD http://bad.test:{P}/ HTTP/1.1\r\nHost: bad.test:{P}\r\n\r\n", conf=DENY, method="HEAD"),
    Row("denied connect", b"CONNECT bad.test:443 HTTP/1.1\r\nHost: bad.test:443\r\n\r\n", conf=DENY, method="CONNECT"),
    Row("allowed by the same policy", get(path=b"/fine"), conf=DENY),
    Row("no rule at all", get(), conf=""),
    Row("purge that no acl names", get(method=b"PURGE")),
    Row("purge that an acl names", get(method=b"PURGE"), conf="acl purge method PURGE\n" + ALL),
    Row("purge that is denied", get(method=b"PURGE"), conf="acl purge method PURGE\nhttp_access deny purge\n" + ALL),
    Row("last rule turned round", get(), conf="acl post method POST\nhttp_access deny post\n"),
    # the lists beside http_access
    Row("adapted_http_access", get(), conf=ALL + "adapted_http_access deny all\n"),
    Row("http_access2", get(), conf=ALL + "http_access2 deny all\n"),
    Row("miss_access", get(), conf=ALL + "miss_access deny all\n"),
    Row("miss_access on connect", b"CONNECT {O} HTTP/1.1\r\nHost: {O}\r\n\r\n", conf=ALL + "miss_access deny all\n",
        method="CONNECT", differs={"log type": PAGELESS}),
    Row("reply denied", get(), conf=REPLY),
    Row("reply denied to head", get(method=b"HEAD"), reply(fields={"Content-Length": "5", "Content-Type": "text/plain"},
                                                         length=False), conf=REPLY, method="HEAD"),
    Row("reply allowed", get(path=b"/other"), conf=REPLY),
    Row("reply denied by its type", get(), conf=ALL + "acl text rep_mime_type ^text/plain\nhttp_reply_access deny text\n"),
    Row("reply allowed by its type", get(), reply(fields={"Content-Type": "image/png"}, body=b"png"),
        conf=ALL + "acl text rep_mime_type ^text/plain\nhttp_reply_access deny text\n"),
    Row("error page denied by its status", b"GET http://127.0.0.1:{D}/ HTTP/1.1\r\nHost: 127.0.0.1:{D}\r\n\r\n",
        conf=ALL + "acl dead http_status 503\nhttp_reply_access deny dead\nhttp_reply_access allow all\n"),
    Row("reply denied for a field that is removed", get(), MANY, statuses=(200, 403), conf=ALL + "reply_header_access X-Mine deny all\n"
        "acl mine rep_header X-Mine a\nhttp_reply_access deny mine\nhttp_reply_access allow all\n",
        differs={"*": "Squid's http_reply_access does not see what reply_header_access takes away; Cuttle judges what came"}),
    Row("reply field removed by its type", get(), MANY,
        conf=ALL + "acl text rep_mime_type ^text/plain\nreply_header_access X-Mine deny text\n"),
    Row("reply 304 denied", get(), reply("304 Not Modified", {"ETag": '"x"'}, length=False), conf=NO_REPLY),
    Row("reply 204 denied", get(), reply("204 No Content", length=False), conf=NO_REPLY),
    Row("error page denied", b"GET http://127.0.0.1:{D}/ HTTP/1.1\r\nHost: 127.0.0.1:{D}\r\n\r\n", conf=NO_REPLY),
    Row("denial is not denied again", get(), conf="http_access deny all\nhttp_reply_access deny all\n"),
    Row("reply to connect is no reply", b"CONNECT {O} HTTP/1.1\r\nHost: {O}\r\n\r\n", conf=NO_REPLY, tunnel=True,
        method="CONNECT"),
    Row("reply too large", get(), conf=ALL + "reply_body_max_size 4 bytes\n"),
    Row("reply just as large", get(), conf=ALL + "reply_body_max_size 5 bytes\n"),
    Row("reply limit of 0", get(), conf=ALL + "reply_body_max_size 0\n"),
    Row("reply limit that does not count", get(),
        conf=ALL + "acl post method POST\nreply_body_max_size 4 bytes post\n"),
    Row("reply limit by the first line", get(),
        conf=ALL + "acl get method GET\nreply_body_max_size none get\nreply_body_max_size 4 bytes\n"),
    Row("reply limit and head", get(method=b"HEAD"), reply(fields={"Content-Length": "5"}, length=False),
        conf=ALL + "reply_body_max_size 4 bytes\n", method="HEAD"),
    Row("error page too large", b"GET http://127.0.0.1:{D}/ HTTP/1.1\r\nHost: 127.0.0.1:{D}\r\n\r\n",
        conf=ALL + "reply_body_max_size 100 bytes\n"),
    # rules for fields
    Row("request field removed", FIELDS, conf=ALL + "request_header_access X-Mine deny all\nrequest_header_access Cookie deny all\n"),
    Row("request fields, other", FIELDS, conf=ALL + "request_header_access Other deny all\n"),
    Row("request fields, all", FIELDS, conf=ALL + "request_header_access All deny all\n", differs={
        "origin Host": "Squid sends a request that RFC 9112 section 3.2 has the origin refuse"}),
    Row("request fields, paranoid", FIELDS, conf=ALL + "request_header_access Cookie allow all\nrequest_header_access Host allow all\n"
        "request_header_access All deny all\n"),
    Row("request field by name and all", FIELDS, conf=ALL + "request_header_access X-Mine allow all\n"
        "request_header_access Host allow all\nrequest_header_access Other deny all\nrequest_header_access All deny all\n"),
    Row("request field, opposite of the last rule", FIELDS, conf=METHODS + "request_header_access X-Mine allow post\n"),
    Row("request field, rules that do not match", FIELDS, conf=METHODS + "request_header_access X-Mine deny post\n"),
    Row("request field replaced", FIELDS, conf=ALL + "request_header_access X-Mine deny all\nrequest_header_replace X-Mine a b # c\n"),
    Row("via of this proxy removed", FIELDS, conf=ALL + "request_header_access Via deny all\n"
        "request_header_access X-Forwarded-For deny all\nreply_header_access Via deny all\n"),
    Row("via replaced", FIELDS, conf=ALL + "request_header_access Via deny all\nrequest_header_replace Via 1.1 somebody\n"),
    Row("host replaced", FIELDS, conf=ALL + "request_header_access Host deny all\nrequest_header_replace Host other.test\n"),
    Row("request field added", FIELDS, conf=METHODS + 'request_header_add X-Mine "b c" all\nrequest_header_add Cookie d get\n'
        "request_header_add Cookie e post\n"),
    Row("request field added as it stands", FIELDS, conf=ALL + 'request_header_add X-Mine 100%%\nrequest_header_add X-Mine "100%%"\n'
        'request_header_add X-Mine ""\n'),
    Row("request field added from codes", FIELDS, conf=ALL + 'request_header_add X-Mine "%>a|%rp|%{Cookie}>h"\n'),
    Row("request field added from a later code", FIELDS, conf=ALL + 'request_header_add X-Mine "%rm"\n', differs={
        "origin X-Mine": LATER}),
    Row("reply field added from codes", get(), MANY, conf=ALL + 'reply_header_add X-Mine "%>a %{Location}<h"\n'),
    Row("reply field added from later codes", get(), MANY, conf=ALL + 'reply_header_add X-Mine "%rm %>Hs"\n', differs={
        "client X-Mine": LATER}),
    Row("request field added from a note", FIELDS, conf=ALL + 'acl mark annotate_transaction kind=seen\nhttp_access deny mark !all\n'
        'request_header_add X-Mine "%{kind}note" all\n'),
    Row("request field removed and added", FIELDS, conf=ALL + "request_header_access X-Mine deny all\nrequest_header_add X-Mine b\n"),
    Row("reply field removed", get(), MANY, conf=ALL + "reply_header_access X-Mine deny all\nreply_header_access Set-Cookie deny all\n"),
    Row("reply fields, other", get(), MANY, conf=ALL + "reply_header_access Other deny all\n"),
    Row("reply field replaced", get(), MANY, conf=ALL + "reply_header_access X-Mine deny all\nreply_header_replace X-Mine b\n"),
    Row("reply field added", get(), MANY, conf=METHODS + 'reply_header_add X-Mine "b" get\nreply_header_add X-Mine c post\n'),
    Row("field added to an error page", get(), conf="http_access deny all\nreply_header_add X-Mine b\n"),
    Row("field added to a denied connect", b"CONNECT {O} HTTP/1.1\r\nHost: {O}\r\n\r\n", method="CONNECT",
        conf="http_access deny all\nreply_header_add X-Mine b\n"),
    Row("field added to a connect", b"CONNECT {O} HTTP/1.1\r\nHost: {O}\r\n\r\n", tunnel=True, method="CONNECT",
        conf=ALL + "reply_header_add X-Mine b\n"),
    Row("field added to a connect that fails", b"CONNECT 127.0.0.1:{D} HTTP/1.1\r\nHost: 127.0.0.1:{D}\r\n\r\n", method="CONNECT",
        conf=ALL + "reply_header_add X-Mine b\n", differs={"log result": PAGELESS, "log type": PAGELESS}),
    Row("upgrade by rules", UPGRADE, conf=METHODS + "http_upgrade_request_protocols Bar/1 deny post\n"
        "http_upgrade_request_protocols Bar deny get\nhttp_upgrade_request_protocols Foo deny post\n"
        "http_upgrade_request_protocols OTHER allow all\n"),
    # tunnels
    Row("connect", b"CONNECT {O} HTTP/1.1\r\nHost: {O}\r\n\r\n", tunnel=True, method="CONNECT"),
    Row("connect in http 1.0", b"CONNECT {O} HTTP/1.0\r\n\r\n", tunnel=True, method="CONNECT"),
    Row("connect by name", b"CONNECT www.good.test:{P} HTTP/1.1\r\nHost: www.good.test:{P}\r\n\r\n", tunnel=True,
        method="CONNECT"),
    # errors
    Row("nobody listens", b"GET http://127.0.0.1:{D}/ HTTP/1.1\r\nHost: 127.0.0.1:{D}\r\n\r\n"),
    Row("no http", b"nonsense\r\n\r\n",
        differs={"client error": "Squid takes it for another protocol", "log method": UNPARSED}),
    Row("bad method", b"G(T http://{O}/ HTTP/1.1\r\nHost: {O}\r\n\r\n",
        differs={"client error": "Squid takes it for another protocol", "log method": UNPARSED}),
    Row("nul", get(b"X-Mine: a\0b\r\n"), differs={"log method": UNPARSED, "log url": UNPARSED}),
    Row("bad length", post(b"Content-Length: x\r\n", b""), differs={"status": LENGTH, "log result": LENGTH}),
    Row("negative length", post(b"Content-Length: -5\r\n", b""), differs={"status": LENGTH, "log result": LENGTH}),
    Row("two lengths", post(b"Content-Length: 5\r\nContent-Length: 6\r\n", b"123456"),
        differs={"status": LENGTH, "log result": LENGTH}),
    Row("length and chunked", post(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
        differs=STRICT, statuses=(200, 400)),
    Row("space before the colon", get(b"X-Mine : y\r\n"), differs={"log method": UNPARSED, "log url": UNPARSED}),
    Row("folded field", get(b"X-Mine: a\r\n b\r\n"), differs=STRICT, statuses=(200, 400)),
    Row("bare lf", b"GET http://{O}/ HTTP/1.1\nHost: {O}\n\n", differs=STRICT, statuses=(200, 400)),
    Row("no host", b"GET http://{O}/ HTTP/1.1\r\n\r\n", differs=STRICT, statuses=(200, 400)),
    Row("large head", get(b"X-Mine: " + b"x" * 70000 + b"\r\n"), differs={"log method": UNPARSED}),
    Row("userinfo", b"GET http://u:p@{O}/ HTTP/1.1\r\nHost: {O}\r\n\r\n", differs=STRICT, statuses=(200, 400)),
    Row("unknown coding", post(b"Transfer-Encoding: frob\r\n", b""),
        differs={"status": "a request whose body cannot be framed is 400", "log result": "the same", "client error": "the same"}),
    Row("origin-form", b"GET /p HTTP/1.1\r\nHost: {O}\r\n\r\n", statuses=(400, 200),
        differs={"*": "Squid wants a port in accelerator mode for it; Cuttle asks the host that Host names"}),
]


def normal(value):
    """A field's value without what names the product."""
    if value is None:
        return None
    return re.sub(r" \((squid|cuttle)[^)]*\)", "", value)


@pytest.fixture(scope="module")
def pairs():
    """Both proxies for a configuration, started when first asked for."""
    running = {}

    def start(conf):
        if conf not in running:
            running[conf] = (Proxy(conf, squid=True, hosts=HOSTS, name="squid"),
                             Proxy(conf, squid=False, hosts=HOSTS, name="cuttle"))
        return running[conf]
    yield start
    for pair in running.values():
        for proxy in pair:
            proxy.close()


def observe(proxy, row):
    """What happens when the row goes through this proxy, as a flat dictionary."""
    def script(wire):
        if row.tunnel:
            wire.send(wire.read_exact(4))
            wire.read_rest()
            return
        while True:
            message = wire.read_request()
            del message
            if row.answer is None:
                return
            wire.send(row.answer)
            if row.close:
                return
    dead, port = closed_port()
    proxy.mark_log()
    with dead, Origin(script) as origin:
        raw = row.raw.replace(b"{O}", origin.authority.encode()).replace(b"{P}", str(origin.port).encode())
        with proxy.client(name=proxy.name) as client:
            client.send(raw.replace(b"{D}", str(port).encode()))
            got = client.read_reply(row.method)
            seen = {"status": got.status}
            page = got.has("X-Squid-Error")
            for name in CLIENT_FIELDS + ["X-Squid-Error"] * ("deny_info" in row.conf):
                if page and name in ("Content-Length", "Content-Type", "Via"):
                    continue        # worded by each of them
                if name == "Transfer-Encoding" or (name == "Content-Length" and row.close):
                    continue        # each connection has its own framing
                seen["client " + name] = normal(got.get(name))
            seen["client error"] = (got.get("X-Squid-Error") or "").split(" ")[0]
            seen["client body"] = None if page else got.body
            if row.tunnel and got.status == 200:
                client.send(b"ping")
                assert client.read_exact(4) == b"ping"
        requests = origin.requests
        seen["origin requests"] = len(requests)
        if requests:
            seen["origin start"] = requests[0].start
            seen["origin body"] = requests[0].body
            for name in ORIGIN_FIELDS:
                value = normal(requests[0].get(name))
                seen["origin " + name] = value and value.replace(str(origin.port), "PORT")
        real = "transaction-end-before-headers"
        until(lambda: [x for x in proxy.log_lines()[proxy._mark:] if real not in x.url], "a line in access.log")
        line = [x for x in proxy.log_lines()[proxy._mark:] if real not in x.url][0]
        for name in ("result", "method", "hier", "server", "type", "user", "client"):
            seen["log " + name] = getattr(line, name)
        seen["log url"] = line.url.replace(str(origin.port), "PORT").replace(str(port), "DEAD")
    return seen


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_like_squid(pairs, row):
    squid, cuttle = pairs(row.conf)
    theirs, ours = observe(squid, row), observe(cuttle, row)
    if "*" in row.differs:
        assert (theirs["status"], ours["status"]) == row.statuses
        return
    found = {k: (theirs.get(k), ours.get(k)) for k in {**theirs, **ours} if theirs.get(k) != ours.get(k)}
    unexpected = {k: v for k, v in found.items() if k not in row.differs}
    gone = [k for k in row.differs if k not in found]
    assert not unexpected, "Squid, Cuttle: " + ", ".join(f"{k}: {v[0]!r}, {v[1]!r}" for k, v in sorted(unexpected.items()))
    assert not gone, f"no difference any more: {gone}"
