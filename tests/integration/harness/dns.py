"""A scripted name server on loopback, UDP and TCP on one port; remembers what it was asked.

answers maps (name, type) to a list of records, or to a function of the question that returns one:
  ("a.test", "A"): [("1.2.3.4", 60)]         addresses with a ttl
  ("a.test", "CNAME"): [("b.test", 60)]      followed by what b.test has
A name without any record is NXDOMAIN; one with another type's record only is an empty answer.
fault is called with (name, type, over_tcp) and may return "drop", "refuse", "servfail", "truncate".
"""
import ipaddress
import socket
import struct
import threading

from . import transcript

TYPES = {"A": 1, "CNAME": 5, "AAAA": 28}
NAMES = {v: k for k, v in TYPES.items()}


def _name(text):
    out = b""
    for label in text.rstrip(".").split("."):
        out += bytes([len(label)]) + label.encode()
    return out + b"\0"


class Server:
    def __init__(self, answers, fault=None, delay=None, port=0):
        self.answers = {(n.lower(), t): v for (n, t), v in answers.items()}
        self.fault = fault or (lambda name, kind, tcp: None)
        self.delay = delay or (lambda name, kind: None)     # an Event to wait for, or None
        self.queries = []       # (name, type, over tcp)
        self.askers = set()     # addresses from which it was asked over UDP
        self._tcp = socket.socket()
        self._tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        while True:
            self._tcp.bind(("127.0.0.1", port))
            self.port = self._tcp.getsockname()[1]
            self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                self._udp.bind(("127.0.0.1", self.port))
                break
            except OSError:
                self._tcp.close()
                if port != 0:
                    raise
                self._tcp = socket.socket()
        self._tcp.listen(16)
        for work in (self._serve_udp, self._serve_tcp):
            threading.Thread(target=work, daemon=True).start()

    def close(self, check=True):
        del check
        for sock in (self._udp, self._tcp):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()

    def asked(self, name, kind=None):
        return [q for q in self.queries if q[0] == name.lower() and kind in (None, q[1])]

    def _records(self, name, kind):
        """(rcode, [(name, type, ttl, data)])"""
        out = []
        for _ in range(8):
            alias = self.answers.get((name, "CNAME"))
            if not alias:
                break
            target, ttl = alias[0]
            out.append((name, 5, ttl, _name(target)))
            name = target.lower()
        known = [t for (n, t) in self.answers if n == name]
        records = self.answers.get((name, kind), [])
        for address, ttl in (records() if callable(records) else records):
            out.append((name, TYPES[kind], ttl, ipaddress.ip_address(address).packed))
        return (0 if known or out else 3), out

    def _answer(self, query, tcp):
        ident, flags = struct.unpack(">HH", query[:4])
        at, labels = 12, []
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        kind = NAMES.get(struct.unpack(">H", query[at + 1:at + 3])[0], "other")
        question = query[12:at + 5]
        name = ".".join(labels).lower()
        self.queries.append((name, kind, tcp))
        transcript.note("dns", f"is asked {name} {kind} over {'tcp' if tcp else 'udp'}")
        fault = self.fault(name, kind, tcp)
        if fault == "drop":
            return None
        event = self.delay(name, kind)
        if event:
            event.wait(20)
        rcode, records = self._records(name, kind)
        bits = 0x8180 | (flags & 0x0100)
        if fault in ("refuse", "servfail"):
            rcode, records = {"refuse": 5, "servfail": 2}[fault], []
        if fault == "truncate":
            bits, records = bits | 0x0200, []
        body = b"".join(_name(n) + struct.pack(">HHIH", t, 1, ttl, len(data)) + data for n, t, ttl, data in records)
        return struct.pack(">HHHHHH", ident, bits | rcode, 1, len(records), 0, 0) + question + body

    def _serve_udp(self):
        while True:
            try:
                query, peer = self._udp.recvfrom(4096)
            except OSError:
                return
            if len(query) < 12:     # what a shutdown reads
                return
            self.askers.add(peer[0])
            threading.Thread(target=self._one_udp, args=(query, peer), daemon=True).start()

    def _one_udp(self, query, peer):
        answer = self._answer(query, False)
        if answer:
            try:
                self._udp.sendto(answer, peer)
            except OSError:
                pass

    def _serve_tcp(self):
        while True:
            try:
                sock, _ = self._tcp.accept()
            except OSError:
                return
            threading.Thread(target=self._one_tcp, args=(sock,), daemon=True).start()

    def _one_tcp(self, sock):
        with sock:
            while True:
                head = sock.recv(2, socket.MSG_WAITALL)
                if len(head) < 2:
                    return
                query = sock.recv(struct.unpack(">H", head)[0], socket.MSG_WAITALL)
                answer = self._answer(query, True)
                if answer is None:
                    return
                sock.sendall(struct.pack(">H", len(answer)) + answer)
