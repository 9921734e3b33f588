"""MPEG program streams as the vendor's cameras write them: never quite as the standard has it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

LONGEST = 5000  # bytes of a packet's payload: a picture is cut into many
_VIDEO, _SOUND, _PRIVATE, _PADDING = 0xE0, 0xC0, 0xBD, 0xBE
_TYPES = {"h264": 0x1B, "h265": 0x24, "aac": 0x0F, "pcm_alaw": 0x90, "pcm_mulaw": 0x91}
_MPEG_AUDIO = 0x03
# in front of recordings and of some streams: 4 letters, then what only the vendor's player reads
HIKVISION_HEADER = b"IMKH" + bytes(range(1, 77))


@dataclass(frozen=True, slots=True)
class Habits:
    """`map`: of the system's two tables, whether they are sent, and whether the sound's row is wrong."""

    map: Literal["true", "lies", "none"] = "true"
    open_ended: bool = False  # packets of pictures that do not say how long they are
    private: bool = False  # packets that mean something to the vendor alone
    padding: bool = False
    interrupted: bool = False  # private packets between those of one picture


class ProgramStream:
    def __init__(
        self,
        codec: Literal["h264", "h265"],
        sound: Literal["aac", "pcm_alaw", "pcm_mulaw", ""] = "aac",
        habits: Habits = Habits(),
    ) -> None:
        self._codec, self._sound, self._habits = codec, sound, habits

    def picture(self, access_unit: bytes, pts: int, *, key: bool) -> bytes:
        """`access_unit`: NAL units with start codes. `pts`: in ticks of 90 kHz."""
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
        """An AAC frame with its header, or samples of G.711."""
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
        return _packet(0xBC, body + b"\x00\x00\x00\x00")  # no reader checks the sum at its end


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
