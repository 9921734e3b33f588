"""The streams of a node in all the ways that cameras were seen to write them: the simulator's have one of each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from showcam.simulator.cloud import streams
from showcam.simulator.cloud.streams import LONGEST, PRIVATE, TYPES, VIDEO, pack, packet, pes, tables

__all__ = ["HIKVISION_HEADER", "LONGEST", "Habits", "ProgramStream", "RtpHabits", "RtpStream"]

_PADDING, _MPEG_AUDIO = 0xBE, 0x03
_TYPES = TYPES | {"pcm_alaw": 0x90, "pcm_mulaw": 0x91}
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


class ProgramStream(streams.ProgramStream):
    def __init__(
        self,
        codec: Literal["h264", "h265"],
        sound: Literal["aac", "pcm_alaw", "pcm_mulaw", ""] = "aac",
        habits: Habits = Habits(),
    ) -> None:
        super().__init__(codec)
        self._sound, self._habits = sound, habits

    def picture(self, access_unit: bytes, pts: int, *, key: bool) -> bytes:
        if self._habits.private:
            made = super().picture(access_unit, pts, key=key)
        else:
            made = pack(pts) + (self._tables() if key else b"") + self._pieces(access_unit, pts)
        return made + (packet(_PADDING, b"\xff" * 9) if self._habits.padding else b"")

    def _pieces(self, access_unit: bytes, pts: int) -> bytes:
        out = b""
        for begin in range(0, len(access_unit), LONGEST):
            if begin and self._habits.interrupted:
                out += packet(PRIVATE, b"\x84\x00\x00" + bytes(8))
            piece = pes(VIDEO, access_unit[begin : begin + LONGEST], None if begin else pts)
            out += piece[:4] + b"\0\0" + piece[6:] if self._habits.open_ended else piece
        return out

    def _tables(self) -> bytes:
        if self._habits.map == "none":
            return b""
        sound = None if not self._sound else _MPEG_AUDIO if self._habits.map == "lies" else _TYPES[self._sound]
        return tables(_TYPES[self._codec], sound)


@dataclass(frozen=True, slots=True)
class RtpHabits:
    """`fragments`: for H.265, the header of the later fragments of a unit."""

    together: bool = True  # parameter sets share one packet
    fragments: Literal["right", "bare", "unit"] = "right"
    own_numbers: bool = False  # each kind of packet has its own sequence
    metadata: bool = True


class RtpStream(streams.RtpStream):
    def __init__(
        self,
        codec: Literal["h264", "h265"],
        habits: RtpHabits = RtpHabits(),
        *,
        sound_hz: int = 16_000,
    ) -> None:
        super().__init__(codec, sound_hz=sound_hz)
        self._habits, self._numbers = habits, dict[int, int]()

    def picture(self, access_unit: bytes, pts: int, *, key: bool) -> list[bytes]:
        return super().picture(access_unit, pts, key=key and self._habits.metadata)

    def plain(self, kind: int, payload: bytes, timestamp: int) -> bytes:
        """Yields a packet of plain sound."""
        return self._packet(kind, payload, timestamp)

    def _payloads(self, units: list[bytes]) -> Iterator[bytes]:
        if self._habits.together:
            yield from super()._payloads(units)
            return
        for unit in units:
            yield from super()._payloads([unit])

    def _fragment(self, unit: bytes, head: bytes, flags: int, piece: bytes) -> bytes:
        first, last = bool(flags & 0x80), flags & 0x40
        if not first and self._codec == "h265" and self._habits.fragments == "unit":
            return head + bytes((unit[0] | last,)) + piece
        if not first and self._habits.fragments == "bare" and not _looks_headed(piece[0], unit):
            return head + piece
        return super()._fragment(unit, head, flags, piece)

    def _packet(self, kind: int, payload: bytes, pts: int, *, marker: bool = False, extended: bool = False) -> bytes:
        if self._habits.own_numbers:
            self._number = self._numbers.get(kind, 77 * kind)
        made = super()._packet(kind, payload, pts, marker=marker, extended=extended)
        self._numbers[kind] = self._number
        return made


def _looks_headed(first: int, unit: bytes) -> bool:
    """Tells whether a fragment without a header could be taken for one with a header; cameras then send the header."""
    own, beside = unit[0] >> 1 & 0x3F, (32, 33, 34, 39, 40)
    return own in beside or first & 0x3F in (own, *beside) or first & ~0x40 == unit[0]
