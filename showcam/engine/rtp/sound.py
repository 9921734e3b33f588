"""Reads sound from RTP: AAC, and other sound that comes one unit a packet.

AAC comes as mpeg4-generic (RFC 3640), or as LATM with its configuration in the description (RFC 6416).
"""

from showcam.engine.codec.sound import AAC_SAMPLES, MOST_FRAME, NoAac
from showcam.engine.rtp.packets import AccessUnit

_MOST_HEADS = 64  # frames of one packet
_MOST_PLAIN = 8192  # bytes of a packet of G.711: a second of it


class AacDepacketizer:
    """Reads AAC with AU headers of `size_bits` and `index_bits`.

    `step`: ticks of the track's clock in one frame.
    """

    def __init__(self, size_bits: int, index_bits: int, step: int = AAC_SAMPLES) -> None:
        """Raises NoAac for header sizes that no sender uses."""
        self._step = step
        self._size_bits, self._head_bits = size_bits, size_bits + index_bits
        if not (4 <= size_bits <= 16 and 0 <= index_bits <= 8):
            raise NoAac
        self._pieces: list[bytes] = []  # of a frame that is larger than a packet
        self._have = self._want = 0
        self._timestamp = 0

    def feed(self, payload: bytes, timestamp: int, *, marker: bool, lost: bool = False) -> list[AccessUnit]:
        if lost or timestamp != self._timestamp:
            self._pieces, self._have, self._want = [], 0, 0
        self._timestamp = timestamp
        sizes, at = self._heads(payload)
        if not sizes:
            return []
        if len(sizes) == 1 and (self._want or sizes[0] > len(payload) - at):
            return self._piece(payload[at:], sizes[0], timestamp)
        found = []
        for number, size in enumerate(sizes):
            if not 0 < size <= min(len(payload) - at, MOST_FRAME):
                break
            found.append(AccessUnit(payload[at : at + size], timestamp + number * self._step & 0xFFFFFFFF))
            at += size
        return found

    def _heads(self, payload: bytes) -> tuple[list[int], int]:
        """The sizes of the frames, and the offset of the first; empty if the headers are wrong."""
        total = int.from_bytes(payload[:2]) if len(payload) > 2 else 0
        begin = 2 + (total + 7) // 8
        count = total // self._head_bits
        if not 0 < count <= _MOST_HEADS or begin >= len(payload):
            return [], 0
        heads, left = int.from_bytes(payload[2:begin]), 8 * (begin - 2)
        mask = (1 << self._size_bits) - 1
        return [heads >> left - place * self._head_bits - self._size_bits & mask for place in range(count)], begin

    def _piece(self, piece: bytes, size: int, timestamp: int) -> list[AccessUnit]:
        self._want = self._want or size
        self._pieces.append(piece)
        self._have += len(piece)
        if size != self._want or self._have > self._want or self._want > MOST_FRAME:
            self._pieces, self._have = [], 0
        elif self._have == self._want:
            whole = b"".join(self._pieces)
            self._pieces, self._have, self._want = [], 0, 0
            return [AccessUnit(whole, timestamp)]
        return []


class LatmDepacketizer:
    """Reads AAC as LATM: each packet has one frame, after the frame's length (PayloadLengthInfo)."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = self._timestamp = 0
        self._is_whole = True

    def feed(self, payload: bytes, timestamp: int, *, marker: bool, lost: bool = False) -> list[AccessUnit]:
        if timestamp != self._timestamp:
            self._pieces, self._size, self._is_whole = [], 0, True
        self._timestamp = timestamp
        self._is_whole &= not (lost and (self._pieces or not marker))
        self._size += len(payload)
        if self._size <= MOST_FRAME:
            self._pieces.append(payload)
        if not marker:
            return []
        data, is_whole = b"".join(self._pieces), self._is_whole and self._size <= MOST_FRAME
        self._pieces, self._size, self._is_whole = [], 0, True
        return self._frame(data, timestamp) if is_whole else []

    @staticmethod
    def _frame(data: bytes, timestamp: int) -> list[AccessUnit]:
        at = size = 0
        while at < len(data):
            size, at = size + data[at], at + 1
            if data[at - 1] != 0xFF:
                break
        return [AccessUnit(data[at : at + size], timestamp)] if 0 < size <= len(data) - at else []


class PlainDepacketizer:
    """Reads G.711 (RFC 3551), Opus (RFC 7587) and others whose packets are one unit each."""

    def feed(self, payload: bytes, timestamp: int, *, marker: bool, lost: bool = False) -> list[AccessUnit]:
        return [AccessUnit(payload, timestamp)] if 0 < len(payload) <= _MOST_PLAIN else []
