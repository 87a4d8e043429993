"""Remembers every byte that crossed a test's sockets, in order, to print it when the test fails."""
import threading
import time


class Transcript:
    """Events of one test. Shared by the client's and the origins' threads, guarded by its lock."""

    SHOWN = 600     # bytes of one event that are printed

    def __init__(self):
        self._lock = threading.Lock()
        self._events = []
        self._start = time.monotonic()

    def add(self, who, what, data=b""):
        with self._lock:
            self._events.append((time.monotonic() - self._start, who, what, bytes(data[:self.SHOWN]), len(data)))

    def text(self):
        lines = []
        with self._lock:
            events = list(self._events)
        for at, who, what, data, size in events[-400:]:
            rest = f" ... ({size} bytes)" if size > len(data) else ""
            lines.append(f"{at:8.3f} {who:<14} {what} {data!r}{rest}" if size else f"{at:8.3f} {who:<14} {what}")
        return "\n".join(lines)


current = Transcript()


def begin():
    """Starts the transcript of a new test."""
    global current
    current = Transcript()


def note(who, what, data=b""):
    current.add(who, what, data)
