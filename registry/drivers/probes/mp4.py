"""The codecs in an MP4 init section, by its sample entries (ISO/IEC 14496-12, 8.5.2)."""

import struct
from collections.abc import Iterator

_WAY = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")  # the boxes down to the sample entries
_HEAD = 8


class NoEntries(Exception):
    """No init section, or one that is cut short."""


def kinds(data: bytes) -> frozenset[str]:
    """By their four characters, as of the playlist's CODECS: "avc1", "mp4a" … Raises NoEntries."""
    found = frozenset(_entries(data))
    if not found:
        raise NoEntries
    return found


def _entries(data: bytes, way: tuple[bytes, ...] = _WAY) -> Iterator[str]:
    if not way:
        yield from (entry.decode("latin-1") for entry, _ in _boxes(data[_HEAD:]))
        return
    for kind, body in _boxes(data):
        if kind == way[0]:
            yield from _entries(body, way[1:])


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and body of each box; an init section has none with a 64-bit size."""
    at = 0
    while at < len(data):
        if at + _HEAD > len(data):
            raise NoEntries
        size, kind = struct.unpack_from(">I4s", data, at)
        if not _HEAD <= size <= len(data) - at:
            raise NoEntries
        yield kind, data[at + _HEAD : at + size]
        at += size
