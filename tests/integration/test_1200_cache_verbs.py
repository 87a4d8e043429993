"""cuttle -z prepares folders; cuttle cache looks into them, beside a proxy under load, after it and after a crash, and purges."""
import json
import os
import pathlib
import re
import threading

import pytest

from harness.deadline import until
from harness.origin import serve_forever
from harness.proxy import cuttle_only
from harness.stored import body_of, fresh
from harness.tools import run

pytestmark = cuttle_only("a command of Cuttle")

CONF = """\
cache_mem 8 MB
maximum_object_size_in_memory 0 KB
maximum_object_size 100 MB
cache_dir ufs {dir}/one 200 16 256
acl purge method PURGE
http_access allow all
"""
TWO = CONF.replace("http_access", "cache_dir ufs {dir}/two 200 16 256\nhttp_access")


def folders_of(proxy):
    return re.findall(r"^cache_dir \S+ (\S+)", proxy.read("squid.conf"), re.M)


def cache(proxy, *words, check=0):
    return run(proxy.command()[0], "cache", "-f", proxy.conf_path, *words, check=check)


def text(proxy, *words, check=0):
    return cache(proxy, *words, check=check).stdout.decode()


def objects(proxy, *words, check=0):
    return [json.loads(line) for line in text(proxy, "--json", *words, check=check).splitlines()]


def urls_of(proxy, *words):
    return sorted(o["url"] for o in objects(proxy, "ls", *words))


@pytest.fixture
def start_prepared(start_proxy):
    def start(conf=CONF, **kw):
        proxy = start_proxy(conf, start=False, **kw)
        for folder in folders_of(proxy):
            proxy.prepare_folder(folder)
        proxy.run("-N", "-z", check=0)
        proxy.start()
        return proxy
    return start


def sized(message):
    """A reply whose length is the last part of its path."""
    n = int(message.target.split("/")[-1])
    return fresh(body_of(n, n), {"X-Seen": "yes"})


def fetch(proxy, urls):
    """Asks until all are listed: what is stored is written within a second, and may be refused before."""
    def all_listed():
        with proxy.client() as client:
            for url in urls:
                client.get(url)
        listed = urls_of(proxy)
        return all(url in listed for url in urls)
    until(all_listed, "each object is listed beside the running proxy")


def is_stored(proxy, url):
    with proxy.client() as client:
        return client.ask("GET", url, {"Cache-Control": "only-if-cached"}).status == 200


# --- -z -------------------------------------------------------------------------------------------

def test_z_says_what_it_did_for_each_folder(start_proxy):
    proxy = start_proxy(TWO, start=False)
    one, two = folders_of(proxy)
    proxy.prepare_folder(one)
    proxy.prepare_folder(two)
    said = proxy.run("-N", "-z", check=0).stderr
    assert f"{one}: prepared" in said and f"{two}: prepared" in said and "2 cache folders prepared" in said
    assert os.listdir(one) == os.listdir(two) == ["cuttle-store"]
    assert pathlib.Path(one, "cuttle-store").stat().st_uid == pathlib.Path(two, "cuttle-store").stat().st_uid
    assert f"{two}: has been prepared before" in proxy.run("-N", "-z", check=0).stderr
    proxy.start()       # it may write what -z made
    assert "2 cache folders prepared" in proxy.run("-N", "-z", check=0).stderr     # beside it nothing is to be done


def test_z_makes_a_missing_folder_with_its_parents_for_the_user_who_will_write(start_proxy):
    proxy = start_proxy(CONF.replace("{dir}/one", "{dir}/a/b/c"), start=False)
    folder, = folders_of(proxy)
    assert f"{folder}: prepared" in proxy.run("-N", "-z", check=0).stderr
    assert pathlib.Path(folder).stat().st_uid == pathlib.Path(folder, "cuttle-store").stat().st_uid


def test_z_refuses_foreign_files_but_prepares_the_others(start_proxy):
    proxy = start_proxy(TWO, start=False)
    one, two = folders_of(proxy)
    proxy.prepare_folder(one)
    proxy.prepare_folder(two)
    pathlib.Path(one, "swap.state").write_text("Squid's", encoding="ascii")
    said = proxy.run("-N", "-z", check=1).stderr
    assert re.search(f"{one}: .*not Cuttle's", said) and f"{two}: prepared" in said
    assert os.listdir(one) == ["swap.state"]
    assert "not Cuttle's" in cache(proxy, "ls", one, check=2).stderr.decode()


# --- looking --------------------------------------------------------------------------------------

def test_objects_are_listed_shown_counted_and_verified_beside_the_proxy(start_prepared, start_origin):
    proxy = start_prepared()
    folder, = folders_of(proxy)
    origin = start_origin(serve_forever(sized))
    urls = sorted(origin.url(f"/{kind}/{n}") for kind in "ab" for n in (0, 3000, 70000, 2500000))
    fetch(proxy, urls)
    assert urls_of(proxy) == urls
    assert urls_of(proxy, folder) == urls
    assert urls_of(proxy, origin.url("/a/"), folder) == urls[:4]
    assert {o["url"]: o["body_bytes"] for o in objects(proxy, "ls")} == {u: int(u.split("/")[-1]) for u in urls}

    shown, = objects(proxy, "show", urls[0])
    assert shown["status"] == 200 and "X-Seen: yes\r\n" in shown["head"]
    assert shown["verdict"] == "fresh" and 0 <= shown["age"] < 600 and shown["lifetime"] == 3600
    assert "X-Seen: yes" in text(proxy, "show", urls[0], folder)
    big, = objects(proxy, "show", origin.url("/a/2500000"))
    assert sum(place["bytes"] for place in big["places"]) == 2500000
    assert "nothing found of " in cache(proxy, "show", origin.url("/nothing"), check=1).stderr.decode()

    stats = json.loads(text(proxy, "stats", "--json"))
    assert (stats["objects"], stats["body_bytes"]) == (8, sum(int(u.split("/")[-1]) for u in urls))
    assert [h["objects"] for h in stats["hosts"]] == [8] and stats["folders"][0]["folder"] == folder
    assert sum(c["objects"] for c in stats["by_size"]) == sum(c["objects"] for c in stats["by_age"]) == 8
    assert "objects 8, " in text(proxy, "stats")
    assert "all checksums are right" in text(proxy, "verify")
    proxy.stop()
    assert "all checksums are right" in text(proxy, "verify", folder)
    assert "closed in order" in text(proxy, "stats", folder)
    assert urls_of(proxy) == urls


def test_variants_are_shown_with_their_url(start_prepared, start_origin):
    proxy = start_prepared()
    origin = start_origin(serve_forever(
        lambda m: fresh((m.get("Accept-Language") or "none").encode(), {"Vary": "Accept-Language"})))
    url = origin.url("/v")

    def ask():
        with proxy.client() as client:
            for language in "en", "de":
                client.get(url, {"Accept-Language": language})
        return len(objects(proxy, "ls")) == 2
    until(ask, "both variants are stored")
    assert all(f" {url} [accept-language:{l}]" in text(proxy, "ls") for l in ("en", "de"))
    shown = objects(proxy, "show", url)
    assert sorted(o["body_bytes"] for o in shown) == [2, 2] and len({o["variant"] for o in shown}) == 2
    assert "has variants, by " in text(proxy, "show", url)
    # With the URL go its variants: nobody finds them any more.
    with proxy.client() as client:
        assert client.ask("PURGE", url).status == 200
    assert objects(proxy, "ls") == []
    assert objects(proxy, "show", url, check=1) == []


def test_beside_a_proxy_under_load_nothing_is_ever_taken_for_damage(start_prepared, start_origin):
    """A small folder, so that segments are sealed and evicted all the time while they are read."""
    proxy = start_prepared(CONF.replace("one 200", "one 16"))
    origin = start_origin(serve_forever(sized))
    stopping = threading.Event()
    said = []

    def load(seed):
        n = 0
        while not stopping.is_set():
            with proxy.client() as client:
                for _ in range(20):
                    n += 1
                    client.get(origin.url(f"/{seed}/{n}/{(n * 7919 + seed) % 300000}"))
                    if n % 5 == 0:
                        client.ask("PURGE", origin.url(f"/{seed}/{n}/{(n * 7919 + seed) % 300000}"))
    threads = [threading.Thread(target=load, args=(seed,)) for seed in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(15):
            said.append(json.loads(text(proxy, "verify", "--json")))
            objects(proxy, "ls")
            text(proxy, "stats")
    finally:
        stopping.set()
        for thread in threads:
            thread.join()
    assert [one["faults"] for one in said] == [[]] * 15
    assert max(one["objects"] for one in said) > 10


def test_after_a_crash_all_checksums_are_right(start_prepared, start_origin):
    proxy = start_prepared()
    origin = start_origin(serve_forever(sized))
    urls = [origin.url(f"/{n}") for n in (10, 20000, 1500000)]
    fetch(proxy, urls)
    with proxy.client() as client:
        client.get(origin.url("/999"))      # perhaps not written yet
    proxy.kill()
    assert "all checksums are right" in text(proxy, "verify")
    assert set(urls) <= set(urls_of(proxy))
    assert "left by a crash" in text(proxy, "stats")
    proxy.start()
    until(lambda: all(is_stored(proxy, url) for url in urls), "what was listed is a hit")
    assert "all checksums are right" in text(proxy, "verify")


@pytest.mark.parametrize("how", ["closed", "killed"])
def test_a_flipped_bit_is_named_with_its_file_and_url(start_prepared, start_origin, how):
    proxy = start_prepared()
    folder, = folders_of(proxy)
    origin = start_origin(serve_forever(sized))
    urls = [origin.url(f"/{n}") for n in (3000, 3001, 1700000)]
    fetch(proxy, urls)
    if how == "killed":
        proxy.kill()
    else:
        proxy.stop()
    for url in urls:
        start = body_of(*[int(url.split("/")[-1])] * 2)[:64]
        files = [p for p in pathlib.Path(folder).glob("segment-*") if start in p.read_bytes()]
        turned = bytes([start[0] ^ 1]) + start[1:]
        for file in files:
            file.write_bytes(file.read_bytes().replace(start, turned))
        said = json.loads(text(proxy, "verify", "--json", check=1))
        assert {(f["url"], f["folder"]) for f in said["faults"]} == {(url, folder)}
        assert said["faults"][0]["file"] in [p.name for p in files]
        named = text(proxy, "verify", check=1)
        assert f"/{said['faults'][0]['file']} at " in named and f": {url}\n" in named
        for file in files:
            file.write_bytes(file.read_bytes().replace(turned, start))
        text(proxy, "verify")


def test_what_is_no_cache_and_wrong_words_are_told(start_proxy):
    proxy = start_proxy("http_access allow all\n", start=False)
    assert "no cache_dir" in cache(proxy, "ls", check=2).stderr.decode()
    os.makedirs(proxy.path("empty"))
    assert "not prepared" in cache(proxy, "verify", proxy.path("empty"), check=2).stderr.decode()
    assert cache(proxy, "stats", "/nonexistent", check=2).stderr
    for words in ([], ["look"], ["show"], ["ls", "http://a/", "/b", "c"], ["purge"], ["verify", "--nothing"]):
        assert "see cuttle cache --help" in cache(proxy, *words, check=2).stderr.decode()


# --- purging --------------------------------------------------------------------------------------

@pytest.mark.parametrize("how", ["url", "prefix", "host"])
def test_what_was_purged_is_gone_after_a_kill_too(start_prepared, start_origin, how):
    proxy = start_prepared(TWO, hosts={"other.test": "127.0.0.1"})
    origin = start_origin(serve_forever(sized))
    near = [origin.url(f"/{kind}/{n}") for kind in ("a", "b") for n in (100, 1200000)]
    far = [url.replace("127.0.0.1", "other.test") for url in near[:2]]
    gone, pattern = {"url": (near[1:2], near[1]),
                     "prefix": (near[:2], origin.url("/a/*")),
                     "host": (far, "host:other.test")}[how]
    left = sorted(set(near + far) - set(gone))
    fetch(proxy, near + far)
    assert text(proxy, "purge", pattern).strip().split()[0] == str(len(gone))
    assert urls_of(proxy) == left
    proxy.kill()
    assert urls_of(proxy) == left
    proxy.start()
    until(lambda: all(is_stored(proxy, url) for url in left), "what was not purged is there")
    assert not any(is_stored(proxy, url) for url in gone)
    assert "nothing was found" in text(proxy, "purge", pattern, check=1)


def test_purge_says_why_it_was_not_done(start_prepared):
    proxy = start_prepared(CONF.replace("http_access allow all", "http_access deny all"))
    assert "acl that names the method PURGE" in cache(proxy, "purge", "http://a.test/", check=2).stderr.decode()
    proxy.configure(CONF)
    proxy.restart()
    assert "refused" in cache(proxy, "purge", "ftp//nothing", check=2).stderr.decode()
    proxy.stop()
    assert "does not answer" in cache(proxy, "purge", "http://a.test/", check=2).stderr.decode()
