"""One end of a TCP connection under test: exact reads with deadlines, everything recorded."""
import socket
import struct

from . import transcript
from .deadline import LIMIT, DeadlineError
from .message import Head, Message


class Closed(AssertionError):
    """The other side closed the connection where more was expected."""


class Wire:
    def __init__(self, sock, name):
        self.sock = sock
        self.name = name
        self.received = b""         # every byte that came, in order
        self._pending = bytearray() # received and not yet consumed
        self.eof = False
        sock.settimeout(LIMIT)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    # --- sending ---------------------------------------------------------------------------
    def send(self, data):
        transcript.note(self.name, "sends", data)
        self.sock.sendall(data)

    def half_close(self):
        transcript.note(self.name, "half-closes")
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self):
        """Closes with a TCP reset."""
        transcript.note(self.name, "resets")
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self):
        if self.sock.fileno() >= 0:
            transcript.note(self.name, "closes")
            self.sock.close()

    # --- receiving -------------------------------------------------------------------------
    def _fill(self, record=True):
        """Reads once; False at end of stream."""
        if self.eof:
            return False
        try:
            data = self.sock.recv(1 << 18)
        except socket.timeout:
            raise DeadlineError(f"{self.name}: nothing came within {self.sock.gettimeout():g} s; "
                                f"unread: {bytes(self._pending[:300])!r}") from None
        if not data:
            transcript.note(self.name, "sees end of stream")
            self.eof = True
            return False
        transcript.note(self.name, "receives", data)
        if record:
            self.received += data
        self._pending += data
        return True

    def _take(self, n):
        data = bytes(self._pending[:n])
        del self._pending[:n]
        return data

    def read_exact(self, n):
        while len(self._pending) < n:
            if not self._fill():
                raise Closed(f"{self.name}: closed after {len(self._pending)} of {n} bytes: "
                             f"{bytes(self._pending[:300])!r}")
        return self._take(n)

    def read_until(self, mark):
        while True:
            at = self._pending.find(mark)
            if at >= 0:
                return self._take(at + len(mark))
            if not self._fill():
                raise Closed(f"{self.name}: closed before {mark!r}; unread: {bytes(self._pending[:300])!r}")

    def read_line(self):
        return self.read_until(b"\r\n")[:-2]

    def read_head(self):
        return Head(self.read_until(b"\r\n\r\n"))

    def read_rest(self):
        """Everything up to the end of the stream."""
        while self._fill():
            pass
        return self._take(len(self._pending))

    def read_chunked(self):
        """A chunked body, strictly: (body, trailers)."""
        body = b""
        while True:
            line = self.read_line()
            size = int(line.split(b";")[0], 16)
            if size == 0:
                break
            body += self.read_exact(size)
            end = self.read_exact(2)
            assert end == b"\r\n", f"{self.name}: chunk ends with {end!r}"
        trailers = []
        while True:
            line = self.read_line()
            if not line:
                return body, trailers
            name, _, value = line.partition(b":")
            trailers.append((name.decode("latin-1"), value.strip().decode("latin-1")))

    def read_body(self, head, bodiless=False, until_close=False):
        """The body that belongs to head, by RFC 9112 section 6.3."""
        if bodiless:
            return Message(head)
        if "chunked" in head.tokens("Transfer-Encoding"):
            return Message(head, *self.read_chunked())
        if head.has("Content-Length"):
            return Message(head, self.read_exact(int(head.get("Content-Length"))))
        return Message(head, self.read_rest() if until_close else b"")

    def read_request(self):
        return self.read_body(self.read_head())

    def read_reply(self, method="GET"):
        """The final reply; interim ones are returned in its attribute .interim."""
        interim = []
        while True:
            head = self.read_head()
            if head.status >= 200 or head.status == 101:
                break
            interim.append(head)
        bodiless = (method == "HEAD" or head.status in (101, 204, 304)
                    or (method == "CONNECT" and head.status == 200))
        message = self.read_body(head, bodiless, until_close=True)
        message.interim = interim
        return message

    # --- expectations ----------------------------------------------------------------------
    def expect_close(self):
        """The other side must close now (or reset) without another byte."""
        try:
            rest = self.read_rest()
        except ConnectionResetError:
            self.eof = True
            rest = self._take(len(self._pending))
        assert rest == b"", f"{self.name}: bytes before the close: {rest[:300]!r}"

    def closed_by_peer(self):
        """Whether end of stream or a reset is already there. Never waits."""
        self.sock.setblocking(False)
        try:
            return self.sock.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except ConnectionError:
            return True
        finally:
            self.sock.settimeout(LIMIT)

    def drain(self, hasher=None, limit=None):
        """Reads to the end (or limit bytes) without keeping what comes: the count."""
        count = len(self._pending)
        if hasher:
            hasher.update(self._pending)
        self._pending.clear()
        while limit is None or count < limit:
            want = 1 << 18 if limit is None else min(1 << 18, limit - count)
            data = self.sock.recv(want)
            if not data:
                break
            count += len(data)
            if hasher:
                hasher.update(data)
        return count
