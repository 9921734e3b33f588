"""Access units, and the interface of every depacketizer."""

from typing import NamedTuple, Protocol

UNIT_CAP = 4 * 1024 * 1024  # bytes of one access unit; what would be larger is thrown away


class AccessUnit(NamedTuple):
    """A picture in Annex B form, an AAC frame without header, or a packet of other sound."""

    data: bytes
    timestamp: int  # 32 bits, of the track's clock
    key: bool = True  # a decoder can start on it; every unit of sound is one
    damaged: bool = False  # a part of it did not arrive
    is_sound: bool = False  # set where one track carries both


class Depacketizer(Protocol):
    """Joins the payloads of one track. `feed` never raises: payloads that make no sense count as damage."""

    def feed(self, payload: bytes, timestamp: int, *, marker: bool, lost: bool = False) -> list[AccessUnit]:
        """`lost`: packets are missing directly before this one."""
        ...


class Opener(Protocol):
    """Deciphers NAL units. `unit` never raises; it returns b"" for a unit that is to be left out."""

    @property
    def hides_types(self) -> bool:
        """Whether what kind a unit is can't be read before it is deciphered."""
        ...

    def unit(self, unit: bytes) -> bytes: ...
