"""What connections carry besides bytes: the local address, type of service, marks."""
import os
import re
import shutil
import socket
import struct
import subprocess
import threading

import pytest

from harness.deadline import until
from harness.message import reply
from harness.netns import own_network
from harness.origin import Origin, echo, serve_forever
from harness.proxy import Proxy, cuttle_only


class Sources:
    """Remembers from where the connections to an origin came."""

    def __init__(self):
        self.seen = []

    def script(self, wire):
        self.seen.append(wire.sock.getpeername()[0])
        serve_forever(reply(body=b"ok"))(wire)


@pytest.fixture
def sources():
    return Sources()


@cuttle_only("Squid uses an idle connection from another address where no line says which one")
def test_the_first_line_that_matches(start_proxy, start_origin, sources):
    origin = start_origin(sources.script)
    proxy = start_proxy("http_access allow all\nacl two browser two\nacl three browser three\n"
                        "tcp_outgoing_address 127.0.0.2 two\ntcp_outgoing_address 127.0.0.3 three\n"
                        "tcp_outgoing_address ::1\n")
    with proxy.client() as client:
        for agent in ("two", "three", "other"):
            assert client.get(origin.url(), {"User-Agent": agent}).status == 200
    assert sources.seen == ["127.0.0.2", "127.0.0.3", "127.0.0.1"]


@cuttle_only("Squid uses an idle connection from another address where no line says which one")
def test_idle_connections_are_kept_apart(start_proxy, start_origin, sources):
    """What one client's address opened is not used for another's."""
    origin = start_origin(sources.script)
    proxy = start_proxy("http_access allow all\nacl two browser two\ntcp_outgoing_address 127.0.0.2 two\n")
    with proxy.client() as client:
        for agent in ("two", "other", "two", "other", "two"):
            assert client.get(origin.url(), {"User-Agent": agent}).status == 200
    assert sorted(sources.seen) == ["127.0.0.1", "127.0.0.2"]


def test_tunnels_too(start_proxy, start_origin, sources):
    def script(wire):
        sources.seen.append(wire.sock.getpeername()[0])
        echo(wire)
    origin = start_origin(script)
    proxy = start_proxy("http_access allow all\ntcp_outgoing_address 127.0.0.2\n")
    with proxy.client() as client:
        assert client.connect(origin.authority).status == 200
        client.send(b"ping")
        client.read_until(b"ping")
    assert sources.seen == ["127.0.0.2"]


def test_a_line_is_for_its_own_family(start_proxy, start_origin):
    six = start_origin(serve_forever(reply(body=b"six")), host="::1")
    proxy = start_proxy("http_access allow all\ntcp_outgoing_address 127.0.0.2\n")
    with proxy.client() as client:
        assert client.get(six.url()).body == b"six"


def test_an_address_that_this_machine_does_not_have(start_proxy, start_origin, sources):
    origin = start_origin(sources.script)
    proxy = start_proxy("http_access allow all\ntcp_outgoing_address 203.0.113.9\n")
    with proxy.client() as client:
        assert client.get(origin.url()).status == 503
    assert sources.seen == []


class Packets:
    """The type of service of the packets between two ports of loopback; only root may look."""

    def __init__(self):
        try:
            self.sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
        except PermissionError:
            pytest.skip("only root may look at packets")
        self.seen = []      # (source port, destination port, value)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            try:
                packet = self.sock.recv(65535)
            except OSError:
                return
            head = 4 * (packet[0] & 15)
            self.seen.append((*struct.unpack(">HH", packet[head:head + 4]), packet[1]))

    def sent_to(self, port):
        return {value for _, to, value in list(self.seen) if to == port}

    def sent_by(self, port):
        return {value for by, _, value in list(self.seen) if by == port}

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.sock.close()


def test_type_of_service():
    """In a network of its own, since the socket for packets sees all, and loses some where there are many."""
    with own_network(), Packets() as packets, Origin(serve_forever(reply(body=b"ok"))) as fast, \
            Origin(serve_forever(reply(body=b"ok"))) as slow, \
            Proxy(f"http_access allow all\nacl fast port {fast.port}\ntcp_outgoing_tos 0x20 fast\n"
                  "clientside_tos 0x48 fast\n") as proxy:
        with proxy.client() as client:
            assert client.get(slow.url()).status == 200
            assert 0x48 not in packets.sent_by(proxy.port)
            assert client.get(fast.url()).status == 200
            until(lambda: 0x48 in packets.sent_by(proxy.port), "packets to the client carry the value")
        until(lambda: packets.sent_to(fast.port), "packets to the origin")
        assert packets.sent_to(fast.port) == {0x20}      # the first one, too
        assert packets.sent_to(slow.port) == {0}


def marks_of(port, side="dport"):
    """Netfilter marks of the sockets that are connected to this port (sport: at it), as the kernel tells them."""
    text = subprocess.run(["ss", "-Htne", f"{side} = :{port}"], capture_output=True, text=True, check=True).stdout
    return [re.search(r"fwmark:(\S+)", line)[1] if "fwmark" in line else None for line in text.splitlines()]


@pytest.mark.parametrize("args", [("-N",), ("--foreground",)], ids=["in one process", "with a keeper"])
@cuttle_only("Squid keeps the capability likewise, but its packages may be built without marks")
def test_marks(start_proxy, start_origin, args):
    if os.geteuid() != 0 or marks_of(1) is None:
        pytest.skip("marks take root")
    origin = start_origin(serve_forever(reply(body=b"ok")))
    proxy = start_proxy("http_access allow all\nacl marked browser marked\ntcp_outgoing_mark 0x2a marked\n", args=args)
    with proxy.client() as client:
        assert client.get(origin.url(), {"User-Agent": "marked"}).status == 200
        assert client.get(origin.url()).status == 200
        if proxy.counters()["outgoing.mark_fails"] != 0:
            pytest.skip("this container's root lacks CAP_NET_ADMIN")
        assert sorted(marks_of(origin.port), key=str) == ["0x2a", None]


@cuttle_only("as above")
def test_marks_of_packets_to_clients(start_proxy, start_origin):
    """From the request on that a line matches; by its old name, too."""
    if os.geteuid() != 0 or marks_of(1) is None:
        pytest.skip("marks take root")
    origin = start_origin(serve_forever(reply(body=b"ok")))
    proxy = start_proxy("http_access allow all\nacl one browser one\nacl two browser two\n"
                        "mark_client_packet 0x2a one\nclientside_mark 0x2b two\n")
    with proxy.client() as client:
        for agent, mark in (("plain", None), ("one", "0x2a"), ("two", "0x2b"), ("plain", "0x2b")):
            assert client.get(origin.url(), {"User-Agent": agent}).status == 200
            if proxy.counters()["outgoing.mark_fails"] != 0:
                pytest.skip("this container's root lacks CAP_NET_ADMIN")
            assert mark in marks_of(proxy.port, "sport")


@cuttle_only("Squid writes a line for each connection that it could not mark")
def test_without_the_right_to_mark(start_proxy, start_origin):
    """Said when the file is read, and counted; the connection goes on unmarked, as in Squid."""
    if os.geteuid() != 0:
        pytest.skip("only root can give the right up")
    origin = start_origin(serve_forever(reply(body=b"ok")))
    proxy = start_proxy("http_access allow all\ntcp_outgoing_mark 7\n", start=False)
    command = proxy.command
    proxy.command = lambda *a: ["setpriv", "--bounding-set", "-net_admin,-net_raw", "--inh-caps", "-all", *command(*a)]
    proxy.start()
    with proxy.client() as client:
        assert client.get(origin.url()).status == 200
    assert proxy.counters()["outgoing.mark_fails"] == 1
    assert "may not mark packets" in proxy.operator_log()


@cuttle_only("Debian's squid is built without it")
def test_marks_of_client_connections():
    """Set by one request, with a mask, and seen by the acl of the next one."""
    iptables = shutil.which("iptables", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if iptables is None:
        pytest.skip("iptables is not installed")
    with own_network():
        track = [iptables, "-t", "mangle", "-A", "PREROUTING", "-p", "tcp", "-j", "CONNMARK", "--set-mark", "0x100"]
        done = subprocess.run(track, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip("iptables: " + done.stderr.strip())
        # only the first packet of a connection gets its mark from there
        subprocess.run([*track[:3], "-I", "PREROUTING", "-m", "conntrack", "--ctstate", "ESTABLISHED", "-j", "ACCEPT"],
                       capture_output=True, check=True)
        with Origin(serve_forever(reply(body=b"ok"))) as origin, \
                Proxy("acl login urlpath_regex ^/login\nacl marked client_connection_mark 0x112\n"
                      "http_access allow login\nhttp_access allow marked\nhttp_access deny all\n"
                      "mark_client_connection 0x12/0xff login\n") as proxy:
            with proxy.client() as client:
                assert client.get(origin.url("/page")).status == 403
                assert client.get(origin.url("/login")).status == 200
                assert client.get(origin.url("/page")).status == 200
            with proxy.client() as other:
                assert other.get(origin.url("/page")).status == 403
