"""bootstrap: what a newcomer is promised of it, and of the built-in configuration that it runs.

The script itself runs, in a folder of its own. What builds and installs is replaced by doubles in PATH:
"make" gives the binary under test.
"""
import os
import re
import shutil
import signal
import socket
import subprocess

import pytest

from harness.client import Client
from harness.deadline import LIMIT, until
from harness.message import reply
from harness.netns import own_network
from harness.origin import serve_forever
from harness.proxy import CUTTLE, TOP, _SANITIZER, cuttle_only, listening
from harness.tools import need

pytestmark = cuttle_only("bootstrap")

PUBLIC, LINK_LOCAL, LOOPBACK = "198.51.100.7", "169.254.99.1", "127.0.0.1"


class Clone:
    """A folder like a fresh clone, with doubles for the programs that bootstrap calls."""

    def __init__(self, folder, **doubles):
        self.dir = str(folder)
        self.proc = None
        os.mkdir(self.path("src"))
        os.mkdir(self.path("bin"))
        shutil.copy(os.path.join(TOP, "bootstrap"), self.path("bootstrap"))
        os.chmod(self.path("bootstrap"), 0o755)
        self.program("configure", "touch Makefile")
        self.program("bin/dpkg-query", "printf 'install ok installed'")
        self.program("bin/make", f'mkdir -p build/normal/src; cp "{CUTTLE}" build/normal/src/cuttle')
        for name, text in doubles.items():
            self.program("bin/" + name.replace("_", "-"), text)
        self.env = dict(os.environ, PATH=f"{self.path('bin')}:{os.environ['PATH']}", DOUBLES=self.dir)
        self.env.pop("TEST_LONG", None)     # bootstrap reads it too

    def path(self, name):
        return os.path.join(self.dir, name)

    def program(self, name, text):
        """A double; each leaves a line of its call in the file "calls"."""
        with open(self.path(name), "w", encoding="ascii") as f:
            f.write(f'#!/bin/sh\necho {os.path.basename(name)} "$@" >>"$DOUBLES/calls"\n{text}\n')
        os.chmod(self.path(name), 0o755)

    def calls(self):
        try:
            with open(self.path("calls"), encoding="ascii") as f:
                return f.read().splitlines()
        except FileNotFoundError:
            return []

    def bootstrap(self, *args):
        """Runs it to its end."""
        return subprocess.run([self.path("bootstrap"), *args], capture_output=True, text=True, timeout=LIMIT,
                              env=self.env, cwd="/", check=False)

    def start(self):
        """./bootstrap run, in a process group of its own as on a terminal."""
        with open(self.path("out"), "wb") as out:
            self.proc = subprocess.Popen([self.path("bootstrap"), "run"], stdin=subprocess.DEVNULL, stdout=out,
                                         stderr=subprocess.STDOUT, env=self.env, cwd="/", start_new_session=True)

    def said(self):
        with open(self.path("out"), encoding="utf-8") as f:
            return f.read()

    def ctrl_c(self):
        os.killpg(self.proc.pid, signal.SIGINT)
        return self.proc.wait(LIMIT)

    def close(self, check=True):
        del check
        if self.proc is not None and self.proc.poll() is None:
            self.proc.kill()
            self.proc.wait()


@pytest.fixture
def new_clone(_keeper, tmp_path):
    return lambda **doubles: _keeper.keep(Clone(tmp_path, **doubles))


@pytest.fixture
def running(new_clone):
    """./bootstrap run, ready, in a network where port 3128 is free and PUBLIC is this machine."""
    with own_network(PUBLIC, LINK_LOCAL):
        clone = new_clone()
        clone.start()

        def ready():
            assert clone.proc.poll() is None, f"it ended with {clone.proc.returncode}:\n{clone.said()}"
            return "Ctrl-C" in clone.said() and listening(3128)
        until(ready, "the proxy says that it is ready")
        yield clone


def stop(clone):
    assert clone.ctrl_c() == 0, clone.said()
    assert not _SANITIZER.search(clone.said()), clone.said()
    assert not listening(3128)


# --- run -------------------------------------------------------------------------------------------
def test_run_says_where_it_listens_which_files_it_uses_and_what_to_try(running):
    said = running.said()
    assert "127.0.0.1:3128" in said
    assert "etc/cuttle.conf.default" in said and "no other file is used" in said
    assert re.search(r"^\s*(Try:)?\s*curl -x http://127\.0\.0\.1:3128 http://\S+$", said, re.M)
    stop(running)


def test_run_does_what_it_says(running, start_origin):
    """The curl line that it prints works, with an origin of this test's."""
    need("curl")
    origin = start_origin(serve_forever(reply(body=b"hello")), host=PUBLIC)
    line = re.search(r"curl -x \S+ http://\S+", running.said()).group().split()
    line[-1] = origin.url()
    done = subprocess.run([*line, "-sS", "-w", "%{http_code}", "-o", os.devnull, "--noproxy", ""],
                          capture_output=True, text=True, timeout=LIMIT, check=False)
    assert (done.returncode, done.stdout) == (0, "200"), done.stderr
    stop(running)
    assert re.search(rf" 127\.0\.0\.1 TCP_MISS/200 \d+ GET {re.escape(origin.url())} - HIER_DIRECT/{PUBLIC} ",
                     running.said())


def test_run_tunnels_to_443(running, start_origin):
    origin = start_origin(lambda wire: wire.send(b"from the origin"), host=PUBLIC, port=443)
    with Client(3128) as client:
        assert client.connect(origin.authority).status == 200
        assert client.read_exact(15) == b"from the origin"
    stop(running)


@pytest.mark.parametrize("host, authority", [
    (LOOPBACK, "127.0.0.1:{}"), (LOOPBACK, "localhost:{}"), ("127.9.9.9", "127.9.9.9:{}"), (LOOPBACK, "0.0.0.0:{}"),
    (LOOPBACK, "[::ffff:127.0.0.1]:{}"), ("::1", "[::1]:{}"), (LINK_LOCAL, LINK_LOCAL + ":{}"),
])
def test_run_lets_nobody_to_the_machine_itself_or_its_neighbours(running, start_origin, host, authority):
    """An origin listens there, and hears nothing."""
    origin = start_origin(lambda wire: wire.send(reply(body=b"secret")), host=host)
    with Client(3128) as client:
        assert client.get(f"http://{authority.format(origin.port)}/").status == 403
    stop(running)
    assert origin.connections == 0
    assert " TCP_DENIED/403 " in running.said()


@pytest.mark.parametrize("method, port", [("CONNECT", 80), ("CONNECT", 8443), ("GET", 22), ("GET", 25)])
def test_run_keeps_to_the_recommended_ports(running, method, port):
    with Client(3128) as client:
        target = f"{PUBLIC}:{port}" if method == "CONNECT" else f"http://{PUBLIC}:{port}/"
        assert client.ask(method, target).status == 403
    stop(running)


def test_ctrl_c_with_a_request_under_way_stops_too(running, start_origin):
    origin = start_origin(lambda wire: (wire.read_request(), wire.read_rest()), host=PUBLIC)
    with Client(3128) as client:
        client.send(f"GET {origin.url()} HTTP/1.1\r\nHost: {origin.authority}\r\n\r\n".encode())
        until(lambda: origin.requests, "the request arrives")
        stop(running)


def test_run_says_what_is_wrong_if_the_port_is_taken(new_clone):
    with own_network(), socket.socket() as taken:
        taken.bind((LOOPBACK, 3128))
        taken.listen()
        clone = new_clone()
        clone.start()
        assert clone.proc.wait(LIMIT) == 1
        assert "3128" in clone.said()


# --- building --------------------------------------------------------------------------------------
def test_build_leaves_the_program(new_clone):
    clone = new_clone()
    assert clone.bootstrap("build").returncode == 0
    assert os.access(clone.path("src/cuttle"), os.X_OK)


def test_what_cannot_be_built_is_not_run(new_clone):
    clone = new_clone(make="exit 2")
    assert clone.bootstrap("run").returncode != 0
    assert not os.path.exists(clone.path("src/cuttle"))


def test_configure_runs_again_only_for_other_arguments(new_clone):
    clone = new_clone()
    assert [clone.bootstrap("build").returncode for _ in range(2)] == [0, 0]
    assert [c for c in clone.calls() if c.startswith("configure")] == ["configure -q"]
    assert [c.split()[0] for c in clone.calls()].count("make") == 2


def test_a_tree_configured_in_place_is_left_alone(new_clone):
    clone = new_clone()
    clone.program("config.status", "")
    done = clone.bootstrap("build")
    assert done.returncode != 0
    assert "make distclean" in done.stderr


# --- packages --------------------------------------------------------------------------------------
LACKS = r"""for last; do :; done
case " $LACKING " in *" $last "*) exit 1;; esac
printf 'install ok installed'"""


@pytest.mark.parametrize("args", [["build"], ["run"], ["test"], ["test", "--long"]])
def test_who_is_not_root_gets_the_one_line_and_nothing_happens(new_clone, args):
    clone = new_clone(dpkg_query=LACKS, id="echo 1000", apt_get="exit 9")
    clone.env["LACKING"] = "libc-ares-dev make squid-openssl clang-tidy"
    done = clone.bootstrap(*args)
    assert done.returncode == 1
    lacking = {"build": "make libc-ares-dev", "run": "make libc-ares-dev", "test": "make libc-ares-dev squid-openssl",
               "test --long": "make libc-ares-dev squid-openssl clang-tidy"}[" ".join(args)]
    lines = [line for line in done.stderr.splitlines() if line]
    assert len(lines) == 1 and "root" in lines[0]
    assert lines[0].endswith("apt-get update && apt-get install --no-install-recommends " + lacking)
    assert {c.split()[0] for c in clone.calls()} <= {"dpkg-query", "id"}


def test_nothing_is_installed_where_nothing_is_missing(new_clone):
    clone = new_clone(apt_get="exit 9", id="echo 0")
    assert clone.bootstrap("build").returncode == 0
    assert not [c for c in clone.calls() if c.startswith("apt-get")]


# --- the command line ------------------------------------------------------------------------------
@pytest.mark.parametrize("args, status", [(["--help"], 0), (["-h"], 0), ([], 1), (["frobnicate"], 1),
                                          (["build", "--long"], 1), (["test", "--short"], 1)])
def test_help_is_short_and_other_words_are_refused(new_clone, args, status):
    clone = new_clone()
    done = clone.bootstrap(*args)
    assert done.returncode == status
    text = done.stdout if status == 0 else done.stderr
    for command in ("run", "build", "test", "test --long"):
        assert f"./bootstrap {command} " in text
    assert clone.calls() == []
