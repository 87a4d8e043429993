"""Everything at once: an origin that changes its mind, cuts, resets and lies about ages; clients that leave, purge and want parts.

Each body tells its path and version, and its ETag the version: whatever comes as a whole must be all of one version.
"""
import random
import threading

import pytest

from harness.deadline import LONG
from harness.message import chunked, reply, request
from harness.proxy import cuttle_only
from harness.stored import date

CONF = """\
collapsed_forwarding on
quick_abort_min -1 KB
workers 3
acl purging method PURGE
http_access allow purging
http_access allow all
"""
PLACES = {
    "memory": "cache_mem 2 MB\nmaximum_object_size_in_memory 200 KB\n",
    "disk": "cache_mem 100 KB\nmaximum_object_size_in_memory 0 KB\nmaximum_object_size 1 MB\ncache_dir ufs {dir}/store 16 16 256\n",
}
SIZES = [0, 1, 100, 5000, 40000, 70000, 150000, 300000, 1000000, 1100000, 1500000]
CONTROLS = ["max-age=3600", "max-age=1", "max-age=0, stale-while-revalidate=60", "private", "max-age=1, must-revalidate", "no-cache",
            "public, s-maxage=2", "max-age=0"]
RANGES = ["bytes=0-0", "bytes=10-50000", "bytes=-100", "bytes=1000000-"]
WISHES = ["no-cache", "max-age=0", "no-store", "only-if-cached", "max-stale"]
CLIENTS, CONNECTIONS = 8, 100 * LONG


def body(path, version):
    n = SIZES[int(path[1:]) % len(SIZES)]
    text = b"%s:%d|" % (path.encode(), version)
    return (text * (n // len(text) + 1))[:n]


class Fickle:
    """The origin's script."""

    def __init__(self):
        self.lock = threading.Lock()
        self.versions = {}
        self.random = random.Random(1)

    def draw(self, path):
        """A version of the path, and a source of random numbers for this reply."""
        with self.lock:
            if self.random.random() < 0.15:
                self.versions[path] = self.versions.get(path, 0) + 1
            return self.versions.get(path, 0), random.Random(self.random.random())

    def __call__(self, wire):
        while self.answer(wire, wire.read_request()):
            pass

    def answer(self, wire, message):
        """False: the connection is of no use any more."""
        version, chance = self.draw(message.target)
        fields = {"Date": date(), "ETag": f'"{version}"', "Cache-Control": chance.choice(CONTROLS)}
        if chance.random() < 0.2:
            fields["Vary"] = chance.choice(["X-V", "X-V, Accept-Encoding", "*"])
        if message.method not in ("GET", "HEAD"):
            wire.send(reply(body=b"done"))
        elif message.get("If-None-Match") == f'"{version}"' and chance.random() < 0.8:
            wire.send(reply("304 Not Modified", fields, length=False))
        elif message.method == "HEAD":
            wire.send(reply(fields={**fields, "Content-Length": len(body(message.target, version))}, length=False))
        elif chance.random() < 0.05:
            wire.send(reply("503 No", {"Cache-Control": "max-age=5"}, b"sorry"))
        elif chance.random() < 0.05:
            wire.reset()
            return False
        else:
            return self.send_body(wire, body(message.target, version), fields, chance)
        return True

    @staticmethod
    def send_body(wire, text, fields, chance):
        if chance.random() < 0.5:
            data = reply(fields={**fields, "Transfer-Encoding": "chunked"}, length=False)
            data += chunked(*[text[i:i + 50000] for i in range(0, len(text), 50000)])
        else:
            data = reply(fields=fields, body=text)
        part = chance.randrange(len(data))
        wire.send(data[:part])
        if chance.random() < 0.07:
            if chance.random() < 0.5:
                wire.reset()
            else:
                wire.half_close()
            return False
        wire.send(data[part:])
        return True


def check(path, head, got, wrong):
    version = int(head.get("ETag").strip('"'))
    want = body(path, version)
    if head.has("Content-Range"):
        first, last = head.get("Content-Range").split(" ")[1].split("/")[0].split("-")
        want = want[int(first):int(last) + 1]
    if got != want:
        wrong.append((path, version, head.raw, len(got), len(want)))


def one_connection(proxy, origin, chance, wrong):
    """True: at least one reply was compared."""
    n = 0
    with proxy.client() as client:
        for _ in range(chance.randrange(1, 6)):
            path = f"/{chance.randrange(22)}"
            fields = {name: chance.choice(values) for name, values, share in (
                ("X-V", "012", 0.3), ("Range", RANGES, 0.2), ("Cache-Control", WISHES, 0.2), ("Authorization", ["Basic YQ=="], 0.1),
                ("Connection", ["X-V"], 0.1)) if chance.random() < share}
            method = chance.choices(["GET", "HEAD", "POST", "PURGE"], [20, 2, 1, 1])[0]
            client.send(request(method, origin.url(path), fields, b"x" if method == "POST" else None))
            if chance.random() < 0.1:
                client.reset()
                return n > 0
            head = client.read_head()
            if chance.random() < 0.1:
                return n > 0
            got = client.read_body(head, bodiless=method == "HEAD" or head.status == 304)
            if method == "GET" and head.status in (200, 206):
                check(path, head, got.body, wrong)
                n += 1
    return n > 0


@cuttle_only("what is cut, and what is kept, is Cuttle's own")
@pytest.mark.limit(6 * LONG)
@pytest.mark.parametrize("place", PLACES)
def test_no_reply_is_of_two_versions(start_proxy, start_origin, place):
    proxy = start_proxy(PLACES[place] + CONF, start=False)
    proxy.prepare_folder(proxy.path("store"))
    proxy.start()
    origin = start_origin(Fickle())
    wrong, compared = [], []

    def play(seed):
        chance = random.Random(seed)
        for _ in range(CONNECTIONS):
            try:
                if one_connection(proxy, origin, chance, wrong):
                    compared.append(seed)
            except (AssertionError, OSError):       # it was cut, as its origin was
                pass
    threads = [threading.Thread(target=play, args=(i,)) for i in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong[:3]
    assert len(compared) > CLIENTS * CONNECTIONS // 3
    assert proxy.proc.poll() is None
