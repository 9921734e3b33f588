"""The packets of an MPEG program stream (ISO 13818-1, 2.5), as cameras write it. Standard library only.

Maps and headers of the system are passed over: some cameras' maps name another codec than what is sent.
"""

import re
from typing import Literal, NamedTuple

PACK, END, VIDEO, SOUND = 0xBA, 0xB9, range(0xE0, 0xF0), range(0xC0, 0xE0)
PRIVATE = frozenset({0xBD, 0xBF})  # what only the vendor's player reads
MOST_JUNK = 256 * 1024  # before the first pack, and between a damage and the next one
LONGEST = 4 * 1024 * 1024  # of a packet that does not say how long it is
_PACK = b"\x00\x00\x01\xba"
_SYSTEM = re.compile(rb"\x00\x00\x01[\xb9-\xff]")  # no NAL unit begins so: its first bit is 0
_PES = 6


class NotMpegPs(Exception):
    """The bytes are no program stream."""


class Packet(NamedTuple):
    """`lost`: bytes directly before the packet could not be read. A packet of a private stream has no data."""

    kind: Literal["video", "sound", "private", "lost"]
    data: bytes = b""
    pts: int | None = None  # 90 kHz, 33 bits


class Packets:
    """Takes bytes in pieces of any size, returns packets of video and sound. Begins at the first pack header."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._in_step = False
        self._junk = self._searched = 0

    def feed(self, data: bytes) -> list[Packet]:
        """Raises NotMpegPs."""
        self._held += data
        found: list[Packet] = []
        at = 0
        while True:
            at = at if self._in_step else self._found(at)
            end = self._end(at) if self._in_step else None
            if end is None:
                break
            packet = self._packet(at, end) if end > 0 else Packet("lost")
            if packet is not None:
                found.append(packet)
            self._searched = 0
            if packet is not None and packet.kind == "lost":
                self._in_step = False
                at += 1
                self._junk += 1
            else:
                at, self._junk = end, 0
        del self._held[:at]
        self._searched = max(0, self._searched - at)
        return found

    def _found(self, at: int) -> int:
        """Where the next pack begins, or the earliest place where it may begin once more bytes are there."""
        where = self._held.find(_PACK, at)
        self._in_step = where >= 0
        where = where if where >= 0 else max(at, len(self._held) - len(_PACK) + 1)
        self._junk += where - at
        if self._junk > MOST_JUNK:
            raise NotMpegPs
        return where

    def _end(self, at: int) -> int | None:
        """The end of the part that begins there; 0: none begins there; None: more bytes are needed."""
        held, there = self._held, len(self._held) - at
        if not b"\x00\x00\x01".startswith(held[at : at + 3]):
            return 0
        if there < _PES:
            return None
        kind = held[at + 3]
        if kind == PACK:
            return self._pack_end(at, there)
        if kind < END:
            return 0
        if kind == END:
            return at + 4
        length = held[at + 4] << 8 | held[at + 5]
        if length == 0 and kind in VIDEO:
            return self._open_end(at)
        return at + _PES + length if there >= _PES + length else None

    def _pack_end(self, at: int, there: int) -> int | None:
        held = self._held
        if held[at + 4] & 0xC4 != 0x44:
            return 0
        if there < 14:
            return None
        size = 14 + (held[at + 13] & 7)
        return at + size if there >= size else None

    def _open_end(self, at: int) -> int | None:
        """The end of a packet without a length: where the next one begins."""
        found = _SYSTEM.search(self._held, max(at + _PES, self._searched))
        if found:
            return found.start()
        if len(self._held) - at > LONGEST:
            return 0
        self._searched = max(0, len(self._held) - 3)
        return None

    def _packet(self, at: int, end: int) -> Packet | None:
        """None for a part that holds nothing of the camera's, such as a map."""
        kind = self._held[at + 3]
        if kind in PRIVATE:
            return Packet("private")
        if kind not in VIDEO and kind not in SOUND:
            return None
        held = self._held[at + _PES : end]
        if len(held) < 3 or held[0] & 0xC0 != 0x80 or len(held) < 3 + held[2]:
            return Packet("lost")
        pts = _pts(held[3:8]) if held[1] & 0x80 and held[2] >= 5 else None
        return Packet("video" if kind in VIDEO else "sound", bytes(held[3 + held[2] :]), pts)


def _pts(five: bytearray) -> int | None:
    if not five[0] & five[2] & five[4] & 1:
        return None
    return (five[0] >> 1 & 7) << 30 | five[1] << 22 | five[2] >> 1 << 15 | five[3] << 7 | five[4] >> 1
