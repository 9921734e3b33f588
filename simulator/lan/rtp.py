"""RTP packets (RFC 3550) of H.264 (RFC 6184), H.265 (RFC 7798), AAC (RFC 3640) and G.711 (RFC 3551), and reports."""

import re
import secrets
import struct
from collections.abc import Iterator
from typing import Literal

LONGEST = 1200  # bytes of a packet's payload
_START = re.compile(rb"\x00\x00\x00?\x01")
_NTP = 2208988800  # s from 1900 to 1970


def nal_units(access_unit: bytes) -> list[bytes]:
    """The NAL units of an access unit in Annex B form."""
    return [unit for unit in _START.split(access_unit) if unit]


class Packer:
    """Makes the packets of one track, which share a sequence and a source id."""

    def __init__(self, payload: int, clock_hz: int) -> None:
        self._payload, self._clock = payload, clock_hz
        self._source = secrets.randbits(32)
        self._number = secrets.randbits(16)
        self._sent = self._bytes = 0

    def video(self, codec: Literal["h264", "h265"], access_unit: bytes, at: float) -> list[bytes]:
        """`at` in s, epoch."""
        split = _fragments if codec == "h264" else _fragments_h265
        pieces = [piece for unit in nal_units(access_unit) for piece in split(unit)]
        return [self._packet(piece, at, marker=piece is pieces[-1]) for piece in pieces]

    def aac(self, frame: bytes, at: float) -> list[bytes]:
        """One frame without its ADTS header: AU-headers-length, then 13 bits of size and 3 of index."""
        return [self._packet(struct.pack(">HH", 16, len(frame) << 3) + frame, at, marker=True)]

    def plain(self, samples: bytes, at: float) -> list[bytes]:
        return [self._packet(samples, at, marker=False)]

    def report(self, now: float) -> bytes:
        """A sender report (RFC 3550 section 6.4.1), which maps RTP time to the time of day."""
        seconds, rest = divmod(now + _NTP, 1)
        body = struct.pack(
            ">IIIIII", self._source, int(seconds), int(rest * 2**32), self._at(now), self._sent, self._bytes
        )
        return struct.pack(">BBH", 0x80, 200, 6) + body

    def _packet(self, payload: bytes, at: float, *, marker: bool) -> bytes:
        self._number = self._number + 1 & 0xFFFF
        self._sent, self._bytes = self._sent + 1, self._bytes + len(payload) & 0xFFFFFFFF
        head = struct.pack(">BBHII", 0x80, self._payload | marker << 7, self._number, self._at(at), self._source)
        return head + payload

    def _at(self, seconds: float) -> int:
        return round(seconds * self._clock) & 0xFFFFFFFF


def _fragments(unit: bytes) -> Iterator[bytes]:
    """The unit, or its FU-A fragments where it is too long."""
    if len(unit) <= LONGEST:
        yield unit
        return
    indicator, kind = unit[0] & 0xE0 | 28, unit[0] & 0x1F
    body = unit[1:]
    for begin in range(0, len(body), LONGEST):
        piece = body[begin : begin + LONGEST]
        first, last = begin == 0, begin + LONGEST >= len(body)
        yield bytes((indicator, first << 7 | last << 6 | kind)) + piece


def _fragments_h265(unit: bytes) -> Iterator[bytes]:
    """The unit, or its fragmentation units where it is too long (RFC 7798 section 4.4.3)."""
    if len(unit) <= LONGEST:
        yield unit
        return
    head, kind = bytes((unit[0] & 0x81 | 49 << 1, unit[1])), unit[0] >> 1 & 0x3F
    body = unit[2:]
    for begin in range(0, len(body), LONGEST):
        first, last = begin == 0, begin + LONGEST >= len(body)
        yield head + bytes((first << 7 | last << 6 | kind,)) + body[begin : begin + LONGEST]
