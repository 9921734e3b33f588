"""What changed at a household's cameras: found by comparing readings, and told to whoever wants to know.

A vendor's message is a hint where to look. What is so is read from the vendor; that somebody moved or rang can't be
read, so of a message that counts its kind and time are taken, and nothing else of it goes any further.
"""

import logging
import time
from collections.abc import Callable, Iterable
from typing import Literal

from msgspec import Struct

from registry.camera import Camera
from registry.driver import Hint
from registry.errors import DriverError, Unavailable
from registry.readings.readings import Reading, Readings
from registry.readings.sightings import Happenings
from store.records import Account, Source

log = logging.getLogger(__name__)

READ_S = 2.0  # a hint's reading may take so long
SHARED_S = 2.0  # hints of motion share a reading this old
OLDEST_S = 300.0  # what happened longer ago is history, and no news

type Kind = Literal[
    "motion",
    "person",
    "doorbell",
    "online",
    "offline",
    "encryption_on",
    "encryption_off",
    "renamed",
    "added",
    "removed",
    "state",
]


class Change(Struct, frozen=True):
    """`camera` is its id, `at` epoch seconds. "state": anything else an assistant may be told of it."""

    account: str
    camera: str
    kind: Kind
    at: float


class Changes:
    """Who subscribes is called in the thread that found the change, in the process that found it first."""

    def __init__(self) -> None:
        self._callbacks: list[Callable[[Change], None]] = []

    def subscribe(self, callback: Callable[[Change], None]) -> None:
        self._callbacks.append(callback)

    def publish(self, changes: Iterable[Change]) -> None:
        for change in changes:
            if change.kind == "encryption_on":
                log.warning(
                    "Image Encryption was switched on for camera %s of account %s: no assistant can show it now",
                    change.camera,
                    change.account,
                )
            for callback in self._callbacks:
                try:
                    callback(change)
                except Exception:
                    log.exception("a change could not be passed on")

    def compared(self, account: Account, _source: Source, before: tuple[Camera, ...], after: Reading) -> None:
        """For registry.listing: called with what all processes knew until now."""
        self.publish(compare(account.id, before, after.cameras, after.as_of))


class Noticing:
    """Looks where hints point to."""

    def __init__(
        self, readings: Readings, changes: Changes, happenings: Happenings, clock: Callable[[], float] = time.time
    ) -> None:
        self._readings, self._changes, self._happenings, self._clock = readings, changes, happenings, clock

    def noticed(self, account_id: str, hints: Iterable[Hint]) -> None:
        """Only devices of the account count. Raises StoreUnavailable, and nothing for a vendor's sake."""
        hints = list(hints)
        try:
            household = self._readings.household(account_id)
            for source in household.sources:
                self._look(household.account, source, hints)
        except Unavailable:
            return

    def _look(self, account: Account, source: Source, hints: list[Hint]) -> None:
        last = self._readings.last(account, source)
        serials = {camera.ref.serial for camera in last.cameras} if last else set()
        ours = [hint for hint in hints if hint.serial in serials or not hint.serial]
        if not ours:
            return
        try:
            if any(hint.kind == "look" for hint in ours):
                reading = self._readings.read(account, source, READ_S, purpose="notice")
            else:
                reading = self._readings.recent(account, source, SHARED_S, READ_S)
        except DriverError:
            if last is None:
                return
            reading = last  # that somebody rang is so even while the vendor can't be asked
        for hint in ours:
            self._happened(account, reading, hint)

    def _happened(self, account: Account, reading: Reading, hint: Hint) -> None:
        if hint.kind == "look" or self._clock() - hint.at > OLDEST_S:
            return
        for camera in reading.cameras:
            mine = camera.ref.serial == hint.serial and hint.channel in (0, camera.ref.channel)
            if mine and self._happenings.note(account.id, camera.id, hint.kind, hint.at):
                self._changes.publish([Change(account.id, camera.id, hint.kind, min(hint.at, self._clock()))])


def compare(account: str, before: Iterable[Camera], after: Iterable[Camera], at: float) -> list[Change]:
    """By camera id, in the order of `after`; what is unknown now, or was, is no change."""
    were = {camera.id: camera for camera in before}
    found: list[Change] = []
    for camera in after:
        was = were.pop(camera.id, None)
        kinds: list[Kind] = ["added"] if was is None else _differences(was, camera)
        found += [Change(account, camera.id, kind, at) for kind in kinds]
    return found + [Change(account, gone, "removed", at) for gone in were]


def _differences(was: Camera, now: Camera) -> list[Kind]:
    kinds: list[Kind] = []
    if (was.online, now.online) in (("on", "off"), ("off", "on")):
        kinds.append("online" if now.online == "on" else "offline")
    if (was.encryption, now.encryption) in (("on", "off"), ("off", "on")):
        kinds.append("encryption_on" if now.encryption == "on" else "encryption_off")
    if was.name != now.name:
        kinds.append("renamed")
    if any(_differ(getattr(was, name), getattr(now, name)) for name in _REST):
        kinds.append("state")
    return kinds


# What else may be told of a camera; a battery's percent comes with the next question.
_REST = (
    *("asleep", "audio", "charging", "status_light", "alarm_notification", "offline_notification", "flip"),
    *("night_vision", "video", "ways", "voice_may", "can_restart", "kind", "firmware"),
)


def _differ(was: object, now: object) -> bool:
    return was != now and "unknown" not in (was, now)
