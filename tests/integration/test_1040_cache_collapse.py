"""Collapsed misses and validations: who asks while the first one fetches reads along, on any worker."""
import threading

import pytest

from harness.deadline import until
from harness.message import reply, request
from harness.proxy import cuttle_only
from harness.stored import CONF, body_of, date, digest, fresh, stale

N = 400000
HALF = 150000
BODY = body_of(N)


class Halves:
    """An origin's script: the head and a part of the body; the rest (and the head) when it is told to."""

    def __init__(self, fields=None, waits_before_head=False):
        self.send_head, self.go_on = threading.Event(), threading.Event()
        self.whole = fresh(BODY, fields)
        if not waits_before_head:
            self.send_head.set()

    def __call__(self, wire):
        wire.read_request()
        assert self.send_head.wait(60)
        wire.send(self.whole[:len(self.whole) - N + HALF])
        assert self.go_on.wait(60)
        wire.send(self.whole[len(self.whole) - N + HALF:])
        wire.read_rest()


def ask(proxy, origin):
    one = proxy.client()
    one.send(request("GET", origin.url("/a")))
    return one


def take_first_half(one):
    head = one.read_head()
    assert (head.status, head.get("Content-Length")) == (200, str(N))
    return one.read_exact(HALF)


def lines_of(proxy, n):
    """The lines of n clients, without those about the manager's pages."""
    def lines():
        return [line for line in proxy.log_lines() if "squid-internal-mgr" not in line.url]
    until(lambda: len(lines()) >= n, f"{n} lines in access.log")
    return sorted(line.result for line in lines())


@cuttle_only("Squid's workers share by a disk or shared memory only, and its counters are others")
@pytest.mark.parametrize("workers", [1, 3])
def test_twenty_clients_one_request(start_proxy, start_origin, workers):
    """They wait for the head together, and then read along from the first byte."""
    proxy = start_proxy(CONF + f"collapsed_forwarding on\nworkers {workers}\n")
    script = Halves(waits_before_head=True)
    origin = start_origin([script])
    clients = [ask(proxy, origin) for _ in range(20)]
    until(lambda: proxy.counters()["cache.collapsed"] == 19, "19 that wait")
    script.send_head.set()
    halves = [take_first_half(one) for one in clients]     # all have it before the origin goes on
    script.go_on.set()
    for one, half in zip(clients, halves):
        assert digest(half + one.read_exact(N - HALF)) == digest(BODY)
        one.close()
    assert len(origin.requests) == 1
    assert lines_of(proxy, 20) == ["TCP_CF_HIT/200"] * 19 + ["TCP_MISS/200"]


@cuttle_only("as above")
@pytest.mark.parametrize("workers", [1, 3])
def test_those_who_come_later_get_what_is_there(start_proxy, start_origin, workers):
    """In the middle of the body, whether or not collapsed_forwarding lets them wait for a head."""
    proxy = start_proxy(CONF + f"workers {workers}\n")
    script = Halves()
    origin = start_origin([script])
    leader = ask(proxy, origin)
    halves = [take_first_half(leader)]
    clients = [leader] + [ask(proxy, origin) for _ in range(19)]
    halves += [take_first_half(one) for one in clients[1:]]
    script.go_on.set()
    for one, half in zip(clients, halves):
        assert digest(half + one.read_exact(N - HALF)) == digest(BODY)
        one.close()
    assert len(origin.requests) == 1
    assert lines_of(proxy, 20) == ["TCP_HIT/200"] * 19 + ["TCP_MISS/200"]


@cuttle_only("what of it is at which client depends on Squid's buffers")
@pytest.mark.parametrize("workers", [1, 3])
def test_the_first_one_leaves_and_the_others_do_not_notice(start_proxy, start_origin, workers):
    proxy = start_proxy(CONF + f"collapsed_forwarding on\nworkers {workers}\n")
    script = Halves()
    origin = start_origin([script])
    leader = ask(proxy, origin)
    take_first_half(leader)
    others = [ask(proxy, origin) for _ in range(5)]
    halves = [take_first_half(one) for one in others]
    leader.reset()
    proxy.wait_line("_ABORTED/200")
    script.go_on.set()
    for one, half in zip(others, halves):
        assert digest(half + one.read_exact(N - HALF)) == digest(BODY)
        one.close()
    assert len(origin.requests) == 1


@cuttle_only("as above")
def test_a_slow_one_does_not_hold_up_the_others(start_proxy, start_origin):
    proxy = start_proxy(CONF + "collapsed_forwarding on\n")
    script = Halves()
    origin = start_origin([script])
    slow, quick = ask(proxy, origin), ask(proxy, origin)
    slow.read_head()        # and nothing more
    half = take_first_half(quick)
    script.go_on.set()
    assert digest(half + quick.read_exact(N - HALF)) == digest(BODY)
    assert digest(slow.read_exact(N)) == digest(BODY)
    for one in (slow, quick):
        one.close()
    assert len(origin.requests) == 1


def test_those_who_waited_for_what_may_not_be_shared_ask_themselves(start_proxy, start_origin):
    proxy = start_proxy(CONF + "collapsed_forwarding on\n")
    go_on = threading.Event()
    private = fresh(b"mine", {"Cache-Control": "private"})

    def script(wire):
        while True:
            wire.read_request()
            assert go_on.wait(60)
            wire.send(private)
    origin = start_origin(script)
    clients = [ask(proxy, origin) for _ in range(4)]
    origin.wait_requests(1)
    go_on.set()
    for one in clients:
        assert one.read_reply().body == b"mine"
        one.close()
    assert len(origin.requests) == 4


class Validation:
    """An origin's script, on any connection: a stale reply, and an answer to what is asked about it, when that is wanted."""

    def __init__(self, answer):
        self.answer, self.go_on = answer, threading.Event()

    def __call__(self, wire):
        while True:
            if wire.read_request().get("If-None-Match") is None:
                wire.send(stale(BODY))
            else:
                assert self.go_on.wait(60)
                wire.send(self.answer)


NOT_MODIFIED = reply("304 Not Modified", {"Date": date(), "ETag": '"one"', "Cache-Control": "max-age=3600"}, length=False)
NEW_BODY = body_of(N, 2)
VALIDATIONS = {
    "304": (NOT_MODIFIED, BODY, "REFRESH_UNMODIFIED/200"),
    "new": (fresh(NEW_BODY, {"ETag": '"two"'}), NEW_BODY, "REFRESH_MODIFIED/200"),
    "error": (reply("503 Busy", {"Date": date()}, b"no"), BODY, "REFRESH_FAIL_OLD/200"),
}


@cuttle_only("Squid 5.7 passes errors on, and its counters are others")
@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("name", VALIDATIONS)
def test_twenty_clients_one_validation(start_proxy, start_origin, workers, name):
    """RFC 9111 4, collapsed: who finds the same stale reply waits for the one answer about it."""
    answer, body, result = VALIDATIONS[name]
    proxy = start_proxy(CONF + f"collapsed_forwarding on\nworkers {workers}\n")
    script = Validation(answer)
    origin = start_origin(script)
    with proxy.client() as one:
        assert digest(one.get(origin.url("/a")).body) == digest(BODY)
    clients = [ask(proxy, origin) for _ in range(20)]
    until(lambda: proxy.counters()["cache.collapsed"] == 19, "19 that wait")
    script.go_on.set()
    for one in clients:
        assert digest(one.read_reply().body) == digest(body)
        one.close()
    assert len(origin.requests) == 2
    assert lines_of(proxy, 21) == [f"TCP_CF_{result}"] * 19 + ["TCP_MISS/200", f"TCP_{result}"]


@cuttle_only("as above")
@pytest.mark.parametrize("workers", [1, 3])
def test_who_validates_leaves_and_the_others_do_not_notice(start_proxy, start_origin, workers):
    proxy = start_proxy(CONF + f"collapsed_forwarding on\nworkers {workers}\n")
    script = Validation(NOT_MODIFIED)
    origin = start_origin(script)
    with proxy.client() as one:
        one.get(origin.url("/a"))
    leader = ask(proxy, origin)
    origin.wait_requests(2)
    others = [ask(proxy, origin) for _ in range(5)]
    until(lambda: proxy.counters()["cache.collapsed"] == 5, "5 that wait")
    leader.reset()
    script.go_on.set()
    for one in others:
        assert digest(one.read_reply().body) == digest(BODY)
        one.close()
    assert len(origin.requests) == 2
    proxy.wait_line("_ABORTED/")


def test_rfc9111_5_2_1_7_only_if_cached_does_not_wait(start_proxy, start_origin):
    proxy = start_proxy(CONF)
    script = Halves()
    origin = start_origin([script])
    with ask(proxy, origin) as leader, proxy.client() as other:
        origin.wait_requests(1)
        assert other.get(origin.url("/b"), {"Cache-Control": "only-if-cached"}).status == 504
        script.go_on.set()
        assert digest(leader.read_reply().body) == digest(BODY)


def test_without_others_a_fetch_ends_with_its_client(start_proxy, start_origin):
    """quick_abort_min 0: what nobody reads is not fetched."""
    proxy = start_proxy(CONF + "quick_abort_min 0 KB\nquick_abort_max 0 KB\n")
    script = Halves()
    origin = start_origin(script)
    with ask(proxy, origin) as one:
        one.read_head()
        one.reset()
    wire = origin.wires[0]
    proxy.wait_line("_ABORTED/")
    script.go_on.set()
    with proxy.client() as other:
        assert digest(other.get(origin.url("/a")).body) == digest(BODY)
    assert len(origin.requests) == 2 and wire is not origin.wires[-1]


def test_quick_abort_min_goes_on_without_clients(start_proxy, start_origin):
    """-1: always to the end; whoever asks next gets what was stored, or reads along."""
    proxy = start_proxy(CONF + "quick_abort_min -1 KB\n")
    script = Halves()
    origin = start_origin([script])
    with ask(proxy, origin) as one:
        one.read_head()
        one.reset()
    proxy.wait_line("_ABORTED/")
    script.go_on.set()
    with proxy.client() as other:
        assert digest(other.get(origin.url("/a")).body) == digest(BODY)
    assert len(origin.requests) == 1


@cuttle_only("as above")
def test_a_reply_that_is_cut_is_cut_for_all_and_not_kept(start_proxy, start_origin):
    proxy = start_proxy(CONF)
    go_on = threading.Event()
    whole = fresh(BODY)

    def cut(wire):
        wire.read_request()
        wire.send(whole[:len(whole) - N + HALF])
        assert go_on.wait(60)

    def answer(wire):
        wire.read_request()
        wire.send(whole)
        wire.read_rest()
    origin = start_origin([cut, answer])
    clients = [ask(proxy, origin)]
    take_first_half(clients[0])     # whoever comes now reads along
    clients += [ask(proxy, origin) for _ in range(2)]
    for one in clients[1:]:
        take_first_half(one)
    go_on.set()
    for one in clients:
        one.expect_close()
    with proxy.client() as other:
        assert digest(other.get(origin.url("/a")).body) == digest(BODY)
