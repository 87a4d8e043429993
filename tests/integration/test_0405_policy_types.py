"""Acls whose outcome depends on more than the request at hand: on earlier ones, on the connection, on chance."""
import os
import re
import shutil
import subprocess

import pytest

from harness.deadline import until
from harness.message import reply
from harness.netns import own_network
from harness.origin import echo, serve_forever
from harness.proxy import Proxy, cuttle_only

OK = reply(body=b"ok", fields={"Content-Type": "text/plain"})


# --- annotations ------------------------------------------------------------------------------------

def test_annotation_of_one_transaction_is_seen_by_its_later_lists(start_proxy, start_origin):
    """And not by the next transaction of the connection."""
    proxy = start_proxy("acl first urlpath_regex ^/first\nacl mark annotate_transaction seen=yes\nacl seen note seen yes\n"
                        "http_access deny first mark !all\nhttp_access allow all\n"
                        "http_reply_access deny seen\nhttp_reply_access allow all\n")
    origin = start_origin(serve_forever(OK))
    with proxy.client() as client:
        assert client.get(origin.url("/first")).status == 403
        assert client.get(origin.url("/second")).status == 200


def test_annotation_of_the_client_holds_for_the_connection(start_proxy, start_origin):
    proxy = start_proxy("acl login urlpath_regex ^/login\nacl mark annotate_client in=yes\nacl in note in yes\n"
                        "http_access allow login mark\nhttp_access allow in\nhttp_access deny all\n")
    origin = start_origin(serve_forever(OK))
    with proxy.client() as client:
        assert client.get(origin.url("/page")).status == 403
        assert client.get(origin.url("/login")).status == 200
        assert client.get(origin.url("/page")).status == 200
    with proxy.client() as other:
        assert other.get(origin.url("/page")).status == 403


@cuttle_only("Squid has no bound")
def test_annotations_of_a_connection_do_not_pile_up(start_proxy, start_origin):
    """Adding what is there changes nothing; replacing replaces."""
    proxy = start_proxy("acl add annotate_client a+=1\nacl set annotate_client b=2\nacl flip annotate_client b=3\n"
                        "acl two note b 2\nacl odd urlpath_regex 1$\nhttp_access deny odd two\nhttp_access allow odd add flip\n"
                        "http_access allow add set\n")
    origin = start_origin(serve_forever(OK))
    with proxy.client() as client:
        for i in range(200):
            assert client.get(origin.url(f"/{i % 2}")).status == (403 if i % 2 else 200)


# --- counts and chance ------------------------------------------------------------------------------

def test_maxconn_counts_connections_of_the_address(start_proxy, start_origin):
    """More than two: the third connection. Tunnels count, and an end is noticed."""
    proxy = start_proxy("acl many maxconn 2\nhttp_access deny many\nhttp_access allow all\n")
    origin, echoing = start_origin(serve_forever(OK)), start_origin(echo)
    with proxy.client() as first, proxy.client() as second:
        assert first.ask("CONNECT", echoing.authority).status == 200
        assert second.get(origin.url()).status == 200
        with proxy.client() as third:
            assert third.get(origin.url()).status == 403
        until(lambda: second.get(origin.url()).status == 200, "the third connection is gone")


def test_random_of_one_acl_is_the_same_for_a_whole_decision(start_proxy, start_origin):
    if start_proxy().is_squid:
        pytest.skip("Squid draws for each comparison")
    proxy = start_proxy("acl coin random 1/2\nhttp_access allow coin !coin\nhttp_access deny !coin coin\n"
                        "http_access allow coin\nhttp_access deny all\n")
    origin = start_origin(serve_forever(OK))
    seen = set()
    with proxy.client() as client:
        for _ in range(200):
            seen.add(client.get(origin.url()).status)
            if len(seen) == 2:
                break
    assert seen == {200, 403}


# --- netfilter marks --------------------------------------------------------------------------------

MARKED = "acl marked client_connection_mark 0x12/0xff\nhttp_access allow marked\nhttp_access deny all\n"


def iptables(*words):
    tool = shutil.which("iptables", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if tool is None:
        pytest.skip("iptables is not installed")
    done = subprocess.run([tool, "-t", "mangle", *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("iptables: " + done.stderr.strip())


@cuttle_only("Debian's squid is built without it")
@pytest.mark.parametrize("mark, status", [(None, 403), ("0x112", 404), ("0x13", 403)])
def test_mark_of_the_client_connection(mark, status):
    """404 comes from the proxy itself: what is allowed is asked for a page that it has not."""
    with own_network():
        if mark is not None:
            iptables("-A", "PREROUTING", "-p", "tcp", "-j", "CONNMARK", "--set-mark", mark)
        with Proxy(MARKED) as proxy:
            assert proxy.manager("nothing").status == status


@cuttle_only("Debian's squid is built without it")
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give it up")
def test_mark_that_cannot_be_read_denies():
    """Under negation too; and it is counted."""
    rights = ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"]
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed")
    with Proxy("acl counters urlpath_regex /counters$\nacl marked client_connection_mark 0x12\n"
               "http_access allow counters\nhttp_access allow !marked\nhttp_access allow all\n", start=False) as proxy:
        plain = proxy.command
        proxy.command = lambda *args: rights + plain(*args)
        proxy.start()
        assert proxy.manager("info").status == 403
        counters = proxy.counters()
        assert (counters["acl.mark_failures"], counters["acl.undecided"]) == (1, 1)


# --- undecided --------------------------------------------------------------------------------------

@cuttle_only("a mismatch there")
def test_a_note_that_cannot_be_told_is_not_made(start_proxy, start_origin):
    """Nor one by a later line of that name: that would say more than is known."""
    proxy = start_proxy("acl hurts url_regex (.)((a|aa)+)+\\1\\1[^a]$\nhttp_access allow all\n"
                        "note n v hurts\nnote n w\nnote m x\n"
                        "logformat both %{n}note %{m}note\naccess_log stdio:{dir}/notes.log both\n")
    origin = start_origin(serve_forever(OK))
    with proxy.client() as client:
        assert client.get(origin.url("/" + 64 * "a")).status == 200
        assert client.get(origin.url("/b")).status == 200
    until(lambda: proxy.read("notes.log").splitlines() == ["- x", "w x"], "both lines")


# --- rules on trial, and hits -----------------------------------------------------------------------

def rows(proxy):
    """What the page of rules says: {text: (what, hits, remark)}"""
    lines = proxy.manager("rules").body.decode().splitlines()
    assert lines[0] == "what\thits\tlast\tplace\ttext\tremark"
    words = [line.split("\t") for line in lines[1:]]
    for what, hits, last, place, text, _ in words:
        assert (last == "-") == (hits == "0"), text
        assert ":" in place or place == "-"
        assert what in ("rule", "report", "acl")
    return {w[4]: (w[0], int(w[1]), w[5]) for w in words}


@cuttle_only("its own directive")
def test_rules_tell_their_hits(start_proxy, start_origin):
    conf = ("acl get method GET\nacl post method POST\nacl bad urlpath_regex ^/bad\nreport_only http_access deny bad\n"
            "http_access allow manager\nhttp_access allow get\nhttp_access deny post\nhttp_access allow get bad\n"
            "request_header_access X-Foo deny get\nrequest_header_access X-Bar deny get\n"
            "request_header_add Authorization \"Basic c2VjcmV0\" all\n")
    proxy = start_proxy(conf)
    origin = start_origin(serve_forever(OK))
    with proxy.client() as client:
        for path in ("/", "/bad", "/bad/too"):
            assert client.get(origin.url(path)).status == 200
        assert client.ask("POST", origin.url(), body=b"").status == 403
        assert client.ask("PUT", origin.url(), body=b"").status == 403
    seen = rows(proxy)
    assert seen["http_access deny bad"] == ("report", 2, "-")
    assert seen["http_access allow get"] == ("rule", 3, "-")
    assert seen["http_access deny post"] == ("rule", 1, "-")
    assert seen["http_access allow get bad"][:2] == ("rule", 0)
    assert seen["http_access allow get bad"][2].startswith("shadowed by ")
    assert seen["http_access (no rule matched)"] == ("rule", 1, "-")
    # Which field a list of rules is about is told, but no value.
    for field in ("X-Foo", "X-Bar"):
        assert seen[f"request_header_access {field} deny get"] == ("rule", 0, "never")
    assert seen["request_header_add Authorization all"] == ("rule", 3, "-")
    assert seen["get method"][1] == 3
    assert seen["bad urlpath_regex"][1] == 2
    assert seen["localhost src"] == ("acl", 0, "never")
    assert proxy.counters()["acl.reported"] == 2
    proxy.configure("acl get method GET\nhttp_access allow manager\nhttp_access deny get\nhttp_access allow get\n")
    proxy.reload()
    seen = rows(proxy)
    assert seen["http_access allow get"][1] == 3
    assert seen["http_access deny get"][1] == 0
    assert seen["get method"][1] == 3


@cuttle_only("its own directive")
def test_rule_on_trial_is_told_in_the_log(start_proxy, start_origin):
    proxy = start_proxy("acl bad urlpath_regex ^/bad\nreport_only http_access deny bad\nhttp_access allow all\n"
                        'logformat trial %rp "%cuttle::reported"\naccess_log stdio:{dir}/trial.log logformat=trial\n')
    origin = start_origin(serve_forever(OK))
    with proxy.client() as client:
        assert client.get(origin.url("/bad")).status == 200
        assert client.get(origin.url("/good")).status == 200
    until(lambda: len(proxy.read("trial.log").splitlines()) == 2, "both lines")
    bad, good = proxy.read("trial.log").splitlines()
    assert re.fullmatch(r'/bad "http_access deny bad \(.*squid\.conf:\d+\)"', bad)
    assert good == '/good "-"'


@cuttle_only("its own directive")
def test_rules_are_told_before_they_are_used(start_proxy):
    proxy = start_proxy("acl a port 1\nhttp_access deny a\nhttp_access deny CONNECT a\nhttp_access allow all\n", start=False)
    done = proxy.run("-k", "parse", check=0)
    assert "never decides" in done.stdout + done.stderr
