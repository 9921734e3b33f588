"""Asks a STUN server from which address it sees this machine (RFC 8489), and tries whether a router leads back."""

import ipaddress
import os
import socket
import struct
import time

_COOKIE = 0x2112A442
_BINDING, _SUCCESS, _XOR_MAPPED = 0x0001, 0x0101, 0x0020
_AGAIN_S = 0.5  # a datagram may be lost


type Place = tuple[str, int]


def seen_from(server: str, within_s: float) -> str | None:
    """The IPv4 address; None where `server`, as host:port, does not answer in time."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        found = _asked(asking, server, within_s)
    return found[0] if found else None


def leads_back(server: str, within_s: float) -> bool:
    """Whether what is sent from within to the house's outer address comes in again (RFC 5780, 4.5: hairpinning).

    False proves nothing: a router may let in only who was written to.
    """
    token = os.urandom(16)
    until = time.monotonic() + within_s
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending,
    ):
        found = _asked(listening, server, within_s)
        while found and (left := until - time.monotonic()) > 0:
            try:
                sending.sendto(token, found)
                listening.settimeout(min(_AGAIN_S, left))
                if listening.recv(2048) == token:
                    return True
            except TimeoutError:
                continue
            except OSError:
                break
    return False


def _asked(asking: socket.socket, server: str, within_s: float) -> Place | None:
    """From which address and port the server sees this socket."""
    host, _, port = server.rpartition(":")
    transaction = os.urandom(12)
    request = struct.pack("!HHI", _BINDING, 0, _COOKIE) + transaction
    try:
        at = socket.getaddrinfo(host, int(port), socket.AF_INET, socket.SOCK_DGRAM)[0][4]
        until, again = time.monotonic() + within_s, 0.0
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
    except (OSError, UnicodeError, ValueError):  # UnicodeError where the text can't be a host name
        pass
    return None


def _mapped(answer: bytes, transaction: bytes) -> Place | None:
    if len(answer) < 20 or struct.unpack("!HHI", answer[:8])[::2] != (_SUCCESS, _COOKIE):
        return None
    if answer[8:20] != transaction:
        return None
    at = 20
    while at + 4 <= len(answer):
        kind, length = struct.unpack("!HH", answer[at : at + 4])
        value = answer[at + 4 : at + 4 + length]
        if kind == _XOR_MAPPED and len(value) == 8 and value[1] == 1:
            port = struct.unpack("!H", value[2:4])[0] ^ (_COOKIE >> 16)
            return str(ipaddress.IPv4Address(struct.unpack("!I", value[4:8])[0] ^ _COOKIE)), port
        at += 4 + length + -length % 4
    return None
