"""What a camera's own port of pictures sends: a short preface, then chunks of `$`, channel, length and payload.

Standard library only.
"""

from collections.abc import Iterator

from media.rtp.packet import NotRtp, read

MAGIC = 0x24
MOST_JUNK = 256 * 1024  # before the first chunk, and between a damage and the next one
_HEAD = 4
_MARKER = 0x1C  # of two bytes in front of each part of the program stream; the second tells a first part from others


class NotChunks(Exception):
    """The bytes are no such stream."""


class Chunks:
    """Takes bytes in pieces of any size, returns payloads by channel. Buffers one chunk, 64 KiB at most."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._in_step = False  # False: a chunk counts only if another one begins right behind it
        self._junk = 0

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Raises NotChunks."""
        self._held += data
        return list(self._whole())

    def _whole(self) -> Iterator[tuple[int, bytes]]:
        at = 0
        try:
            while len(self._held) - at >= _HEAD:
                if self._held[at] != MAGIC:
                    at = self._skipped(at)
                    continue
                end = at + _HEAD + int.from_bytes(self._held[at + 2 : at + _HEAD])
                if len(self._held) < end + (not self._in_step):
                    return
                if not self._in_step and self._held[end] != MAGIC:
                    at = self._skipped(at)
                    continue
                yield self._held[at + 1], bytes(self._held[at + _HEAD : end])
                self._in_step, self._junk, at = True, 0, end
        finally:
            del self._held[:at]

    def _skipped(self, at: int) -> int:
        """The next place at which a chunk may begin. Raises NotChunks."""
        self._in_step = False
        found = self._held.find(MAGIC, at + 1)
        where = found if found >= 0 else len(self._held)
        self._junk += where - at
        if self._junk > MOST_JUNK:
            raise NotChunks
        return where


def bare(payload: bytes) -> bytes:
    """The part of the stream in a payload: without its head of RTP, and without the marker. b"" where it is no RTP."""
    try:
        part = read(payload).payload
    except NotRtp:
        return b""
    return part[2:] if part[:1] == bytes((_MARKER,)) else part
