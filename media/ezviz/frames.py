"""The frames of EZVIZ's stream protocol: `$`, channel, length, sequence, code, body. Standard library only.

A damaged stream is searched for the next frame, over MOST_JUNK bytes at most.
"""

import struct
from typing import NamedTuple

MAGIC = 0x24
HEADER = struct.Struct(">BBHHH")
MESSAGE, STREAM = 0x00, 0x01
CHANNELS = frozenset({MESSAGE, STREAM, 0x02, 0x0A, 0x0B})  # the last two are ciphered, which nobody asks for
MOST_JUNK = 256 * 1024


class NotFrames(Exception):
    """The bytes are not of this protocol."""


class Frame(NamedTuple):
    channel: int
    code: int  # of messages alone: on other channels it is anything
    body: bytes


def frame(code: int, body: bytes, sequence: int = 0) -> bytes:
    """A message, ready to be sent."""
    return HEADER.pack(MAGIC, MESSAGE, len(body), sequence & 0xFFFF, code) + body


class Frames:
    """Takes bytes in pieces of any size, returns whole frames. Buffers one frame, 64 KiB at most."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._in_step = True  # False: a frame counts only if another one begins right behind it
        self._junk = 0

    def feed(self, data: bytes) -> list[Frame]:
        """Raises NotFrames."""
        self._held += data
        found, at = [], 0
        while (end := self._end(at)) is not None:
            if end < 0:
                at = self._skip(at)
                continue
            _, channel, _, _, code = HEADER.unpack_from(self._held, at)
            found.append(Frame(channel, code, bytes(self._held[at + HEADER.size : end])))
            self._in_step, self._junk, at = True, 0, end
        del self._held[:at]
        return found

    def _end(self, at: int) -> int | None:
        """The end of the frame at `at`; -1: no frame begins there; None: more bytes are needed to decide."""
        held = self._held
        if len(held) - at < HEADER.size:
            return None if _may_begin(held, at) else -1
        if not _may_begin(held, at):
            return -1
        end: int = at + HEADER.size + HEADER.unpack_from(held, at)[2]
        if self._in_step:
            return end if len(held) >= end else None
        if len(held) < end + 2:
            return None
        return end if _may_begin(held, end) else -1

    def _skip(self, at: int) -> int:
        """The next place at which a frame may begin. Raises NotFrames."""
        self._in_step = False
        found = self._held.find(MAGIC, at + 1)
        where = found if found >= 0 else len(self._held)
        self._junk += where - at
        if self._junk > MOST_JUNK:
            raise NotFrames
        return where


def _may_begin(held: bytearray, at: int) -> bool:
    """Whether a frame may begin there, by its first two bytes, or those of them that have arrived."""
    remaining = len(held) - at
    return (remaining < 1 or held[at] == MAGIC) and (remaining < 2 or held[at + 1] in CHANNELS)
