"""JPEG from RTP (RFC 2435): baseline pictures of 4:2:2 or 4:2:0, whose headers are made again from the packets' fields.

A picture beyond 2040 pixels has no size in its packets (section 3.1.5), and counts as damaged.
"""

from typing import NamedTuple

from showcam.engine.rtp.packets import UNIT_CAP, AccessUnit

_HEAD, _RESTART_HEAD, _TABLES_HEAD = 8, 4, 4
_RESTARTS = range(64, 128)  # types whose packets have a restart header (section 3.1.7)
_IN_BAND = 128  # from this Q on the tables are in the first packet of a picture
_EACH_TIME = 255  # a Q whose tables may be others with each picture
_SAMPLING = {0: 0x21, 1: 0x22}  # of the luminance, by type: 4:2:2 and 4:2:0 (section 4.1)
_MOST_TABLES = 16  # Qs whose tables are kept
# quantizers of ISO 10918-1 annex K.1, in zigzag order (section 4.2)
_LUMA = (
    16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61,
    60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103, 104, 103, 62, 77, 113,
    121, 112, 100, 120, 92, 101, 103, 99,
)  # fmt: skip
_CHROMA = (17, 18, 18, 24, 21, 24, 47, 26, 26, 47, 99, 66, 56, 66, *[99] * 50)


class _Head(NamedTuple):
    """The fields that a decoder needs before the scan of a picture."""

    kind: int
    width: int
    height: int
    restarts: int  # blocks between restart markers, 0: there are none
    tables: bytes

    def encode(self) -> bytes:
        """The JPEG up to the scan. Huffman's tables are left out: every decoder begins with these tables."""
        size = len(self.tables) // 2
        wide = int(size == 128)  # tables of 16 bits
        tables = [
            b"\xff\xdb" + (3 + size).to_bytes(2) + bytes((wide << 4 | number,)) + self.tables[number * size :][:size]
            for number in (0, 1)
        ]
        restarts = b"\xff\xdd\0\4" + self.restarts.to_bytes(2) if self.restarts else b""
        sampling = _SAMPLING[self.kind]
        parts = bytes((1, sampling, 0, 2, 0x11, 1, 3, 0x11, 1))
        frame = b"\xff\xc0\0\x11\x08" + self.height.to_bytes(2) + self.width.to_bytes(2) + b"\3" + parts
        scan = b"\xff\xda\0\x0c\3\1\0\2\x11\3\x11\0\x3f\0"
        return b"\xff\xd8" + b"".join(tables) + restarts + frame + scan


class JpegDepacketizer:
    """A showcam.engine.rtp.packets.Depacketizer: each unit is a JPEG, and a keyframe."""

    def __init__(self) -> None:
        self._tables: dict[int, bytes] = {}
        self._timestamp = 0
        self._head: _Head | None = None
        self._pieces: list[bytes] = []
        self._size = 0
        self._is_whole = True

    def feed(self, payload: bytes, timestamp: int, *, marker: bool, lost: bool = False) -> list[AccessUnit]:
        if timestamp != self._timestamp:
            self._timestamp = timestamp
            self._clear()
        self._is_whole &= self._take(payload)
        if not marker:
            return []
        head, pieces, is_whole = self._head, self._pieces, self._is_whole
        self._clear()
        if head is None or not is_whole:
            return [AccessUnit(b"", timestamp, damaged=True)]
        scan = b"".join(pieces)
        return [AccessUnit(head.encode() + scan + (b"" if scan.endswith(b"\xff\xd9") else b"\xff\xd9"), timestamp)]

    def _clear(self) -> None:
        self._head, self._pieces, self._size, self._is_whole = None, [], 0, True

    def _take(self, payload: bytes) -> bool:
        """Whether the packet makes sense at this point of the stream."""
        if len(payload) <= _HEAD:
            return False
        offset, kind, quality = int.from_bytes(payload[1:4]), payload[4], payload[5]
        width, height, at, restarts = 8 * payload[6], 8 * payload[7], _HEAD, 0
        if kind in _RESTARTS:
            restarts, at, kind = int.from_bytes(payload[at : at + 2]), at + _RESTART_HEAD, kind - _RESTARTS.start
        if offset == 0:
            tables, at = self._tables_of(quality, payload, at)
            if kind not in _SAMPLING or not width or not height or not tables:
                return False
            self._head, self._pieces, self._size = _Head(kind, width, height, restarts, tables), [], 0
        if self._head is None or offset != self._size or self._size + len(payload) > UNIT_CAP:
            return False
        self._pieces.append(payload[at:])
        self._size += len(payload) - at
        return True

    def _tables_of(self, quality: int, payload: bytes, at: int) -> tuple[bytes, int]:
        """Both quantization tables, b"" if they are not known, and the offset of the scan."""
        if quality < _IN_BAND:
            return _scaled(quality), at
        length = int.from_bytes(payload[at + 2 : at + _TABLES_HEAD])
        at += _TABLES_HEAD
        found, at = payload[at : at + length], at + length
        if length == 64:
            found, length = found * 2, 128  # libavformat sends a single table for both parts of its pictures
        if length in (128, 256) and len(found) == length:
            if len(self._tables) < _MOST_TABLES or quality in self._tables:
                self._tables[quality] = found
            return found, at
        return (self._tables.get(quality, b"") if length == 0 and quality != _EACH_TIME else b""), at


def _scaled(quality: int) -> bytes:
    """Both tables for this quality (annex A of the RFC)."""
    factor = max(1, min(99, quality))
    scale = 5000 // factor if factor < 50 else 200 - 2 * factor
    return bytes(max(1, min(255, (step * scale + 50) // 100)) for step in (*_LUMA, *_CHROMA))
