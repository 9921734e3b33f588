"""The bytes of a node: MPEG program streams and RTP as the vendor's cameras write them, never quite to a standard.

RTP comes without a description, with one source for all, and with odd packets.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from showcam.simulator.pictures.garbler import split

LONGEST = 5000  # bytes of a packet's payload: a picture is cut into many packets
_VIDEO, _SOUND, _PRIVATE, _PADDING = 0xE0, 0xC0, 0xBD, 0xBE
_TYPES = {"h264": 0x1B, "h265": 0x24, "aac": 0x0F, "pcm_alaw": 0x90, "pcm_mulaw": 0x91}
_MPEG_AUDIO = 0x03
# the beginning of recordings and of some streams: 4 letters, then bytes for the vendor's player
HIKVISION_HEADER = b"IMKH" + bytes(range(1, 77))


@dataclass(frozen=True, slots=True)
class Habits:
    """`map`: whether the system's two tables are sent, and whether the row of the sound is wrong."""

    map: Literal["true", "lies", "none"] = "true"
    open_ended: bool = False  # packets of pictures do not say how long they are
    private: bool = False  # packets with a meaning only for the vendor
    padding: bool = False
    interrupted: bool = False  # private packets between the packets of a picture


class ProgramStream:
    def __init__(
        self,
        codec: Literal["h264", "h265"],
        sound: Literal["aac", "pcm_alaw", "pcm_mulaw", ""] = "aac",
        habits: Habits = Habits(),
    ) -> None:
        self._codec, self._sound, self._habits = codec, sound, habits

    def picture(self, access_unit: bytes, pts: int, *, key: bool) -> bytes:
        """`access_unit` has NAL units with start codes. `pts` is in ticks of 90 kHz."""
        out = bytearray(_pack(pts))
        if key and self._habits.map != "none":
            out += _system_header() + self._map()
        if self._habits.private:
            out += _packet(_PRIVATE, b"\x84\x80\x05" + _time(pts) + bytes(24))
        out += b"".join(self._pieces(access_unit, pts))
        if self._habits.padding:
            out += _packet(_PADDING, b"\xff" * 9)
        return bytes(out)

    def sound(self, frame: bytes, pts: int) -> bytes:
        """`frame` is an AAC frame with its header, or samples of G.711."""
        return _pes(_SOUND, frame, pts)

    def _pieces(self, access_unit: bytes, pts: int) -> Iterator[bytes]:
        for begin in range(0, len(access_unit), LONGEST):
            piece = access_unit[begin : begin + LONGEST]
            if begin and self._habits.interrupted:
                yield _packet(_PRIVATE, b"\x84\x00\x00" + bytes(8))
            yield _pes(_VIDEO, piece, None if begin else pts, open_ended=self._habits.open_ended)

    def _map(self) -> bytes:
        rows = _row(_TYPES[self._codec], _VIDEO)
        if self._sound:
            rows += _row(_MPEG_AUDIO if self._habits.map == "lies" else _TYPES[self._sound], _SOUND)
        body = b"\xe0\xff\x00\x00" + len(rows).to_bytes(2, "big") + rows
        return _packet(0xBC, body + b"\x00\x00\x00\x00")  # no reader checks the checksum at the end


def _pack(pts: int) -> bytes:
    clock = pts & 0x1FFFFFFFF
    scr = 1 << 46 | (clock >> 30) << 43 | 1 << 42 | (clock >> 15 & 0x7FFF) << 27 | 1 << 26 | (clock & 0x7FFF) << 11
    scr |= 1 << 10 | 1
    return b"\x00\x00\x01\xba" + scr.to_bytes(6, "big") + b"\x01\x86\xa3\xfa" + b"\xff\xff"


def _system_header() -> bytes:
    return _packet(0xBB, bytes.fromhex("80c3500fe17fb9e0e8b8c020bde03abfe002"))


def _row(kind: int, stream: int) -> bytes:
    return bytes((kind, stream, 0, 0))


def _pes(stream: int, data: bytes, pts: int | None, *, open_ended: bool = False) -> bytes:
    head = b"\x8c\x80\x05" + _time(pts) if pts is not None else b"\x8c\x00\x00"
    return _packet(stream, head + data, open_ended=open_ended)


def _packet(stream: int, body: bytes, *, open_ended: bool = False) -> bytes:
    length = 0 if open_ended else len(body)
    return b"\x00\x00\x01" + bytes((stream,)) + length.to_bytes(2, "big") + body


def _time(pts: int) -> bytes:
    pts &= 0x1FFFFFFFF
    return bytes(
        (0x21 | pts >> 29 & 0x0E, pts >> 22 & 0xFF, pts >> 14 & 0xFE | 1, pts >> 7 & 0xFF, pts << 1 & 0xFE | 1)
    )


LONGEST_PACKET = 1200  # bytes of a packet's payload
SOURCE = 0x55667788
_RTP_VIDEO, _METADATA, _AAC = 96, 112, 104
_CLOCK = 90_000


@dataclass(frozen=True, slots=True)
class RtpHabits:
    """`fragments`: for H.265, the header of the later fragments of a unit."""

    together: bool = True  # parameter sets share one packet
    fragments: Literal["right", "bare", "unit"] = "right"
    own_numbers: bool = False  # each kind of packet has its own sequence
    metadata: bool = True


class RtpStream:
    """`sound_hz` is the clock of the timestamps of sound."""

    def __init__(
        self, codec: Literal["h264", "h265"], habits: RtpHabits = RtpHabits(), *, sound_hz: int = 16_000
    ) -> None:
        self._codec, self._habits, self._sound_hz = codec, habits, sound_hz
        self._size = 1 if codec == "h264" else 2
        self._numbers: dict[int, int] = {}

    def picture(self, access_unit: bytes, pts: int, *, key: bool) -> list[bytes]:
        """Yields packets of an access unit in Annex B form; `pts` in 90 kHz. Only the last packet has the marker."""
        units = [unit for _, unit in split(access_unit)]
        payloads = list(self._payloads(units))
        out, last = list[bytes](), len(payloads) - 1
        if key and self._habits.metadata:
            out.append(self._packet(_METADATA, b"\x40" + bytes(20), pts, extended=True))
        return out + [self._packet(_RTP_VIDEO, payload, pts, marker=at == last) for at, payload in enumerate(payloads)]

    def sound(self, frame: bytes, pts: int) -> list[bytes]:
        """Yields an AAC frame without its header, behind AU headers (RFC 3640)."""
        headed = struct.pack(">HH", 16, len(frame) << 3) + frame
        return [self._packet(_AAC, headed, pts * self._sound_hz // _CLOCK, marker=True)]

    def plain(self, kind: int, payload: bytes, timestamp: int) -> bytes:
        """Yields a packet of plain sound."""
        return self._packet(kind, payload, timestamp)

    def _payloads(self, units: list[bytes]) -> Iterator[bytes]:
        short = [nal for nal in units[:3] if len(nal) < 200]
        if self._habits.together and len(units) > len(short) > 1 and units[: len(short)] == short:
            head = b"\x78" if self._codec == "h264" else b"\x60\x01"
            yield head + b"".join(len(nal).to_bytes(2) + nal for nal in short)
            units = units[len(short) :]
        for unit in units:
            if len(unit) <= LONGEST_PACKET and self._is_plain(unit):
                yield unit
            else:
                yield from self._fragments(unit)

    def _is_plain(self, unit: bytes) -> bool:
        """Tells whether a packet may begin with the unit: an encrypted header may look like another kind of packet."""
        kind = unit[0] & 0x1F if self._codec == "h264" else unit[0] >> 1 & 0x3F
        return 0 < kind < 24 if self._codec == "h264" else kind < 48

    def _fragments(self, unit: bytes) -> Iterator[bytes]:
        kind = unit[0] & 0x1F if self._codec == "h264" else unit[0] >> 1 & 0x3F
        head = bytes((unit[0] & 0xE0 | 28,)) if self._codec == "h264" else bytes((unit[0] & 0x81 | 49 << 1, unit[1]))
        body = unit[self._size :]
        step = min(LONGEST_PACKET, max(1, len(body) - 1))  # a unit always has two fragments or more
        for begin in range(0, len(body), step):
            first, last = begin == 0, begin + step >= len(body)
            flags = bytes((first << 7 | last << 6 | kind,))
            piece = body[begin : begin + step]
            if not first and self._codec == "h265" and self._habits.fragments == "unit":
                flags = bytes((unit[0] | last << 6,))
            elif not first and self._habits.fragments == "bare" and not _looks_headed(piece[0], unit):
                flags = b""
            yield head + flags + piece

    def _packet(self, kind: int, payload: bytes, pts: int, *, marker: bool = False, extended: bool = False) -> bytes:
        line = kind if self._habits.own_numbers else 0
        number = self._numbers[line] = self._numbers.get(line, 77 * line) + 1 & 0xFFFF
        first = 0x90 if extended else 0x80
        head = struct.pack(">BBHII", first, kind | marker << 7, number, pts & 0xFFFFFFFF, SOURCE)
        return head + (b"\x40\0\0\1" + bytes(4) if extended else b"") + payload


def _looks_headed(first: int, unit: bytes) -> bool:
    """Tells whether a fragment without a header could be taken for one with a header; cameras then send the header."""
    own, beside = unit[0] >> 1 & 0x3F, (32, 33, 34, 39, 40)
    return own in beside or first & 0x3F in (own, *beside) or first & ~0x40 == unit[0]
