"""RTP as some of the vendor's cameras send it to a stream node: no description, one source for all, odd packets."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from simulator.pictures.garbler import split

LONGEST = 1200  # bytes of a packet's payload
SOURCE = 0x55667788
_VIDEO, _METADATA, _AAC = 96, 112, 104
_CLOCK = 90_000


@dataclass(frozen=True, slots=True)
class RtpHabits:
    """`fragments`: of H.265, what stands in front of later fragments of a unit."""

    together: bool = True  # parameter sets share one packet
    fragments: Literal["right", "bare", "unit"] = "right"
    own_numbers: bool = False  # each kind of packet has a sequence of its own
    metadata: bool = True


class RtpStream:
    """`sound_hz`: the clock of its timestamps of sound."""

    def __init__(
        self, codec: Literal["h264", "h265"], habits: RtpHabits = RtpHabits(), *, sound_hz: int = 16_000
    ) -> None:
        self._codec, self._habits, self._sound_hz = codec, habits, sound_hz
        self._size = 1 if codec == "h264" else 2
        self._numbers: dict[int, int] = {}

    def picture(self, access_unit: bytes, pts: int, *, key: bool) -> list[bytes]:
        """Packets of an access unit in Annex B form; `pts` in 90 kHz. Only the last has the marker."""
        units = [unit for _, unit in split(access_unit)]
        payloads = list(self._payloads(units))
        out, last = list[bytes](), len(payloads) - 1
        if key and self._habits.metadata:
            out.append(self._packet(_METADATA, b"\x40" + bytes(20), pts, extended=True))
        return out + [self._packet(_VIDEO, payload, pts, marker=at == last) for at, payload in enumerate(payloads)]

    def sound(self, frame: bytes, pts: int) -> list[bytes]:
        """An AAC frame without its header, behind AU headers (RFC 3640)."""
        headed = struct.pack(">HH", 16, len(frame) << 3) + frame
        return [self._packet(_AAC, headed, pts * self._sound_hz // _CLOCK, marker=True)]

    def plain(self, kind: int, payload: bytes, timestamp: int) -> bytes:
        """A packet of sound as it is."""
        return self._packet(kind, payload, timestamp)

    def _payloads(self, units: list[bytes]) -> Iterator[bytes]:
        short = [nal for nal in units[:3] if len(nal) < 200]
        if self._habits.together and len(units) > len(short) > 1 and units[: len(short)] == short:
            head = b"\x78" if self._codec == "h264" else b"\x60\x01"
            yield head + b"".join(len(nal).to_bytes(2) + nal for nal in short)
            units = units[len(short) :]
        for unit in units:
            if len(unit) <= LONGEST and self._is_plain(unit):
                yield unit
            else:
                yield from self._fragments(unit)

    def _is_plain(self, unit: bytes) -> bool:
        """Whether a packet may begin with the unit: an encrypted header may mean another kind of packet."""
        kind = unit[0] & 0x1F if self._codec == "h264" else unit[0] >> 1 & 0x3F
        return 0 < kind < 24 if self._codec == "h264" else kind < 48

    def _fragments(self, unit: bytes) -> Iterator[bytes]:
        kind = unit[0] & 0x1F if self._codec == "h264" else unit[0] >> 1 & 0x3F
        head = bytes((unit[0] & 0xE0 | 28,)) if self._codec == "h264" else bytes((unit[0] & 0x81 | 49 << 1, unit[1]))
        body = unit[self._size :]
        step = min(LONGEST, max(1, len(body) - 1))  # a unit is never one fragment
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
    """Whether a fragment without a header could be taken for one with: cameras send those as they should."""
    own, beside = unit[0] >> 1 & 0x3F, (32, 33, 34, 39, 40)
    return own in beside or first & 0x3F in (own, *beside) or first & ~0x40 == unit[0]
