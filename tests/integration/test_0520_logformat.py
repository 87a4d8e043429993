"""logformat: the same formats and requests through Debian's squid and through Cuttle, and what is Cuttle's own.

Every request is logged by every format into a file of its own. What differs from run to run (ports, times,
sizes of replies that name the product) is taken out of both; what is left must be the same.
"""
import re
import subprocess

import pytest

from harness.deadline import until
from harness.message import reply, request
from harness.origin import Origin, closed_port, serve_forever
from harness.proxy import IS_SQUID, SQUID, Proxy, cuttle_only

FORMATS = {
    "client": "%>a %>la %la",
    "name": "%>A",
    "server": "%<a %<A %<la %oa",
    "ports": "%>p %lp %>lp %<p %<lp",
    "times": "%ts.%03tu %02.2tu %06.6tu %06tu",
    "words": "%tl|%tg|%{%Y-%m-%dT%H:%M:%S}tl|%{%%}tl|%{}tl|%{x y}tg",
    "start": "%tS|%.6tS",
    "durations": "%tr|%06tr|%6tr|%-6trx|%.3tr|%10.3tr",
    "method": "%rm %>rm %<rm %rv %>v %>rv %METHOD",
    "url": "%ru|%>ru|%URI",
    "parts": "%>rs|%>rd|%>rP|%>rp|%rp|%PROTO|%DST|%PORT|%PATH",
    "sent": "%<rs|%<rd|%<rP|%<rp",
    "fields": "%{User-Agent}>h|%>h{Referer}|%{X-L}>h|%{Cookie}>h|%{accept}>h|%{None}>h|%{User-Agent}>ha",
    "elements": "%{X-L:b}>h|%{X-L:;c}>h|%{X-L:a}>h|%{X-L:d}>h|%{X-L:zz}>h|%{X-L:A}>h|%{Cookie:;t}>h",
    "reply": "%{Content-Type}<h|%{X-R}<h|%mt",
    "status": "%Hs %>Hs %<Hs %06>Hs %3>Hs|%-5>Hs|%Sh",
    "received": "%>st %>sh",
    "body": "%<bs %<sH %<sS",
    "none": "%un|%ul|%ue|%et|%ea|%{x}note|%credentials|%[un|\"%un\"|%5un|%ssl::bump_mode|%ssl::>sni|%adapt::all_trs|%DATA",
    "numbers": "%sn",
    "context": "a\"%{User-Agent}>h|%ru\"b[%{User-Agent}>h|%ru]c %{User-Agent}>h",
    "quote": "%\"{User-Agent}>h",
    "mime": "%[{User-Agent}>h %[ru",
    "url_style": "%#{User-Agent}>h %#ru",
    "shell": "%/{User-Agent}>h %/{X-R}<h",
    "raw": "%'{User-Agent}>h",
    "columns": "%20rm|%-20rm|%.2rm|%020rm|%020>st|%5.3rm|%-5.3rm|",
    "text": "%%x 100%% a\\tb  c %rm  %rv it's 'so' # no comment",
    "glued": "%rmXX%ruYY%{a}>h{b}",
    "error": "%err_code",
}
BUILTIN = ["squid", "common", "combined", "referrer", "useragent"]
ACCESS = "acl bad urlpath_regex ^/denied\nhttp_access deny bad\nhttp_access allow all\n"
CONF = ACCESS + "".join(f"logformat f_{n} {f}\naccess_log stdio:{{dir}}/{n}.log f_{n}\n" for n, f in FORMATS.items()) \
    + "".join(f"access_log stdio:{{dir}}/{n}.log logformat={n}\n" for n in BUILTIN)

FIELDS = b'User-Agent: ag "x" [y] \\ b%c~ (z)\r\nX-L: a=1, b=2;c, d="x,y"\r\nX-L: e\r\nCookie: s=1; t=2\r\nCookie: u=3\r\n' \
         b"Referer: http://r.example/x\r\nAccept: a/b\r\nAccept: c/d\r\n"
REQUESTS = {
    "plain": b"GET http://{O}/p HTTP/1.1\r\nHost: {O}\r\n\r\n",
    "query": b"GET http://{O}/a%20b?q=1&r HTTP/1.1\r\nHost: {O}\r\n" + FIELDS + b"\r\n",
    "old": b"GET http://{O}/p HTTP/1.0\r\n\r\n",
    "empty fields": b"GET http://{O}/p HTTP/1.1\r\nHost: {O}\r\nUser-Agent:\r\nReferer:\r\n\r\n",
    "several": b"GET http://{O}/p HTTP/1.1\r\nHost: {O}\r\nUser-Agent: A\r\nUser-Agent: B\r\nReferer: 1\r\nReferer: 2\r\n\r\n",
    "odd path": b"GET http://{O}/a;b=c,d~e!f$g'h(i)*j+k:l@m^|`{}<>\"[] HTTP/1.1\r\nHost: {O}\r\n\r\n",
    "upload": b"POST http://{O}/p HTTP/1.1\r\nHost: {O}\r\nContent-Length: 5\r\n\r\n12345",
    "unknown method": b"FROB http://{O}/p HTTP/1.1\r\nHost: {O}\r\n\r\n",
    "denied": b"GET http://{O}/denied HTTP/1.1\r\nHost: {O}\r\n" + FIELDS + b"\r\n",
    "nobody listens": b"GET http://127.0.0.1:{D}/p HTTP/1.1\r\nHost: 127.0.0.1:{D}\r\n\r\n",
    "nothing": b"GET ",
}
ANSWER = reply(body=b"hello", fields={"Content-Type": "text/html; charset=utf-8", "X-R": "a b, c"})

# (format, request): why the two are meant to differ there
DIFFERS = {
    ("combined", "query"): "the User-Agent's quotes do not end the column",
    ("useragent", "query"): "the same",
    ("combined", "denied"): "the same",
    ("common", "odd path"): "no more does the URL's, as by Squid's definition of the format",
    ("combined", "odd path"): "the same",
    ("client", "nothing"): "Squid knows no address of its own where there was no request",
    ("ports", "nothing"): "the same",
    ("ports", "nobody listens"): "a connection that failed had no port here",
    ("useragent", "denied"): "the same",
    ("reply", "denied"): "each has its own pages",
    ("reply", "nobody listens"): "each has its own pages",
    ("body", "denied"): "each has its own pages",
    ("body", "nobody listens"): "each has its own pages",
    ("server", "nobody listens"): "a connection that failed had no address here; Squid writes 0.0.0.0",
    ("squid", "nothing"): "an aborted one is logged as such",
    ("common", "nothing"): "the same",
    ("combined", "nothing"): "the same",
}

REPLACE = [
    (re.compile(r"\d{10}\.\d{6}"), "TIME6"), (re.compile(r"\d{10}\.\d{3}"), "TIME3"), (re.compile(r"\b\d{10}\b"), "TIME"),
    (re.compile(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d"), "CLOCK"), (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"), "CLOCK2"),
    (re.compile(r"(TCP_\w+/\d+|HTTP/1\.\d\" \d+) \d+"), r"\1 SIZE"),       # replies have other fields
    (re.compile(r"(TIME3) +\d+"), r"\1 MS"),
]


def shape(text):
    """Digits of what nobody can foretell; how many there are is to be the same."""
    return re.sub(r"\d", "9", text)


def normal(name, line, origin, dead):
    line = line.replace(str(origin), "ORIGIN").replace(str(dead), "DEAD")
    for pattern, to in REPLACE:
        line = pattern.sub(to, line)
    if name == "durations":
        return re.sub(r"\d+", "0", re.sub(r" +", " ", line))
    return shape(line) if name in ("ports", "times", "start") else line


class Side:
    """One of the two proxies, with all logs, and what they hold for each request."""

    def __init__(self, squid):
        self.lines = {}
        dead, port = closed_port()
        with dead, Origin(serve_forever(ANSWER)) as origin, Proxy(CONF, squid=squid, name="squid" if squid else "cuttle") as proxy:
            for n, (name, raw) in enumerate(REQUESTS.items()):
                self.ask(proxy, name, raw.replace(b"{O}", origin.authority.encode()).replace(b"{D}", str(port).encode()))
                for log in [*FORMATS, *BUILTIN]:
                    until(lambda log=log, n=n: proxy.read(log + ".log").count("\n") > n, f"a line for {name} in {log}.log")
            for log in [*FORMATS, *BUILTIN]:
                for name, line in zip(REQUESTS, proxy.read(log + ".log").splitlines()):
                    self.lines[log, name] = normal(log, line, origin.port, port)

    @staticmethod
    def ask(proxy, name, raw):
        with proxy.client(name=proxy.name) as client:
            client.send(raw)
            if name != "nothing":
                client.read_reply(raw.split(b" ")[0].decode())


@pytest.fixture(scope="module")
def sides():
    if IS_SQUID or not SQUID:
        pytest.skip("compares squid with Cuttle")
    return Side(True), Side(False)


@pytest.mark.parametrize("log", [*FORMATS, *BUILTIN])
def test_like_squid(sides, log):
    squid, cuttle = sides
    found = {n: (squid.lines[log, n], cuttle.lines[log, n]) for n in REQUESTS if squid.lines[log, n] != cuttle.lines[log, n]}
    unexpected = {n: v for n, v in found.items() if (log, n) not in DIFFERS}
    gone = [n for n in REQUESTS if (log, n) in DIFFERS and n not in found]
    assert not unexpected, "Squid, Cuttle:\n" + "\n".join(f"{n}:\n  {a}\n  {b}" for n, (a, b) in unexpected.items())
    assert not gone, f"no difference any more: {gone}"


# --- Cuttle's own -----------------------------------------------------------------------------------------

def log(proxy, n, name="own.log"):
    """The first n lines of a log beside access.log."""
    until(lambda: proxy.read(name).count("\n") >= n, f"{n} lines in {name}: {proxy.read(name)!r}")
    return proxy.read(name).splitlines()


@cuttle_only("Squid has no such codes")
def test_why(start_proxy, start_origin):
    origin = start_origin(serve_forever(ANSWER))
    proxy = start_proxy("logformat own %cuttle::verdict|%cuttle::rule|%cuttle::place|%cuttle::why|%cuttle::reported\n"
                        "access_log stdio:{dir}/own.log own\nacl bad urlpath_regex ^/bad\nhttp_access deny bad\nhttp_access allow all\n")
    with proxy.client() as client:
        client.get(origin.url("/good"))
        client.get(origin.url("/bad"))
        lines = log(proxy, 2)
    assert re.fullmatch(r"allow\|http_access%20allow%20all\|\S*squid\.conf:\d+\|DONE\|-", lines[0])
    assert re.fullmatch(r"deny\|http_access%20deny%20bad\|\S*squid\.conf:\d+\|DENIED\|-", lines[1])


@cuttle_only("Squid has no such format")
def test_facts_are_what_replay_reads(start_proxy, start_origin):
    """A line for each transaction, of which replay makes the same verdicts by the same file."""
    origin = start_origin(serve_forever(ANSWER))
    proxy = start_proxy("access_log stdio:{dir}/facts.log facts\nacl bad req_header X-Tag bad\nacl secret req_header Cookie x\n"
                        "http_access deny bad\nhttp_access deny secret\nhttp_access allow all\n")
    with proxy.client() as client:
        for tag in ("good", "bad", 'b"a d\t%'):
            client.ask("GET", origin.url("/p?q=1"), fields={"X-Tag": tag, "User-Agent": "not asked for"})
        client.connect("192.0.2.1:1x")
        lines = log(proxy, 4, "facts.log")
    words = [dict(word.split("=", 1) for word in line.split(" ")) for line in lines]
    assert [w["facts"] for w in words] == ["1"] * 4
    assert [w.get("verdict") for w in words] == ["allow", "deny", "allow", None]
    assert [w.get("req.x-tag") for w in words] == ["good", "bad", 'b"a%20d%09%25', "-"]
    assert all(w["url"] == origin.url("/p?q=1") for w in words[:3])
    assert not any("cookie" in line or "not%20asked" in line for line in lines)
    done = subprocess.run([proxy.binary, "replay", "--policy", proxy.conf_path, "--log", proxy.path("facts.log")],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@cuttle_only("what Squid lets through")
@pytest.mark.parametrize("form", ["%{X-Evil}>h", '"%{X-Evil}>h"', "[%{X-Evil}>h]", "%'{X-Evil}>h", "%/{X-Evil}>h", '"%.4{X-Evil}>h"'])
def test_no_line_is_forged(start_proxy, start_origin, form):
    origin = start_origin(serve_forever(ANSWER))
    proxy = start_proxy(f"logformat own begin {form} end\naccess_log stdio:{{dir}}/own.log own\nhttp_access allow all\n")
    evil = ['a" end begin "', "tab\there", "quote\\", '\\"', "\x80\x85\xa0", "[x] ]"]
    with proxy.client() as client:
        for value in evil:
            client.send(request("GET", origin.url("/"), fields={"X-Evil": value}))
            client.read_reply()
    lines = log(proxy, len(evil))
    assert len(lines) == len(evil)
    with open(proxy.path("own.log"), "rb") as f:
        assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", f.read())
    for line in lines:
        assert line.startswith("begin ") and line.endswith(" end")
        if form.startswith('"'):
            assert re.fullmatch(r'begin "([^"\\]|\\.)*" end', line), line


def test_log_mime_hdrs(start_proxy, start_origin):
    origin = start_origin(serve_forever(ANSWER))
    proxy = start_proxy("http_access allow all\nlog_mime_hdrs on\naccess_log stdio:{dir}/own.log combined\n")
    with proxy.client() as client:
        client.ask("GET", origin.url("/"), fields={"X-One": "[1]"})
    line = log(proxy, 1)[0]
    found = re.search(r" \[([^\]]*)\] \[([^\]]*)\]$", line[line.index("TCP_MISS"):])
    assert r"X-One: %5b1%5d\r\n" in found[1]
    assert found[2].startswith(r"HTTP/1.1 200 OK\r\n") and found[2].endswith(r"\r\n\r\n")


def test_several_logs(start_proxy, start_origin):
    """Each takes what its acls say, up to a none that matches; two lines may name one file."""
    origin = start_origin(serve_forever(ANSWER))
    proxy = start_proxy("acl quiet urlpath_regex ^/quiet\nacl post method POST\nlogformat m %rm\nlogformat u %ru\n"
                        "http_access allow all\naccess_log stdio:{dir}/posts.log m post\naccess_log none quiet\n"
                        "access_log stdio:{dir}/own.log logformat=m\naccess_log stdio:{dir}/own.log logformat=u !post\n")
    with proxy.client() as client:
        client.get(origin.url("/a"))
        client.get(origin.url("/quiet"))
        client.ask("POST", origin.url("/quiet"), body=b"x")
        client.ask("POST", origin.url("/b"), body=b"x")
    assert log(proxy, 3) == ["GET", origin.url("/a"), "POST"]
    assert log(proxy, 2, "posts.log") == ["POST", "POST"]


@cuttle_only("Squid reopens all logs and closes its ports")
def test_reload_changes_formats_and_an_old_tunnel_keeps_its_own(start_proxy, start_origin):
    origin = start_origin(lambda wire: wire.read_rest())
    conf = "http_access allow all\nlogformat own {0} %{{{0}}}>h %sn\naccess_log stdio:{{dir}}/own.log own\n"
    proxy = start_proxy(conf.format("First"))
    with proxy.client() as tunnel:
        tunnel.send(request("CONNECT", origin.authority, fields={"First": "1", "Other": "2"}))
        assert tunnel.read_reply("CONNECT").status == 200
        for n in range(3):
            proxy.configure(conf.format(("Other", "Third", "Other")[n]))
            proxy.reload()
    until(lambda: "First 1 " in proxy.read("own.log"), "the tunnel's line, in the format that it began with")
    assert all(re.fullmatch(r"(First|Other|Third) [-1] \d+", line) for line in log(proxy, 1))


@cuttle_only("what Squid says is less")
@pytest.mark.parametrize("line, said", [
    ("logformat x %zz", 'unknown code "%zz"'),
    ("logformat x %cuttle::rul", "did you mean %cuttle::rule?"),
    ("logformat x %{Name>h", "the brace is not closed"),
    ("access_log stdio:/tmp/x logformat=comon", "did you mean common?"),
    ("access_log stdio:/tmp/x comon", "comon"),
    ("access_log stdoi:/tmp/x squid", "stdoi"),
    ("access_log udp://127.0.0.1:514 squid", "not built yet"),
    ("access_log syslog:daemon.info squid", "not built yet"),
    ("access_log tcp://127.0.0.1:514 squid", "not built yet")])
def test_what_does_not_start(start_proxy, line, said):
    proxy = start_proxy("http_access allow all\n" + line + "\n", start=False)
    done = proxy.run("-k", "parse")
    assert done.returncode != 0
    number = proxy.read("squid.conf").splitlines().index(line) + 1
    assert re.search(rf"squid\.conf:{number}: .*{re.escape(said)}", done.stdout + done.stderr), done.stdout + done.stderr


@cuttle_only("what Squid says is nothing")
def test_what_is_said(start_proxy):
    proxy = start_proxy("http_access allow all\nlogformat x %ssl::>sni %ue %rmx\nlogformat y %et %rm\nlogformat squid %rm\n"
                        "access_log stdio:{dir}/own.log x\n", start=False)
    done = proxy.run("-k", "parse", check=0)
    text = done.stdout + done.stderr
    assert text.count('always "-"') == 1 and "%ssl::>sni, %ue, %et" in text
    assert '"%rmx" is read as %rm and the text "x"' in text
    assert "logformat squid has no effect" in text
