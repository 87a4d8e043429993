"""The configuration language: what is read, and how errors are told."""
import os

import pytest

from harness.message import reply
from harness.origin import serve_forever
from harness.proxy import cuttle_only


def test_comments_continuation_and_blanks(start_proxy, start_origin):
    proxy = start_proxy("# a comment\n\n   \t \nacl here \\\n  src \\\n# inside\n\\\n 127.0.0.1\n\thttp_access allow here\n"
                        "http_access deny all # tail\n")
    with proxy.client() as client:
        assert client.get(start_origin(serve_forever(reply())).url()).status == 200


def test_include_with_a_glob(start_proxy, start_origin):
    proxy = start_proxy(start=False)
    proxy.write("10-a.inc", "acl get method GET\n")
    proxy.write("20-b.inc", "http_access allow get\n")
    proxy.configure("include {dir}/*.inc\nhttp_access deny all\n")
    proxy.start()
    origin = start_origin(serve_forever(reply()))
    with proxy.client() as client:
        assert client.get(origin.url()).status == 200
        assert client.ask("POST", origin.url(), body=b"").status == 403


ERRORS = [
    ("unknown directive", "frobnicate on\n", "frobnicate"),
    ("unknown acl type", "acl x frobnicate 1\n", "frobnicate"),
    ("acl that does not exist", "http_access allow nobody\n", "nobody"),
    ("bad address", "acl x src 300.1.2.3/8\n", "300.1.2.3"),
    ("bad mask", "acl x src 10.0.0.0/33\n", "10.0.0.0/33"),
    ("bad port", "acl x port 99999\n", "99999"),
    ("bad regular expression", "acl x url_regex (open\n", "(open"),
    ("bad time", "acl x time 25:00-26:00\n", "25:00"),
    ("bad on or off", "via perhaps\n", "perhaps"),
    ("bad time unit", "read_timeout 5 parsecs\n", "parsecs"),
    ("time without a unit", "read_timeout 5\n", "5"),
    ("bad size unit", "request_header_max_size 5 XB\n", "XB"),
    ("bad number", "max_filedescriptors many\n", "many"),
    ("neither allow nor deny", "http_access perhaps all\n", "perhaps"),
    ("missing value", "visible_hostname\n", "visible_hostname"),
    ("bad http_port", "http_port nonsense:port\n", "nonsense"),
    ("include of nothing", "include {dir}/nothing-here\n", "nothing-here"),
    ("acl changes its type", "acl x src 1.2.3.4\nacl x port 80\n", "x"),
    ("Squid's, not here yet", "icap_enable on\n", "icap_enable"),
]


@pytest.mark.parametrize("what, conf, named", [pytest.param(*row, id=row[0]) for row in ERRORS])
@cuttle_only("Squid takes some of these, and words the others differently")
def test_error_stops_the_start(start_proxy, what, conf, named):
    """Nothing starts, the exit status is 1, and the message has file, line and what was found."""
    del what
    proxy = start_proxy("http_access allow all\n" + conf, start=False)
    first = proxy.read("squid.conf").split("\n").index("http_access allow all") + 1
    lines = [str(first + 1 + n) for n in range(conf.count("\n"))]
    done = proxy.run("-N")
    said = done.stderr + done.stdout + proxy.read("cache.log")
    assert done.returncode == 1
    assert named in said
    assert any(f"squid.conf:{n}" in said for n in lines), said
    assert done.stderr, "an administrator looks at stderr first"


@cuttle_only("Squid's words")
def test_all_errors_are_told_at_once(start_proxy):
    proxy = start_proxy("frobnicate on\nhttp_access allow all\nvia perhaps\n", start=False)
    done = proxy.run("-k", "parse")
    assert done.returncode == 1
    assert "frobnicate" in done.stderr and "perhaps" in done.stderr


def test_parse_of_a_good_file(start_proxy):
    proxy = start_proxy(start=False)
    proxy.run("-k", "parse", check=0)


@pytest.mark.parametrize("conf", ["frobnicate on\n", "acl x src 1.2.3.4.5\n"])
def test_parse_of_a_bad_file(start_proxy, conf):
    proxy = start_proxy("http_access allow all\n" + conf, start=False)
    assert proxy.run("-k", "parse").returncode == 1


@cuttle_only("Squid starts with an empty acl")
def test_missing_file_of_values_is_an_error(start_proxy):
    """What would silently weaken a policy in Squid is an error here."""
    proxy = start_proxy('acl bad dstdomain "{dir}/no-such-list"\nhttp_access deny bad\nhttp_access allow all\n', start=False)
    done = proxy.run("-k", "parse")
    assert done.returncode == 1
    assert "no-such-list" in done.stderr


@cuttle_only("Squid skips the line")
def test_missing_configuration_file(start_proxy):
    proxy = start_proxy(start=False)
    proxy.conf_path = proxy.path("nowhere.conf")
    done = proxy.run("-k", "parse")
    assert done.returncode == 1
    assert "nowhere.conf: error: cannot read" in done.stderr
    assert "-f FILE" in done.stderr
    assert "http_port" not in done.stderr       # what else is missing follows from that


@cuttle_only("Squid's words")
def test_no_rules_are_warned_of(start_proxy):
    proxy = start_proxy("via on\n", start=False)
    assert "squid.conf: warning: there is no http_access line" in proxy.run("-k", "parse", check=0).stderr


@cuttle_only("Squid's words")
def test_port_that_was_refused_is_not_called_missing(start_proxy):
    proxy = start_proxy(start=False)
    proxy.write("squid.conf", "http_port 3128 intercept\nhttp_access allow all\n")
    done = proxy.run("-k", "parse")
    assert done.returncode == 1
    assert "intercept" in done.stderr and "there is no http_port" not in done.stderr
    proxy.write("squid.conf", "http_access allow all\n")
    assert "squid.conf: error: there is no http_port" in proxy.run("-k", "parse").stderr


def test_port_in_use_stops_the_start(start_proxy):
    first = start_proxy()
    second = start_proxy(start=False)
    second.configure(f"http_port 127.0.0.1:{first.port}\nhttp_access allow all\n")
    if second.is_squid:
        return      # which goes on with the other port
    done = second.run("-N")
    assert done.returncode == 1
    assert str(first.port) in done.stderr + second.read("cache.log")
    assert "ss -ltnp" in done.stderr + second.read("cache.log")


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
@pytest.mark.parametrize("conf", ["cache_effective_user nobody-knows\n", "cache_effective_group nobody-knows\n"])
def test_parse_as_root_looks_for_who_to_become(start_proxy, conf):
    proxy = start_proxy(start=False)
    proxy.configure("http_access allow all\n" + conf)
    done = proxy.run("-k", "parse", check=1)
    assert "nobody-knows" in done.stderr
