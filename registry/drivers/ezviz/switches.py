"""The switches of EZVIZ's devices, by type and channel.

Nearly every row of a switch is of channel 0, the whole device; a few types have rows for each channel of some models.
"""

from collections.abc import Iterable

from net.cache import Recent
from net.incoming import JsonObject
from registry.camera import Flag, Ref
from registry.drivers.ezviz.pages import number

LIGHT, PRIVACY, SLEEP, AUDIO = 3, 7, 21, 22  # types
MANY = 4096

_ENABLED: dict[str, Flag] = {"true": "on", "1": "on", "false": "off", "0": "off"}


def enabled(value: object) -> Flag:
    """True and false, as the list writes them."""
    return _ENABLED.get(str(value).lower(), "unknown")


def of_channel(rows: Iterable[JsonObject], channel: int, *, apart: bool) -> dict[int, Flag]:
    """By type. The channel's own row beats the device's (channel 0); that beats another lens of the same camera.

    `apart`: each channel is a camera of its own, as of a recorder, and other channels' rows say nothing of it.
    """

    def nearness(row: JsonObject) -> int:
        at = number(row.get("channelNo"), 0)
        return 2 if at == channel else 1 if at == 0 else 0

    near = [row for row in rows if nearness(row) > 0 or not apart]
    return {
        number(row["type"]): enabled(row.get("enable"))
        for row in sorted(near, key=nearness)
        if number(row.get("type")) is not None
    }


class Channels:
    """By which channel number a switch is set: 0, unless the list has a row of that type for the channel itself."""

    def __init__(self) -> None:
        self._own: Recent[Ref, frozenset[int]] = Recent(MANY)

    def keep(self, pages: Iterable[JsonObject], refs: Iterable[Ref]) -> None:
        """From a list that was just read."""
        found: dict[str, list[JsonObject]] = {}
        for page in pages:
            section = page.get("SWITCH")
            if isinstance(section, dict):
                found |= {str(serial): rows for serial, rows in section.items() if isinstance(rows, list)}
        for ref in refs:
            rows = [row for row in found.get(ref.serial, []) if isinstance(row, dict)]
            own = (number(row.get("type")) for row in rows if number(row.get("channelNo"), 0) == ref.channel)
            self._own.put(ref, frozenset(kind for kind in own if kind is not None))

    def known(self, ref: Ref) -> bool:
        """Whether this process has read the camera's list."""
        return self._own.get(ref) is not None

    def of(self, ref: Ref, kind: int) -> int:
        return ref.channel if kind in (self._own.get(ref) or ()) else 0
