"""Fixtures of the integration tests, and what is printed when one fails."""
import os
import signal
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

# pylint: disable=wrong-import-position
from harness import proxy as proxy_module
from harness import transcript
from harness.deadline import LIMIT, DeadlineError
from harness.origin import Origin
from harness.proxy import Proxy


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    del item, call
    report = (yield).get_result()
    if report.failed:
        report.sections.append(("bytes on both sides", transcript.current.text()))
        for running in proxy_module.live:
            report.sections.append((f"logs of {running.name}", running.logs()))


def pytest_configure(config):
    config.addinivalue_line("markers", "limit(n): the whole test may take n times the deadline of one wait")


def pytest_report_header():
    which = "squid (PROXY=squid)" if proxy_module.IS_SQUID else proxy_module.CUTTLE
    return f"proxy under test: {which}"


def _too_long(number, frame):
    del number, frame
    raise DeadlineError("the test as a whole took too long")


@pytest.fixture(autouse=True)
def _each_test(request):
    """A new transcript, the logs marked, and a last deadline for what no other one covers."""
    transcript.begin()
    for running in proxy_module.live:
        running.mark_log()
    limit = request.node.get_closest_marker("limit")
    signal.signal(signal.SIGALRM, _too_long)
    signal.setitimer(signal.ITIMER_REAL, LIMIT * (limit.args[0] if limit else 2))
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)


class _Keeper:
    """Makes things that are closed at the end of the test, last first, the proxies with a check."""

    def __init__(self):
        self._things = []

    def keep(self, thing):
        self._things.append(thing)
        return thing

    def finish(self, failed):
        first = None
        for thing in reversed(self._things):
            try:
                thing.close(check=not failed)
            except Exception as e:      # noqa: BLE001 - close all, then report the first
                first = first or e
        if first:
            raise first


@pytest.fixture
def _keeper(request):
    keeper = _Keeper()
    yield keeper
    keeper.finish(failed=False)


@pytest.fixture
def start_proxy(_keeper):
    """start_proxy(conf, ...) starts a proxy that ends with the test."""
    return lambda *a, **kw: _keeper.keep(Proxy(*a, **kw))


@pytest.fixture
def start_origin(_keeper):
    """start_origin(script) starts an origin that ends with the test."""
    return lambda *a, **kw: _keeper.keep(Origin(*a, **kw))


@pytest.fixture
def proxy(start_proxy):
    """A proxy that allows everything, for this test alone: so each test also sees it start and end well."""
    return start_proxy()


@pytest.fixture
def client(proxy):
    """A connection to that proxy."""
    with proxy.client() as one:
        yield one
