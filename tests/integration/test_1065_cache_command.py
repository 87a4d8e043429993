"""cuttle -z prepares folders; cuttle cache looks into them, beside a running proxy and after it."""
import os
import re

from harness.deadline import until
from harness.proxy import cuttle_only
from harness.stored import body_of, counted, fresh
from harness.tools import run

pytestmark = cuttle_only("a command of Cuttle")

CONF = """\
cache_mem 8 MB
maximum_object_size_in_memory 0 KB
cache_dir ufs {dir}/one 200 16 256
http_access allow all
"""


def look(proxy, *words, check=0):
    return run(proxy.command()[0], "cache", *words, check=check).stdout.decode()


def test_prepare_look_and_verify(start_proxy, start_origin):
    proxy = start_proxy(CONF, start=False)
    folder = re.findall(r"^cache_dir \S+ (\S+)", proxy.read("squid.conf"), re.M)[0]
    proxy.prepare_folder(folder)
    assert "1 cache folder prepared" in proxy.run("-N", "-z", check=0).stderr
    assert os.listdir(folder) == ["cuttle-store"]
    proxy.run("-N", "-z", check=0)                      # harmless
    assert re.search(r"objects +0\n", look(proxy, "stats", folder))

    proxy.start()
    origin = start_origin(counted(lambda message: fresh(body_of(3000, 3000), {"X-Seen": "yes"})))
    urls = [origin.url(f"/{n}") for n in range(5)]

    def all_listed():
        with proxy.client() as client:
            for url in urls:
                client.get(url)
        listed = look(proxy, "ls", folder)
        return all(f"{url}\n" in listed for url in urls)
    until(all_listed, "each object is listed beside the running proxy")
    shown = look(proxy, "show", urls[0], folder)
    assert shown.startswith(" 200 ") and "X-Seen: yes" in shown
    look(proxy, "show", origin.url("/nothing"), folder, check=1)
    assert " 0 damaged" in look(proxy, "verify", folder)
    proxy.stop()
    assert re.search(r"state +closed\n", look(proxy, "stats", folder))

    segment = [os.path.join(folder, name) for name in os.listdir(folder) if name.startswith("segment-")][0]
    with open(segment, "r+b") as file:
        data = file.read()
        at = data.index(body_of(3000, 3000)[:64]) + 100
        file.seek(at)
        file.write(bytes([data[at] ^ 1]))
    assert " 1 damaged" in look(proxy, "verify", folder, check=1)


def test_foreign_files_are_refused(start_proxy):
    proxy = start_proxy(CONF, start=False)
    folder = re.findall(r"^cache_dir \S+ (\S+)", proxy.read("squid.conf"), re.M)[0]
    proxy.prepare_folder(folder)
    with open(os.path.join(folder, "swap.state"), "w", encoding="ascii") as file:
        file.write("Squid's")
    assert "not Cuttle's" in proxy.run("-N", "-z", check=1).stderr
    assert os.listdir(folder) == ["swap.state"]
    assert "is no cache folder" in run(proxy.command()[0], "cache", "ls", folder, check=1).stderr.decode()
