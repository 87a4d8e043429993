"""A scripted origin: raw sockets on loopback that do exactly what a test says, and remember all.

A script is a function that takes the accepted Wire. An Origin runs one script for every connection,
or a list of scripts for the first, second, ... connection; one more connection is then an error.
"""
import errno
import socket
import threading

from . import transcript
from .deadline import LIMIT, until
from .wire import Closed, Wire


class OriginWire(Wire):
    """The origin's end of a connection; requests that it read are kept by the origin."""

    def __init__(self, sock, name, origin):
        super().__init__(sock, name)
        self.origin = origin

    def read_request(self):
        message = super().read_request()
        self.origin.requests.append(message)
        return message

    def read_head(self):
        head = super().read_head()
        self.origin.heads.append(head)
        return head


class Origin:
    _count = 0

    def __init__(self, script, port=0, host="127.0.0.1"):
        Origin._count += 1
        self.name = f"origin{Origin._count}"
        self.script = script
        self.heads = []         # every request head read, in order
        self.requests = []      # every request read by read_request()
        self.wires = []
        self.errors = []
        self._closing = False
        self._threads = []
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind((host, port))
        self.sock.listen(256)
        self.host = host
        self.port = self.sock.getsockname()[1]
        self._spawn(self._accept)

    def __enter__(self):
        return self

    def __exit__(self, kind, *exc):
        self.close(check=kind is None)

    @property
    def authority(self):
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def url(self, path="/"):
        return f"http://{self.authority}{path}"

    @property
    def connections(self):
        return len(self.wires)

    def _spawn(self, fn, *args):
        thread = threading.Thread(target=fn, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            index = len(self.wires)
            wire = OriginWire(sock, f"{self.name}.{index}", self)
            transcript.note(wire.name, "accepts")
            script = self.script
            if isinstance(script, (list, tuple)):
                if index >= len(script):
                    self.errors.append(AssertionError(f"{wire.name}: one connection more than scripted"))
                    self.wires.append(wire)
                    wire.close()
                    continue
                script = script[index]
            self.wires.append(wire)
            self._spawn(self._run, script, wire)

    def _run(self, script, wire):
        try:
            script(wire)
        except Closed as e:
            if wire._pending and not self._closing:   # cut inside a message
                self.errors.append(e)
        except Exception as e:                         # noqa: BLE001 - reported by close()
            # The proxy may reset what it gives up; whether it may give up here is for the client to see.
            ended = isinstance(e, ConnectionError) or (isinstance(e, OSError) and e.errno == errno.ENOTCONN)
            if not self._closing and not ended:
                transcript.note(wire.name, f"fails: {e!r}")
                self.errors.append(e)
        finally:
            wire.close()

    def wait_requests(self, n):
        until(lambda: len(self.requests) >= n, f"{self.name}: {n} requests, has {len(self.requests)}")
        return self.requests

    def wait_heads(self, n):
        until(lambda: len(self.heads) >= n, f"{self.name}: {n} request heads, has {len(self.heads)}")
        return self.heads

    def close(self, check=True):
        """Ends all scripts. Raises what a script raised."""
        self._closing = True
        for shut in [self.sock] + [w.sock for w in self.wires]:
            try:
                shut.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.sock.close()
        for thread in self._threads:
            thread.join(LIMIT)
        for wire in self.wires:
            wire.close()
        if check and self.errors:
            raise self.errors[0]


# --- scripts that many tests share -------------------------------------------------------------
def serve(*replies):
    """Reads a request and sends the next reply, for each reply; then waits for the close.

    A reply is bytes, or a function of the request that returns bytes.
    """
    def script(wire):
        for one in replies:
            message = wire.read_request()
            wire.send(one(message) if callable(one) else one)
        wire.read_until(b"\r\n\r\n") # nothing more is expected; a close ends this
        raise AssertionError(f"{wire.name}: one request more than scripted")
    return script


def serve_forever(one):
    """Answers every request on every connection with the same reply (bytes or a function)."""
    def script(wire):
        while True:
            message = wire.read_request()
            wire.send(one(message) if callable(one) else one)
    return script


def serve_and_close(one):
    """Answers one request and closes the connection."""
    def script(wire):
        message = wire.read_request()
        wire.send(one(message) if callable(one) else one)
        wire.half_close()
        wire.read_rest()
    return script


def echo(wire):
    """Sends back every byte until the other side ends."""
    while True:
        data = wire.sock.recv(1 << 16)
        if not data:
            return
        wire.received += data
        wire.sock.sendall(data)


def closed_port(host="127.0.0.1"):
    """A port on which nobody listens; the socket that reserves it is returned with it."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.bind((host, 0))
    return sock, sock.getsockname()[1]
