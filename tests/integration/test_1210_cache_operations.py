"""What an administrator of the cache sees: cache_log, page info, page storedir, and verbs that cannot do what was asked."""
import json
import os
import re
import shutil
import subprocess

import pytest

from harness.deadline import LIMIT, until
from harness.origin import serve_forever
from harness.proxy import cuttle_only
from harness.stored import body_of, fresh
from harness.tools import run

pytestmark = cuttle_only("commands and sentences of Cuttle")

CONF = """\
cache_mem 8 MB
cache_dir ufs {dir}/store 100 16 256
acl purge method PURGE
http_access allow all
"""
BYTES = 40000


@pytest.fixture(name="proxy")
def _proxy(start_proxy):
    proxy = start_proxy(CONF, start=False)
    proxy.prepare_folder(proxy.path("store"))
    proxy.start()
    until(lambda: "index is loaded" in proxy.read("cache.log"), "what comes now is stored on disk")
    return proxy


@pytest.fixture(name="origin")
def _origin(start_origin):
    return start_origin(serve_forever(lambda m: fresh(body_of(BYTES, len(m.target)))))


def verb(proxy, *words, **kw):
    return run(proxy.command()[0], "cache", "-f", proxy.conf_path, *words, **kw)


def fill(proxy, urls):
    """Until all are on disk."""
    with proxy.client() as client:
        for url in urls:
            assert client.get(url).status == 200
    until(lambda: len(verb(proxy, "ls", check=None).stdout.splitlines()) >= len(urls), "all are on disk")


# --- cache_log ------------------------------------------------------------------------------------

def told(proxy):
    """What cache_log said of the directory since the last call: the sentences behind its path."""
    lines = re.findall(rf"cache_dir {re.escape(proxy.path('store'))}: (.*)", proxy.read("cache.log"))
    new = lines[getattr(proxy, "told", 0):]
    proxy.told = len(lines)
    return new


def wait_told(proxy, word):
    until(lambda: word in proxy.read("cache.log").rsplit(": opened", 1)[-1], f"cache_log says {word!r}")
    return told(proxy)


def test_cache_log_tells_of_the_life_of_a_directory(proxy, origin):
    opened, loaded = wait_told(proxy, "index is loaded")
    assert "it is new" in opened and "0 objects in 0 segments" in loaded
    fill(proxy, [origin.url(f"/{i}") for i in range(3)])
    proxy.stop()
    closed, = told(proxy)
    assert closed.startswith("closed in order after ") and ": 3 objects" in closed
    proxy.start()
    opened, loaded = wait_told(proxy, "index is loaded")
    assert "it was closed in order" in opened and re.search(r": 3 objects in \d segments?, \d+ MB of 100 MB$", loaded)
    with proxy.client() as client:
        assert client.ask("PURGE", origin.url("/0")).status == 200
    proxy.kill()
    proxy.start()
    opened, loaded = wait_told(proxy, "index is loaded")
    assert "left by a crash" in opened and ": 2 objects in" in loaded and "replaced or purged since they were written: 1" in loaded


def test_what_a_crash_left_without_an_index_is_told(proxy, origin):
    fill(proxy, [origin.url(f"/{i}") for i in range(3)])
    proxy.kill()
    segment, = [name for name in os.listdir(proxy.path("store")) if name.startswith("segment-")]
    with open(os.path.join(proxy.path("store"), segment), "ab") as f:
        f.write(b"x" * 100)        # the beginning of a record
    with open(os.path.join(proxy.path("store"), "segment-00ffffff"), "wb") as f:
        f.write(b"nothing of ours" * 10)
        os.chmod(f.fileno(), 0o666)
    told(proxy)
    proxy.start()
    loaded = wait_told(proxy, "index is loaded")[-1]
    assert ": 3 objects in" in loaded and "last whole record: 1," in loaded and "were dropped: 100" in loaded
    assert "which were removed: 1" in loaded
    assert proxy.counters()["swap.files_cleaned"] == 1


# --- pages ----------------------------------------------------------------------------------------

def info(proxy):
    """Page info as {label: value}."""
    lines = proxy.manager("info").body.decode().splitlines()
    return {k.strip(): v.strip() for k, _, v in (line.partition(":\t") for line in lines) if v}


def test_info_has_squids_part_about_the_cache(proxy, origin):
    urls = [origin.url(f"/{i}") for i in range(4)]
    fill(proxy, urls)
    with proxy.client() as client:
        for url in urls * 3:
            client.get(url)
    proxy.wait_log(16 + 0)
    page = info(proxy)
    # 4 misses, 12 hits; the pages themselves are requests, too
    assert page["Hits as % of all requests"] in ("5min: 75.0%, 60min: 75.0%", "5min: 70.6%, 60min: 70.6%")
    saved = float(page["Hits as % of bytes sent"].split()[1].rstrip("%,"))
    assert 74 < saved <= 75.5
    parts = [float(page[f"{kind} hits as % of hit requests"].split()[1].rstrip("%,")) for kind in ("Memory", "Disk")]
    assert sum(parts) == pytest.approx(100, abs=0.2)
    assert int(page["Storage Swap size"].split()[0]) >= 4 * BYTES // 1024
    assert re.fullmatch(r"\d+\.\d% used, \d+\.\d% free", page["Storage Swap capacity"])
    assert re.fullmatch(r"\d+\.\d% used, \d+\.\d% free", page["Storage Mem capacity"])
    assert float(page["Mean Object Size"].split()[0]) >= BYTES / 1024
    text = proxy.manager("info").body.decode()
    assert re.search(r"^\t +4 on-disk objects$", text, re.M) and re.search(r"^\t +\d+ StoreEntries$", text, re.M)


def test_averages_of_the_last_minutes(proxy, origin):
    fill(proxy, [origin.url("/1")])
    for page in ("5min", "60min"):
        text = proxy.manager(page).body.decode()
        assert re.search(r"^sample_start_time = \d+\.\d{6}$", text, re.M)
        assert float(re.search(r"^client_http\.requests = ([0-9.]+)/sec$", text, re.M)[1]) > 0


def test_what_was_written_for_what_was_admitted(proxy, origin):
    fill(proxy, [origin.url(f"/{i}") for i in range(20)])
    page = proxy.manager("storedir").body.decode()
    now, ever = (float(v) for v in re.search(r"byte admitted:\t([0-9.]+) since it was opened, ([0-9.]+) since", page).groups())
    assert now == ever and 0.9 < now < 1.5
    proxy.stop()
    folder, = json.loads(verb(proxy, "stats", "--json").stdout)["folders"]
    assert 20 * BYTES < folder["admitted_bytes"] <= folder["written_bytes"] < 1.5 * folder["admitted_bytes"]
    assert "for each" in verb(proxy, "stats").stdout.decode()
    proxy.start()
    proxy.kill()            # what was counted before is not lost by a crash
    again, = json.loads(verb(proxy, "stats", "--json").stdout)["folders"]
    assert again["admitted_bytes"] == folder["admitted_bytes"] and not again["clean"]


# --- verbs that cannot ----------------------------------------------------------------------------

def said(proxy, *words, check):
    done = verb(proxy, *words, check=check)
    assert done.stdout == b""
    return done.stderr.decode()


def test_wrong_folders(proxy):
    os.mkdir(proxy.path("foreign"))
    proxy.write("foreign/swap.state", "Squid's")
    for path, words in (("nowhere", "there is no such folder"), ("squid.conf", "it is not a folder"),
                        ("foreign", "not Cuttle's: is it the folder of a cache_dir line?")):
        for what in "ls", "verify", "stats":
            assert f"{proxy.path(path)}: " in said(proxy, what, proxy.path(path), check=2)
            assert words in said(proxy, what, proxy.path(path), check=2)
    assert "empty the folder" in _damaged(proxy)


def _damaged(proxy):
    shutil.copytree(proxy.path("store"), proxy.path("damaged"))
    with open(proxy.path("damaged/cuttle-store"), "r+b") as f:
        f.seek(60)
        f.write(b"?")
    return said(proxy, "ls", proxy.path("damaged"), check=2)


@pytest.mark.skipif(os.getuid() != 0, reason="needs another user")
def test_no_permission(proxy):
    os.chmod(proxy.path("store"), 0o700)
    done = subprocess.run([proxy.command()[0], "cache", "ls", proxy.path("store")], capture_output=True, user=65534,
                          timeout=LIMIT, check=False)
    assert done.returncode == 2 and b"as root, or as the user" in done.stderr


def test_patterns_that_are_none(proxy, origin):
    fill(proxy, [origin.url("/1")])
    assert "begins with http://" in said(proxy, "ls", "example.com", check=1)
    assert "begins with http://" in said(proxy, "show", "example.com", check=1)
    assert "in memory only" in said(proxy, "ls", "http://example.com/", check=1)
    done = run(proxy.command()[0], "cache", "-f", proxy.conf_path, "ls", "store", check=1, cwd=proxy.dir)
    assert b"let it begin with / or ./" in done.stderr
    for pattern in "example.com", "*", "host:", "host:a:80":
        assert "see cuttle cache --help for what can be purged" in said(proxy, "purge", pattern, check=2)
    assert len(verb(proxy, "ls").stdout.splitlines()) == 1
    proxy.stop()
    assert "does it run" in said(proxy, "purge", origin.url("/1"), check=2)


def test_a_reader_that_leaves_and_a_disk_that_is_full(proxy, origin):
    fill(proxy, [origin.url(f"/{i}{'x' * 500}") for i in range(200)])
    one = subprocess.Popen([proxy.command()[0], "cache", "-f", proxy.conf_path, "ls"], stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE)
    assert one.stdout.readline()
    one.stdout.close()
    assert one.wait(LIMIT) != 0 and one.stderr.read() == b""
    one.stderr.close()
    with open("/dev/full", "wb") as full:
        done = subprocess.run([proxy.command()[0], "cache", "-f", proxy.conf_path, "ls"], stdout=full,
                              stderr=subprocess.PIPE, timeout=LIMIT, check=False)
    assert done.returncode == 2 and b"cannot be written: No space left on device" in done.stderr


def test_z_without_a_cache_dir(start_proxy):
    proxy = start_proxy("http_access allow all\n", start=False)
    assert "has no cache_dir" in proxy.run("-N", "-z", check=0).stderr
