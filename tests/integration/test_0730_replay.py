"""cuttle replay: real traffic, recorded with logformat=facts, against the same policy and against others."""
import re
import subprocess

import pytest

from harness.deadline import LIMIT, until
from harness.message import reply
from harness.origin import serve_forever
from harness.proxy import CUTTLE, IS_SQUID

pytestmark = pytest.mark.skipif(IS_SQUID, reason="a command of Cuttle's own")

POLICY = """ssrf_protection off
acl bad dstdomain .bad.test
acl tls port 443
acl curl browser -i ^curl
acl mark annotate_transaction who=joe
acl marked note who
acl half random 1/2
acl html rep_mime_type ^text/html
access_log stdio:{dir}/facts.log logformat=facts
http_access deny marked
http_access deny bad
http_access deny CONNECT !tls
http_access allow curl mark
http_access allow half
http_access deny all
http_reply_access deny html
"""


def run(command, *args, status=0, stdin=None):
    done = subprocess.run([CUTTLE, command, *args], input=stdin, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done


@pytest.fixture(name="recorded")
def _recorded(start_proxy, start_origin):
    """A proxy's configuration and the records of some traffic: 40 requests of every kind."""
    proxy = start_proxy(start=False)
    proxy.configure(POLICY)
    proxy.start()
    origin = start_origin(serve_forever(reply(body=b"x", fields={"Content-Type": "text/html"})))
    with proxy.client() as client:
        for n in range(32):
            fields = {"User-Agent": "curl/8"} if n % 4 == 0 else {"User-Agent": "Other (100%;\t\"x\")"} if n % 4 == 1 else {}
            client.get(origin.url(f"/{n}?a=b c".replace(" ", "%20")), fields)
        for n in range(4):
            client.get(f"http://www{n}.bad.test/")
    for authority in ("www.good.test:25", "www.bad.test:443", "www.bad.test:25", "www.bad.test:8443"):
        with proxy.client() as client:
            client.connect(authority)
    lines = []

    def complete():
        lines[:] = proxy.read("facts.log").splitlines()
        return len(lines) >= 40
    until(complete, "40 records")
    return proxy, lines


def test_the_same_policy_changes_nothing(recorded):
    proxy, lines = recorded
    done = run("replay", "--policy", proxy.conf_path, "--log", proxy.path("facts.log"))
    assert done.stdout == (f"{len(lines)} records: {len(lines)} decided as before, 0 otherwise, for 0 nobody can tell, "
                           "0 never came to a decision\n"), done.stdout


def test_explain_says_what_happened(recorded):
    """The verdict, the line and the file of each record come out again."""
    proxy, lines = recorded
    rules = set()
    for line in lines:
        text = run("explain", "--policy", proxy.conf_path, "--facts", line).stdout
        verdict = re.search(r" verdict=(\w+)", line).group(1)
        assert re.search(r"^verdict: (\w+)$", text, re.M).group(1) == verdict
        place = re.search(r" place=(\S+)", line).group(1)
        if "result=TCP_DENIED_REPLY" not in line:
            assert re.search(r"^decided by: .*  # (\S+)$", text, re.M).group(1) == place
        else:
            assert "\nhttp_reply_access\n" in text and "\nin all: deny" in text
        rules.add(place)
    assert len(rules) >= 4


def test_another_policy(recorded, tmp_path):
    proxy, lines = recorded
    candidate = tmp_path / "candidate.conf"
    candidate.write_text("http_port 3128\nacl bad dstdomain .bad.test\nacl seven urlpath_regex ^/7\n"
                         "acl told req_header X-Told .\nhttp_access deny seven\nhttp_access allow all !told\n")
    done = run("replay", "--policy", str(candidate), "--log", proxy.path("facts.log"))
    groups = re.findall(r"^ *(\d+)  (.*?),", done.stdout, re.M)
    # Nobody recorded X-Told; what is decided before it is asked for is told all the same.
    unknown = [int(n) for n, what in groups if what.endswith("-> cannot tell: needs request field X-Told")]
    seventh = [line for line in lines if "/7?a" in line]
    assert len(seventh) == 1
    assert sum(unknown) == len(lines) - 1
    was = re.search(r" verdict=(\w+)", seventh[0]).group(1)
    assert (1 if was == "allow" else 0) == sum(int(n) for n, what in groups if what == "allow -> deny")


def test_groups_and_examples(recorded, tmp_path):
    proxy, lines = recorded
    candidate = tmp_path / "candidate.conf"
    candidate.write_text("http_port 3128\nhttp_access allow all\n")
    done = run("replay", "--policy", str(candidate), "--log", "-", stdin=proxy.read("facts.log"))
    denied = [line for line in lines if " verdict=deny" in line]
    groups = re.findall(r"^ *(\d+)  deny -> allow,", done.stdout, re.M)
    assert sum(map(int, groups)) == len(denied) and sorted(map(int, groups), reverse=True) == list(map(int, groups))
    assert f"now: http_access allow all  # {candidate}:2" in done.stdout
    assert "was: http_access deny bad  # " in done.stdout and "e.g. 127.0.0.1:" in done.stdout


def test_bad_lines(tmp_path):
    policy = tmp_path / "p.conf"
    policy.write_text("http_port 3128\nhttp_access allow all\n")
    log = tmp_path / "facts.log"
    log.write_text("facts=1 verdict=allow src=10.0.0.1:1\nnonsense\n\nfacts=1 verdict=deny src=10.0.0.1:1\n")
    done = run("replay", "--policy", str(policy), "--log", str(log), status=1)
    assert "2 records: 1 decided as before, 1 otherwise" in done.stdout
    assert "2 lines cannot be read; the first is line 2" in done.stderr


@pytest.mark.parametrize("args", [(), ("--policy", "x"), ("--log", "x"), ("--policy", "/nonexistent", "--log", "/dev/null"),
                                  ("--policy", "{p}", "--log", "/nonexistent"), ("--policy", "{p}", "--log", "/"),
                                  ("--policy", "{p}", "--log", "/dev/null", "--threads", "0")])
def test_refused(tmp_path, args):
    policy = tmp_path / "p.conf"
    policy.write_text("http_port 3128\nhttp_access allow all\n")
    done = run("replay", *(a.replace("{p}", str(policy)) for a in args), status=1)
    assert done.stderr != "" and done.stdout == ""


def test_an_empty_log_is_fine(tmp_path):
    policy = tmp_path / "p.conf"
    policy.write_text("http_port 3128\nhttp_access allow all\n")
    assert run("replay", "--policy", str(policy), "--log", "/dev/null").stdout.startswith("0 records: ")
