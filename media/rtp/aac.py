"""AAC from RTP: mpeg4-generic (RFC 3640), and LATM with the configuration in the description (RFC 6416)."""

from dataclasses import dataclass

from media.rtp.unit import AccessUnit

_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_SAMPLES = 1024
_EXTENDED = frozenset({5, 29})  # SBR and PS: they stand before the kind of sound that they extend
_MOST_HEADS = 64  # frames of one packet
_FRAME_CAP = 8191 - 7  # what an ADTS header has room for


class NoAac(Exception):
    """The description is of no AAC that fits an ADTS header."""


@dataclass(frozen=True, slots=True)
class AacConfig:
    """The fields of an AudioSpecificConfig (ISO 14496-3 section 1.6.2.1) that every decoder needs."""

    kind: int  # 1 to 4; 2 is AAC-LC
    rate_at: int  # where in the list of rates
    channels: int

    @property
    def rate(self) -> int:
        return _RATES[self.rate_at]

    def encode(self) -> bytes:
        return (self.kind << 11 | self.rate_at << 7 | self.channels << 3).to_bytes(2)


def read_config(data: bytes, skip: int = 0) -> AacConfig:
    """`skip`: bits before the configuration. Raises NoAac."""
    bits = _Bits(data, skip)
    kind, rate_at, channels = bits.take(5), bits.take(4), bits.take(4)
    if kind in _EXTENDED:
        bits.take(4)  # the rate with the extension, which decoders find out by themselves
        kind = bits.take(5)
    if not 1 <= kind <= 4 or rate_at >= len(_RATES) or not 1 <= channels <= 7:
        raise NoAac
    return AacConfig(kind, rate_at, channels)


def read_mux_config(data: bytes) -> AacConfig:
    """A StreamMuxConfig with one program, one layer and one frame a packet. Raises NoAac."""
    bits = _Bits(data)
    is_second_version, _same_times = bits.take(1), bits.take(1)
    frames, programs, layers = bits.take(6), bits.take(4), bits.take(3)
    if is_second_version or frames or programs or layers:
        raise NoAac
    return read_config(data, skip=15)


class _Bits:
    def __init__(self, data: bytes, at: int = 0) -> None:
        self._number, self._left = int.from_bytes(data[:64]), 8 * len(data[:64]) - at

    def take(self, count: int) -> int:
        """Raises NoAac at the end."""
        self._left -= count
        if self._left < 0:
            raise NoAac
        return self._number >> self._left & (1 << count) - 1


class AacDepacketizer:
    """AU headers of `size_bits` and `index_bits`; `step`: ticks of the track's clock in one frame."""

    def __init__(self, size_bits: int, index_bits: int, step: int = _SAMPLES) -> None:
        """Raises NoAac for header sizes that no sender uses."""
        self._step = step
        self._size_bits, self._head_bits = size_bits, size_bits + index_bits
        if not (4 <= size_bits <= 16 and index_bits <= 8):
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
            if not 0 < size <= min(len(payload) - at, _FRAME_CAP):
                break
            found.append(AccessUnit(payload[at : at + size], timestamp + number * self._step & 0xFFFFFFFF))
            at += size
        return found

    def _heads(self, payload: bytes) -> tuple[list[int], int]:
        """The sizes of the frames and where they begin; empty if the headers are wrong."""
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
        if size != self._want or self._have > self._want or self._want > _FRAME_CAP:
            self._pieces, self._have = [], 0
        elif self._have == self._want:
            whole = b"".join(self._pieces)
            self._pieces, self._have, self._want = [], 0, 0
            return [AccessUnit(whole, timestamp)]
        return []


class LatmDepacketizer:
    """One frame a packet, with its length before it (PayloadLengthInfo)."""

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
        if self._size <= _FRAME_CAP:
            self._pieces.append(payload)
        if not marker:
            return []
        data, is_whole = b"".join(self._pieces), self._is_whole and self._size <= _FRAME_CAP
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
