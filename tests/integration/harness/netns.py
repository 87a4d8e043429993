"""A network of one's own: fixed ports are free there, and any address can be this machine's."""
import ctypes
import fcntl
import os
import socket
import struct
from contextlib import contextmanager

import pytest

CLONE_NEWNET = 0x40000000
SIOCSIFADDR, SIOCSIFNETMASK, SIOCSIFFLAGS, SIOCGIFFLAGS, IFF_UP = 0x8916, 0x891C, 0x8914, 0x8913, 1
_libc = ctypes.CDLL(None, use_errno=True)


def _interface(sock, request, name, rest):
    return fcntl.ioctl(sock, request, struct.pack("16s16s8x", name.encode(), rest))


def _address(sock, request, name, address):
    _interface(sock, request, name, struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(address)))


def _up(sock, name):
    flags = struct.unpack("16xH", _interface(sock, SIOCGIFFLAGS, name, b"")[:18])[0]
    _interface(sock, SIOCSIFFLAGS, name, struct.pack("H14x", flags | IFF_UP))


@contextmanager
def own_network(*addresses):
    """This thread, what it starts and its children are in a new network, which has loopback and these addresses.

    Skips the test where that is not allowed (it needs CAP_SYS_ADMIN).
    """
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    if _libc.unshare(CLONE_NEWNET) != 0:
        os.close(before)
        pytest.skip(f"a network of its own: {os.strerror(ctypes.get_errno())}")
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            _up(sock, "lo")
            for i, address in enumerate(addresses):
                _address(sock, SIOCSIFADDR, f"lo:{i + 1}", address)
                _address(sock, SIOCSIFNETMASK, f"lo:{i + 1}", "255.255.255.255")
                _up(sock, f"lo:{i + 1}")
        yield
    finally:
        assert _libc.setns(before, CLONE_NEWNET) == 0, "this thread cannot go back to its network"
        os.close(before)
