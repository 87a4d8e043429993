"""cuttle explain: what it says about requests told by options, and how it refuses what it cannot read."""
import json
import os
import subprocess

import pytest

from harness.deadline import LIMIT
from harness.proxy import CUTTLE, IS_SQUID

pytestmark = pytest.mark.skipif(IS_SQUID, reason="a command of Cuttle's own")

POLICY = """http_port 3128
acl localnet src 10.0.0.0/8
acl SSL_ports port 443
acl bad dstdomain .evil.example
acl curl browser ^curl
acl work time MTWHF 09:00-17:00
acl inside dst 192.0.2.0/24
http_access deny bad
http_access deny CONNECT !SSL_ports
http_access deny inside
http_access allow localnet curl
http_access allow localnet work
http_access deny all
"""
LINES = {text: n + 1 for n, text in enumerate(POLICY.split("\n"))}


@pytest.fixture(name="explain")
def _explain(tmp_path):
    policy = tmp_path / "policy.conf"
    policy.write_text(POLICY)

    def run(*args, status=0, stdin=None, zone="UTC"):
        done = subprocess.run([CUTTLE, "explain", "--policy", str(policy), *args], input=stdin, capture_output=True,
                              text=True, timeout=LIMIT, check=False, env={**os.environ, "TZ": zone})
        assert done.returncode == status, done.stdout + done.stderr
        return done
    return run


BASE = ("--src", "10.1.2.3", "--dst", "198.51.100.1")

VERDICTS = [
    ("a name that is denied", ("--url", "http://www.evil.example/"), "deny", "http_access deny bad"),
    ("a subdomain's name in capitals", ("--url", "http://WWW.Evil.EXAMPLE./"), "deny", "http_access deny bad"),
    ("a port that is not for TLS", ("--url", "h.example:25"), "deny", "http_access deny CONNECT !SSL_ports"),
    ("by a field", ("--url", "http://h.example/", "--header", "User-Agent: curl/8"), "allow",
     "http_access allow localnet curl"),
    ("at work", ("--url", "http://h.example/", "--time", "2026-01-05 09:00"), "allow", "http_access allow localnet work"),
    ("before work", ("--url", "http://h.example/", "--time", "2026-01-05 08:59"), "deny", "http_access deny all"),
    ("on Sunday", ("--url", "http://h.example/", "--time", "2026-01-04 12:00"), "deny", "http_access deny all"),
    ("seconds since 1970", ("--url", "http://h.example/", "--time", "1767603600"), "allow",
     "http_access allow localnet work"),
    ("an address of the host", ("--url", "http://h.example/", "--dst", "198.51.100.1,192.0.2.9"), "deny",
     "http_access deny inside"),
    ("a host that is an address", ("--url", "http://192.0.2.9/", "--dst-name", "-"), "deny", "http_access deny inside"),
]


@pytest.mark.parametrize("args, verdict, rule", [pytest.param(*row[1:], id=row[0]) for row in VERDICTS])
def test_verdict(explain, args, verdict, rule):
    base = ("--src", "10.1.2.3") if "--dst" in args or "192.0.2.9" in args[1] else BASE
    text = explain(*base, *args).stdout
    assert f"\nverdict: {verdict}\n" in text
    decided = [line for line in text.split("\n") if line.startswith("decided by: ")]
    assert len(decided) == 1 and decided[0].startswith(f"decided by: {rule}  # ")
    assert decided[0].endswith(f"policy.conf:{LINES[rule]}")


def test_text_says_what_was_compared(explain):
    text = explain(*BASE, "--url", "http://h.example/", "--time", "2026-01-04 12:00").stdout
    assert 'bad (dstdomain) does not match "h.example"' in text
    assert 'localnet (src) matches "10.1.2.3" by "10.0.0.0-10.255.255.255"' in text
    assert "curl (browser) does not match: there is no User-Agent" in text
    assert "nearest to the contrary: http_access allow localnet" in text
    assert "looked at: " in text


def test_brief(explain):
    text = explain(*BASE, "--url", "http://h.example/", "--time", "2026-01-04 12:00", "--brief").stdout
    assert "decided by: http_access deny all" in text and "(dstdomain)" not in text


@pytest.mark.parametrize("args, fact, option", [
    (("--src", "10.1.2.3", "--url", "http://h.example/"), "dst", "--resolve"),
    (("--dst", "198.51.100.1", "--url", "http://h.example/"), "src", "--src"),
])
def test_what_is_not_told_is_unknown(explain, args, fact, option):
    done = explain(*args)
    assert f"cannot tell: needs {fact}" in done.stdout
    assert option in done.stderr


def test_all_that_is_not_told_is_named_at_once(explain, tmp_path):
    """Also what later lists ask for; not what is known, nor what only lists about replies ask for."""
    done = explain("--url", "http://h.example/", "--json")
    named = [line.split(": ")[2].split()[0] for line in done.stderr.splitlines()]
    assert named == ["src", "dst"] == json.loads(done.stdout)["untold"]
    more = tmp_path / "more.conf"
    more.write_text("http_port 3128\nacl b srcdomain .b.test\nacl c maxconn 5\nacl d http_status 200\nhttp_access deny b\n"
                    "http_access allow all\nmiss_access deny c\nhttp_reply_access deny d\n")
    done = explain("--policy", str(more), "--src", "10.1.2.3", "--url", "http://h.example/", "--json")
    assert json.loads(done.stdout)["untold"] == ["srcname", "connections"]
    assert "--src-name" in done.stderr and "--fact connections" in done.stderr
    assert json.loads(explain(*BASE, "--url", "http://h.example/", "--json").stdout)["untold"] == []


def test_resolve(explain):
    assert "cannot tell" not in explain("--src", "10.1.2.3", "--url", "http://localhost/", "--resolve").stdout


def test_https_is_explained_as_connect(explain):
    done = explain(*BASE, "--url", "https://www.evil.example/path", "--json")
    told = json.loads(done.stdout)
    assert (told["method"], told["url"]) == ("CONNECT", "www.evil.example:443")
    assert "CONNECT" in done.stderr


def test_json(explain):
    told = json.loads(explain(*BASE, "--url", 'http://h.example/"<x>', "--time", "2026-01-04 12:00",
                              "--header", "User-Agent: \u00e9\t\"x\"", "--json").stdout)
    assert told["verdict"] == "deny"
    stage = told["stages"][0]
    assert stage["directive"] == "http_access" and stage["rule"]["line"] == LINES["http_access deny all"]
    assert [s["acl"] for s in stage["steps"]][:2] == ["bad", "CONNECT"]
    assert stage["nearest"]["text"].startswith("allow localnet")
    assert {"src", "request", "dst", "time"} <= set(stage["facts"])
    assert {o["acl"] for o in stage["obstacles"]} <= {"curl", "work"}


FACTS = ("facts=1 time=1767603600.000000 zone=+0000 src=10.1.2.3:4000 method=GET url=http://h.example/ version=11"
         " dstname=- dst=198.51.100.1 req.user-agent=-")


def test_recorded_line(explain):
    assert "decided by: http_access allow localnet work" in explain("--facts", FACTS).stdout
    assert "decided by: http_access allow localnet work" in explain("--facts", "-", stdin=FACTS + "\n").stdout
    late = FACTS.replace("zone=+0000", "zone=-0100")
    assert "decided by: http_access deny all" in explain("--facts", late, zone="Asia/Tokyo").stdout


def test_notes_and_other_facts(tmp_path):
    policy = tmp_path / "notes.conf"
    policy.write_text("http_port 3128\nacl who note who joe\nacl some note any\nacl many maxconn 5\n"
                      "http_access deny many\nhttp_access allow who some\nhttp_access deny all\n")

    def verdict(*args):
        done = subprocess.run([CUTTLE, "explain", "--policy", str(policy), "--src", "10.0.0.1", "--url", "http://h/", *args],
                              capture_output=True, text=True, timeout=LIMIT, check=True)
        return [line for line in done.stdout.split("\n") if line.startswith("verdict: ")][0]
    assert verdict() == "verdict: cannot tell: needs connections"
    assert verdict("--fact", "connections=6") == "verdict: deny"
    assert verdict("--fact", "connections=5") == "verdict: deny"
    assert verdict("--fact", "connections=5", "--note", "who=joe") == "verdict: deny"
    assert verdict("--fact", "connections=5", "--note", "who=joe", "--note", "any=1") == "verdict: allow"


FLOOR = [
    ("loopback", "127.0.0.1", "allow all", "loopback", "deny"),
    ("mapped", "::ffff:169.254.169.254", "allow all", "metadata", "deny"),
    ("nothing special", "198.51.100.1", "allow all", "", "allow"),
    ("one of two", "198.51.100.1,127.0.0.1", "allow all", "loopback", "allow"),
    ("named", "127.0.0.1", "allow here", "loopback", "allow"),
]


@pytest.mark.parametrize("dst, rule, word, verdict", [pytest.param(*row[1:], id=row[0]) for row in FLOOR])
def test_floor(tmp_path, dst, rule, word, verdict):
    policy = tmp_path / "floor.conf"
    policy.write_text(f"http_port 3128\nacl here dst 127.0.0.0/8\nhttp_access {rule}\n")

    def run(*more):
        return subprocess.run([CUTTLE, "explain", "--policy", str(policy), "--src", "10.0.0.1", "--url", "http://h/",
                               "--dst", dst, *more], capture_output=True, text=True, timeout=LIMIT, check=True).stdout
    text = run()
    assert "\nssrf_protection\n" in text and word in text and text.endswith(f"\nin all: {verdict}\n")
    told = json.loads(run("--json"))
    assert told["verdict"] == verdict and len(told["ssrf_protection"]) == dst.count(",") + 1
    policy.write_text(policy.read_text() + "ssrf_protection off\n")
    assert "ssrf_protection" not in run()


@pytest.mark.parametrize("local, verdict", [("127.0.0.1:3128", "allow"), ("127.0.0.1:3129", "deny")])
def test_the_manager_is_not_connected_to(tmp_path, local, verdict):
    policy = tmp_path / "manager.conf"
    policy.write_text("http_port 3128\nhttp_access allow localhost manager\nacl no port 3128\nmiss_access deny no\n")
    # -f is --policy, as on the rest of the command line.
    text = subprocess.run([CUTTLE, "explain", "-f", str(policy), "--src", "127.0.0.1", "--local", local, "--url",
                           "http://127.0.0.1:3128/squid-internal-mgr/info"],
                          capture_output=True, text=True, timeout=LIMIT, check=True).stdout
    verdicts = [line for line in text.split("\n") if line.startswith(("verdict: ", "in all: "))]
    assert verdicts[-1].endswith(": " + verdict) and ("ssrf_protection" in text) == (verdict == "deny")
    assert "miss_access" not in text


REFUSED = [
    ("no request", (), "--url"),
    ("no URL", ("--url", "nonsense"), "400"),
    ("userinfo", ("--url", "http://user@h.example/"), "400"),
    ("no host", ("--url", "http:///"), "400"),
    ("no address", ("--src", "300.1.1.1", "--url", "http://h/"), "300.1.1.1"),
    ("no port", ("--src", "10.0.0.1:99999", "--url", "http://h/"), "99999"),
    ("no addresses", ("--dst", "10.0.0.1,", "--url", "http://h/"), "--dst"),
    ("no field", ("--header", "nonsense", "--url", "http://h/"), "NAME: VALUE"),
    ("no method", ("--method", "G E T", "--url", "http://h/"), "--method"),
    ("no time", ("--time", "noon", "--url", "http://h/"), "noon"),
    ("no fact", ("--fact", "nonsense", "--url", "http://h/"), "--fact"),
    ("no name of a note", ("--note", "=x", "--url", "http://h/"), "--note"),
    ("no line", ("--facts", "10.1.1.1 TCP_MISS/200"), "TCP_MISS"),
    ("an empty stdin", ("--facts", "-"), "stdin"),
    ("another version", ("--facts", "facts=99 src=10.0.0.1:1"), "version"),
    ("an unknown option", ("--frobnicate",), "--frobnicate"),
    ("an argument too many", ("http://h/",), "http://h/"),
    ("an option without its argument", ("--url",), "--url"),
]


@pytest.mark.parametrize("args, named", [pytest.param(*row[1:], id=row[0]) for row in REFUSED])
def test_refused(explain, args, named):
    done = explain(*args, status=1, stdin="")
    assert named in done.stderr and done.stderr.startswith("cuttle explain: ") and done.stdout == ""


def test_broken_policy(tmp_path):
    policy = tmp_path / "broken.conf"
    policy.write_text("http_port 3128\nhttp_access alow all\nacl x src\n")
    done = subprocess.run([CUTTLE, "explain", "--policy", str(policy), "--url", "http://h/", "--src", "10.0.0.1"],
                          capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 1
    assert "broken.conf:2: error: " in done.stderr and "broken.conf:3: error: " in done.stderr


def test_unknown_command():
    done = subprocess.run([CUTTLE, "frobnicate"], capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 1 and "explain" in done.stderr and "replay" in done.stderr


CACHE = """http_port 3128
acl secret urlpath_regex ^/secret
acl jpeg rep_mime_type image/jpeg
acl old rep_header X-Old yes
refresh_pattern -i \\.gif$ 10 50% 100 override-expire
refresh_pattern ^http://slow 60 20% 4320 max-stale=5 store-stale
http_access allow all
cache deny secret
send_hit deny old
store_miss deny jpeg
"""
CACHE_LINES = {text: n + 1 for n, text in enumerate(CACHE.split("\n"))}
DAY = "Tue, 06 Jan 2026 12:00:00 GMT"
GOOD = ("--status", "200", "--time", "1767700800", "--reply-header", f"Date: {DAY}")


def explain_cache(tmp_path, *args, url="http://h.example/x.GIF"):
    policy = tmp_path / "cache.conf"
    policy.write_text(CACHE)
    done = subprocess.run([CUTTLE, "explain", "-f", str(policy), "--src", "10.0.0.1", "--dst", "198.51.100.1", "--url", url, *args],
                          capture_output=True, text=True, timeout=LIMIT, check=True, env={**os.environ, "TZ": "UTC"})
    return done.stdout


PATTERNS = [
    ("http://h.example/x.GIF", "refresh_pattern -i \\.gif$ 10 50% 100 override-expire"),
    ("http://slow.example/", "refresh_pattern ^http://slow 60 20% 4320 store-stale max-stale=5"),
]


@pytest.mark.parametrize("url, line", PATTERNS)
def test_the_refresh_pattern_that_applies(tmp_path, url, line):
    text = explain_cache(tmp_path, url=url)
    number = [n for t, n in CACHE_LINES.items() if t.split()[:4] == line.split()[:4]][0]
    assert f"applies: {line}  # " in text and f"cache.conf:{number}\n" in text
    told = json.loads(explain_cache(tmp_path, "--json", url=url))["refresh_pattern"]
    assert (told["line"], told["text"]) == (number, line.split("$ " if "$" in line else "slow ")[1])


def test_without_a_line_it_is_the_default(tmp_path):
    assert "applies: no line; then it is . 0 20% 4320" in explain_cache(tmp_path, url="http://h.example/")
    told = json.loads(explain_cache(tmp_path, "--json", url="http://h.example/"))["refresh_pattern"]
    assert (told["min_s"], told["percent"], told["max_s"], told["file"]) == (0, 20, 259200, None)


@pytest.mark.parametrize("args, url", [((), "http://h.example/secret.gif"), (("--method", "POST"), "http://h.example/x.gif"),
                                       ((), "https://h.example/x.gif")])
def test_what_the_cache_is_not_asked_about_has_none(tmp_path, args, url):
    text = explain_cache(tmp_path, *args, url=url)
    assert "refresh_pattern" not in text and "store_miss" not in text
    assert json.loads(explain_cache(tmp_path, "--json", *args, url=url))["refresh_pattern"] is None


def verdicts(text):
    return {stage["directive"]: (stage["verdict"], stage["rule"] and stage["rule"]["line"])
            for stage in json.loads(text)["stages"]}


def test_lists_of_the_cache_are_stages_as_others(tmp_path):
    deny = {name: CACHE_LINES[line] for name, line in (("cache", "cache deny secret"), ("send_hit", "send_hit deny old"),
                                                       ("store_miss", "store_miss deny jpeg"))}
    assert verdicts(explain_cache(tmp_path, "--json", url="http://h.example/secret"))["cache"] == ("deny", deny["cache"])
    both = verdicts(explain_cache(tmp_path, "--json", "--reply-header", "Content-Type: image/jpeg", "--reply-header", "X-Old: yes"))
    assert both["send_hit"] == ("deny", deny["send_hit"]) and both["store_miss"] == ("deny", deny["store_miss"])
    assert {"send_hit", "store_miss"}.isdisjoint(verdicts(explain_cache(tmp_path, "--json")))     # they look at a reply


# What becomes of a reply to GET http://h.example/x.GIF (MIN 10, 50%, MAX 100, override-expire).
REPLIES = [
    ("RFC 9111 5.2.2.1: as long as it says", (*GOOD, "--reply-header", "Cache-Control: max-age=900"), True, 900),
    ("RFC 9111 4.2.3: less its age", (*GOOD, "--reply-header", "Cache-Control: max-age=900", "--reply-header", "Age: 100"), True, 800),
    ("override-expire: MIN at least", (*GOOD, "--reply-header", "Cache-Control: max-age=1", "--reply-header", "Age: 5"), True, 595),
    ("half of the time since it was modified", (*GOOD, "--reply-header", "Last-Modified: Tue, 06 Jan 2026 11:00:00 GMT"), True, 1800),
    ("MAX is a limit of that", (*GOOD, "--reply-header", "Last-Modified: Mon, 05 Jan 2026 11:00:00 GMT"), True, 6000),
    ("otherwise MIN", GOOD, True, 600),
    ("RFC 9111 5.2.2.5: no-store", (*GOOD, "--reply-header", "Cache-Control: no-store"), False, 0),
    ("RFC 9111 5.2.2.4: no-cache", (*GOOD, "--reply-header", "Cache-Control: no-cache", "--reply-header", 'ETag: "e"'), True, 0),
    ("RFC 9111 3: a part of it", ("--status", "206", *GOOD[2:]), False, 0),
    ("store_miss", (*GOOD, "--reply-header", "Content-Type: image/jpeg"), False, 0),
]


@pytest.mark.parametrize("args, stored, fresh_s", [pytest.param(*row[1:], id=row[0]) for row in REPLIES])
def test_what_becomes_of_a_reply(tmp_path, args, stored, fresh_s):
    told = json.loads(explain_cache(tmp_path, "--json", *args))["reply"]
    assert (told["stored"], told["fresh_s"]) == (stored, fresh_s) and told["why"]
    text = explain_cache(tmp_path, *args)
    assert f"stored: {'yes' if stored else 'no'}: " in text
    assert (f"for {fresh_s} s: " in text) == (fresh_s > 0)


def test_a_recorded_reply_is_not_judged(tmp_path):
    policy = tmp_path / "cache.conf"
    policy.write_text(CACHE)
    done = subprocess.run([CUTTLE, "explain", "-f", str(policy), "--json", "--facts", FACTS + " reply=200"],
                          capture_output=True, text=True, timeout=LIMIT, check=True)
    assert json.loads(done.stdout)["reply"] is None      # only some of its fields are in the line
