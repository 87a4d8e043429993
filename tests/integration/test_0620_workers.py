"""Several workers: the same proxy, only on more threads."""
import threading

from harness.deadline import LONG
from harness.message import reply, request
from harness.origin import echo, serve_forever
from harness.proxy import cuttle_only

pytestmark = cuttle_only("Squid's workers are processes")
CONF = "http_access allow all\nworkers 4\n"


def test_requests_and_log_lines_of_many_connections(start_proxy, start_origin):
    proxy = start_proxy(CONF)
    origin = start_origin(serve_forever(lambda r: reply(body=r.target.encode())))
    rounds, width = 20 * LONG, 24
    errors = []

    def run(i):
        try:
            with proxy.client() as client:
                for n in range(rounds):
                    assert client.get(origin.url(f"/{i}/{n}")).body == b"/%d/%d" % (i, n)
        except Exception as e:      # noqa: BLE001 - shown by the test's thread
            errors.append(e)
    threads = [threading.Thread(target=run, args=(i,)) for i in range(width)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len({line.url for line in proxy.wait_log(rounds * width)}) == rounds * width
    counters = proxy.counters()
    assert counters["client_http.requests"] >= rounds * width
    assert counters["log.dropped"] == 0


def test_tunnels_and_reloads(start_proxy, start_origin):
    proxy = start_proxy(CONF)
    origin = start_origin(echo)
    wires = [proxy.client() for _ in range(40)]
    for one in wires:
        one.send(request("CONNECT", origin.authority))
    for one in wires:
        assert one.read_reply("CONNECT").status == 200
    for n in range(10 * LONG):
        proxy.reload()
        for one in wires:
            one.send(b"%04d" % n)
        for one in wires:
            assert one.read_exact(4) == b"%04d" % n
    for one in wires:
        one.close()


def test_stop_under_load(start_proxy, start_origin):
    proxy = start_proxy(CONF)
    origin = start_origin(serve_forever(reply(body=b"x" * 1000)))
    wires = [proxy.client() for _ in range(20)]
    for one in wires:
        one.send(request("GET", origin.url()) * 5)
    proxy.stop()        # checks the exit status and the sanitizers
    for one in wires:
        one.close()
