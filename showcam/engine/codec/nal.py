"""Finds NAL units in Annex B form, their codec, keyframes and parameter sets, and reads their bits.

`Syntax` checks whether bytes are a unit of a codec at all, as far as two readings of one unit must be distinguished.
Standard library only.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile
from typing import ClassVar, Literal

type Codec = Literal["h264", "h265"]

START = b"\x00\x00\x00\x01"
_CODE = START[1:]  # every start code ends with these bytes
_H264 = frozenset({b"\x67", b"\x27", b"\x47", b"\x68", b"\x28", b"\x48", b"\x65"})  # SPS, PPS, a slice of a keyframe
_H265_KEYS = range(16, 24)  # IRAP: BLA, IDR and CRA pictures
_H265_SETS = range(32, 35)
_H265 = frozenset({b"\x40\x01", b"\x42\x01", b"\x44\x01"})  # VPS, SPS, PPS


class NoPicture(Exception):
    """The bytes do not decode."""


def offsets(data: bytes) -> Iterator[int]:
    """The offset of each unit's header."""
    at = data.find(_CODE)
    while at >= 0 and at + 3 < len(data):
        yield at + 3
        at = data.find(_CODE, at + 3)


def units(data: bytes) -> Iterator[bytes]:
    """Each unit without its start code. Zeros before the next start code are still at its end."""
    at = data.find(_CODE)
    while at >= 0:
        end = data.find(_CODE, at + 3)
        if unit := data[at + 3 : end if end >= 0 else None]:
            yield unit
        at = end


def joined(units: Iterable[bytes]) -> bytes:
    return b"".join([START + unit.rstrip(b"\0") for unit in units])


def leading(data: bytes, is_slice: Callable[[bytes], bool]) -> Iterator[bytes]:
    """The units before the first slice."""
    return takewhile(lambda unit: not is_slice(unit), units(data))


def body(unit: bytes, head: int, most: int) -> bytes:
    """The bytes after the header, from the first `most` of a unit, without the bytes that keep start codes out."""
    return unit[head:most].replace(b"\0\0\3", b"\0\0")


def message_number(data: bytes, at: int) -> tuple[int, int]:
    """The kind or the size of an SEI message, which is a sum of bytes, and the offset after it."""
    total = 0
    while at < len(data) and data[at] == 0xFF:
        total, at = total + 0xFF, at + 1
    return total + (data[at] if at < len(data) else 0), at + 1


def headers(picture: bytes) -> Iterator[bytes]:
    """The first two bytes of each unit."""
    return (picture[at : at + 2] for at in offsets(picture))


def codec_of(header: bytes) -> Codec | None:
    """The codec, if these two bytes begin units of only one codec."""
    if header[:2] in _H265:
        return "h265"
    return "h264" if header[:1] in _H264 else None


def codec(picture: bytes) -> Codec | None:
    """The codec, by the first header that no unit of the other codec has; None without such a header."""
    return next((found for header in headers(picture) if (found := codec_of(header)) is not None), None)


def is_key(picture: bytes, codec: Codec) -> bool:
    if codec == "h265":
        return any(header[0] >> 1 in _H265_KEYS for header in headers(picture))
    return any(header[0] & 0x9F == 5 for header in headers(picture))


def parameters(picture: bytes, codec: Codec) -> bytes:
    """The parameter sets in a keyframe, with start codes; b"" if it has none."""
    if codec == "h265":
        return joined(unit for unit in units(picture) if unit[0] >> 1 in _H265_SETS)
    return joined(unit for unit in units(picture) if unit[0] & 0x9F in (7, 8))


class Malformed(Exception):
    """The bytes are too short for what they claim to be, or a number is out of its bounds."""


class Bits:
    """Reads bits as numbers, one after another, with the Exp-Golomb numbers of ISO/IEC 14496-10, 9.1."""

    def __init__(self, data: bytes) -> None:
        self._number, self._left = int.from_bytes(data), 8 * len(data)

    def take(self, count: int) -> int:
        """The next `count` bits as a number. Raises Malformed."""
        self._left -= count
        if self._left < 0:
            raise Malformed
        return self._number >> self._left & (1 << count) - 1

    def up_to(self, most: int) -> int:
        """An Exp-Golomb number. Raises Malformed, also for a number above `most`."""
        rest = self._number & (1 << self._left) - 1
        zeros = self._left - rest.bit_length()
        self._left -= 2 * zeros + 1
        if self._left < 0 or zeros > 31:
            raise Malformed
        value = (rest >> self._left) - 1
        if value > most:
            raise Malformed
        return value

    def signed(self, least: int, most: int) -> int:
        """A signed Exp-Golomb number. Raises Malformed, also for a number out of bounds."""
        coded = self.up_to(0xFFFFFFFE)
        value = (coded + 1) // 2 if coded & 1 else -(coded // 2)
        if not least <= value <= most:
            raise Malformed
        return value


_MOST_SETS = 32  # a keyframe of a camera has one of each kind


def most_of(units: Iterable[bytes], read: Callable[[bytes], int], most: int) -> int:
    """The largest number that `read` finds in a unit; `most` if a unit makes no sense, or if there is none or many."""
    different = set(units)
    try:
        return max(map(read, different)) if 0 < len(different) <= _MOST_SETS else most
    except Malformed:
        return most


type Kind = Literal["sets", "key", "inter", "other"]

PEEK = 256  # bytes of a unit, which hold all that is parsed
_USER_DATA = frozenset({4, 5})  # kinds of SEI message that are as long as their sender likes
_LAST_MESSAGE = 205


class Syntax(ABC):
    """The syntax of a codec. `fits`: True for a unit that parses, False if it does not, None if nothing can be parsed.

    `learn` keeps the values that later units refer to. `doubt`: of two slices that fit, the one with less doubt is
    likelier to be a slice.
    """

    doubt = 0
    CODEC: ClassVar[Codec]
    HEAD: ClassVar[int]  # bytes of a unit's header

    @abstractmethod
    def kind(self, unit: bytes) -> Kind | None:
        """The kind of the unit, or None: the header is not one of this codec."""

    @abstractmethod
    def begins(self, unit: bytes) -> bool:
        """Whether the unit, by its header, is a parameter set that only this codec has."""

    def fits(self, unit: bytes) -> bool | None:
        try:
            return self._read(unit, keep=False)
        except Malformed:
            return False

    def learn(self, unit: bytes) -> None:
        try:
            self._read(unit, keep=True)
        except Malformed:
            return

    @abstractmethod
    def _read(self, unit: bytes, *, keep: bool) -> bool | None:
        """Reads the unit, and keeps its values if `keep`. Raises Malformed."""


def are_messages(body: bytes) -> bool | None:
    """Whether these are SEI messages; None if the last message is cut off."""
    at = 0
    while at < len(body):
        if body[at:].rstrip(b"\0") == b"\x80":
            return at > 0
        kind, at = message_number(body, at)
        size, at = message_number(body, at)
        if kind > _LAST_MESSAGE:
            return False
        if at + size > len(body):
            return True if kind in _USER_DATA else None
        at += size
    return False


def is_filler(body: bytes) -> bool:
    return body.rstrip(b"\x80").strip(b"\xff") == b""
