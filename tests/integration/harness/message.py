"""HTTP/1 messages as tests need them: build exact bytes, take heads apart. No leniency."""


class Head:
    """A parsed message head. Works for requests and replies; keeps the raw bytes."""

    def __init__(self, raw):
        assert raw.endswith(b"\r\n\r\n"), f"head does not end: {raw!r}"
        self.raw = raw
        lines = raw[:-4].split(b"\r\n")
        self.start = lines[0].decode("latin-1")
        self.fields = []
        for line in lines[1:]:
            name, colon, value = line.partition(b":")
            assert colon and name and not name[-1:].isspace(), f"malformed field {line!r}"
            self.fields.append((name.decode("latin-1"), value.strip(b" \t").decode("latin-1")))

    # replies
    @property
    def version(self):
        return self.start.split(" ", 1)[0] if self.start.startswith("HTTP/") else self.start.rsplit(" ", 1)[1]

    @property
    def status(self):
        return int(self.start.split(" ", 2)[1])

    @property
    def reason(self):
        parts = self.start.split(" ", 2)
        return parts[2] if len(parts) > 2 else ""

    # requests
    @property
    def method(self):
        return self.start.split(" ", 1)[0]

    @property
    def target(self):
        return self.start.split(" ")[1]

    # fields
    def all(self, name):
        return [v for n, v in self.fields if n.lower() == name.lower()]

    def get(self, name, default=None):
        values = self.all(name)
        return ", ".join(values) if values else default

    def has(self, name):
        return bool(self.all(name))

    def tokens(self, name):
        return [t.strip().lower() for t in (self.get(name) or "").split(",") if t.strip()]

    def __repr__(self):
        return f"<{self.start}>"


class Message:
    """A head with its body; trailers where it was chunked."""

    def __init__(self, head, body=b"", trailers=()):
        self.head = head
        self.body = body
        self.trailers = list(trailers)

    def __getattr__(self, name):        # a message reads like its head
        return getattr(self.head, name)

    def __repr__(self):
        return f"<{self.head.start} +{len(self.body)}>"


def _fields(fields):
    items = fields.items() if isinstance(fields, dict) else (fields or [])
    return b"".join(_bytes(n) + b": " + _bytes(v) + b"\r\n" for n, v in items)


def _bytes(x):
    return x if isinstance(x, bytes) else str(x).encode("latin-1")


def chunked(*chunks, trailers=None, extension=""):
    """The chunked form of a body."""
    out = b"".join(b"%x%s\r\n%s\r\n" % (len(c), _bytes(extension), c) for c in chunks if c)
    return out + b"0\r\n" + _fields(trailers) + b"\r\n"


def request(method, target, fields=None, body=None, host="", version="HTTP/1.1"):
    """A request's bytes. host: "" derives Host from an absolute target, None sends none."""
    if host == "" and "://" in target:
        host = target.split("://", 1)[1].split("/", 1)[0].split("?", 1)[0]
    elif host == "":
        host = target
    out = _bytes(method) + b" " + _bytes(target) + b" " + _bytes(version) + b"\r\n"
    if host is not None:
        out += b"Host: " + _bytes(host) + b"\r\n"
    out += _fields(fields)
    if body is not None:
        out += b"Content-Length: %d\r\n" % len(body)
    return out + b"\r\n" + (body or b"")


def reply(status="200 OK", fields=None, body=b"", version="HTTP/1.1", length=True):
    """A reply's bytes, with Content-Length unless length is False."""
    out = _bytes(version) + b" " + _bytes(status) + b"\r\n" + _fields(fields)
    if length:
        out += b"Content-Length: %d\r\n" % len(body)
    return out + b"\r\n" + body
