"""The bytes of a node: MPEG program streams and RTP as the vendor's cameras write them, never quite to a standard.

RTP comes without a description, with one source for all, and with odd packets.
"""

import struct
from collections.abc import Iterator
from typing import Literal

from showcam.simulator.pictures.garbler import split

LONGEST = 5000  # bytes of a packet's payload: a picture is cut into many packets
VIDEO, SOUND, PRIVATE = 0xE0, 0xC0, 0xBD
TYPES = {"h264": 0x1B, "h265": 0x24, "aac": 0x0F}


class ProgramStream:
    """Each picture comes with a private packet, which has a meaning only for the vendor."""

    def __init__(self, codec: Literal["h264", "h265"], *, has_sound: bool = True) -> None:
        self._codec, self._has_sound = codec, has_sound

    def picture(self, access_unit: bytes, pts: int, *, key: bool) -> bytes:
        """`access_unit` has NAL units with start codes. `pts` is in ticks of 90 kHz."""
        heading = pack(pts) + (self._tables() if key else b"")
        return heading + packet(PRIVATE, b"\x84\x80\x05" + _time(pts) + bytes(24)) + self._pieces(access_unit, pts)

    def sound(self, frame: bytes, pts: int) -> bytes:
        """`frame` is an AAC frame with its header."""
        return pes(SOUND, frame, pts)

    def _pieces(self, access_unit: bytes, pts: int) -> bytes:
        begins = range(0, len(access_unit), LONGEST)
        pieces = [pes(VIDEO, access_unit[at : at + LONGEST], None if at else pts) for at in begins]
        return b"".join(pieces)

    def _tables(self) -> bytes:
        """Returns the system header, and the map with the kinds of picture and sound."""
        return tables(TYPES[self._codec], TYPES["aac"] if self._has_sound else None)


def tables(video: int, sound: int | None) -> bytes:
    rows = _row(video, VIDEO) + (_row(sound, SOUND) if sound is not None else b"")
    body = b"\xe0\xff\x00\x00" + len(rows).to_bytes(2, "big") + rows
    # no reader checks the checksum at the end
    return packet(0xBB, bytes.fromhex("80c3500fe17fb9e0e8b8c020bde03abfe002")) + packet(0xBC, body + bytes(4))


def pack(pts: int) -> bytes:
    clock = pts & 0x1FFFFFFFF
    scr = 1 << 46 | (clock >> 30) << 43 | 1 << 42 | (clock >> 15 & 0x7FFF) << 27 | 1 << 26 | (clock & 0x7FFF) << 11
    scr |= 1 << 10 | 1
    return b"\x00\x00\x01\xba" + scr.to_bytes(6, "big") + b"\x01\x86\xa3\xfa" + b"\xff\xff"


def _row(kind: int, stream: int) -> bytes:
    return bytes((kind, stream, 0, 0))


def pes(stream: int, data: bytes, pts: int | None) -> bytes:
    head = b"\x8c\x80\x05" + _time(pts) if pts is not None else b"\x8c\x00\x00"
    return packet(stream, head + data)


def packet(stream: int, body: bytes) -> bytes:
    return b"\x00\x00\x01" + bytes((stream,)) + len(body).to_bytes(2, "big") + body


def _time(pts: int) -> bytes:
    pts &= 0x1FFFFFFFF
    return bytes(
        (0x21 | pts >> 29 & 0x0E, pts >> 22 & 0xFF, pts >> 14 & 0xFE | 1, pts >> 7 & 0xFF, pts << 1 & 0xFE | 1)
    )


LONGEST_PACKET = 1200  # bytes of a packet's payload
SOURCE = 0x55667788
_RTP_VIDEO, _METADATA, _AAC = 96, 112, 104
_CLOCK = 90_000


class RtpStream:
    """`sound_hz` is the clock of the timestamps of sound."""

    def __init__(self, codec: Literal["h264", "h265"], *, sound_hz: int = 16_000) -> None:
        self._codec, self._sound_hz = codec, sound_hz
        self._number = 0

    def picture(self, access_unit: bytes, pts: int, *, key: bool) -> list[bytes]:
        """Yields packets of an access unit in Annex B form; `pts` in 90 kHz. Only the last packet has the marker."""
        units = [unit for _, unit in split(access_unit)]
        payloads = list(self._payloads(units))
        out, last = list[bytes](), len(payloads) - 1
        if key:
            out.append(self._packet(_METADATA, b"\x40" + bytes(20), pts, extended=True))
        return out + [self._packet(_RTP_VIDEO, payload, pts, marker=at == last) for at, payload in enumerate(payloads)]

    def sound(self, frame: bytes, pts: int) -> list[bytes]:
        """Yields an AAC frame without its header, behind AU headers (RFC 3640)."""
        headed = struct.pack(">HH", 16, len(frame) << 3) + frame
        return [self._packet(_AAC, headed, pts * self._sound_hz // _CLOCK, marker=True)]

    def _payloads(self, units: list[bytes]) -> Iterator[bytes]:
        """Yields the payloads of packets; parameter sets share one."""
        short = [nal for nal in units[:3] if len(nal) < 200]
        if len(units) > len(short) > 1 and units[: len(short)] == short:
            head = b"\x78" if self._codec == "h264" else b"\x60\x01"
            yield head + b"".join(len(nal).to_bytes(2) + nal for nal in short)
            units = units[len(short) :]
        for unit in units:
            yield from self._fragments(unit) if len(unit) > LONGEST_PACKET or not self._is_plain(unit) else (unit,)

    def _is_plain(self, unit: bytes) -> bool:
        """Tells whether a packet may begin with the unit: an encrypted header may look like another kind of packet."""
        kind = unit[0] & 0x1F if self._codec == "h264" else unit[0] >> 1 & 0x3F
        return 0 < kind < 24 if self._codec == "h264" else kind < 48

    def _fragments(self, unit: bytes) -> Iterator[bytes]:
        kind = unit[0] & 0x1F if self._codec == "h264" else unit[0] >> 1 & 0x3F
        head = bytes((unit[0] & 0xE0 | 28,)) if self._codec == "h264" else bytes((unit[0] & 0x81 | 49 << 1, unit[1]))
        body = unit[len(head) :]
        step = min(LONGEST_PACKET, max(1, len(body) - 1))  # a unit always has two fragments or more
        for begin in range(0, len(body), step):
            first, last = begin == 0, begin + step >= len(body)
            yield self._fragment(unit, head, first << 7 | last << 6 | kind, body[begin : begin + step])

    def _fragment(self, _unit: bytes, head: bytes, flags: int, piece: bytes) -> bytes:
        return head + bytes((flags,)) + piece

    def _packet(self, kind: int, payload: bytes, pts: int, *, marker: bool = False, extended: bool = False) -> bytes:
        self._number = self._number + 1 & 0xFFFF
        first = 0x90 if extended else 0x80
        head = struct.pack(">BBHII", first, kind | marker << 7, self._number, pts & 0xFFFFFFFF, SOURCE)
        return head + (b"\x40\0\0\1" + bytes(4) if extended else b"") + payload
