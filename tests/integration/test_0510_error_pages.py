"""Error pages: Squid's names, everything escaped, nothing of the request executed."""
import pytest

from harness.message import request
from harness.origin import closed_port
from harness.proxy import cuttle_only

EVIL = "<script>alert(1)</script>"


def test_names_of_the_pages(start_proxy):
    proxy = start_proxy("acl bad dstdomain .bad.test\nhttp_access deny bad\nhttp_access allow all\n")
    sock, port = closed_port()
    with sock, proxy.client() as client:
        assert client.get("http://bad.test/").get("X-Squid-Error").split()[0] == "ERR_ACCESS_DENIED"
        assert client.get(f"http://127.0.0.1:{port}/").get("X-Squid-Error").split()[0] == "ERR_CONNECT_FAIL"
    with proxy.client() as client:
        client.send(b"nonsense\r\n\r\n")
        assert client.read_reply().get("X-Squid-Error").split()[0] in ("ERR_INVALID_REQ", "ERR_PROTOCOL_UNKNOWN")


@pytest.mark.parametrize("target, fields", [
    (f"http://bad.test/{EVIL}", {}), (f"http://bad.test/?q={EVIL}", {}), ("http://bad.test/", {"X-Evil": EVIL}),
    ("http://bad.test/", {"User-Agent": EVIL}), ("http://bad.test/", {"Referer": EVIL})])
def test_denied_page_escapes_the_request(start_proxy, target, fields):
    proxy = start_proxy("http_access deny all\n")
    with proxy.client() as client:
        got = client.get(target, fields)
    assert got.status in (400, 403)
    assert b"<script>alert" not in got.body


@pytest.mark.parametrize("raw", [f"{EVIL} http://x/ HTTP/1.1\r\n\r\n", f"GET {EVIL} HTTP/1.1\r\nHost: x\r\n\r\n",
                                 f"GET http://{EVIL}/ HTTP/1.1\r\nHost: x\r\n\r\n", f"GET / HTTP/1.1\r\nHost: {EVIL}\r\n\r\n"])
def test_page_for_a_bad_request_escapes_it(proxy, client, raw):
    client.send(raw.encode())
    got = client.read_reply()
    assert got.status >= 400
    assert b"<script>alert" not in got.body
    proxy.wait_log(1)


def test_page_has_a_length_and_is_not_kept(start_proxy):
    proxy = start_proxy("http_access deny all\n")
    with proxy.client() as client:
        got = client.get("http://bad.test/")
        assert got.has("Content-Length")
        assert got.get("Content-Type").startswith("text/html")
        assert client.get("http://bad.test/2").status == 403      # the connection goes on


def test_own_templates(start_proxy):
    proxy = start_proxy(start=False)
    proxy.write("ERR_ACCESS_DENIED", "<p>No %U for %i by %h. 100%%</p>\n")
    proxy.configure("error_directory {dir}\nhttp_access deny all\n")
    if proxy.is_squid:
        pytest.skip("Squid wants every page in that folder")
    proxy.start()
    with proxy.client() as client:
        got = client.get("http://bad.test/page")
    assert b"<p>No http://bad.test/page for 127.0.0.1 by proxy.test. 100%</p>" in got.body


@cuttle_only("Squid has its own product name")
def test_version_can_be_hidden(start_proxy):
    proxy = start_proxy("http_access deny all\nhttpd_suppress_version_string on\n")
    with proxy.client() as client:
        client.send(request("GET", "http://bad.test/"))
        client.read_reply()
        assert b"cuttle/" not in client.received


def test_deny_info_page_of_ones_own(start_proxy):
    proxy = start_proxy(start=False)
    proxy.write("ERR_MINE", "<p>%M %H: ask %w</p>\n")
    proxy.configure("error_directory {dir}\ncache_mgr joe@mine.test\nacl bad dstdomain bad.test\n"
                    "acl worse dstdomain worse.test\ndeny_info 451:ERR_MINE bad\n"
                    "http_access deny bad\nhttp_access deny worse\n")
    if proxy.is_squid:
        pytest.skip("Squid wants every page in that folder")
    proxy.start()
    with proxy.client() as client:
        got = client.get("http://bad.test/page")
        assert (got.status, got.get("X-Squid-Error")) == (451, "451:ERR_MINE 0")
        assert got.body == b"<p>GET bad.test: ask joe@mine.test</p>\n"
        assert not got.has("Content-Language") and not got.has("Vary")
        assert client.get("http://worse.test/").status == 403


def test_deny_info_reset(start_proxy):
    """The connection is reset without a word, and the log says so."""
    proxy = start_proxy("acl bad dstdomain bad.test\ndeny_info TCP_RESET bad\nhttp_access deny bad\n")
    for method, target in (("GET", "http://bad.test/"), ("CONNECT", "bad.test:443")):
        proxy.mark_log()
        with proxy.client() as client:
            client.send(request(method, target))
            with pytest.raises(ConnectionResetError):
                while True:
                    assert client.sock.recv(1000) == b"", "not a word"
                    raise AssertionError("closed, not reset")
        line = proxy.wait_log(1)[0]
        assert (line.code, line.status) == ("TCP_DENIED", 0)


def test_deny_info_redirects_nobody_elsewhere(start_proxy):
    """What a client sends cannot add a field or leave its place in the URL."""
    proxy = start_proxy("deny_info http://u.test/?u=%u&x=1 all\nhttp_access deny all\n")
    with proxy.client() as client:
        client.send(b"GET http://bad.test/%0d%0aX-Evil:%20y?&x=2#\"<b> HTTP/1.1\r\nHost: bad.test\r\n\r\n")
        got = client.read_reply()
        if got.status == 400:        # the fragment
            client.close()
    with proxy.client() as client:
        got = client.get("http://bad.test/%0d%0aX-Evil:%20y?&x=2\"<b>")
    assert got.status == 302 and not got.has("X-Evil")
    assert got.get("Location") == ("http://u.test/?u=http%3A%2F%2Fbad.test%2F%250d%250aX-Evil%3A%2520y%3F%26x%3D2%22"
                                   "%3Cb%3E&x=1")
