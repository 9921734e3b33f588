"""Pictures and packets of sound from the packets of a program stream. Standard library only."""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from media.mpegps.packets import Packet

LONGEST = 4 * 1024 * 1024


class Piece(NamedTuple):
    """A picture in Annex B form, or a packet of sound.

    `lost`: data is missing, so pictures up to the next keyframe are broken. `breaks`: offsets in the picture before
    which sound or a private packet came.
    """

    kind: Literal["video", "sound", "lost"]
    data: bytes = b""
    pts: int = 0  # 90 kHz, 33 bits
    breaks: tuple[int, ...] = ()


class Pictures:
    """A picture is all packets from one with a timestamp to the next with another; it is complete when that one
    arrives.
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self._breaks: list[int] = []
        self._is_broken = False  # something came since the picture's latest packet
        self._pts: int | None = None  # None: what comes belongs to no picture whose beginning was seen

    def feed(self, packets: Iterable[Packet]) -> Iterator[Piece]:
        for packet in packets:
            if packet.kind in ("sound", "private"):
                self._is_broken = True
                if packet.kind == "sound" and packet.pts is not None and packet.data:
                    yield Piece("sound", packet.data, packet.pts)
            elif packet.kind == "lost":
                self._drop()
                yield Piece("lost")
            else:
                yield from self._picture(packet)

    def _picture(self, packet: Packet) -> Iterator[Piece]:
        if packet.pts is not None and packet.pts != self._pts:
            if self._pts is not None and self._held:
                yield Piece("video", bytes(self._held), self._pts, tuple(self._breaks))
            self._drop()
            self._pts = packet.pts
        if self._pts is None:
            return
        if self._is_broken and self._held:
            self._breaks.append(len(self._held))
        self._is_broken = False
        self._held += packet.data
        if len(self._held) > LONGEST:
            self._drop()
            yield Piece("lost")

    def _drop(self) -> None:
        self._held, self._breaks, self._pts = bytearray(), [], None
