"""What acls of each type say of the same requests in Debian's squid and in Cuttle.

Each acl stands at the end of an access_log line of its own, so one run of both proxies tells for every acl and
every request whether it matched, with all facts that there will ever be. Acls that need a lookup cannot stand
there; tables of test_0400_policy.py, which also runs against squid, hold those.
"""
import re

import pytest

from harness.deadline import until
from harness.message import reply
from harness.origin import Origin, closed_port, echo
from harness.proxy import IS_SQUID, SQUID, Proxy

pytestmark = pytest.mark.skipif(IS_SQUID or not SQUID, reason="squid is not installed" if not SQUID
                                else "PROXY=squid compares squid with itself")

HOSTS = {"www.good.test": "127.0.0.1", "bad.test": "127.0.0.1", "tunnel.good.test": "127.0.0.1"}
SINKS = 60      # access_log lines that a configuration can have

# Annotations and a denial, so that there is something to see.
POLICY = """
acl q_get urlpath_regex ^/get
acl q_post urlpath_regex ^/post
acl q_denied urlpath_regex ^/denied
acl set annotate_transaction color=red shape=round
acl set annotate_transaction color+=blue
acl sets annotate_transaction -m list=a,b,,c
acl sets2 annotate_transaction -m=;: list=d;e:f,g
acl spaced annotate_transaction words="two words" comma=a,b
acl client annotate_client seen=yes
acl was note color red
acl begins annotate_transaction begins=,a added=a added+=b
http_access deny q_get begins !all
http_access deny q_get set !all
http_access deny q_get sets !all
http_access deny q_post sets2 !all
http_access deny q_post spaced !all
http_access deny q_post was
http_access deny q_post client !all
http_access deny q_denied
http_access allow all
acl q_parent urlpath_regex ^/parent
cache_peer 127.0.0.1 parent {P} 0 no-query no-digest default name=p1
cache_peer_access p1 allow q_parent
cache_peer_access p1 deny all
never_direct allow q_parent
"""


def ask(start, fields=""):
    return (start + " HTTP/1.1\r\nHost: " + re.sub(r"^\w+ (http://)?([^/]+).*$", r"\2", start) + "\r\n" + fields
            + "\r\n").encode()


# Name: request, what the origin answers. {O} is the origin's authority, {P} its port, {T} that of one
# that echoes, {D} one where nobody is.
QUESTIONS = {
    "get": (ask("GET http://{O}/get?a=b", "User-Agent: Mozilla/5.0 (X11)\r\nReferer: http://www.example.org/Page\r\n"),
            reply(fields={"Content-Type": "text/html; charset=utf-8", "X-Mine": "one"}, body=b"x")),
    "named": (ask("GET http://www.good.test:{P}/named/%41b.EXE", "User-Agent: curl/8\r\nX-Two: one\r\nX-Two: two\r\n"
                  "Accept: text/html\r\nAccept: */*\r\nCookie: a=b\r\n"),
              reply("404 Not Found", {"Content-Type": "TEXT/plain"}, b"gone")),
    "post": (ask("POST http://{O}/post", "Content-Length: 2\r\nContent-Type: multipart/form-data; boundary=x\r\n") + b"ab",
             reply("201 Created", body=b"x")),
    "moved": (ask("GET http://bad.test:{P}/moved", "X-Empty:\r\nUser-Agent: x\r\n"),
              reply("302 Found", {"Location": "/", "Set-Cookie": "a=b"}, b"")),
    "oops": (ask("HEAD http://{O}/oops", "X-Mine: y\r\n"), reply("500 Oops", {"Content-Length": "5"}, length=False)),
    "put": (ask("PUT http://{O}/put", "Content-Length: 0\r\n"), reply("204 No Content", length=False)),
    "odd": (ask("FROB http://{O}/odd/a%2Fb%zz"), reply(body=b"x")),
    "parent": (ask("GET http://www.good.test:{P}/parent"), reply(body=b"x")),
    "denied": (ask("GET http://{O}/denied", "User-Agent: wget\r\n"), None),
    "dead": (ask("GET http://127.0.0.1:{D}/dead"), None),
    "tunnel": (ask("CONNECT tunnel.good.test:{T}", "User-Agent: tunneller\r\n"), None),
}

# Name of the case: lines, where A is the acl. Differences: {question: why}, where the two are not to agree.
ACLS = {
    "src": "acl A src 127.0.0.1",
    "src elsewhere": "acl A src 10.0.0.0/8",
    "localip": "acl A localip 127.0.0.0/8",
    "localport": "acl A localport {port}",
    "myport": "acl A myport {port}",
    "myip": "acl A myip 127.0.0.1",
    "myportname": "acl A myportname 127.0.0.1:{port}",
    "dst -n": "acl A dst -n 127.0.0.1",
    "dstdomain -n": "acl A dstdomain -n .good.test",
    "dstdomain -n, one": "acl A dstdomain -n good.test bad.test",
    "dstdom_regex -n": "acl A dstdom_regex -n ^WWW",
    "dstdom_regex -n -i": "acl A dstdom_regex -n -i ^WWW",
    "dstdom_regex -i -n": "acl A dstdom_regex -i -n GOOD BAD",
    "port": "acl A port {P}",
    "port, others": "acl A port 80 443 1-79",
    "proto": "acl A proto HTTP",
    "method": "acl A method GET HEAD",
    "method, own": "acl A method FROB",
    "url_regex": "acl A url_regex /moved$ ^http://www",
    "url_regex -i": "acl A url_regex -i \\.exe",
    "url_regex, host and port": "acl A url_regex ^tunnel.good.test:",
    # The dialect of expressions; each beside others on the line, since Squid joins those.
    "regex, words": "acl A urlpath_regex \\<get\\> \\<ost\\> \\bpu\\b",
    "regex, within words": "acl A urlpath_regex \\Bost \\Bget",
    "regex, classes": "acl A url_regex ://[[:alpha:]]+\\.test [[:upper:]]x",
    "regex, an escaped letter": "acl A urlpath_regex ^/\\d",
    "regex, a backslash in brackets": "acl A urlpath_regex ^/[\\.m]o ^/[\\w]o",
    "regex, \\w and \\W": "acl A urlpath_regex ^\\W\\w+$",
    "regex, bounds": "acl A urlpath_regex ^/o{2}ps$ e{,0}nied$ ^/p{1}ost",
    "regex, no bounds": "acl A urlpath_regex ^/mo{,3}v{1,}ed$",
    "regex, a back-reference": "acl A urlpath_regex /(o)\\1ps",
    "regex, +? is no lazy +": "acl A urlpath_regex ^/x+?get",
    "regex, a lone parenthesis and brace": "acl A urlpath_regex a) a}|get",
    "regex, -i and +i": "acl A urlpath_regex -i ^/GET +i ^/POST ^/put",
    "regex -i, a range between cases": "acl A urlpath_regex -i ^/[A-z]ost",
    "regex, an empty alternative": "acl A urlpath_regex ^/(get|)\\?",
    "urlpath_regex": "acl A urlpath_regex ^/(get|put)",
    "urlpath_regex, query": "acl A urlpath_regex a=b$",
    "http_status": "acl A http_status 200",
    "http_status, several": "acl A http_status 201 302 403",
    "http_status, range": "acl A http_status 200-299",
    "http_status, open": "acl A http_status 400-",
    "http_status, mixed": "acl A http_status 204 300-399 500-",
    "browser": "acl A browser ^Mozilla",
    "browser -i": "acl A browser -i MOZILLA WGET",
    "browser, any": "acl A browser .",
    "referer_regex": "acl A referer_regex example\\.org/Page$",
    "referer_regex, case": "acl A referer_regex page$",
    "referer_regex -i": "acl A referer_regex -i page$",
    "req_mime_type": "acl A req_mime_type ^multipart/",
    "req_mime_type -i": "acl A req_mime_type -i ^MULTIPART/",
    "req_mime_type, any": "acl A req_mime_type .*",
    "req_mime_type, none": "acl A req_mime_type ^$",
    "rep_mime_type, none": "acl A rep_mime_type ^$",
    "rep_mime_type, any": "acl A rep_mime_type .*",
    "browser, none": "acl A browser .* ^$",
    "referer_regex, none": "acl A referer_regex .* ^$",
    "req_header, content-type": "acl A req_header Content-Type .* ^$",
    "rep_header, content-type": "acl A rep_header Content-Type .* ^$",
    "rep_mime_type": "acl A rep_mime_type ^text/html",
    "rep_mime_type -i": "acl A rep_mime_type -i ^text/",
    "rep_mime_type, case": "acl A rep_mime_type ^text/plain",
    "req_header": "acl A req_header User-Agent ^curl",
    "req_header, name in any case": "acl A req_header user-AGENT ^curl",
    "req_header -i": "acl A req_header User-Agent -i ^CURL",
    "req_header, several": "acl A req_header User-Agent ^curl ^wget",
    "req_header, two fields": "acl A req_header X-Two ^one,.*two$",
    "req_header, the second": "acl A req_header X-Two two",
    "req_header, a list": "acl A req_header Accept ^text/html,.*/.*$",
    "req_header, empty": "acl A req_header X-Empty ^$",
    "req_header, host": "acl A req_header Host good",
    "req_header, none": "acl A req_header X-Nobody .*",
    "req_header, lines": "acl A req_header User-Agent ^curl\nacl A req_header User-Agent ^wget",
    "rep_header": "acl A rep_header X-Mine one",
    "rep_header, set-cookie": "acl A rep_header Set-Cookie a=b",
    "rep_header, location": "acl A rep_header Location ^/$",
    "rep_header -i": "acl A rep_header Content-Type -i HTML",
    "maxconn": "acl A maxconn 5",
    "hier_code direct": "acl A hier_code HIER_DIRECT",
    "hier_code none": "acl A hier_code HIER_NONE",
    "hier_code of a parent": "acl A hier_code PARENT_HIT FIRSTUP_PARENT",
    "peername": "acl A peername p1",
    "peername_regex": "acl A peername_regex ^p",
    "note": "acl A note color",
    "note, value": "acl A note color blue",
    "note, other value": "acl A note color green",
    "note, value's case": "acl A note color RED",
    "note, name's case": "acl A note Color",
    "note, of values": "acl A note shape square round",
    "note, another": "acl A note size",
    "note, element": "acl A note list b",
    "note, elements by other bytes": "acl A note list f,g",
    "note, no such element": "acl A note list g",
    "note, whole list": "acl A note comma a,b",
    "note -m": "acl A note -m comma b",
    "note -m, whole list": "acl A note -m comma a,b",
    "note -m=": "acl A note -m=: list f,g",
    "note, quoted value": "acl A note words two",
    "note, empty value": "acl A note nothing",
    "note, only a separator": "acl A note comma,",
    "note, first separator": "acl A note begins ,a",
    "note, added": "acl A note added b",
    "note, client's": "acl A note seen yes",
    "transaction_initiator": "acl A transaction_initiator client",
    "transaction_initiator, all": "acl A transaction_initiator all",
    "transaction_initiator, internal": "acl A transaction_initiator internal",
    "has request": "acl A has request",
    "has response": "acl A has response",
    "has ALE": "acl A has ALE",
    "has, lines": "acl A has response\nacl A has request",
    "connections_encrypted": "acl A connections_encrypted",
    "random, always": "acl A random 1/1",
    "time": "acl A time SMTWHFA 00:00-23:59",
    "any-of": "acl A1 method POST\nacl A2 port 1\nacl A any-of A1 !A2",
    "all-of": "acl A1 method GET\nacl A2 http_status 404\nacl A all-of A1 A2",
    "all-of, lines": "acl A1 method GET\nacl A2 http_status 404\nacl A all-of A1 A2\nacl A all-of !A1",
    "annotate_transaction": "acl A annotate_transaction x=y",
    "annotate_client": "acl A annotate_client x=y",
}

FORGOTTEN = "when it writes the log, Squid has forgotten which parent it was"
DIFFERS = {("peername", "parent"): FORGOTTEN, ("peername_regex", "parent"): FORGOTTEN}


def groups():
    names = list(ACLS)
    return [names[i:i + SINKS] for i in range(0, len(names), SINKS)]


def configuration(names):
    lines = [POLICY]
    for i, name in enumerate(names):
        acl = f"acl{i}"
        lines.append(re.sub(r"\bA(\d?)\b", lambda m, a=acl: a + ("_" + m[1] if m[1] else ""), ACLS[name]))
        lines.append(f"access_log stdio:{{dir}}/{acl}.log squid {acl}")
    return "\n".join(lines) + "\naccess_log stdio:{dir}/end.log squid all\n"


def put(proxy, signs, name):
    raw, _ = QUESTIONS[name]
    for sign, value in signs.items():
        raw = raw.replace(sign.encode(), value.encode())
    with proxy.client(name=proxy.name) as client:
        client.send(raw)
        got = client.read_reply(raw.split(b" ")[0].decode())
        if name == "tunnel" and got.status == 200:
            client.send(b"ping")
            assert client.read_exact(4) == b"ping"


def question_of(line):
    return next(name for name in QUESTIONS if f"/{name}" in line or f"{name}.good" in line)


def answers(names, squid, signs):
    """{name of an acl: the questions that it matched}"""
    conf = configuration(names).replace("{P}", signs["{P}"])
    with Proxy(conf, squid=squid, hosts=HOSTS, name="squid" if squid else "cuttle") as proxy:
        for name in QUESTIONS:
            put(proxy, signs, name)
        until(lambda: len(proxy.read("end.log").splitlines()) == len(QUESTIONS), "all lines of the last log")
        found = {}
        for i, name in enumerate(names):
            found[name] = {question_of(line) for line in proxy.read(f"acl{i}.log").splitlines()}
        return found


def script(wire):
    while True:
        message = wire.read_request()
        name = next((n for n in QUESTIONS if f"/{n}" in message.start), None)
        wire.send(QUESTIONS[name][1])


@pytest.mark.parametrize("names", groups(), ids=[f"group {i}" for i in range(len(groups()))])
def test_acls_match_alike(names):
    holder, dead = closed_port()
    with holder, Origin(script) as origin, Origin(echo) as echoing:
        signs = {"{O}": origin.authority, "{P}": str(origin.port), "{T}": str(echoing.port), "{D}": str(dead)}
        theirs, ours = answers(names, True, signs), answers(names, False, signs)
    faults = []
    for name in names:
        for question in QUESTIONS:
            a, b = question in theirs[name], question in ours[name]
            meant = (name, question) in DIFFERS
            if (a != b) != meant:
                faults.append(f"{name}: {question}: squid {'matches' if a else 'no'}, cuttle {'matches' if b else 'no'}")
    assert not faults, "\n".join(faults)
    # A table in which nothing ever matched, or everything, would prove nothing.
    assert any(theirs.values()) and not all(len(v) == len(QUESTIONS) for v in theirs.values())
