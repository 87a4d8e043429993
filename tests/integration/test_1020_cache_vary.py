"""Vary: several variants of one URI, each for those who ask alike (RFC 9111 4.1)."""
import pytest

from harness.proxy import cuttle_only
from harness.stored import CONF, counted, fresh


@pytest.fixture
def proxy(start_proxy):
    return start_proxy(CONF)


def by_language(message):
    return fresh((message.get("Accept-Language") or "none").encode(), {"Vary": "Accept-Language"})


def test_each_variant_is_stored(proxy, client, start_origin):
    origin = start_origin(counted(by_language))
    for _ in range(3):
        for language in ("de", "fr", "en"):
            assert client.get(origin.url("/a"), {"Accept-Language": language}).body == language.encode()
    assert len(origin.requests) == 3
    assert [line.code for line in proxy.wait_log(9)] == ["TCP_MISS"] * 3 + ["TCP_MEM_HIT"] * 6


def test_a_field_that_is_absent_is_a_variant(client, start_origin):
    origin = start_origin(counted(by_language))
    for _ in range(2):
        assert client.get(origin.url("/a")).body == b"none"
        assert client.get(origin.url("/a"), {"Accept-Language": "de"}).body == b"de"
    assert len(origin.requests) == 2


def test_cache_status_tells_that_there_are_other_variants(client, start_origin):
    """RFC 9211 2.2: uri-miss, where there is nothing for the URI; vary-miss, where nothing of it fits the request."""
    origin = start_origin(counted(by_language))
    said = [client.get(origin.url("/a"), {"Accept-Language": language}).get("Cache-Status").partition(";")[2]
            for language in ("de", "fr", "fr")]
    assert said[:2] == ["fwd=uri-miss;stored", "fwd=vary-miss;stored"] and said[2].startswith("hit;")


def test_several_fields_select(client, start_origin):
    def answer(m):
        return fresh(f"{m.get('X-One')}{m.get('X-Two')}".encode(), {"Vary": "X-One, x-two"})
    origin = start_origin(counted(answer))
    for _ in range(2):
        for one, two in (("1", "1"), ("1", "2"), ("2", "1")):
            assert client.get(origin.url("/a"), {"X-One": one, "X-Two": two}).body == (one + two).encode()
    assert len(origin.requests) == 3


def test_fields_that_do_not_select_are_of_no_account(client, start_origin):
    origin = start_origin(counted(by_language))
    assert client.get(origin.url("/a"), {"Accept-Language": "de", "User-Agent": "a"}).body == b"de"
    assert client.get(origin.url("/a"), {"User-Agent": "b", "Accept-Language": "de"}).body == b"de"
    assert len(origin.requests) == 1


@cuttle_only("Squid compares the text as it stands")
def test_blanks_in_a_list_make_no_variant(client, start_origin):
    origin = start_origin(counted(by_language))
    client.get(origin.url("/a"), {"Accept-Language": "de, en"})
    client.get(origin.url("/a"), {"Accept-Language": "de,en"})
    assert len(origin.requests) == 1


def test_a_variant_for_head(client, start_origin):
    origin = start_origin(counted(by_language))
    client.get(origin.url("/a"), {"Accept-Language": "de"})
    got = client.ask("HEAD", origin.url("/a"), {"Accept-Language": "de"})
    assert (got.status, got.get("Content-Length")) == (200, "2")
    assert len(origin.requests) == 1
