"""Asks a camera for a keyframe as somebody begins to watch it, so that its picture begins at once."""

import threading
import time
from collections.abc import Callable

from net.cache import Recent
from registry.drivers.lan.devices import Device
from registry.drivers.lan.onvif import Onvif
from registry.drivers.lan.soap import OnvifFailed

# After an opening: as soon as the picture may flow, and for a media process that took its time.
AFTER_S = (0.15, 0.6)
ANSWER_S = 2.0
MANY = 1024


class Keyframes:
    """`asks` makes a client of a device's ONVIF."""

    def __init__(self, asks: Callable[[Device], Onvif], *, after_s: tuple[float, ...] = AFTER_S) -> None:
        self._asks, self._after_s = asks, after_s
        # by camera: a client knows the device's clock and services; None: the device does not take the call
        self._known: Recent[Device, tuple[Onvif | None]] = Recent(MANY)

    def soon(self, device: Device, profile: str) -> threading.Thread | None:
        """In a thread of its own. What fails is left: a keyframe comes anyway."""
        known = self._known.get(device)
        if not device.onvif or not profile or known == (None,):
            return None
        thread = threading.Thread(target=self._ask, args=(device, profile), name="keyframe", daemon=True)
        thread.start()
        return thread

    def _ask(self, device: Device, profile: str) -> None:
        began = time.monotonic()
        known = self._known.get(device)
        onvif = (known[0] if known else None) or self._asks(device)
        self._known.put(device, (onvif,))
        for after_s in self._after_s:
            time.sleep(max(0.0, began + after_s - time.monotonic()))
            try:
                onvif.want_keyframe(profile, ANSWER_S)
            except OnvifFailed as failed:
                if failed.why != "down":
                    self._known.put(device, (None,))
                return
