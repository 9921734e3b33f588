"""Manages the house's Cast devices: each shows one camera, until a set time or a stop, and again after a failure."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from msgspec.structs import replace

from showcam.cast.device import Device, Over, Showing
from showcam.cast.errors import CastFailed
from showcam.cast.finder import Finder
from showcam.cast.player import LEASE_S, Played, Player
from showcam.drivers.camera import Refusal

log = structlog.get_logger()

AGAIN = 3  # a video that ended unasked is shown again this number of times within AGAIN_S
AGAIN_S = 600.0  # our own choice: a device that ends more often is broken, or wanted by somebody else


@dataclass
class _On:
    showing: Showing
    played: Played
    again: list[float]  # when it was shown again
    over: list[Over]  # the reasons that the device reported for the end of the video
    renewed: float  # epoch s


class Screens:
    """The videos on the house's Cast devices. Safe to use from many threads.

    If another household takes the TV, the first household's video stops.
    """

    def __init__(self, player: Player, finder: Finder, clock: Callable[[], float] = time.time) -> None:
        self._player, self._finder, self._clock = player, finder, clock
        self._on: dict[str, _On] = {}  # by the device's id
        self._starting: dict[str, Showing] = {}  # videos that are about to start, by the device's id
        self._lock = threading.Lock()  # of `_on` and `_starting`
        self._turns: dict[str, threading.Lock] = {}  # by the device's id: one change at a time

    def devices(self) -> list[Device]:
        """The devices that answer now; takes seconds."""
        return self._finder.find()

    def now(self, account: str) -> list[Showing]:
        with self._lock:
            waking = [showing for showing in self._starting.values() if showing.waking]
            showing = [*(on.showing for on in self._on.values() if not on.over), *waking]
        return [shown for shown in showing if shown.account == account]

    def show(
        self,
        account: str,
        camera: str,
        on: str,
        seconds: float = 0.0,
        waking: Callable[[str], object] = lambda name: None,
    ) -> Showing | Refusal:
        """Shows a camera on the device of that name, until it is stopped, or for `seconds`. Raises CastFailed.

        `waking` is called with the camera's name before the wait for a camera on battery.
        """
        device = self._finder.device(on)
        with self._turn_of(device):
            until = self._clock() + seconds if seconds else 0.0
            with self._lock:
                self._starting[device.id] = Showing(device, account, camera, "", self._clock(), until)

            def noted(name: str) -> None:
                with self._lock:
                    starting = self._starting[device.id]
                    self._starting[device.id] = replace(starting, name=name, waking=True)
                waking(name)

            try:
                shown = self._prolonged(device, account, camera, until)
                return shown or self._start_where_it_is(device, account, camera, until, noted)
            finally:
                with self._lock:
                    del self._starting[device.id]

    def stop(self, account: str, on: str = "", camera: str = "") -> list[Showing]:
        """Stops the household's videos on the device of that name, or on every device. Answers the stopped ones.

        `camera`: the id of the only camera to stop; "" stops any.
        """
        wanted = on.strip().casefold()
        stopped = []
        with self._lock:
            starting = [showing for showing in self._starting.values() if showing.account == account]
        for showing in (*self.now(account), *starting):
            if camera in ("", showing.camera) and wanted in ("", showing.device.name.casefold(), showing.device.id):
                with self._turn_of(showing.device):  # waits until a video that is about to start has started
                    stopped += self._ended(showing)
        return stopped

    def _ended(self, showing: Showing) -> list[Showing]:
        """Ends the video, unless something else has taken its place. Answers the ended video."""
        with self._lock:
            on = self._on.get(showing.device.id)
        if on is None or (on.showing.account, on.showing.camera) != (showing.account, showing.camera):
            return []
        return [on.showing] if self._end(showing.device.id) else []

    def turn(self) -> None:
        """Ends expired videos, restarts videos that ended unasked, and renews the rest.

        Call this about once a second.
        """
        with self._lock:
            shown = list(self._on.values())
        for on in shown:
            turn = self._turn_of(on.showing.device)
            if turn.acquire(blocking=False):  # otherwise another thread is just changing the device's video
                try:
                    self._tend(on)
                finally:
                    turn.release()

    def close(self) -> None:
        for device in list(self._on):
            self._end(device)

    def _prolonged(self, device: Device, account: str, camera: str, until: float) -> Showing | None:
        """The video that the device shows already, prolonged; None if the device shows another camera or nothing."""
        with self._lock:
            on = self._on.get(device.id)
            if on is None or on.over or (on.showing.account, on.showing.camera) != (account, camera):
                return None
            longest = 0.0 if 0.0 in (until, on.showing.until) else max(until, on.showing.until)
            on.showing = replace(on.showing, until=longest)
            return on.showing

    def _tend(self, on: _On) -> None:
        if self._on.get(on.showing.device.id) is not on:
            return
        now = self._clock()
        if on.over or 0 < on.showing.until <= now:
            self._resume(on)
        elif now - on.renewed >= LEASE_S / 3:
            self._player.renew(on.played)
            on.renewed = now

    def _resume(self, on: _On) -> None:
        showing, now = on.showing, self._clock()
        self._end(showing.device.id)
        again = [when for when in on.again if now - when < AGAIN_S]
        why = on.over[0] if on.over else "time"
        if why != "ended" or len(again) >= AGAIN or 0 < showing.until <= now:
            log.info("a picture on a Cast device is over", account=showing.account, reason=why)
            return
        try:
            found = self._start(showing.device, showing.account, showing.camera, showing.until, [*again, now])
        except CastFailed as error:
            log.info("a picture on a Cast device is over", account=showing.account, reason=error.why)
        else:
            if isinstance(found, Refusal):
                log.info("a picture on a Cast device is over", account=showing.account, reason=found.reason)

    def _start_where_it_is(
        self, device: Device, account: str, camera: str, until: float, waking: Callable[[str], object]
    ) -> Showing | Refusal:
        """Starts the camera on the device, and once more if a search finds the silent device at a new address.

        A search takes seconds, so a ring waits for a search only then.
        """
        try:
            return self._start(device, account, camera, until, [], waking)
        except CastFailed as failed:
            moved = self._finder.moved(device) if failed.why == "unreachable" else None
            if moved is None:
                raise
        log.info("a Cast device has another address")
        return self._start(moved, account, camera, until, [], waking)

    def _start(
        self,
        device: Device,
        account: str,
        camera: str,
        until: float,
        again: list[float],
        waking: Callable[[str], object] = lambda name: None,
    ) -> Showing | Refusal:
        """Starts the camera on the device. If the camera is refused, the device's current video goes on."""
        over = list[Over]()
        played = self._player.play(device, account, camera, over.append, lambda: self._end(device.id), waking)
        if isinstance(played, Refusal):
            return played
        now = self._clock()
        showing = Showing(device, account, camera, played.name, now, until)
        with self._lock:
            self._on[device.id] = _On(showing, played, again, over, now)
        return showing

    def _end(self, device_id: str) -> bool:
        with self._lock:
            on = self._on.pop(device_id, None)
        if on is None:
            return False
        self._player.end(on.played)
        return True

    def _turn_of(self, device: Device) -> threading.Lock:
        with self._lock:
            return self._turns.setdefault(device.id, threading.Lock())
