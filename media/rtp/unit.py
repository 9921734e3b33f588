"""What comes out of RTP: access units, and how every depacketizer is fed."""

from typing import NamedTuple, Protocol

UNIT_CAP = 4 * 1024 * 1024  # bytes of one access unit; what would be larger is thrown away


class AccessUnit(NamedTuple):
    """One picture in Annex B's form, one AAC frame without a header, one Opus packet, or samples of G.711."""

    data: bytes
    timestamp: int  # 32 bits, of the track's clock
    key: bool = True  # a decoder can start on it; every unit of sound is one
    damaged: bool = False  # a part of it did not arrive
    is_sound: bool = False  # told where one track carries both


class Depacketizer(Protocol):
    """One track's payloads put together again. Nothing that is fed raises: what makes no sense is damage."""

    def feed(self, payload: bytes, timestamp: int, *, marker: bool, lost: bool = False) -> list[AccessUnit]:
        """`lost`: packets are missing directly before this one."""
        ...
