"""Clients that are gone before they are answered: nothing goes on for them."""
import pytest

from harness.message import request
from harness.proxy import cuttle_only
from harness.wire import Closed


@pytest.mark.parametrize("body", [None, b"x" * 10], ids=["no body", "body"])
@cuttle_only("its log line says when it was noticed")
def test_fin_that_comes_with_the_request(proxy, start_origin, body):
    """The client's FIN arrives in one event with its request: the fetch ends, though the origin says nothing."""
    def script(wire):
        try:
            wire.read_rest()        # until the proxy gives up
        except (Closed, ConnectionError):
            pass
    origin = start_origin(script)
    for _ in range(10):
        with proxy.client() as client:
            client.send(request("POST" if body else "GET", origin.url(), body=body))
    for line in proxy.wait_log(10):
        assert line.code == "TCP_MISS_ABORTED"
