"""Asks a STUN server from which address it sees this machine (RFC 8489)."""

import ipaddress
import os
import socket
import struct
import time

_COOKIE = 0x2112A442
_BINDING, _SUCCESS, _XOR_MAPPED = 0x0001, 0x0101, 0x0020
_AGAIN_S = 0.5  # a datagram may be lost


def seen_from(server: str, within_s: float) -> str | None:
    """The IPv4 address; None if `server`, as host:port, does not answer in time."""
    host, _, port = server.rpartition(":")
    transaction = os.urandom(12)
    request = struct.pack("!HHI", _BINDING, 0, _COOKIE) + transaction
    try:
        at = socket.getaddrinfo(host, int(port), socket.AF_INET, socket.SOCK_DGRAM)[0][4]
        until, again = time.monotonic() + within_s, 0.0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            while (left := until - time.monotonic()) > 0:
                if time.monotonic() >= again:
                    asking.sendto(request, at)
                    again = time.monotonic() + _AGAIN_S
                asking.settimeout(max(0.001, min(again - time.monotonic(), left)))
                try:
                    answer, sender = asking.recvfrom(2048)
                except TimeoutError:
                    continue
                if sender == at and (found := _mapped(answer, transaction)):
                    return found
    except (OSError, UnicodeError, ValueError):  # UnicodeError if the text can't be a host name
        pass
    return None


def _mapped(answer: bytes, transaction: bytes) -> str | None:
    if len(answer) < 20 or struct.unpack("!HHI", answer[:8])[::2] != (_SUCCESS, _COOKIE):
        return None
    if answer[8:20] != transaction:
        return None
    at = 20
    while at + 4 <= len(answer):
        kind, length = struct.unpack("!HH", answer[at : at + 4])
        value = answer[at + 4 : at + 4 + length]
        if kind == _XOR_MAPPED and len(value) == 8 and value[1] == 1:
            return str(ipaddress.IPv4Address(struct.unpack("!I", value[4:8])[0] ^ _COOKIE))
        at += 4 + length + -length % 4
    return None
