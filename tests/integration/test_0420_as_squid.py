"""cuttle -k parse: all findings in the order of the lines, and --as-squid, whose claims are held against Debian's squid."""
import re
import subprocess

import pytest

from harness.proxy import SQUID, cuttle_only

needs_squid = pytest.mark.skipif(SQUID is None, reason="squid is missing: apt-get install squid-openssl")


def findings(text):
    """[(file, line, severity, text, what Squid does)]"""
    found = []
    for line in text.splitlines():
        if line.startswith("\tSquid "):
            found[-1][4] = line.removeprefix("\tSquid ")
        elif m := re.match(r"(.+?)(?::(\d+))?: (difference|note|warning|error): (.*)", line):
            found.append([m[1], int(m[2] or 0), m[3], m[4], None])
    return found


@cuttle_only("its words")
def test_findings_come_in_the_order_of_the_lines(start_proxy):
    """Also those that only the end of the reading brings to light, and those of included files."""
    proxy = start_proxy(start=False)
    proxy.write("more.inc", "acl never_filled src\nvia perhaps\n")
    proxy.configure("acl empty dstdomain\n"
                    "http_access allow localhost\n"
                    "include {dir}/more.inc\n"
                    "http_access deny all\n"
                    "http_access deny empty\n"
                    "frobnicate on\n"
                    "icp_access allow all\n")
    done = proxy.run("-k", "parse", check=1)
    places = [(f[0].rsplit("/", 1)[1], f[1]) for f in findings(done.stderr) if f[1]]
    first = places[0][1]
    assert places == [("squid.conf", first), ("more.inc", 1), ("more.inc", 2), ("squid.conf", first + 4),
                      ("squid.conf", first + 5), ("squid.conf", first + 6)], done.stderr
    assert "4 errors, 2 warnings: the configuration cannot be used" in done.stderr


@cuttle_only("its option")
def test_as_squid_has_no_other_effect(start_proxy):
    proxy = start_proxy("frobnicate on\nhttp_access allow all\n", start=False)
    plain, told = proxy.run("-k", "parse", check=1), proxy.run("-k", "parse", "--as-squid", check=1)
    same = [f[:4] for f in findings(told.stderr) if f[2] != "difference"]
    assert [f[:4] for f in findings(plain.stderr)] == same
    assert plain.stderr.splitlines()[-1] == told.stderr.splitlines()[-1]
    proxy.configure("http_access allow all\n")
    assert proxy.run("--as-squid").returncode == 1


# What Squid does not start with. The rest of the claims is in the unit tests' table.
STOPS = """
frobnicate on
http_access allow nobody
via yes
httpd_suppress_version_string 1
read_timeout 5
read_timeout 5 parsecs
read_timeout 0.0001 seconds
request_header_max_size 5 XB
request_header_max_size 10MB
acl a
acl a frobnicate x
acl localhost dst 192.0.2.1
acl a src x/y
acl a src 10.0.0.0/33
acl a dst no.such.host.invalid
acl a time 1
acl a port x
acl a any-of b
access_log /x on-error=x
access_log /x rotate=x
access_log /x buffer-size=1
logformat x %zz
client_netmask /24
logfile_rotate x
max_filedescriptors many
max_filedescriptors 10x
visible_hostname
append_domain example.com
http_port nonsense:port
http_port 70000
http_port 3129 frobnicate=1
include /nonexistent
include /nonexistent*
if yes\\nendif
if 1 == 1\\nendif
endif
else
if true
workers x
configuration_includes_quoted_values on\\nvisible_hostname "a
configuration_includes_quoted_values on\\nvisible_hostname a*b
"""

# What Squid starts with, and Cuttle does not.
STARTS = """
cache_peer_domain a b
header_access X deny all
http_access alow all
http_access allow
acl a dstdomain "/nonexistent"
acl a dstdomain
acl a src "/dev/null"\\nhttp_access deny a
acl a src "/dev/null"\\nhttp_access allow !a
chroot /nonexistent
ident_lookup_access deny all
dns_nameservers nonsense
include /tmp
if true\\nelse if false\\nendif
if true\\nelse\\nelse\\nendif
ipcache_low 200
acl a url_regex (
acl a time Q
acl a method a(b
acl a http_status x
access_log x
forwarded_for x
debug_options x
"""

# What neither objects to loudly.
WARNS = """
via enable
via on and more
request_header_max_size 5
umask 27
acl a src 10.0.0.1/24
acl all src 0.0.0.0/0
acl a proto frobnicate
acl a dstdomain .example a.example
debug_options ALL,1 29,9
dns_v4_first on
delay_pools 1
store_id_bypass off
acl a src "/dev/null"
acl a src "/dev/null"\\nhttp_access allow a
ignore_ims_on_miss on
"""


def rows(text):
    return [line.replace("\\n", "\n") for line in text.strip().splitlines()]


CLAIMS = [pytest.param(conf, cuttle, squid, id=conf.replace("\n", " / "))
          for lines, cuttle, squid in ((STOPS, 1, 1), (STARTS, 1, 0), (WARNS, 0, 0))
          for conf in rows(lines)]


@needs_squid
@cuttle_only("its claims about Squid")
@pytest.mark.parametrize("conf, cuttle, squid", CLAIMS)
def test_what_is_claimed_about_squid_is_so(start_proxy, conf, cuttle, squid):
    proxy = start_proxy(start=False)
    proxy.configure("http_access allow localhost\n" + conf + "\n")
    first = proxy.read("squid.conf").split("\n").index("http_access allow localhost") + 2
    done = proxy.run("-k", "parse", "--as-squid", check=cuttle)
    told = [f for f in findings(done.stderr) if f[1] >= first and f[2] != "difference"]
    assert told, done.stderr
    proxy.write("peer.conf", f"http_port 127.0.0.1:{proxy.port}\nvisible_hostname p\npid_filename {proxy.dir}/squid.pid\n"
                f"access_log none\ncoredump_dir {proxy.dir}\npinger_enable off\nhttp_access allow localhost\n{conf}\n")
    peer = subprocess.run([SQUID, "-n", f"t{proxy.port}", "-k", "parse", "-f", proxy.path("peer.conf")],
                          capture_output=True, text=True, timeout=60, check=False)
    claims = [f[4] for f in told]
    assert None not in claims and "not recorded" not in "".join(claims), done.stderr
    assert any("does not start" in c for c in claims) == bool(squid), claims
    assert bool(peer.returncode) == bool(squid), peer.stderr
