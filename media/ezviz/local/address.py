"""Where a camera's own protocol is spoken, and with what, as the web process hands it to the media process."""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from media.ezviz.address import BadAddress, named, parted

if TYPE_CHECKING:
    from media.source import SourceSpec

_URL = re.compile(r"ezviz-local:/([1-9]\d{0,2})/([A-Za-z0-9]{0,32})", re.ASCII)


@dataclass(frozen=True, slots=True)
class LocalAddress:
    """`related`: the second serial of a device that has two, or "". `key` and `code` are secret."""

    host: str
    control: int
    media: int
    channel: int
    related: str
    key: bytes = field(repr=False)
    code: str = field(repr=False)

    @classmethod
    def read(cls, spec: "SourceSpec") -> "LocalAddress":
        """Raises BadAddress."""
        found = _URL.fullmatch(spec.url)
        if found is None or len(spec.hosts) != 2 or not spec.password.isascii() or len(spec.password) != 16:
            raise BadAddress
        (host, control), (other, media) = parted(spec.hosts[0]), parted(spec.hosts[1])
        if host != other:
            raise BadAddress
        return cls(host, control, media, int(found[1]), found[2], spec.password.encode(), spec.user)

    @property
    def place(self) -> str:
        """The camera, among those in the house."""
        return f"{named(self.host, self.control)}/{self.channel}"


def url(channel: int, serial: str) -> str:
    """`serial`: as the vendor lists it, which of some devices is two serials with a dash between."""
    return f"ezviz-local:/{channel}/{serial.partition('-')[2]}"
