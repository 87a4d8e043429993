"""Reads access.log in Squid's native format."""
import re

_LINE = re.compile(r"^ *(?P<time>\d+\.\d{3}) +(?P<elapsed>-?\d+) (?P<client>\S+) (?P<code>[A-Z_]+)/(?P<status>\d{3}) "
                   r"(?P<bytes>\d+) (?P<method>\S+) (?P<url>\S+) (?P<user>\S+) (?P<hier>[A-Z_0-9]+)/(?P<server>\S+) "
                   r"(?P<type>\S+)$")


class Line:
    """One line. result is "CODE/STATUS" as people quote it."""

    def __init__(self, text):
        match = _LINE.match(text)
        assert match, f"not a line of the native format: {text!r}"
        self.text = text
        for name, value in match.groupdict().items():
            setattr(self, name, value)
        self.status = int(self.status)
        self.bytes = int(self.bytes)
        self.elapsed = int(self.elapsed)
        self.result = f"{self.code}/{self.status:03d}"

    def __repr__(self):
        return f"<{self.text}>"


def parse(text):
    return [Line(line) for line in text.splitlines() if line]
