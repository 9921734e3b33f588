"""Tells how long a TCP connection has been silent, by the system's own count. Standard library only."""

import socket
import struct
from typing import NamedTuple, Protocol

_INFO = getattr(socket, "TCP_INFO", None)  # Linux
_SENT_MS, _ACKED, _RECEIVED = 44, 120, 128  # the offsets of these fields in struct tcp_info, linux/tcp.h
_LENGTH = 136


class Connected(Protocol):
    def getsockopt(self, level: int, option: int, length: int, /) -> bytes: ...


class Silence(NamedTuple):
    sent_s: float  # seconds since data was last sent to the peer, or since the peer connected
    ever_sent: bool
    ever_received: bool


def silence(connection: Connected) -> Silence | None:
    """The silence of a connection. None if the system does not count it, or the connection is gone."""
    if _INFO is None:
        return None
    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, _INFO, _LENGTH)
    except OSError:
        return None
    if len(info) < _LENGTH:
        return None
    (sent_ms,) = struct.unpack_from("I", info, _SENT_MS)
    acked, received = struct.unpack_from("QQ", info, _ACKED)
    return Silence(sent_ms / 1000, acked > 0, received > 0)
