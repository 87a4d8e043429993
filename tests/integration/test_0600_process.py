"""The process: verbs and signals, pid file, stopping, privileges, the keeper."""
import os
import signal
import socket
import subprocess
import threading

import pytest

from harness.deadline import SCALE, until
from harness.message import reply, request
from harness.origin import echo, serve_forever
from harness.proxy import cuttle_only

root_only = pytest.mark.skipif(os.getuid() != 0, reason="needs root")


def test_version_and_help(start_proxy):
    """Help comes with the status of a failure, so that a start that was not meant to print it is noticed."""
    proxy = start_proxy(start=False)
    for option, status in (("-v", 0), ("-h", 1)):
        done = subprocess.run([proxy.binary, option], capture_output=True, text=True, timeout=20, check=False)
        assert (done.stdout + done.stderr).strip()
        assert done.returncode == status


@cuttle_only("the exit status")
@pytest.mark.parametrize("args", [["--frobnicate"], ["-k", "frobnicate"], ["-k"], ["extra"]])
def test_bad_command_line(start_proxy, args):
    proxy = start_proxy(start=False)
    done = subprocess.run([proxy.binary, *args], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode not in (0, None)
    assert done.returncode > 0
    assert done.stderr


def test_check_finds_the_running_one(start_proxy):
    proxy = start_proxy()
    proxy.run("-k", "check", check=0)


def test_check_when_nothing_runs(start_proxy):
    proxy = start_proxy(start=False)
    assert proxy.run("-k", "check").returncode == 1


@cuttle_only("Squid says nothing")
def test_check_tells_who_runs(start_proxy):
    proxy = start_proxy()
    assert f"process {proxy.pid()}" in proxy.run("-k", "check", check=0).stdout


@cuttle_only("Squid's words")
@pytest.mark.parametrize("mode", ["-N", "--foreground"])
def test_start_is_told_in_cache_log(start_proxy, mode):
    """Who starts with what, and each warning once, on the terminal and in cache_log."""
    proxy = start_proxy("http_access allow all\nmemory_pools off\n", start=False)
    proxy.args = [mode]
    proxy.start()
    said = proxy.read("cache.log")
    assert f"{proxy.dir}/squid.conf, process " in said
    assert said.count("memory_pools") == 1
    assert proxy.read("stderr").count("memory_pools") == 1


@cuttle_only("Squid's words")
@pytest.mark.parametrize("conf, said", [
    ("cache_log none\npid_filename {dir}/none/x.pid\n", ["{dir}/none/x.pid", "pid_filename"]),
    ("cache_log udp://127.0.0.1:9\n", ["squid.conf:", "/dev/stderr, or none"]),
    ("cache_log none\naccess_log stdio:{dir}/none/x.log\n", ["squid.conf:", "{dir}/none/x.log", "folder"]),
])
def test_what_cannot_be_opened_comes_with_a_remedy(start_proxy, conf, said):
    proxy = start_proxy(start=False)
    proxy.write("squid.conf", f"http_port 127.0.0.1:{proxy.port}\nhttp_access allow all\npid_filename none\n"
                + conf.replace("{dir}", proxy.dir))
    done = proxy.run("-N")
    assert done.returncode == 1
    for words in said:
        assert words.replace("{dir}", proxy.dir) in done.stderr


@cuttle_only("Squid takes what it gets")
def test_too_few_descriptors_stop_the_start(start_proxy):
    """It would listen, and then serve nobody."""
    proxy = start_proxy("http_access allow all\n", start=False)
    done = subprocess.run(["prlimit", "--nofile=20", *proxy.command("-N")], capture_output=True, text=True,
                          timeout=20, check=False)
    assert done.returncode == 1
    assert "Only 20 descriptors" in done.stderr


def test_shutdown_by_verb(start_proxy):
    proxy = start_proxy()
    proxy.run("-k", "shutdown", check=0)
    assert proxy.wait_exit() == 0
    assert not os.path.exists(proxy.path("proxy.pid"))


def test_interrupt_by_verb(start_proxy):
    proxy = start_proxy()
    proxy.run("-k", "interrupt", check=0)
    assert proxy.wait_exit() == 0


def test_kill_by_verb(start_proxy):
    proxy = start_proxy()
    proxy.run("-k", "kill", check=0)
    assert proxy.wait_exit() == -signal.SIGKILL


def test_pid_file_holds_the_pid(start_proxy):
    proxy = start_proxy()
    until(lambda: proxy.read("proxy.pid").strip(), "the pid file is written")
    assert int(proxy.read("proxy.pid")) == proxy.pid()


@pytest.mark.parametrize("content", ["1\n", "{self}\n", "999999999\n", "0\n", "-1\n", "garbage\n", "", "1 2 3\n" * 1000],
                         ids=["init", "a living process", "nobody", "zero", "minus one", "garbage", "empty", "long"])
@cuttle_only("Squid believes it")
def test_stale_pid_file_fools_nobody(start_proxy, content):
    proxy = start_proxy(start=False)
    proxy.write("proxy.pid", content.replace("{self}", str(os.getpid())))
    assert proxy.run("-k", "check").returncode == 1
    assert proxy.run("-k", "shutdown").returncode == 1      # and kills nobody
    proxy.start()
    until(lambda: proxy.read("proxy.pid").strip() == str(proxy.pid()), "the pid file is its own")
    proxy.run("-k", "check", check=0)


def test_second_one_with_the_same_pid_file_is_refused(start_proxy):
    proxy = start_proxy()
    second = start_proxy(start=False)
    second.configure(f"pid_filename {proxy.dir}/proxy.pid\nhttp_access allow all\n")
    assert second.run("-N").returncode == 1
    proxy.run("-k", "check", check=0)
    assert int(proxy.read("proxy.pid")) == proxy.pid()


def test_killed_one_is_followed_by_another(start_proxy):
    proxy = start_proxy()
    proxy.signal(signal.SIGKILL)
    proxy.wait_exit()
    proxy.start()
    proxy.run("-k", "check", check=0)


@cuttle_only("Squid waits for idle clients too")
def test_shutdown_with_idle_clients_is_quick(start_proxy, start_origin):
    proxy = start_proxy("http_access allow all\nshutdown_lifetime 60 seconds\n")
    origin = start_origin(serve_forever(reply()))
    with proxy.client() as client, proxy.client() as silent:
        client.get(origin.url())
        proxy.signal(signal.SIGTERM)
        assert proxy.wait_exit() == 0       # well before the lifetime, which no deadline would allow
        client.expect_close()
        silent.expect_close()


def drip(wire, go):
    """Sends half of a reply, waits for go, sends the rest."""
    wire.read_request()
    wire.send(reply(fields={"Content-Length": "10"}, length=False) + b"first")
    go.wait(20)
    wire.send(b"later")
    wire.read_rest()


def test_shutdown_lets_transactions_end(start_proxy, start_origin):
    go = threading.Event()
    proxy = start_proxy("http_access allow all\nshutdown_lifetime 60 seconds\n")
    origin = start_origin(lambda wire: drip(wire, go))
    with proxy.client() as client:
        client.send(request("GET", origin.url()))
        client.read_head()
        assert client.read_exact(5) == b"first"
        proxy.signal(signal.SIGTERM)

        def refused():
            try:
                socket.create_connection(("127.0.0.1", proxy.port), 1).close()
                return False
            except OSError:
                return True
        try:
            until(refused, "no new connection is accepted", limit=5 * SCALE)
        finally:
            go.set()
        assert client.read_exact(5) == b"later"
        client.close()
    if not proxy.is_squid:
        assert proxy.wait_exit() == 0
        assert proxy.log_lines()[-1].result == "TCP_MISS/200"


@cuttle_only("Squid's log differs")
def test_shutdown_lifetime_ends_what_does_not(start_proxy, start_origin):
    proxy = start_proxy()       # 1 second
    origin = start_origin(echo)
    with proxy.client() as client:
        client.connect(origin.authority)
        proxy.signal(signal.SIGTERM)
        assert proxy.wait_exit() == 0
        client.expect_close()
    assert proxy.log_lines()[-1].code == "TCP_TUNNEL_ABORTED"


@cuttle_only("Squid's second signal only shortens the wait")
def test_second_signal_ends_at_once(start_proxy, start_origin):
    proxy = start_proxy("http_access allow all\nshutdown_lifetime 1 hour\n")
    origin = start_origin(echo)
    with proxy.client() as client:
        client.connect(origin.authority)
        proxy.signal(signal.SIGTERM)
        until(lambda: "topping" in proxy.operator_log(), "the first is taken")
        proxy.signal(signal.SIGTERM)
        assert proxy.wait_exit() == 0


@pytest.mark.parametrize("mask, mode", [("", 0o640), ("umask 077\n", 0o600), ("umask 0\n", 0o640)])
def test_umask(start_proxy, start_origin, mask, mode):
    """It takes rights away from files that are made, beside what the surroundings take already."""
    before = os.umask(0)
    os.umask(before)
    proxy = start_proxy("http_access allow all\naccess_log stdio:{dir}/made.log squid\n" + mask)
    with proxy.client() as client:
        client.get(start_origin(serve_forever(reply(body=b"ok"))).url())
    until(lambda: "GET" in proxy.read("made.log"), "a line")
    if proxy.is_squid and mask == "umask 0\n":
        mode = 0o644        # what it asks for
    assert os.stat(proxy.path("made.log")).st_mode & 0o777 == mode & ~before


@root_only
@cuttle_only("Squid's helpers differ")
@pytest.mark.parametrize("args", [("-N",), ("--foreground",)])
def test_root_is_dropped(start_proxy, args):
    """The process that talks to clients is not root, and cannot become it again."""
    proxy = start_proxy(args=args)
    serving = proxy.processes()[-1]
    with open(f"/proc/{serving}/status", encoding="ascii") as f:
        status = dict(line.split(":\t", 1) for line in f.read().splitlines() if ":\t" in line)
    assert "0" not in status["Uid"].split()
    assert "0" not in status["Gid"].split()
    allowed = 1 << 10 if args == ("-N",) else 0     # CAP_NET_BIND_SERVICE, where no keeper binds ports
    assert int(status["CapEff"], 16) & ~allowed == 0
    assert int(status["CapPrm"], 16) & ~allowed == 0


@root_only
@cuttle_only("Squid's master restarts its kid with refused connections between")
def test_keeper_brings_a_dead_proxy_back(start_proxy, start_origin):
    proxy = start_proxy(args=("--foreground",))
    origin = start_origin(serve_forever(reply(body=b"ok")))
    for _ in range(3):
        keeper, worker = proxy.processes()[:2]
        os.kill(worker, signal.SIGKILL)
        with proxy.client() as client:      # never refused: the keeper holds the listening socket
            assert client.get(origin.url()).body == b"ok"
        assert proxy.pid() == keeper
        until(lambda worker=worker: len(proxy.processes()) >= 2 and proxy.processes()[1] != worker, "a new proxy")
    assert int(proxy.read("proxy.pid")) in proxy.processes()


@cuttle_only("Squid starts its kid with the file as it is then")
def test_keeper_goes_on_with_the_last_good_configuration(start_proxy, start_origin):
    """A broken file is on disk when the proxy dies: the next one takes what the last one used, secrets and all."""
    conf = "http_access deny CONNECT\nhttp_access allow all\n"
    proxy = start_proxy("http_access allow manager\n" + conf, args=("--foreground",))
    origin = start_origin(serve_forever(reply(body=b"ok")))
    proxy.configure("acl post method POST\nhttp_access deny post\nhttp_access allow manager\n" + conf)
    proxy.reload()
    proxy.configure("http_access allow all\nfrobnicate on\n")
    for _ in range(2):
        worker = proxy.processes()[1]
        os.kill(worker, signal.SIGKILL)
        with proxy.client() as client:
            assert client.get(origin.url()).body == b"ok"
            assert client.ask("POST", origin.url(), body=b"").status == 403
        until(lambda worker=worker: proxy.processes()[1:] not in ([], [worker]), "a new proxy")
    said = proxy.read("cache.log")
    assert "frobnicate" in said and "goes on with the one that the proxy before it used" in said
    proxy.signal(signal.SIGHUP)     # still broken: nothing changes
    until(lambda: proxy.counters()["reload.errors"] >= 1, "the file is refused")
    proxy.configure("http_access allow all\n")
    proxy.reload()
    with proxy.client() as client:
        assert client.ask("POST", origin.url(), body=b"").status == 200


@cuttle_only("its own words")
@pytest.mark.parametrize("mode", ["-N", "--foreground"])
def test_loads_are_counted_from_one(start_proxy, mode):
    proxy = start_proxy(args=(mode,))
    assert "Loaded:\t1 times" in proxy.manager("info").body.decode()
    proxy.reload()
    proxy.configure("frobnicate on\n")
    proxy.signal(signal.SIGHUP)
    until(lambda: proxy.counters()["reload.errors"] >= 1, "the file is refused")
    assert "Loaded:\t2 times" in proxy.manager("info").body.decode()


@root_only
@cuttle_only("Squid drops root for good")
def test_reload_can_still_bind_a_low_port(start_proxy, start_origin):
    origin = start_origin(serve_forever(reply(body=b"ok")))
    low = None
    for port in range(700, 1000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                low = port
                break
            except OSError:
                continue
    proxy = start_proxy(args=("--foreground",))
    proxy.configure(f"http_port 127.0.0.1:{low}\nhttp_access allow all\n")
    proxy.reload()
    with proxy.client(low) as client:
        assert client.get(origin.url()).body == b"ok"


@root_only
@cuttle_only("Squid reads it before dropping root, once")
def test_reload_can_still_read_a_private_file(start_proxy, start_origin):
    origin = start_origin(serve_forever(reply(body=b"ok")))
    private = f"/root/.cuttle-test-{os.getpid()}"
    proxy = start_proxy(args=("--foreground",))
    try:
        with open(private, "w", encoding="ascii") as f:
            os.chmod(private, 0o600)
            f.write(".bad.test\n")
        proxy.configure(f'acl bad dstdomain "{private}"\nhttp_access deny bad\nhttp_access allow all\n')
        proxy.reload()
        with proxy.client() as client:
            assert client.get("http://www.bad.test/").status == 403
            assert client.get(origin.url()).status == 200
    finally:
        os.unlink(private)


@cuttle_only("no daemon in this harness for Squid")
def test_daemon(start_proxy, start_origin):
    """Without -N it goes to the background once it listens, and -k ends it."""
    origin = start_origin(serve_forever(reply(body=b"ok")))
    proxy = start_proxy(start=False)
    try:
        with open(proxy.path("stderr"), "wb") as stderr:
            done = subprocess.run(proxy.command(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=stderr, timeout=20, check=False)
        assert done.returncode == 0, proxy.operator_log()
        with proxy.client() as client:
            assert client.get(origin.url()).body == b"ok"
        pid = int(proxy.read("proxy.pid"))
        proxy.run("-k", "check", check=0)
    finally:
        proxy.run("-k", "shutdown")
    until(lambda: not os.path.exists(f"/proc/{pid}"), "the daemon ends")
    assert not os.path.exists(proxy.path("proxy.pid"))


@cuttle_only("no daemon in this harness for Squid")
def test_daemon_lets_go_of_the_standard_streams(start_proxy):
    """Else `ssh host cuttle` never returns."""
    proxy = start_proxy(start=False)
    try:
        with subprocess.Popen(proxy.command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT) as one:
            assert one.wait(20) == 0
            os.set_blocking(one.stdout.fileno(), False)
            assert one.stdout.read() is not None, "somebody still holds stdout or stderr"
    finally:
        proxy.run("-k", "shutdown")


@cuttle_only("Squid's words")
def test_debug_tells_which_rule_denied(start_proxy):
    proxy = start_proxy("http_access allow manager\nhttp_access deny CONNECT\nhttp_access allow all\n")
    line = proxy.read("squid.conf").split("\n").index("http_access deny CONNECT") + 1
    with proxy.client() as client:
        assert client.connect("192.0.2.1:443").status == 403
    assert "squid.conf:" not in proxy.read("cache.log").partition("Listening")[2]
    proxy.run("-k", "debug", check=0)
    until(lambda: "Debug messages are on" in proxy.read("cache.log"), "the signal is taken")
    with proxy.client() as client:
        assert client.connect("192.0.2.1:443").status == 403
    want = f"127.0.0.1 CONNECT 192.0.2.1:443: a rule denies access: http_access deny CONNECT, {proxy.dir}/squid.conf:{line}"
    until(lambda: want in proxy.read("cache.log"), "the rule is named: " + want)


@cuttle_only("Squid's words")
@pytest.mark.parametrize("options, is_told", [("ALL,1", False), ("ALL,1 28,3", True), ("ALL,5", True), ("ALL,1 29,9", False)])
def test_debug_options_choose_what_cache_log_holds(start_proxy, options, is_told):
    proxy = start_proxy(f"debug_options {options}\nhttp_access deny CONNECT\nhttp_access allow all\n")
    with proxy.client() as client:
        assert client.connect("192.0.2.1:443").status == 403
    proxy.stop()        # by then all is written
    said = proxy.read("cache.log")
    assert "Listening on" in said
    assert ("a rule denies access: http_access deny CONNECT" in said) == is_told


@cuttle_only("Squid's words")
def test_debug_options_follow_a_reload(start_proxy):
    """Level 0 leaves out what is no error; the signal goes before the configuration."""
    conf = "debug_options ALL,{}\nhttp_access allow manager\nhttp_access deny CONNECT\nhttp_access allow all\n"
    proxy = start_proxy(conf.format(0))
    assert "Listening on" not in proxy.read("cache.log")
    proxy.configure(conf.format(2))
    proxy.reload()
    with proxy.client() as client:
        assert client.connect("192.0.2.1:443").status == 403
    until(lambda: "deny CONNECT" in proxy.read("cache.log"), "the rule is named")


@cuttle_only("Squid keeps as many of both logs")
def test_debug_options_count_the_generations_of_cache_log(start_proxy):
    proxy = start_proxy("debug_options rotate=1 ALL,1\nlogfile_rotate 3\nhttp_access allow all\n")
    for _ in range(3):
        before = os.stat(proxy.path("cache.log")).st_ino
        proxy.signal(signal.SIGUSR1)
        until(lambda before=before: os.path.exists(proxy.path("cache.log"))
              and os.stat(proxy.path("cache.log")).st_ino != before, "the log is rotated")
    assert os.path.exists(proxy.path("cache.log.0"))
    assert not os.path.exists(proxy.path("cache.log.1"))


def test_debug_toggle_does_not_disturb(start_proxy, start_origin):
    proxy = start_proxy()
    origin = start_origin(serve_forever(reply(body=b"ok")))
    for _ in range(2):
        proxy.run("-k", "debug", check=0)
        with proxy.client() as client:
            assert client.get(origin.url()).body == b"ok"


@cuttle_only("Squid's handling of descriptors differs")
def test_out_of_descriptors(start_proxy, start_origin):
    """Accepting pauses; nothing crashes or spins; it goes on when descriptors are free again."""
    proxy = start_proxy("http_access allow all\nmax_filedescriptors 100\n")
    origin = start_origin(echo)
    wires = [proxy.client() for _ in range(150)]        # the kernel's queue takes those that are not accepted
    for one in wires:
        one.send(request("CONNECT", origin.authority))
    with open(f"/proc/{proxy.pid()}/stat", encoding="ascii") as f:
        before = sum(int(x) for x in f.read().rsplit(")", 1)[1].split()[11:13])
    served = 0
    for one in wires:
        one.sock.settimeout(0.05)
        try:
            served += one.read_reply("CONNECT").status == 200
        except (AssertionError, OSError):
            pass
    with open(f"/proc/{proxy.pid()}/stat", encoding="ascii") as f:
        spent = sum(int(x) for x in f.read().rsplit(")", 1)[1].split()[11:13]) - before
    assert served < 50
    assert spent < 100, f"{spent} ticks of CPU while there was nothing to do"
    for one in wires:
        one.close()

    def works():
        with proxy.client() as client:
            client.sock.settimeout(2)
            try:
                return client.connect(origin.authority).status == 200
            except (AssertionError, OSError):
                return False
    until(works, "connections are accepted again")


@cuttle_only("Squid keeps no reserve that can be seen")
def test_a_reserve_of_descriptors_serves_those_who_were_let_in(start_proxy, start_origin):
    """Idle connections up to the limit must not keep the first of them from being served."""
    origin = start_origin(serve_forever(reply(body=b"served")))
    proxy = start_proxy("http_access allow all\nmax_filedescriptors 64\n")
    clients = [proxy.client() for _ in range(90)]
    try:
        assert clients[0].get(origin.url()).body == b"served"
        until(lambda: "out of file descriptors" in proxy.operator_log(), "the operator is told")
    finally:
        for client in clients:
            client.close()


def test_cache_log_is_written(start_proxy):
    """What the operator log says about the start is in the file that cache_log names."""
    proxy = start_proxy()
    until(lambda: str(proxy.port) in proxy.read("cache.log"), "the listening port is named in cache.log")


@pytest.mark.parametrize("module", ["", "stdio:"])
def test_cache_log_may_name_a_module(start_proxy, module):
    """Squid cuts "stdio:" off, as files for containers have it."""
    proxy = start_proxy(start=False)
    proxy.configure(f"cache_log {module}{{dir}}/other.log\nhttp_access allow all\n")
    proxy.start()
    until(lambda: str(proxy.port) in proxy.read("other.log"), "the listening port is named in the log")
