"""Whether bytes are a NAL unit of H.264 or H.265, as far as two readings of one unit must be told apart.

Parameter sets and the beginnings of slice headers are parsed. Standard library only.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from media.nal import Codec

type Kind = Literal["sets", "key", "inter", "other"]

PEEK = 256  # bytes of a unit, which hold all that is parsed
_PROFILES = frozenset({44, 66, 77, 83, 86, 88, 100, 110, 118, 122, 128, 244})
_HIGH = frozenset({44, 83, 86, 100, 110, 118, 122, 128, 244})
_LEVELS = frozenset({9, 10, 11, 12, 13, 20, 21, 22, 30, 31, 32, 40, 41, 42, 50, 51, 52, 60, 61, 62})
_EXTENSIONS = frozenset({14, 15, 20})  # what scalable streams have beside their pictures
_USER_DATA = frozenset({4, 5})  # kinds of SEI message that are as long as their sender likes
_LAST_MESSAGE = 205
_FAR = 16  # between the order counts of a picture and the one before


class _Ended(Exception):
    """The unit is too short for what it claims to be."""


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._number, self._left = int.from_bytes(data), 8 * len(data)

    def take(self, count: int) -> int:
        """Raises _Ended."""
        self._left -= count
        if self._left < 0:
            raise _Ended
        return self._number >> self._left & (1 << count) - 1

    def up_to(self, most: int) -> int:
        """An Exp-Golomb number. Raises _Ended, also for a number above `most`."""
        rest = self._number & (1 << self._left) - 1
        zeros = self._left - rest.bit_length()
        self._left -= 2 * zeros + 1
        if self._left < 0 or zeros > 31:
            raise _Ended
        value = (rest >> self._left) - 1
        if value > most:
            raise _Ended
        return value

    def signed(self, least: int, most: int) -> int:
        """A signed Exp-Golomb number. Raises _Ended, also for a number out of bounds."""
        coded = self.up_to(0xFFFFFFFE)
        value = (coded + 1) // 2 if coded & 1 else -(coded // 2)
        if not least <= value <= most:
            raise _Ended
        return value


class Syntax(ABC):
    """`fits` answers True for a unit that parses, False for one that does not, None where nothing can be parsed.

    `learn` keeps what later units refer to. `doubt`: of two slices that fit, the one with less is likelier to be one.
    """

    doubt = 0
    CODEC: ClassVar[Codec]
    HEAD: ClassVar[int]  # bytes of a unit's header

    @abstractmethod
    def kind(self, unit: bytes) -> Kind | None:
        """None: the header is none of the codec's."""

    @abstractmethod
    def begins(self, unit: bytes) -> bool:
        """Whether it is, by its header, a parameter set that only this codec has."""

    def fits(self, unit: bytes) -> bool | None:
        try:
            return self._read(unit, keep=False)
        except _Ended:
            return False

    def learn(self, unit: bytes) -> None:
        try:
            self._read(unit, keep=True)
        except _Ended:
            return

    @abstractmethod
    def _read(self, unit: bytes, *, keep: bool) -> bool | None:
        """Raises _Ended."""


def _body(unit: bytes, head: int) -> bytes:
    """Without the bytes that keep start codes out of a unit."""
    return unit[head:PEEK].replace(b"\0\0\3", b"\0\0")


def _are_messages(body: bytes) -> bool | None:
    """Whether these are SEI messages; None where the last one is not in sight."""
    at = 0
    while at < len(body):
        if body[at:].rstrip(b"\0") == b"\x80":
            return at > 0
        kind, at = _number(body, at)
        size, at = _number(body, at)
        if kind > _LAST_MESSAGE:
            return False
        if at + size > len(body):
            return True if kind in _USER_DATA else None
        at += size
    return False


def _is_filler(body: bytes) -> bool:
    return body.rstrip(b"\x80").strip(b"\xff") == b""


def _number(body: bytes, at: int) -> tuple[int, int]:
    total = 0
    while at < len(body) and body[at] == 0xFF:
        total, at = total + 0xFF, at + 1
    return total + (body[at] if at < len(body) else 0), at + 1


@dataclass(frozen=True, slots=True)
class _Sps:
    separate: bool  # colour planes
    number_bits: int  # of H.264's frame_num, or of H.265's picture order count
    order_bits: int = 0  # of H.264's picture order count; 0: it is not sent
    blocks: int = 0  # macroblocks of a picture
    is_interlaced: bool = False


class H264(Syntax):
    """ISO/IEC 14496-10, 7.3."""

    CODEC, HEAD = "h264", 1

    def __init__(self) -> None:
        self._sps: dict[int, _Sps] = {}
        self._pps: dict[int, int] = {}
        self._frame: int | None = None  # frame_num of the slice before
        self._step = 0  # from it to that of the next picture

    def kind(self, unit: bytes) -> Kind | None:
        if not unit or unit[0] & 0x80:
            return None
        kind, is_referred_to = unit[0] & 0x1F, unit[0] >> 5 > 0
        if kind in (5, 7, 8):
            return ("key" if kind == 5 else "sets") if is_referred_to else None
        if kind == 1:
            return "inter"
        if kind in _EXTENSIONS:
            return "other"
        return "other" if kind in range(6, 13) and not is_referred_to else None

    def begins(self, unit: bytes) -> bool:
        return self.kind(unit) == "sets" and unit[0] & 0x1F == 7

    def _read(self, unit: bytes, *, keep: bool) -> bool | None:
        kind, body = unit[0] & 0x1F, _body(unit, 1)
        if kind == 7:
            return self._read_sps(_Bits(body), keep=keep)
        if kind == 8:
            return self._read_pps(_Bits(body), keep=keep)
        if kind in (1, 5):
            return self._read_slice(_Bits(body), unit[0], keep=keep)
        if kind == 6:
            return _are_messages(body)
        if kind == 9:
            return len(body) == 1 and body[0] & 0x1F == 0x10
        return _is_filler(unit[1:]) if kind == 12 else None

    def _read_sps(self, bits: _Bits, *, keep: bool) -> bool:
        profile, constraints, level = bits.take(8), bits.take(8), bits.take(8)
        if profile not in _PROFILES or constraints & 3 or level not in _LEVELS:
            return False
        number, separate = bits.up_to(31), 0
        if profile in _HIGH:
            chroma = bits.up_to(3)
            separate = bits.take(1) if chroma == 3 else 0
            bits.up_to(6), bits.up_to(6), bits.take(1)
            if bits.take(1):
                _skip_scaling(bits, 12 if chroma == 3 else 8)
        frame_bits, order = bits.up_to(12) + 4, bits.up_to(2)
        order_bits = bits.up_to(12) + 4 if order == 0 else 0
        if order == 1:
            bits.take(1), bits.signed(-(1 << 31), 1 << 31), bits.signed(-(1 << 31), 1 << 31)
            for _ in range(bits.up_to(255)):
                bits.signed(-(1 << 31), 1 << 31)
        bits.up_to(16), bits.take(1)
        blocks, is_interlaced = (bits.up_to(1023) + 1) * (bits.up_to(1023) + 1), not bits.take(1)
        if keep:
            self._sps[number] = _Sps(bool(separate), frame_bits, order_bits, blocks << is_interlaced, is_interlaced)
        return True

    def _read_pps(self, bits: _Bits, *, keep: bool) -> bool | None:
        number, sps = bits.up_to(255), bits.up_to(31)
        if self._sps and sps not in self._sps:
            return False
        bits.take(2)
        if bits.up_to(7):
            return None  # slice groups, which no camera has
        bits.up_to(31), bits.up_to(31), bits.take(1)
        if bits.take(2) == 3:
            return False
        bits.signed(-62, 25), bits.signed(-26, 25), bits.signed(-12, 12)
        bits.take(3)
        if keep:
            self._pps[number] = sps
        return True

    def _read_slice(self, bits: _Bits, header: int, *, keep: bool) -> bool | None:
        is_key = header & 0x1F == 5
        first, kind, pps = bits.up_to(1 << 21), bits.up_to(9), bits.up_to(255)
        if not self._pps:
            return None
        sps = self._sps.get(self._pps.get(pps, -1))
        if sps is None or first >= sps.blocks or kind % 5 not in ((2,) if is_key else (0, 1, 2)):
            return False
        bits.take(2 if sps.separate else 0)
        frame, turn = bits.take(sps.number_bits), 1 << sps.number_bits
        steps = {0 if first else self._step, 0 if first or sps.is_interlaced else self._step}
        follows = self._frame is None or (frame - self._frame) % turn in steps
        self.doubt = int(first > 0)
        if keep:
            self._frame, self._step = frame, int(header >> 5 > 0)
        if not is_key:
            return follows
        if sps.is_interlaced or frame:
            return frame == 0
        bits.up_to(0xFFFF)
        return bits.take(sps.order_bits) == 0


def _skip_scaling(bits: _Bits, count: int) -> None:
    for number in range(count):
        if not bits.take(1):
            continue
        last = following = 8
        for _ in range(16 if number < 6 else 64):
            if following:
                following = last + bits.signed(-128, 127) & 0xFF
            last = following or last


class H265(Syntax):
    """ISO/IEC 23008-2, 7.3."""

    CODEC, HEAD = "h265", 2

    def __init__(self) -> None:
        self._sps: dict[int, _Sps] = {}
        self._pps: dict[int, tuple[int, int, int]] = {}  # SPS, whether output is told, extra bits of a slice's header
        self._order: int | None = None  # picture order count of the picture before

    def kind(self, unit: bytes) -> Kind | None:
        if len(unit) < 2 or unit[0] & 0x81 or not 1 <= unit[1] <= 7:
            return None
        kind = unit[0] >> 1
        if kind in range(32, 35) or kind in range(16, 22):
            return ("sets" if kind >= 32 else "key") if unit[1] == 1 else None
        if kind < 10:
            return "inter"
        return "other" if kind in range(35, 41) else None

    def begins(self, unit: bytes) -> bool:
        return self.kind(unit) == "sets" and unit[0] >> 1 != 34

    def _read(self, unit: bytes, *, keep: bool) -> bool | None:
        kind, body = unit[0] >> 1, _body(unit, 2)
        if kind == 32:
            return self._is_vps(_Bits(body))
        if kind == 33:
            return self._read_sps(_Bits(body), keep=keep)
        if kind == 34:
            return self._read_pps(_Bits(body), keep=keep)
        if kind < 22:
            return self._read_slice(_Bits(body), kind, keep=keep)
        if kind == 35:
            return len(body) == 1 and body[0] & 0x1F == 0x10
        if kind == 38:
            return _is_filler(unit[2:])
        return _are_messages(body) if kind in (39, 40) else None

    @staticmethod
    def _is_vps(bits: _Bits) -> bool:
        bits.take(4)
        return bits.take(2) == 3 and bits.take(6) == 0 and bits.take(3) < 7 and bits.take(17) & 0xFFFF == 0xFFFF

    def _read_sps(self, bits: _Bits, *, keep: bool) -> bool:
        bits.take(4)
        layers = bits.take(3)
        if layers == 7:
            return False
        bits.take(1)
        if not _is_profile(bits, layers):
            return False
        number = bits.up_to(15)
        separate = bits.take(1) if bits.up_to(3) == 3 else 0
        bits.up_to(16384), bits.up_to(16384)
        if bits.take(1):
            for _ in range(4):
                bits.up_to(16384)
        bits.up_to(8), bits.up_to(8)
        order_bits = bits.up_to(12) + 4
        if keep:
            self._sps[number] = _Sps(bool(separate), order_bits)
        return True

    def _read_pps(self, bits: _Bits, *, keep: bool) -> bool:
        number, sps = bits.up_to(63), bits.up_to(15)
        if self._sps and sps not in self._sps:
            return False
        bits.take(1)
        tells_output, extra = bits.take(1), bits.take(3)
        bits.take(2), bits.up_to(14), bits.up_to(14), bits.signed(-74, 25)
        if keep:
            self._pps[number] = sps, tells_output, extra
        return True

    def _read_slice(self, bits: _Bits, kind: int, *, keep: bool) -> bool | None:
        is_first, is_key = bits.take(1), kind >= 16
        bits.take(is_key)
        number = bits.up_to(63)
        if not self._pps:
            return None
        pps = self._pps.get(number)
        sps = self._sps.get(pps[0]) if pps else None
        if pps is None or sps is None:
            return False
        if not is_first:
            return None
        bits.take(pps[2])
        if (bits.up_to(2) == 2) < is_key:
            return False
        bits.take(pps[1] + 2 * sps.separate)
        order = 0 if kind in (19, 20) else bits.take(sps.number_bits)
        before = self._order
        if keep:
            self._order = order
        turn = 1 << sps.number_bits
        ahead = 0 if is_key or before is None else order - before & turn - 1
        self.doubt = min(ahead, turn - ahead)
        return self.doubt <= _FAR


def _is_profile(bits: _Bits, layers: int) -> bool:
    """The profile and level of an SPS, and of its temporal layers."""
    space, _tier, profile = bits.take(2), bits.take(1), bits.take(5)
    bits.take(32 + 48)
    level = bits.take(8)
    if space or not 1 <= profile <= 11 or not level or level % 3:
        return False
    flags: Sequence[int] = [bits.take(2) for _ in range(layers)]
    if layers:
        bits.take(2 * (8 - layers))
    for flag in flags:
        bits.take((88 if flag & 2 else 0) + (8 if flag & 1 else 0))
    return True
