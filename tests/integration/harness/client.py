"""A client that says exactly what a test tells it to."""
import socket

from .deadline import LIMIT
from .message import request
from .wire import Wire


class Client(Wire):
    """A raw connection to a port on loopback, usually the proxy's."""

    _count = 0

    def __init__(self, port, host="127.0.0.1", name=None):
        Client._count += 1
        super().__init__(socket.create_connection((host, port), timeout=LIMIT), name or f"client{Client._count}")

    def ask(self, method, target, fields=None, body=None, **kw):
        """Sends one request and reads its final reply."""
        self.send(request(method, target, fields, body, **kw))
        return self.read_reply(method)

    def get(self, target, fields=None, **kw):
        return self.ask("GET", target, fields, **kw)

    def connect(self, authority, fields=None):
        """CONNECT; the reply. The tunnel is then this wire itself."""
        return self.ask("CONNECT", authority, fields)
