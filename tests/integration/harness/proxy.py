"""Runs the proxy under test: $CUTTLE, or Debian's squid with PROXY=squid.

The second is how the suite itself is tested: what both do alike is Squid's behaviour. A test that
holds for Cuttle alone says so and why, with @cuttle_only("reason").
"""
import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest

from . import accesslog, transcript
from .client import Client
from .deadline import LIMIT, until

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
IS_SQUID = os.environ.get("PROXY") == "squid"
SQUID = shutil.which("squid", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
CUTTLE = os.path.abspath(os.environ.get("CUTTLE") or os.path.join(TOP, "src", "cuttle"))

_SANITIZER = re.compile(r"(AddressSanitizer|LeakSanitizer|ThreadSanitizer|UndefinedBehaviorSanitizer|runtime error:)")

live = []       # proxies that run now, for the report of a failed test


def cuttle_only(reason):
    """Marks a test whose expectation is Cuttle's own."""
    return pytest.mark.skipif(IS_SQUID, reason=f"Cuttle's own: {reason}")


def known_fault(what):
    """Marks what Cuttle does wrong today. It is listed at the end of each run; remove it with the fix."""
    return pytest.mark.xfail(not IS_SQUID, reason=what, strict=False)


def reserve_port(host="127.0.0.1"):
    """(socket, port): a port that stays ours until the socket is closed.

    The socket is bound and never listens. Linux lets a server with SO_REUSEADDR bind beside it, and
    gives the port to nobody who asks for any free one, so parallel runs cannot collide.
    """
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    sock.bind((host, 0))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return sock, sock.getsockname()[1]


def listening(port):
    """Whether somebody listens on the port: asked of the kernel, so no connection disturbs a log."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table, encoding="ascii") as f:
            for line in f.readlines()[1:]:
                words = line.split()
                if words[3] == "0A" and int(words[1].rsplit(":", 1)[1], 16) == port:
                    return True
    return False


class Proxy:
    """One running proxy with its own folder, ports and logs.

    conf        policy lines, after the lines that place the proxy (default: allow all)
    place       False: conf is the whole file; {port} and {dir} are replaced in it either way
    floor       True: ssrf_protection is as conf says (else --no-floor)
    hosts       {name: address} for its hosts file
    """

    def __init__(self, conf="http_access allow all\n", place=True, hosts=None, start=True, squid=IS_SQUID,
                 args=("-N",), floor=False, env=None, name="proxy", access_log=None, cwd=None):
        self.is_squid = squid
        self.binary = SQUID if squid else CUTTLE
        self.name = name
        self.args = list(args)
        self.floor = floor or squid     # what tests talk to is on loopback
        self.env = dict(os.environ, **(env or {}))
        self.proc = None
        self.dir = tempfile.mkdtemp(prefix="cuttle-test-")
        os.chmod(self.dir, 0o777)      # the proxy may drop root
        self._ports = [reserve_port() for _ in range(3)]
        self.port = self._ports[0][1]
        self.port2 = self._ports[1][1]
        self.port3 = self._ports[2][1]
        self.access_log = access_log or f"stdio:{self.dir}/access.log squid"
        self.conf_path = self.path("squid.conf")
        self._place = place
        self._stdout = open(self.path("stdout"), "wb")
        self._stderr = open(self.path("stderr"), "wb")
        self._mark = 0
        self.cwd = cwd
        self.write("hosts", "127.0.0.1 localhost\n::1 localhost\n"
                   + "".join(f"{a} {n}\n" for n, a in (hosts or {}).items()))
        self.configure(conf)
        if start:
            self.start()

    # --- files -----------------------------------------------------------------------------
    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text, mode=0o644):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def read(self, name):
        try:
            with open(self.path(name), encoding="utf-8", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def configure(self, conf):
        """Writes the configuration; a running proxy learns of it by reload()."""
        conf = conf.replace("{port}", str(self.port)).replace("{port2}", str(self.port2))
        conf = conf.replace("{port3}", str(self.port3)).replace("{dir}", self.dir)
        lines = []
        if self._place:
            lines = [f"http_port 127.0.0.1:{self.port}",
                     f"pid_filename {self.dir}/proxy.pid",
                     f"access_log {self.access_log}",
                     f"cache_log {self.dir}/cache.log",
                     f"coredump_dir {self.dir}",
                     f"hosts_file {self.dir}/hosts",
                     "visible_hostname proxy.test",
                     "shutdown_lifetime 1 second"]
            if not re.search(r"^workers ", conf, re.M):     # each worker has its own idle connections upstream
                lines.append(f"workers {os.environ.get('TEST_WORKERS', '1')}")
            if not re.search(r"^(cache|cache_mem|cache_dir) ", conf, re.M):     # most tests ask the same thing twice
                lines.append("cache deny all")
            if self.is_squid:   # Squid's own: start no helper, do not buffer the log
                lines += ["pinger_enable off", "cache_mem 8 MB", "logfile_rotate 0"]
        self.write("squid.conf", "\n".join(lines) + "\n" + conf + ("" if conf.endswith("\n") else "\n"))

    # --- life ------------------------------------------------------------------------------
    def command(self, *args):
        service = ["-n", f"t{self.port}"] if self.is_squid else []      # parallel squids clash without a name
        return [self.binary, *args, *([] if self.floor else ["--no-floor"]), *service, "-f", self.conf_path]

    def start(self, ready=True):
        self.proc = subprocess.Popen(self.command(*self.args), stdin=subprocess.DEVNULL, stdout=self._stdout,
                                     stderr=self._stderr, env=self.env, cwd=self.cwd or self.dir)
        live.append(self)
        transcript.note(self.name, f"starts on port {self.port}")
        if ready:
            self.wait_ready()

    def wait_ready(self):
        def check():
            assert self.proc.poll() is None, f"the proxy ended with {self.proc.returncode} instead of starting\n" \
                + self.read("stderr") + self.read("cache.log")
            # the pid file is complete a moment after the port is open
            return listening(self.port) and (self.read("proxy.pid").strip() or not self._place or self.is_squid)
        until(check, f"the proxy listens on {self.port}")

    def run(self, *args, check=None, timeout=LIMIT):
        """Runs a verb of the same binary on the same configuration: the finished process."""
        done = subprocess.run(self.command(*args), capture_output=True, text=True, errors="replace", timeout=timeout,
                              env=self.env, cwd=self.cwd or self.dir, check=False)
        transcript.note(self.name, f"{' '.join(args)}: exit {done.returncode} {done.stdout}{done.stderr}")
        assert not _SANITIZER.search(done.stderr), done.stderr
        if check is not None:
            assert done.returncode == check, f"{args}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def signal(self, number):
        transcript.note(self.name, f"gets signal {number}")
        self.proc.send_signal(number)

    def wait_exit(self):
        try:
            return self.proc.wait(LIMIT)
        except subprocess.TimeoutExpired:
            raise AssertionError("the proxy did not end in time") from None

    def kill(self):
        """SIGKILL to it and to its children: a crash. start() may follow."""
        if self in live:
            live.remove(self)
        transcript.note(self.name, "is killed")
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        self.proc.wait(LIMIT)
        self.proc = None

    def stop(self, check=True):
        """Ends it; a proxy that does not end cleanly fails the test. Removes nothing yet."""
        if self in live:
            live.remove(self)
        if self.proc is None:
            return
        if self.proc.poll() is None:
            # Squid waits for shutdown_lifetime in any case, and what it does is not under test
            self.proc.send_signal(signal.SIGKILL if self.is_squid else signal.SIGTERM)
            check_exit = not self.is_squid
        else:
            check_exit = False
        try:
            code = self.proc.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            self.proc.wait()
            raise AssertionError(f"the proxy did not end within {LIMIT:g} s\n" + self.logs()) from None
        if check:
            self.assert_clean()
            assert not check_exit or code == 0, f"the proxy ended with {code}\n" + self.logs()

    def assert_clean(self):
        """No sanitizer complained and no CHECK failed."""
        for name in ("stderr", "stdout"):
            text = self.read(name)
            assert not _SANITIZER.search(text), text[:20000]

    def restart(self):
        """Ends it as an administrator does, and starts it again on the same folders."""
        if self.is_squid:
            self.signal(signal.SIGINT)      # at once, but cleanly
            self.wait_exit()
        self.stop()
        self.start()

    def prepare_folder(self, path):
        """A folder that the proxy may write to when it has dropped root."""
        os.makedirs(path, exist_ok=True)
        os.chmod(path, 0o777)

    def close(self, check=True):
        try:
            self.stop(check)
        finally:
            if self.is_squid:       # a killed squid leaves its shared memory behind
                for left in glob.glob(f"/dev/shm/t{self.port}-*"):
                    os.unlink(left)
            for sock, _ in self._ports:
                sock.close()
            self._stdout.close()
            self._stderr.close()
            if os.environ.get("KEEP_TEST_DIRS") is None:
                shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, *exc):
        self.close(check=kind is None)

    # --- use -------------------------------------------------------------------------------
    def client(self, port=None, **kw):
        return Client(port or self.port, **kw)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def pid(self):
        return self.proc.pid

    def manager(self, page):
        """A page of the manager, asked directly. Costs a line in access.log."""
        with self.client() as one:
            return one.ask("GET", f"/squid-internal-mgr/{page}", host=f"127.0.0.1:{self.port}")

    def counters(self):
        """The manager's counters as numbers."""
        lines = self.manager("counters").body.decode().splitlines()
        return {k.strip(): float(v) for k, _, v in (line.partition(" = ") for line in lines) if v}

    def reload(self, want="reloads"):
        """Reloads, and waits until that is counted ("reload.errors" for a file that is refused)."""
        before = self.counters()[want]
        self.signal(signal.SIGHUP)
        until(lambda: self.counters()[want] > before, f"the reload is counted as {want}")

    def processes(self):
        """The proxy's process and its children."""
        found = [self.proc.pid]
        for pid in found:
            try:
                with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
                    found += [int(word) for word in f.read().split()]
            except OSError:
                pass
        return found

    # --- logs ------------------------------------------------------------------------------
    def log_lines(self):
        """All lines of access.log so far, parsed; the last may be missing while it is written."""
        text = self.read("access.log")
        return accesslog.parse(text[:text.rfind("\n") + 1])

    def mark_log(self):
        """What is in the log now belongs to an earlier test."""
        self._mark = len(self.log_lines())

    def wait_log(self, n=1):
        """The n lines since the mark; more than n fail the test."""
        until(lambda: len(self.log_lines()) >= self._mark + n,
              f"{n} lines in access.log; there are {len(self.log_lines()) - self._mark}")
        lines = self.log_lines()[self._mark:]
        assert len(lines) == n, f"{len(lines)} lines instead of {n}: {lines}"
        return lines

    def wait_line(self, text):
        """The first line since the mark that contains text."""
        def find():
            return [line for line in self.log_lines()[self._mark:] if text in line.text]
        return until(find, f"a line with {text!r} in access.log")[0]

    def operator_log(self):
        """What the administrator is told: in cache.log, or on stderr."""
        return self.read("cache.log") + self.read("stderr")

    def logs(self):
        return "".join(f"--- {self.name}: {name}\n{self.read(name)[-6000:]}\n"
                       for name in ("squid.conf", "access.log", "cache.log", "stdout", "stderr"))
