"""Options of http_port, and what else holds for the sockets that clients connect to."""
import socket

import pytest

from harness.deadline import until
from harness.message import reply
from harness.origin import serve_forever
from harness.proxy import cuttle_only


def tcp_rows(local, remote):
    """[(state, timer)] of the proxy's side of connections, as /proc/net/tcp has them: 01 is open, 03 half open; timer 02 is
    that of keepalive probes."""
    rows = []
    with open("/proc/net/tcp", encoding="ascii") as f:
        for line in f.readlines()[1:]:
            words = line.split()
            if int(words[1].split(":")[1], 16) == local and int(words[2].split(":")[1], 16) == remote:
                rows.append((words[3], words[5].split(":")[0]))
    return rows


def connect(port):
    sock = socket.create_connection(("127.0.0.1", port))
    return sock, sock.getsockname()[1]


@pytest.mark.parametrize("option, timer", [("", "00"), ("tcpkeepalive", "02"), ("tcpkeepalive=60,30,90", "02")])
def test_tcpkeepalive_probes_idle_clients(start_proxy, option, timer):
    proxy = start_proxy(start=False)
    proxy.configure(f"http_port 127.0.0.1:{{port2}} {option}\nhttp_access allow all\n")
    proxy.start()
    sock, mine = connect(proxy.port2)
    with sock:
        until(lambda: tcp_rows(proxy.port2, mine) == [("01", timer)], f"the timer is {timer}")


@cuttle_only("Squid opens its ports anew")
def test_a_reload_changes_the_options_of_a_port(start_proxy):
    proxy = start_proxy("http_port 127.0.0.1:{port2}\nhttp_access allow all\n")
    for option, timer in (("tcpkeepalive=60,30,90", "02"), ("", "00")):
        proxy.configure(f"http_port 127.0.0.1:{{port2}} {option}\nhttp_access allow all\n")
        proxy.reload()
        sock, mine = connect(proxy.port2)
        with sock:
            until(lambda mine=mine, timer=timer: tcp_rows(proxy.port2, mine) == [("01", timer)], f"the timer is {timer}")


def test_accept_filter_leaves_silent_clients_to_the_kernel(start_proxy, start_origin):
    proxy = start_proxy("accept_filter data=60\nhttp_access allow all\n")
    origin = start_origin(serve_forever(reply(body=b"ok")))
    sock, mine = connect(proxy.port)
    with sock:
        with proxy.client() as client:
            assert client.get(origin.url()).body == b"ok"
        assert tcp_rows(proxy.port, mine) == [("03", tcp_rows(proxy.port, mine)[0][1])]


@pytest.mark.parametrize("option, passed", [("", ["NTLM", "Negotiate", "Basic realm=x"]),
                                            ("connection-auth=on", ["NTLM", "Negotiate", "Basic realm=x"]),
                                            ("connection-auth=off", ["Basic realm=x"]),
                                            ("no-connection-auth", ["Basic realm=x"])])
def test_connection_auth_decides_about_challenges(start_proxy, start_origin, option, passed):
    """NTLM and its like authenticate connections; through a port that does not allow that, they are not offered."""
    proxy = start_proxy(f"http_port 127.0.0.1:{{port2}} {option}\nhttp_access allow all\n")
    origin = start_origin(serve_forever(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nWWW-Authenticate: NTLM\r\n"
                                        b"WWW-Authenticate: Negotiate\r\nWWW-Authenticate: Basic realm=x\r\n\r\n"))
    with proxy.client(proxy.port2) as client:
        got = client.get(origin.url())
    assert got.status == 401
    assert got.all("WWW-Authenticate") == passed


def test_name_is_what_myportname_compares(start_proxy, start_origin):
    proxy = start_proxy("http_port 127.0.0.1:{port2} name=inner tcpkeepalive connection-auth=off\nacl inner myportname inner\n"
                        "http_access deny inner\nhttp_access allow all\n")
    origin = start_origin(serve_forever(reply(body=b"ok")))
    with proxy.client() as client, proxy.client(proxy.port2) as other:
        assert client.get(origin.url()).status == 200
        assert other.get(origin.url()).status == 403
