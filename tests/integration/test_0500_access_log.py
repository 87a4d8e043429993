"""access.log: which code a transaction gets, where the lines go, and what rotation does."""
import os
import signal
import subprocess

import pytest

from harness import accesslog
from harness.deadline import LONG, until
from harness.message import reply, request
from harness.origin import closed_port, echo, serve, serve_forever
from harness.proxy import IS_SQUID, cuttle_only
from harness.tools import need_unshare


def test_one_line_for_each_transaction_of_a_connection(proxy, client, start_origin):
    origin = start_origin(serve_forever(reply(body=b"x")))
    for n in range(5):
        client.get(origin.url(f"/{n}"))
    assert [line.url for line in proxy.wait_log(5)] == [origin.url(f"/{n}") for n in range(5)]


@pytest.mark.parametrize("asked, want", [
    ("GET", "TCP_MISS/200 HIER_DIRECT/127.0.0.1"), ("HEAD", "TCP_MISS/200 HIER_DIRECT/127.0.0.1"),
    ("POST", "TCP_MISS/200 HIER_DIRECT/127.0.0.1"), ("DELETE", "TCP_MISS/200 HIER_DIRECT/127.0.0.1")])
def test_method(proxy, client, start_origin, asked, want):
    origin = start_origin(serve(reply()))
    client.ask(asked, origin.url(), body=b"" if asked == "POST" else None)
    line, = proxy.wait_log(1)
    assert f"{line.result} {line.hier}/{line.server}" == want
    assert line.method == asked


@pytest.mark.parametrize("status", [201, 204, 301, 304, 404, 500, 503])
def test_status_of_the_origin(proxy, client, start_origin, status):
    origin = start_origin(serve(reply(f"{status} X", length=status not in (204, 304))))
    client.get(origin.url())
    assert proxy.wait_log(1)[0].result == f"TCP_MISS/{status}"


def test_denied(start_proxy):
    proxy = start_proxy("http_access deny all\n")
    with proxy.client() as client:
        client.get("http://www.example.test/x")
        line, = proxy.wait_log(1)
    assert (line.result, line.hier, line.server) == ("TCP_DENIED/403", "HIER_NONE", "-")
    assert line.url == "http://www.example.test/x"
    assert line.type == "text/html"


def test_denied_connect(start_proxy):
    proxy = start_proxy("http_access deny all\n")
    with proxy.client() as client:
        client.connect("www.example.test:443")
        line, = proxy.wait_log(1)
    assert (line.result, line.method, line.url) == ("TCP_DENIED/403", "CONNECT", "www.example.test:443")


def test_nobody_listens(proxy, client):
    sock, port = closed_port()
    with sock:
        client.get(f"http://127.0.0.1:{port}/")
    line, = proxy.wait_log(1)
    assert line.result == "TCP_MISS/503"


@cuttle_only("Squid writes NONE_NONE/503")
def test_connect_where_nobody_listens(proxy, client):
    sock, port = closed_port()
    with sock:
        client.connect(f"127.0.0.1:{port}")
    assert proxy.wait_log(1)[0].result == "TCP_TUNNEL/503"


def test_connection_without_a_request(proxy, client):
    """Squid's line for it."""
    client.send(b"GET ")
    client.close()
    line, = proxy.wait_log(1)
    assert (line.result, line.method, line.url) == ("NONE_NONE/000", "-", "error:transaction-end-before-headers") or not IS_SQUID


def test_client_gone_before_the_reply(proxy, start_origin):
    origin = start_origin(lambda wire: (wire.read_request(), wire.read_rest()))
    with proxy.client() as one:
        one.send(request("GET", origin.url()))
        origin.wait_heads(1)
        one.reset()
    assert proxy.wait_log(1)[0].result == "TCP_MISS_ABORTED/000" or proxy.is_squid


def test_strip_query_terms(start_proxy, start_origin):
    proxy = start_proxy("http_access allow all\nstrip_query_terms off\n")
    origin = start_origin(serve(reply()))
    with proxy.client() as client:
        client.get(origin.url("/p?secret=1"))
    assert proxy.wait_log(1)[0].url == origin.url("/p?secret=1")


@pytest.mark.parametrize("sent", ["/a%20b", "/%00", "/\xe4", '/"quoted"', "/a<b>", "/[x]"])
def test_line_is_one_line_of_ten_words_whatever_the_url(start_proxy, start_origin, sent):
    proxy = start_proxy("http_access allow all\nstrip_query_terms off\n")
    origin = start_origin(serve(reply()))
    with proxy.client() as client:
        client.send(b"GET " + origin.url(sent).encode("latin-1") + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        client.read_reply()
    line, = proxy.wait_log(1)
    assert len(line.text.split()) == 10
    assert line.text.isascii() or proxy.is_squid


def test_content_type_cannot_forge_a_line(proxy, client, start_origin):
    origin = start_origin(serve(reply(fields={"Content-Type": "text/html; a=b c d"})))
    client.get(origin.url())
    assert len(proxy.wait_log(1)[0].text.split()) == 10


def test_elapsed_time_is_that_of_the_transaction(proxy, client, start_origin):
    origin = start_origin(serve(reply()))
    client.get(origin.url())
    assert 0 <= proxy.wait_log(1)[0].elapsed < 20000


@cuttle_only("Squid cannot open it after dropping root")
@pytest.mark.parametrize("place", ["stdout", "stderr"])
def test_to_a_standard_stream(start_proxy, start_origin, place):
    """Also where root was dropped, and where the stream is a pipe that only root may open."""
    origin = start_origin(serve_forever(reply()))
    proxy = start_proxy(access_log=f"stdio:/dev/{place} squid", start=False)
    read, write = os.pipe()
    setattr(proxy, f"_{place}", os.fdopen(write, "wb"))
    proxy.start()
    with proxy.client() as client:
        client.get(origin.url("/over-the-pipe"))
    with os.fdopen(read, "r", encoding="ascii") as pipe:
        text = pipe.readline()
        while "over-the-pipe" not in text:
            text = pipe.readline()
            assert text, "the stream ended without the line"
    assert accesslog.parse(text)[0].result == "TCP_MISS/200"


@cuttle_only("Squid's -N keeps root for it")
@pytest.mark.skipif(os.getuid() != 0, reason="needs root for a name space of processes")
def test_to_stdout_as_process_1(start_proxy, start_origin):
    """As in a container: PID 1, started as root, log to stdout, stopped by SIGTERM."""
    origin = start_origin(serve_forever(reply()))
    need_unshare("--pid", "--fork", "--mount-proc")
    proxy = start_proxy(access_log="stdio:/dev/stdout squid", start=False)
    command = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", *proxy.command("-N")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL) as one:
        proxy.proc = one
        proxy.wait_ready()
        with proxy.client() as client:
            client.get(origin.url("/in-a-container"))
        text = one.stdout.readline().decode()
        assert "/in-a-container" in text
        inner = proxy.processes()[-1]
        os.kill(inner, signal.SIGTERM)
        one.wait(20)
        assert one.returncode == 0
        one.stdout.read()
    proxy.proc = None


def test_rotate_reopens(start_proxy, start_origin):
    """A log that something else has renamed is left, and a new one begun; no line is lost."""
    origin = start_origin(serve_forever(reply()))
    proxy = start_proxy("http_access allow all\nlogfile_rotate 0\n" if not IS_SQUID else "http_access allow all\n")
    with proxy.client() as client:
        client.get(origin.url("/before"))
        proxy.wait_line("/before")
        os.rename(proxy.path("access.log"), proxy.path("access.log.old"))
        proxy.run("-k", "rotate", check=0)
        until(lambda: os.path.exists(proxy.path("access.log")), "a new access.log")
        client.get(origin.url("/after"))
    until(lambda: "/after" in proxy.read("access.log"), "the line is in the new file")
    assert "/before" in proxy.read("access.log.old")
    assert "/after" not in proxy.read("access.log.old")


@cuttle_only("the harness sets logfile_rotate 0 for Squid")
def test_rotate_keeps_generations(start_proxy, start_origin):
    origin = start_origin(serve_forever(reply()))
    proxy = start_proxy("http_access allow all\nlogfile_rotate 2\n")
    for n in range(4):
        with proxy.client() as client:
            client.get(origin.url(f"/{n}-"))
        until(lambda n=n: f"/{n}-" in proxy.read("access.log"), "the line is written")
        proxy.signal(signal.SIGUSR1)
        until(lambda n=n: f"/{n}-" not in proxy.read("access.log") and os.path.exists(proxy.path("access.log")), "a new log")
    assert "/3-" in proxy.read("access.log.0")
    assert "/2-" in proxy.read("access.log.1")
    assert not os.path.exists(proxy.path("access.log.2"))


@cuttle_only("Squid ends or stays silent")
def test_full_disk_is_reported_and_counted(start_proxy, start_origin):
    origin = start_origin(serve_forever(reply()))
    proxy = start_proxy(access_log="stdio:/dev/full squid")
    with proxy.client() as client:
        for n in range(5):
            assert client.get(origin.url(f"/{n}")).status == 200
    until(lambda: proxy.counters()["log.errors"] > 0, "the failure is counted")
    until(lambda: "/dev/full" in proxy.operator_log(), "the failure is reported")


@cuttle_only("Squid ends or stays silent")
@pytest.mark.skipif(os.getuid() != 0, reason="needs root for a small file system")
def test_full_disk_recovers(start_proxy, start_origin):
    need_unshare("--mount")
    origin = start_origin(serve_forever(reply()))
    proxy = start_proxy(access_log="stdio:{dir}/disk/access.log squid", start=False)
    os.mkdir(proxy.path("disk"), 0o777)
    proxy.access_log = f"stdio:{proxy.dir}/disk/access.log squid"
    proxy.configure("http_access allow all\n")
    script = f"mount -t tmpfs -o size=64k,mode=777 none {proxy.dir}/disk && exec \"$@\""
    proxy.proc = subprocess.Popen(["unshare", "-m", "sh", "-c", script, "sh", *proxy.command("-N")],
                                  stdin=subprocess.DEVNULL, stdout=proxy._stdout, stderr=proxy._stderr)
    proxy.wait_ready()
    disk = f"/proc/{proxy.proc.pid}/root{proxy.dir}/disk"
    filler = f"{disk}/filler"
    with open(filler, "wb") as f:
        try:
            f.write(b"x" * 65536)
        except OSError:
            pass
    with proxy.client() as client:
        def ask_until(check, what):
            until(lambda: client.get(origin.url("/" + "x" * 2000)).status == 200 and check(), what)
        ask_until(lambda: proxy.counters()["log.errors"] > 0, "the full disk is noticed")
        os.unlink(filler)
        ask_until(lambda: os.path.getsize(f"{disk}/access.log") > 0, "writing goes on")
        client.get(origin.url("/after-the-flood"))

    def written():
        with open(f"{disk}/access.log", encoding="ascii") as f:
            return "/after-the-flood" in f.read()
    until(written, "a line after the disk has room again")


def test_no_line_is_lost_under_load(proxy, start_origin):
    """Many connections at once: exactly one line each."""
    origin = start_origin(serve_forever(lambda r: reply(body=r.target.encode())))
    rounds, width = 20 * LONG, 20
    clients = [proxy.client() for _ in range(width)]
    for n in range(rounds):
        for i, one in enumerate(clients):
            one.send(request("GET", origin.url(f"/{n}/{i}")))
        for one in clients:
            one.read_reply()
    for one in clients:
        one.close()
    lines = proxy.wait_log(rounds * width)
    assert len({line.url for line in lines}) == rounds * width


def test_tunnel_is_logged_at_its_end(proxy, client, start_origin):
    origin = start_origin(echo)
    client.connect(origin.authority)
    client.send(b"x")
    client.read_exact(1)
    assert proxy.log_lines() == []
    client.close()
    assert proxy.wait_log(1)[0].result == "TCP_TUNNEL/200"


@pytest.mark.parametrize("lines, logged", [
    ("note kind getting get\nnote kind other\n", ["GET"]),              # the first value that matches
    ("note kind other\nnote kind getting get\n", []),                   # ... and no more of that name
    ("note kind other post\nnote kind getting\n", ["GET", "CONNECT"]),
    ("note kind x\nnote Kind getting\n", []),                            # names are as written
    ('note more "getting"\nnote kind getting get post\n', []),           # all acls must match
])
def test_note_is_seen_by_the_logs(start_proxy, start_origin, lines, logged):
    proxy = start_proxy("acl get method GET\nacl post method POST\n" + lines + "acl wanted note kind getting\n"
                        "access_log stdio:{dir}/noted.log squid wanted\nhttp_access allow all\n")
    origin = start_origin(serve_forever(reply()))
    with proxy.client() as client:
        client.get(origin.url())
        client.ask("POST", origin.url(), body=b"x")
    tunnel_end = start_origin(echo)
    with proxy.client() as client:
        client.connect(tunnel_end.authority)
    proxy.wait_log(3)
    until(lambda: [line.split()[5] for line in proxy.read("noted.log").splitlines()] == logged, "the noted lines")


@cuttle_only("Squid 5 leaves codes in notes as they are; later versions replace them")
def test_note_with_codes(start_proxy, start_origin):
    proxy = start_proxy('acl get method GET\nnote what "%rm of %>Hs" get\nnote what "%rm"\nlogformat noted %{what}note\n'
                        "access_log stdio:{dir}/noted.log noted\nhttp_access allow all\n")
    origin = start_origin(serve_forever(reply()))
    with proxy.client() as client:
        client.get(origin.url())
        client.ask("POST", origin.url(), body=b"x")
    until(lambda: proxy.read("noted.log") == "GET%20of%20200\nPOST\n", "the noted lines")
