"""Hints that something happened at a camera: taken from their sender, and followed by a reading.

A vendor's message is a hint, and the state is read from the vendor. Motion and rings can't be read: only the kind and
the time are taken from such a message.
"""

import logging
import threading
import time
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from showcam.drivers.driver import EventKind, Hint
from showcam.drivers.errors import DriverError, Unavailable
from showcam.registry.preferences import NONE
from showcam.registry.quiet_times import of_household
from showcam.registry.readings.changes import Change, Changes, announcement
from showcam.registry.readings.households import Devices, Reading
from showcam.registry.readings.judge import Component, Ground
from showcam.registry.readings.readings import NOTICE
from showcam.registry.readings.vendor_calls import JOIN_S
from showcam.registry.reporting.reporter import LATE_S
from showcam.store.ports import StoreUnavailable
from showcam.store.records import Account, Source

log = logging.getLogger(__name__)

MOST = 2000  # hints that wait
READERS = 4  # a household whose vendor hangs holds up none of the others
RETRIES_S = (5.0, 15.0, 45.0)  # before each further try for a household that could not be read
REFRESH_S = 20.0  # nobody waits for this reading
READ_S = 4.0  # for a hint's reading: the first half is for a reading that began before the hint


class Noticing(Component):
    """Reads the devices that hints name, before anybody asks for them."""

    def __init__(self, ground: Ground, changes: Changes) -> None:
        super().__init__(ground)
        self._changes, self._devices = changes, Devices(ground.store, ground.drivers)

    def refresh(self, account_id: str, signed_in: Collection[str] | None = None) -> bool:
        """Reads the account's cameras ahead of requests, and keeps its session alive; False: no source could be read.

        `signed_in`: ids of sources. Other sources are read only if they were listed before.
        """
        began = self._clock() - JOIN_S  # a call that began at most this long ago is shared
        with suppress(Unavailable):  # a source without a list; all others were read
            self._readings.listing(account_id, REFRESH_S, purpose=NOTICE, signed_in=signed_in)
        try:
            household = self._readings.households.of(account_id)
        except Unavailable:
            return False
        last = [self._readings.last(household.account, source) for source in household.sources]
        return not last or any(reading is not None and reading.as_of >= began for reading in last)

    def accounts_with(self, serial: str) -> list[str]:
        """The accounts that list a vendor's device. Raises StoreUnavailable."""
        return self._devices.accounts(serial)

    def has_bell(self, account_id: str, source: Source) -> bool:
        """Whether the last list of the source has a doorbell. Raises Unavailable, StoreUnavailable."""
        last = self._readings.last(self._readings.households.of(account_id).account, source)
        return last is not None and any(camera.kind == "doorbell" for camera in last.cameras)

    def noticed(self, account_id: str, hints: Iterable[Hint]) -> bool:
        """Reads the devices that the hints name, and publishes the happenings; False: a source could not be read.

        Hints about devices of other accounts are dropped. Raises StoreUnavailable; a vendor's failure raises nothing.
        """
        hints, after = list(hints), time.monotonic()
        try:
            household = self._readings.households.of(account_id)
            sources = [(household.account, source) for source in household.sources]
            return all([self._read_hinted(account, source, hints, after) for account, source in sources])
        except Unavailable:
            return True  # there is no such household

    def _read_hinted(self, account: Account, source: Source, hints: list[Hint], after: float) -> bool:
        last = self._readings.last(account, source)
        listed = last or self._readings.last_of_any_age(account, source)
        serials = {camera.ref.serial for camera in listed.cameras} if listed else set()
        ours = [hint for hint in hints if hint.serial in serials or not hint.serial]
        if not ours:
            return True
        if last is not None:
            for hint in ours:  # a ring is announced before the vendor answers
                self._happened(account, last, hint)
        try:
            if any(hint.kind == "read" for hint in ours):
                reading = self._readings.read(account, source, READ_S, purpose=NOTICE, after=after)
            else:
                reading = self._readings.recent(account, source, JOIN_S, READ_S)
        except DriverError:
            return False
        if last is None:  # an old list does not tell whose device it is by now
            for hint in ours:
                self._happened(account, reading, hint)
        return True

    def _happened(self, account: Account, reading: Reading, hint: Hint) -> None:
        if hint.kind == "read" or self._clock() - hint.at > LATE_S:
            return
        for camera in reading.cameras:
            mine = camera.ref.serial == hint.serial and hint.channel in (0, camera.ref.channel)
            if not mine or (hint.only_bells and camera.kind != "doorbell"):
                continue
            at = min(hint.at, self._clock())
            announced_as = partial(self._announced_as, account.id, camera.id, hint.kind, at)
            is_new, announced = self._happenings.note(account.id, camera.id, hint.kind, at, announced_as)
            if is_new:
                self._changes.publish([Change(account.id, camera.id, hint.kind, at, announced)])

    def _announced_as(self, account_id: str, camera_id: str, kind: EventKind, at: float) -> EventKind | None:
        """How a sighting is announced (`Change.announced`); None: not at all. Begins a pause.

        The process that found the sighting decides, once. An announcement is something that people
        notice at once: a display that rings, a notification, a TV that changes to the camera. A sensor's state is none:
        every movement may be reported to an assistant. Raises Unavailable, StoreUnavailable.
        """
        preferences = self._readings.households.preferences(account_id).get(camera_id, NONE)
        announced = announcement(kind, preferences, of_household(self._store, account_id), at)
        if announced is None or not preferences.ring_pause_s:
            return announced
        key, now = f"announced/{account_id}/{camera_id}/{announced}", self._clock()
        is_first, _ = self._store.take_place(key, 1, preferences.ring_pause_s, now)
        # a real ring is always announced, and begins the pause of motion that is announced as a ring
        return announced if is_first or kind == "doorbell" else None


@dataclass
class _Waiting:
    due: float  # of time.monotonic()
    tries: int = 0
    hints: list[Hint] = field(default_factory=list)


class Inbox:
    """Hints about devices of all households. Waiting hints about one device are taken together.

    A failed reading is tried again after each of `retries_s`. After that, the next poll finds the change.
    """

    def __init__(self, noticing: Noticing, *, most: int = MOST, retries_s: Sequence[float] = RETRIES_S) -> None:
        self._noticing, self._most, self._retries_s = noticing, most, retries_s
        self._waiting: dict[tuple[str, str], _Waiting] = {}
        self._count = 0
        self._changed = threading.Condition()
        self._readers: list[threading.Thread] = []

    @property
    def full(self) -> bool:
        return self._count >= self._most

    def offer(self, hint: Hint, account_id: str = "") -> None:
        """Takes a hint for this household, or for all that list the device.

        A full queue drops the hint: a poll finds the change.
        """
        self._put(account_id, hint.serial, [hint], time.monotonic(), 0)

    def offer_list(self, hints: Sequence[Hint], account_id: str) -> None:
        """Takes the hints of one list, in order; one reader gets all hints about the same device."""
        for serial in dict.fromkeys(hint.serial for hint in hints):
            self._put(account_id, serial, [hint for hint in hints if hint.serial == serial], time.monotonic(), 0)

    def look(self, account_id: str, in_s: float) -> None:
        """Reads the household's cameras `in_s` seconds from now, or sooner if such a reading waits already."""
        with self._changed:
            if (account_id, "") not in self._waiting:
                self._put(account_id, "", [Hint("", 0, "read", time.time())], time.monotonic() + in_s, 0)

    def _put(self, account_id: str, serial: str, hints: list[Hint], due: float, tries: int) -> None:
        with self._changed:
            if self._count + len(hints) > self._most:
                return
            waiting = self._waiting.setdefault((account_id, serial), _Waiting(due, tries))
            waiting.due, waiting.tries = min(waiting.due, due), min(waiting.tries, tries)
            waiting.hints += hints
            self._count += len(hints)
            if not self._readers:
                self._start()
            self._changed.notify()

    def _start(self) -> None:
        self._readers = [
            threading.Thread(target=self._work, name=f"hints-{number}", daemon=True) for number in range(READERS)
        ]
        for reader in self._readers:
            reader.start()

    def _work(self) -> None:
        while True:
            account_id, serial, waiting = self._next()
            try:
                accounts = [account_id] if account_id else self._noticing.accounts_with(serial)
            except StoreUnavailable:
                self._again(account_id, serial, waiting)
                continue
            for account in accounts:
                if not self._noticed(account, waiting.hints):
                    self._again(account, serial, waiting)

    def _next(self) -> tuple[str, str, _Waiting]:
        """Waits until hints are due; the hints that are due longest come first."""
        with self._changed:
            while True:
                key = min(self._waiting, key=lambda key: self._waiting[key].due, default=None)
                left_s = self._waiting[key].due - time.monotonic() if key else None
                if key and left_s is not None and left_s <= 0:
                    waiting = self._waiting.pop(key)
                    self._count -= len(waiting.hints)
                    return *key, waiting
                self._changed.wait(left_s)

    def _noticed(self, account_id: str, hints: list[Hint]) -> bool:
        try:
            return self._noticing.noticed(account_id, hints)
        except StoreUnavailable:
            return False
        except Exception:
            log.exception("a hint could not be handled")
            return True  # it would fail again

    def _again(self, account_id: str, serial: str, waiting: _Waiting) -> None:
        if waiting.tries < len(self._retries_s):
            due = time.monotonic() + self._retries_s[waiting.tries]
            self._put(account_id, serial, waiting.hints, due, waiting.tries + 1)
        else:
            log.warning("what a hint named could not be read in %d tries: a poll finds it", waiting.tries + 1)


class AtOnce:
    """Reads before the sender of a hint is answered, for functions that are frozen after the answer."""

    full = False

    def __init__(self, noticing: Noticing) -> None:
        self._noticing = noticing

    def offer(self, hint: Hint) -> None:
        """Raises StoreUnavailable: the sender must send it again."""
        for account in self._noticing.accounts_with(hint.serial):
            self._noticing.noticed(account, [hint])
