"""Finds NAL units in Annex B form, their codec, keyframes and parameter sets. Standard library only."""

from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile
from typing import Literal

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
