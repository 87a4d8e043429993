"""Replies that may be stored, and origins that count what they are asked."""
import email.utils
import hashlib
import threading
import time

from .message import reply
from .origin import serve_forever

# Everything in memory, whatever its size; and nothing that a test does not ask for.
CONF = """\
cache_mem 64 MB
maximum_object_size_in_memory 8 MB
http_access allow all
"""


def date(seconds=0):
    """Now, and so many seconds later, as HTTP says it."""
    return email.utils.formatdate(time.time() + seconds, usegmt=True)


LAST_MODIFIED = "Sun, 06 Nov 1994 08:49:37 GMT"
AN_HOUR_LATER = "Sun, 06 Nov 1994 09:49:37 GMT"
AN_HOUR_BEFORE = "Sun, 06 Nov 1994 07:49:37 GMT"


def fresh(body=b"stored", fields=None, status="200 OK"):
    """A reply that is good for an hour."""
    return reply(status, {"Date": date(), "Cache-Control": "max-age=3600", **(fields or {})}, body)


def stale(body=b"stored", fields=None):
    """A reply that was too old already when it came, and has both validators."""
    return reply(fields={"Date": date(-100), "Cache-Control": "max-age=10", "ETag": '"one"',
                         "Last-Modified": LAST_MODIFIED, **(fields or {})}, body=body)


def body_of(n, seed=1):
    """n bytes that do not repeat soon."""
    out = hashlib.shake_128(seed.to_bytes(8, "big")).digest(min(n, 1 << 20))
    return (out * (n // len(out) + 1))[:n] if n else b""


def digest(data):
    return hashlib.sha256(data).hexdigest()


def counted(*replies):
    """A script that gives the first request the first reply, ...; the last one to all others."""
    lock = threading.Lock()
    left = list(replies)

    def one(message):
        with lock:
            current = left.pop(0) if len(left) > 1 else left[0]
        return current(message) if callable(current) else current
    return serve_forever(one)
