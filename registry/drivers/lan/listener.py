"""Listens to the events of a source's cameras, each in a thread of its own, until it is stopped."""

import contextlib
import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from registry.driver import Hint
from registry.drivers.lan.devices import Device, Devices
from registry.drivers.lan.onvif import Onvif
from registry.drivers.lan.pull_point import PullPoint
from registry.drivers.lan.soap import OnvifFailed
from registry.errors import DriverError
from store.ports import StoreUnavailable
from store.records import Source

log = logging.getLogger(__name__)

MOST = 32  # cameras of a source that are listened to


@dataclass(frozen=True)
class Waits:
    """Seconds."""

    reread_s: float = 30.0  # between two reads of which cameras there are
    pause_s: float = 5.0  # after a failure; twice as long after each further one
    longest_s: float = 300.0
    answer_s: float = 5.0
    least_s: float = 0.5  # from one pull to the next, however soon a device answers


class Listener:
    """`asks` makes a client of a device's ONVIF. `hint` gets each event as it comes."""

    listening = False  # events say nothing of what else changes, so that the cameras are polled all the same

    def __init__(
        self,
        source: Source,
        devices: Devices,
        asks: Callable[[Device], Onvif],
        hint: Callable[[Hint], None],
        waits: Waits,
    ) -> None:
        self._source, self._devices, self._asks, self._hint, self._waits = source, devices, asks, hint, waits
        self._stopped = threading.Event()
        self._heard: dict[tuple[str, int], tuple[Device, threading.Event]] = {}
        threading.Thread(target=self._run, name=f"events-{source.id}", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            with contextlib.suppress(DriverError, StoreUnavailable):
                self._follow([device for device in self._devices.read(self._source) if device.events][:MOST])
            self._stopped.wait(self._waits.reread_s)
        self._follow([])

    def _follow(self, devices: list[Device]) -> None:
        """Listens to these cameras, as they are stored now, and to no others."""
        wanted = {(device.id, device.channel): device for device in devices}
        for key, (device, over) in list(self._heard.items()):
            if key not in wanted or _reached(device) != _reached(wanted[key]):
                over.set()
                del self._heard[key]
        for key in wanted.keys() - self._heard.keys():
            over = threading.Event()
            self._heard[key] = wanted[key], over
            threading.Thread(target=self._hear, args=(wanted[key], over), name="events", daemon=True).start()

    def _hear(self, device: Device, over: threading.Event) -> None:
        pause_s = self._waits.pause_s
        while not over.is_set():
            try:
                point = PullPoint(self._asks(device), self._waits.answer_s)
                while not over.is_set():
                    began = time.monotonic()
                    for kind in point.pull():
                        self._hint(Hint(device.id, device.channel, kind, time.time()))
                    pause_s = self._waits.pause_s
                    over.wait(began + self._waits.least_s - time.monotonic())
            except OnvifFailed as failed:
                if failed.why == "login":  # its password is not sent again until its owner gives another
                    log.warning("source %s: a camera's events want another login", self._source.id)
                    return
            over.wait(pause_s * random.uniform(0.8, 1.2))  # noqa: S311 - spreads
            pause_s = min(2 * pause_s, self._waits.longest_s)


def _reached(device: Device) -> tuple[str, ...]:
    return device.host, device.onvif, device.user, device.password
