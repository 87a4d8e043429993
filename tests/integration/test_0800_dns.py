"""Names: what is asked, how long answers are kept, and what happens when they do not come."""
import threading

import pytest

from harness.deadline import until
from harness.dns import Server
from harness.message import reply, request
from harness.origin import serve_forever
from harness.proxy import cuttle_only

pytestmark = cuttle_only("Squid's dns_nameservers takes no port")


@pytest.fixture
def start_dns(_keeper):
    return lambda *a, **kw: _keeper.keep(Server(*a, **kw))


@pytest.fixture
def setup(start_proxy, start_dns):
    """setup(answers, conf="", ...) starts a name server and a proxy that asks it."""
    def make(answers, conf="", hosts=None, **kw):
        dns = start_dns(answers, **kw)
        return start_proxy(f"dns_nameservers 127.0.0.1:{dns.port}\nhttp_access allow all\n" + conf, hosts=hosts), dns
    return make


@pytest.fixture
def origin(start_origin):
    return start_origin(serve_forever(reply(body=b"ok")))


@pytest.fixture
def closing_origin(start_origin):
    """One that is asked for anew each time: a pooled connection needs no name."""
    return start_origin(serve_forever(reply(body=b"ok", fields={"Connection": "close"})))


def get(proxy, url):
    with proxy.client() as client:
        return client.get(url)


def test_a_name_is_resolved(setup, origin):
    proxy, dns = setup({("www.a.test", "A"): [("127.0.0.1", 60)]})
    assert get(proxy, f"http://www.a.test:{origin.port}/").body == b"ok"
    assert dns.asked("www.a.test", "A") and dns.asked("www.a.test", "AAAA")
    assert proxy.wait_log(1)[0].server == "127.0.0.1"


def test_an_ipv6_only_name(setup, start_origin):
    six = start_origin(serve_forever(reply(body=b"six")), host="::1")
    proxy, _ = setup({("six.test", "AAAA"): [("::1", 60)]})
    assert get(proxy, f"http://six.test:{six.port}/").body == b"six"
    assert proxy.wait_log(1)[0].server == "::1"


def test_a_chain_of_aliases(setup, origin):
    proxy, _ = setup({("www.a.test", "CNAME"): [("b.test", 60)], ("b.test", "CNAME"): [("c.test", 60)],
                      ("c.test", "A"): [("127.0.0.1", 60)]})
    assert get(proxy, f"http://www.a.test:{origin.port}/").body == b"ok"


def test_answers_are_kept_for_their_ttl(setup, closing_origin):
    origin = closing_origin
    proxy, dns = setup({("www.a.test", "A"): [("127.0.0.1", 600)]})
    for _ in range(5):
        assert get(proxy, f"http://www.a.test:{origin.port}/").body == b"ok"
    assert len(dns.asked("www.a.test", "A")) == 1


def test_workers_share_answers(setup, closing_origin):
    origin = closing_origin
    proxy, dns = setup({("www.a.test", "A"): [("127.0.0.1", 600)]}, conf="workers 3\n")
    assert get(proxy, f"http://www.a.test:{origin.port}/").body == b"ok"
    for _ in range(20):
        assert get(proxy, f"http://www.a.test:{origin.port}/").body == b"ok"
    assert len(dns.asked("www.a.test", "A")) == 1


def test_positive_dns_ttl_is_an_upper_limit(setup, closing_origin):
    origin = closing_origin
    proxy, dns = setup({("www.a.test", "A"): [("127.0.0.1", 600)]}, conf="negative_dns_ttl 1 second\npositive_dns_ttl 2 seconds\n")
    get(proxy, f"http://www.a.test:{origin.port}/")
    until(lambda: get(proxy, f"http://www.a.test:{origin.port}/") and len(dns.asked("www.a.test", "A")) > 1, "asked again")


def test_unknown_name(setup):
    proxy, dns = setup({})
    assert get(proxy, "http://nowhere.test/").status == 503
    line, = proxy.wait_log(1)
    assert (line.status, line.hier) == (503, "HIER_NONE")
    assert get(proxy, "http://nowhere.test/").status == 503
    assert len(dns.asked("nowhere.test", "A")) == 1     # negative_dns_ttl


def test_unknown_name_of_a_tunnel(setup):
    proxy, _ = setup({})
    with proxy.client() as client:
        assert client.connect("nowhere.test:443").status == 503


def test_negative_dns_ttl_ends(setup, origin):
    answers = {}
    proxy, dns = setup(answers, conf="negative_dns_ttl 1 second\n")
    url = f"http://late.test:{origin.port}/"
    assert get(proxy, url).status == 503
    dns.answers[("late.test", "A")] = [("127.0.0.1", 60)]
    until(lambda: get(proxy, url).status == 200, "the name is asked again")


def test_silent_server(setup):
    proxy, dns = setup({}, conf="dns_timeout 1 second\ndns_retransmit_interval 200 milliseconds\n",
                       fault=lambda *_: "drop")
    assert get(proxy, "http://www.a.test/").status in (503, 504)
    assert len(dns.asked("www.a.test", "A")) >= 2       # it was asked again


def test_lost_packet(setup, origin):
    lost = []

    def fault(name, kind, tcp):
        del tcp
        if (name, kind) in lost:
            return None
        lost.append((name, kind))
        return "drop"
    proxy, _ = setup({("www.a.test", "A"): [("127.0.0.1", 60)]}, conf="dns_retransmit_interval 200 milliseconds\n", fault=fault)
    assert get(proxy, f"http://www.a.test:{origin.port}/").body == b"ok"


@pytest.mark.parametrize("fault", ["servfail", "refuse"])
def test_failing_server(setup, fault):
    proxy, _ = setup({}, conf="dns_timeout 2 seconds\n", fault=lambda *_: fault)
    assert get(proxy, "http://www.a.test/").status == 503


def test_truncated_answer_is_asked_over_tcp(setup, origin):
    proxy, dns = setup({("www.a.test", "A"): [("127.0.0.1", 60)]}, fault=lambda n, k, tcp: None if tcp else "truncate")
    assert get(proxy, f"http://www.a.test:{origin.port}/").body == b"ok"
    assert ("www.a.test", "A", True) in dns.queries


def test_dead_address_is_followed_by_the_next(setup, origin):
    """Several addresses: all are tried."""
    proxy, _ = setup({("www.a.test", "A"): [("127.0.0.9", 60), ("127.0.0.1", 60), ("127.0.0.8", 60)]})
    assert get(proxy, f"http://www.a.test:{origin.port}/").body == b"ok"
    assert proxy.wait_log(1)[0].server == "127.0.0.1"


def test_dead_family_is_followed_by_the_other(setup, origin):
    proxy, _ = setup({("www.a.test", "A"): [("127.0.0.1", 60)], ("www.a.test", "AAAA"): [("::1", 60)]})
    assert get(proxy, f"http://www.a.test:{origin.port}/").body == b"ok"


def test_first_family_is_used_while_the_other_is_silent(setup, origin):
    """RFC 8305: an answer for A is enough when AAAA does not come."""
    never = threading.Event()
    proxy, _ = setup({("www.a.test", "A"): [("127.0.0.1", 60)]}, delay=lambda n, k: never if k == "AAAA" else None)
    try:
        assert get(proxy, f"http://www.a.test:{origin.port}/").body == b"ok"
    finally:
        never.set()


def test_one_query_for_many_clients(setup, origin):
    gate = threading.Event()
    proxy, dns = setup({("www.a.test", "A"): [("127.0.0.1", 600)]}, delay=lambda n, k: gate)
    clients = [proxy.client() for _ in range(10)]
    for one in clients:
        one.send(request("GET", f"http://www.a.test:{origin.port}/"))
    until(lambda: dns.asked("www.a.test", "A"), "the first query")
    gate.set()
    for one in clients:
        assert one.read_reply().body == b"ok"
        one.close()
    assert len(dns.asked("www.a.test", "A")) == 1


def test_hosts_file_comes_first(setup, origin):
    proxy, dns = setup({("www.a.test", "A"): [("127.0.0.9", 60)]}, hosts={"www.a.test": "127.0.0.1"})
    assert get(proxy, f"http://www.a.test:{origin.port}/").body == b"ok"
    assert not dns.asked("www.a.test")


def test_hosts_file_is_read_again_at_a_reload(setup, origin):
    proxy, _ = setup({}, hosts={"old.test": "127.0.0.1"})
    proxy.write("hosts", "127.0.0.1 new.test\n")
    proxy.reload()
    assert get(proxy, f"http://new.test:{origin.port}/").body == b"ok"


def test_judged_addresses_are_those_dialled(setup, start_origin):
    """Rebinding: a dst acl judges one answer; the connection goes nowhere else."""
    turn = [0]

    def changing():
        turn[0] += 1
        return [("127.0.0.1" if turn[0] > 1 else "127.0.0.2", 0)]
    evil = start_origin(serve_forever(reply(body=b"inside")))
    proxy, dns = setup({("rebind.test", "A"): changing})
    proxy.configure(f"dns_nameservers 127.0.0.1:{dns.port}\nacl inside dst 127.0.0.1\nacl mgr url_regex internal-mgr\n"
                    "http_access allow mgr\nhttp_access deny inside\nhttp_access allow all\n")
    proxy.reload()
    for _ in range(4):
        assert get(proxy, f"http://rebind.test:{evil.port}/").status in (403, 503)
    assert evil.connections == 0


def test_any_address_of_a_name_in_a_denied_net_is_not_dialled(setup, start_origin):
    """dst matches if one of the addresses does; a deny then holds for all."""
    evil = start_origin(serve_forever(reply(body=b"inside")))
    proxy, dns = setup({("mixed.test", "A"): [("127.0.0.3", 60), ("127.0.0.1", 60)]})
    proxy.configure(f"dns_nameservers 127.0.0.1:{dns.port}\nacl inside dst 127.0.0.1\nacl mgr url_regex internal-mgr\n"
                    "http_access allow mgr\nhttp_access deny inside\nhttp_access allow all\n")
    proxy.reload()
    assert get(proxy, f"http://mixed.test:{evil.port}/").status == 403
    assert evil.connections == 0


def test_append_domain(setup, origin):
    proxy, dns = setup({("short.corp.test", "A"): [("127.0.0.1", 60)]}, conf="append_domain .corp.test\n")
    assert get(proxy, f"http://short:{origin.port}/").body == b"ok"
    assert dns.asked("short.corp.test", "A")


def test_client_that_leaves_while_its_name_is_asked(setup, origin):
    gate = threading.Event()
    proxy, dns = setup({("www.a.test", "A"): [("127.0.0.1", 60)]}, delay=lambda n, k: gate)
    with proxy.client() as client:
        client.send(request("GET", f"http://www.a.test:{origin.port}/"))
        until(lambda: dns.asked("www.a.test"), "the query")
        client.reset()
    line, = proxy.wait_log(1)
    assert "ABORTED" in line.code
    gate.set()
    assert get(proxy, f"http://www.a.test:{origin.port}/").body == b"ok"


def test_stop_while_a_name_is_asked(setup):
    gate = threading.Event()
    proxy, dns = setup({}, delay=lambda n, k: gate)
    with proxy.client() as client:
        client.send(request("GET", "http://www.a.test/"))
        until(lambda: dns.asked("www.a.test"), "the query")
        proxy.stop()        # checks the exit and the sanitizers
    gate.set()


def test_answer_for_another_question_is_not_taken(setup, origin):
    """Nothing that was not asked enters the cache."""
    proxy, dns = setup({("www.a.test", "A"): [("127.0.0.1", 60)]})
    dns.answers[("www.a.test", "A")] = [("127.0.0.1", 60)]
    assert get(proxy, f"http://www.a.test:{origin.port}/").body == b"ok"
    assert get(proxy, f"http://other.test:{origin.port}/").status == 503


@pytest.mark.parametrize("conf, asker", [("", "127.0.0.1"), ("udp_outgoing_address 127.0.0.2\n", "127.0.0.2"),
                                         ("udp_incoming_address 127.0.0.3\n", "127.0.0.3"),
                                         ("udp_incoming_address 127.0.0.3\nudp_outgoing_address 127.0.0.2\n", "127.0.0.2"),
                                         ("udp_outgoing_address no_addr\n", "127.0.0.1"),
                                         ("udp_outgoing_address ::1\n", "127.0.0.1")])
def test_queries_come_from_the_address_that_is_named(setup, origin, conf, asker):
    proxy, dns = setup({("www.a.test", "A"): [("127.0.0.1", 60)]}, conf)
    assert get(proxy, f"http://www.a.test:{origin.port}/").body == b"ok"
    assert dns.askers == {asker}
