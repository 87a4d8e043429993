"""Host names as values of src and dst: looked up when the configuration is read, as in Squid."""
import os
import pty
import re
import subprocess

import pytest

from harness.deadline import LIMIT, until
from harness.dns import Server
from harness.message import reply
from harness.origin import serve_forever
from harness.proxy import cuttle_only

DST = "acl named dst named.test\nhttp_access allow manager\nhttp_access deny named\nhttp_access allow all\n"


@pytest.fixture
def start_dns(_keeper):
    return lambda *a, **kw: _keeper.keep(Server(*a, **kw))


@pytest.mark.parametrize("rule, status", [("acl named dst {name}", 403), ("acl named src {name}", 403),
                                          ("acl named dst 192.0.2.1 {name}", 403), ("acl named src 192.0.2.1", 200)])
def test_names_stand_for_addresses(start_proxy, start_origin, rule, status):
    # "localhost" is in every machine's own files; Squid does not read hosts_file for this
    proxy = start_proxy(rule.replace("{name}", "localhost") + "\nhttp_access deny named\nhttp_access allow all\n")
    origin = start_origin(serve_forever(reply(body=b"ok")))
    with proxy.client() as client:
        assert client.get(origin.url()).status == status


@cuttle_only("Squid takes the system's resolver, not its own")
def test_hosts_file_and_reload(start_proxy, start_origin):
    proxy = start_proxy(DST, hosts={"named.test": "127.0.0.9"})
    origin = start_origin(serve_forever(reply(body=b"ok")))
    with proxy.client() as client:
        assert client.get(origin.url()).status == 200
        proxy.write("hosts", "127.0.0.1 named.test\n")
        proxy.reload()
        assert client.get(origin.url()).status == 403
    assert "stands for the addresses" in proxy.operator_log()


@cuttle_only("Squid logs an error and goes on without the value")
def test_unknown_name_does_not_start(start_proxy, start_dns):
    server = start_dns({("known.test", "A"): [("127.0.0.1", 60)]})
    conf = f"dns_nameservers 127.0.0.1:{server.port}\nacl named dst known.test unknown.test\nhttp_access deny named\n"
    proxy = start_proxy(conf, start=False)
    done = proxy.run("-k", "parse", check=1)
    assert '"unknown.test" is a host name, whose addresses cannot be found: the name does not exist' in done.stderr
    assert "squid.conf:" in done.stderr.split('"unknown.test"')[0].splitlines()[-1]
    assert '"known.test"' not in done.stderr.replace('"unknown.test"', "")


@cuttle_only("Squid keeps its policy from nothing")
def test_name_that_is_lost_keeps_the_policy(start_proxy, start_origin, start_dns):
    answers = {("named.test", "A"): [("127.0.0.1", 1)]}
    server = start_dns(answers)
    proxy = start_proxy(f"dns_nameservers 127.0.0.1:{server.port}\n" + DST)
    origin = start_origin(serve_forever(reply(body=b"ok")))
    with proxy.client() as client:
        assert client.get(origin.url()).status == 403
        server.answers.clear()
        proxy.reload(want="reload.errors")
        assert client.get(origin.url()).status == 403
    until(lambda: '"named.test" is a host name' in proxy.operator_log(), "the log names the name")


@cuttle_only("Squid has no such bound")
def test_silent_server_is_not_waited_for(start_proxy, start_dns):
    server = start_dns({}, fault=lambda name, kind, tcp: "drop")
    proxy = start_proxy(f"dns_nameservers 127.0.0.1:{server.port}\ndns_timeout 1 second\n" + DST, start=False)
    done = proxy.run("-k", "parse", check=1)
    assert "the name servers did not answer" in done.stderr


@cuttle_only("Squid shows no progress")
def test_who_waits_sees_what_for(start_proxy, start_dns):
    server = start_dns({}, fault=lambda name, kind, tcp: "drop")
    proxy = start_proxy(f"dns_nameservers 127.0.0.1:{server.port}\ndns_timeout 2 seconds\n" + DST, start=False)
    terminal, stderr = pty.openpty()
    with subprocess.Popen(proxy.command("-k", "parse"), stderr=stderr, stdin=subprocess.DEVNULL, cwd=proxy.dir) as proc:
        os.close(stderr)
        shown = b""
        while (more := read(terminal)):
            shown += more
        assert proc.wait(LIMIT) == 1
    os.close(terminal)
    lines = shown.split(b"\r\x1b[K")
    assert len(lines) >= 3 and lines[0] == b""
    assert re.fullmatch(rb"cuttle: [12] s: looking up host names of acls", lines[1])
    assert b"the name servers did not answer" in lines[-1]      # the line is gone before anything is said
    done = proxy.run("-k", "parse", check=1)                    # no terminal
    assert "\x1b" not in done.stderr and "looking up" not in done.stderr


def read(terminal):
    """What a terminal shows next; empty when its other side is closed, which Linux reports as an error."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""
