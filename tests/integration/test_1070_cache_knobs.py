"""Squid's knobs about what is fresh and what is kept: refresh_pattern's options and the directives beside it."""
import pytest

from harness.message import reply
from harness.proxy import IS_SQUID
from harness.stored import CONF, LAST_MODIFIED, counted, date, fresh, stale

TAGGED = {"ETag": '"one"', "Last-Modified": LAST_MODIFIED}


def confirmed(fields=None):
    return reply("304 Not Modified", {"Date": date(), "ETag": '"one"', **(fields or {})}, length=False)


@pytest.fixture
def ask(start_proxy, start_origin):
    """ask(conf, replies, [request fields]): the bodies that clients get, and the requests that the origin gets."""
    def run(conf, replies, requests):
        proxy = start_proxy(conf + CONF)
        origin = start_origin(counted(*replies))
        bodies = []
        with proxy.client() as client:
            for fields in requests:
                bodies.append(client.get(origin.url("/a"), fields).body.decode())
        return bodies, origin.requests
    return run


def pattern(options="", low=60, pct="20%", high=4320):
    return f"refresh_pattern . {low} {pct} {high} {options}\n"


# --- what is fresh ---------------------------------------------------------------------------------

CASES = [
    ("max-age beats MIN", pattern(low=0), fresh(b"1", {"Cache-Control": "max-age=3600"}), True),
    ("MIN of what says nothing", pattern(), reply(fields={"Date": date()}, body=b"1"), True),
    ("MIN 0 of what says nothing", pattern(low=0), reply(fields={"Date": date()}, body=b"1"), False),
    ("older than MAX", pattern(low=0, pct="1000%", high=1), reply(fields={"Date": date(-120), **TAGGED}, body=b"1"), False),
    ("a share of its age", pattern(low=0, pct="50%", high=99999), reply(
        fields={"Date": date(-100), "Last-Modified": date(-1100)}, body=b"1"), True),
    ("not a share of its age", pattern(low=0, pct="5%", high=99999), reply(
        fields={"Date": date(-100), "Last-Modified": date(-1100)}, body=b"1"), False),
    ("explicitly stale, whatever MIN", pattern(), stale(b"1"), False),
    ("override-expire", pattern("override-expire"), stale(b"1"), True),
    ("override-lastmod", pattern("override-lastmod", pct="0%"), reply(
        fields={"Date": date(-100), "Last-Modified": date(-200)}, body=b"1"), True),
    ("ignore-no-store", pattern("ignore-no-store"), reply(
        fields={"Date": date(), "Cache-Control": "no-store"}, body=b"1"), True),
    ("the first rule that matches", "refresh_pattern /a 0 0% 0\n" + pattern(),
     reply(fields={"Date": date(), **TAGGED}, body=b"1"), False),
    ("-i", "refresh_pattern -i /A 60 0% 60\nrefresh_pattern . 0 0% 0\n", reply(fields={"Date": date()}, body=b"1"), True),
    ("with Last-Modified MIN is of no account", pattern(pct="0%"), reply(
        fields={"Date": date(), "Last-Modified": date(-100)}, body=b"1"), False),
]


@pytest.mark.parametrize("name, conf, first, hits", CASES, ids=[case[0] for case in CASES])
def test_refresh_pattern(ask, name, conf, first, hits):
    bodies, requests = ask(conf, [first, fresh(b"2")], [{}, {}])
    assert bodies == ["1", "1" if hits else "2"], name
    assert len(requests) == (1 if hits else 2), name


def test_ignore_private_keeps_what_is_private_and_validates_it(ask):
    private = {"Cache-Control": "private, max-age=100", **TAGGED}
    bodies, requests = ask(pattern("ignore-private"), [fresh(b"1", private), confirmed()], [{}, {}])
    assert bodies == ["1", "1"] and requests[1].get("If-None-Match") == '"one"'


# --- what clients may ask for ----------------------------------------------------------------------

RELOAD = {"Cache-Control": "no-cache"}


def test_reload_fetches_anew(ask):
    bodies, requests = ask(pattern(), [fresh(b"1", TAGGED), fresh(b"2")], [{}, RELOAD])
    assert bodies == ["1", "2"] and not requests[1].has("If-None-Match")


@pytest.mark.parametrize("conf", [pattern("reload-into-ims"), "reload_into_ims on\n" + pattern()])
def test_reload_into_ims_validates(ask, conf):
    bodies, requests = ask(conf, [fresh(b"1", TAGGED), confirmed()], [{}, RELOAD])
    assert bodies == ["1", "1"] and requests[1].get("If-None-Match") == '"one"'


def test_ignore_reload(ask):
    bodies, requests = ask(pattern("ignore-reload"), [fresh(b"1", TAGGED), fresh(b"2")], [{}, RELOAD])
    assert bodies == ["1", "1"] and len(requests) == 1


def test_max_stale_of_a_client_is_bound_by_the_directive(ask):
    """An object 90 s beyond its time."""
    accepts = {"Cache-Control": "max-stale=1000"}
    bodies, _ = ask("max_stale 1 week\n", [stale(b"1"), fresh(b"2")], [{}, accepts])
    assert bodies == ["1", "1"]


def test_min_fresh(ask):
    wants = {"Cache-Control": "min-fresh=7200"}
    bodies, requests = ask(pattern(), [fresh(b"1", TAGGED), confirmed()], [{}, wants])
    assert bodies == ["1", "1"] and len(requests) == 2


def test_refresh_ims_validates_for_who_has_it_already(ask):
    has = {"If-Modified-Since": LAST_MODIFIED}
    for conf, asked in ((pattern(), 1), (pattern("refresh-ims"), 2), ("refresh_all_ims on\n" + pattern(), 2)):
        _, requests = ask(conf, [fresh(b"1", TAGGED), confirmed()], [{}, has])
        assert len(requests) == asked, conf


# --- what is kept ----------------------------------------------------------------------------------

@pytest.mark.parametrize("age", [30, 59])
def test_what_says_that_it_is_fresh_for_a_moment_is_kept(ask, age):
    """minimum_expiry_time notwithstanding: Squid takes the Date of a reply for its validator."""
    bodies, requests = ask("", [fresh(b"1", {"Cache-Control": f"max-age={age}"}), fresh(b"2")], [{}, {}])
    assert bodies == ["1", "1"] and len(requests) == 1


@pytest.mark.parametrize("option, kept", [("", False), ("store-stale", True)])
def test_store_stale(ask, option, kept):
    """An object that is stale when it comes, without a validator: kept for those who accept it."""
    old = reply(fields={"Date": date(-100), "Cache-Control": "max-age=10"}, body=b"1")
    bodies, _ = ask(pattern(option), [old, fresh(b"2")], [{}, {"Cache-Control": "max-stale=1000"}])
    assert bodies == ["1", "1" if kept or IS_SQUID else "2"]     # Squid 5.7 keeps both
