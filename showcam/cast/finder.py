"""Finds the Cast devices and groups of the house by mDNS, and adds those that the owner named by address."""

import threading
from collections.abc import Callable, Iterable

import structlog

from showcam.cast.device import Device, Kind
from showcam.cast.errors import CastFailed
from showcam.net.addresses import is_in_house

log = structlog.get_logger()

FIND_S = 3.0  # a device answers within a second or two
LONGEST_NAME = 80
MOST = 64  # devices that are listed, however many answer

_KINDS: dict[str, Kind] = {"audio": "speaker", "group": "group"}  # PyChromecast's words for them

type Browse = Callable[[float], Iterable[Device]]  # gets the number of seconds to search; raises OSError


def browse(seconds: float) -> list[Device]:
    """The devices that answer by mDNS within the time; apart.py runs this in a process. Raises OSError without a
    network.

    zeroconf and PyChromecast keep each device that is announced, however many there are.
    """
    import zeroconf
    from pychromecast.discovery import CastBrowser, SimpleCastListener

    network = zeroconf.Zeroconf()
    browser = CastBrowser(SimpleCastListener(), network)
    try:
        browser.start_discovery()
        threading.Event().wait(seconds)
        found = list(browser.devices.values())
    finally:
        browser.stop_discovery()
        network.close()
    return [
        Device(
            str(device.uuid),
            device.friendly_name or "",
            device.host,
            device.port,
            device.model_name or "",
            _KINDS.get(device.cast_type or "", "screen"),
        )
        for device in found
    ]


class Finder:
    """Finds the Cast devices of the house. `named`: devices that mDNS does not reach.

    `practice`: whether a device may be on this machine.
    """

    def __init__(self, named: tuple[Device, ...] = (), *, practice: bool = False, browse: Browse) -> None:
        self._named, self._practice, self._browse = named, practice, browse
        self._known: dict[str, Device] = {device.id: device for device in named}
        self._finding = threading.Lock()

    def find(self, seconds: float = FIND_S) -> list[Device]:
        """The devices that answer now, sorted by name."""
        with self._finding:
            found = {device.id: device for device in self._named}
            try:
                for device in self._browse(seconds):
                    if len(found) < MOST and is_in_house(device.host, loopback=self._practice):
                        found.setdefault(device.id, _tidied(device))
            except OSError as error:
                log.warning("Cast devices can't be looked for", error=str(error))
            self._known = found
        return sorted(found.values(), key=lambda device: (device.name.casefold(), device.id))

    def device(self, name: str) -> Device:
        """The device by name or id. An unknown device is searched for. Raises CastFailed."""
        found = _called(self._known.values(), name) or _called(self.find(), name)
        if not found:
            raise CastFailed("no_device", name)
        if len(found) > 1:
            raise CastFailed("several", name)
        if found[0].kind != "screen":
            raise CastFailed("speaker", found[0].name)
        return found[0]

    def moved(self, device: Device) -> Device | None:
        """Searches the network for a silent TV. Returns the TV with its new address, or None if there is none.

        A TV that the owner named by address keeps this address.
        """
        if device in self._named:
            return None
        now = next((found for found in self.find() if found.id == device.id), device)
        return None if (now.host, now.port) == (device.host, device.port) else now


def _called(devices: Iterable[Device], name: str) -> list[Device]:
    wanted = name.strip().casefold()
    return [device for device in devices if wanted in (device.name.casefold(), device.id)]


def _tidied(device: Device) -> Device:
    """The device with a name that fits on one line: a device may report any text."""
    name = "".join(character if character.isprintable() else " " for character in device.name)[:LONGEST_NAME].strip()
    return Device(device.id, name or device.id, device.host, device.port, device.model[:LONGEST_NAME], device.kind)
