"""Finds a camera again that got another address, by its endpoint reference of WS-Discovery.

Anybody in the house can answer by a camera's endpoint, and no call of ONVIF proves that a device knows the password. So
a camera that takes its password as it is (Basic) is moved by its owner alone; by Digest whoever answers learns no more
than a hash of it.
"""

import threading
import time
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from net.cache import Recent
from registry.drivers.lan.devices import Device, Devices
from registry.drivers.lan.discovery import Discovered
from registry.errors import DriverError
from store.ports import StoreUnavailable
from store.records import Source

AGAIN_S = 60.0  # the house is asked no more often
MANY = 1024

type Asks = Callable[[], Sequence[Discovered]]


class Moves:
    """`asks`: who answers WS-Discovery now."""

    def __init__(self, devices: Devices, asks: Asks, *, again_s: float = AGAIN_S) -> None:
        self._devices, self._asks, self._again_s = devices, asks, again_s
        self._searched: Recent[str, float] = Recent(MANY)  # by source
        self._lock = threading.Lock()

    def search(self, source: Source, away: Sequence[Device]) -> threading.Thread | None:
        """Looks for these cameras in a thread of its own; None where it is too soon, or there is nothing to go by."""
        wanted = {device.endpoint: device for device in away if device.endpoint}
        with self._lock:
            now = time.monotonic()
            searched = self._searched.get(source.id)
            if not wanted or (searched is not None and now - searched < self._again_s):
                return None
            self._searched.put(source.id, now)
        thread = threading.Thread(target=self._search, args=(source, wanted), name="moved cameras", daemon=True)
        thread.start()
        return thread

    def _search(self, source: Source, wanted: dict[str, Device]) -> None:
        for answerer in self._asks():
            device = wanted.get(answerer.endpoint)
            if device is not None and answerer.host != device.host:
                self._keep(source, device, answerer.host)

    def _keep(self, source: Source, device: Device, host: str) -> None:
        def moved(stored: Device) -> Device:
            if stored.host != device.host:
                return stored
            return replace(stored, moved=host) if stored.basic else replace(stored, host=host)

        try:
            self._devices.alter(source, device, moved)
        except (DriverError, StoreUnavailable):
            return  # the next look finds it again
