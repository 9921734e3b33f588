"""Reads the devices that hints name, before anybody asks for them.

A vendor's message is a hint, and the state is read from the vendor. That somebody moved or rang can't be read: of such
a message the kind and the time are taken, and nothing else.
"""

import time
from collections.abc import Callable, Collection, Iterable
from functools import partial

from registry.driver import Hint
from registry.errors import DriverError, Unavailable
from registry.readings.announcing import Announcing
from registry.readings.changes import Change, Changes
from registry.readings.devices import Devices
from registry.readings.flights import JOIN_S
from registry.readings.reading import Reading
from registry.readings.readings import NOTICE, Readings
from registry.readings.sightings import Sightings
from store.records import Account, Source

REFRESH_S = 20.0  # nobody waits for it
READ_S = 4.0  # a hint's reading may take so long: the first half for one that began before the hint
SHARED_S = 2.0  # hints of motion share a reading this old
OLDEST_S = 300.0  # a message about something longer ago is dropped


class Noticing:
    def __init__(
        self,
        readings: Readings,
        changes: Changes,
        sightings: Sightings,
        devices: Devices,
        announcing: Announcing,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._readings, self._changes, self._sightings = readings, changes, sightings
        self._devices, self._announcing, self._clock = devices, announcing, clock

    def refresh(self, account_id: str, signed_in: Collection[str] | None = None) -> bool:
        """Read the account's cameras ahead of requests, and keep its session alive; False: no source could be read.

        `signed_in`: ids of sources. One that is not among them and has never been listed is not read.
        """
        began = self._clock() - JOIN_S  # a call that began so long ago is shared
        try:
            self._readings.listing(account_id, REFRESH_S, purpose=NOTICE, signed_in=signed_in)
            household = self._readings.households.of(account_id)
        except Unavailable:
            return False
        last = [self._readings.last(household.account, source) for source in household.sources]
        return not last or any(reading is not None and reading.as_of >= began for reading in last)

    def accounts_with(self, serial: str) -> list[str]:
        """The accounts in whose lists a vendor's device is. Raises StoreUnavailable."""
        return self._devices.accounts(serial)

    def has_bell(self, account_id: str, source: Source) -> bool:
        """Whether the last list of the source has a doorbell. Raises Unavailable, StoreUnavailable."""
        last = self._readings.last(self._readings.households.of(account_id).account, source)
        return last is not None and any(camera.kind == "doorbell" for camera in last.cameras)

    def noticed(self, account_id: str, hints: Iterable[Hint]) -> bool:
        """Reads what the hints name, and publishes what has happened; False: some of it could not be read.

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
        serials = {camera.ref.serial for camera in last.cameras} if last else set()
        ours = [hint for hint in hints if hint.serial in serials or not hint.serial]
        if not ours:
            return True
        if last is not None:
            for hint in ours:  # that somebody rang waits for no vendor
                self._happened(account, last, hint)
        try:
            if any(hint.kind == "read" for hint in ours):
                reading = self._readings.read(account, source, READ_S, purpose=NOTICE, after=after)
            else:
                reading = self._readings.recent(account, source, SHARED_S, READ_S)
        except DriverError:
            return False
        if last is None:
            for hint in ours:
                self._happened(account, reading, hint)
        return True

    def _happened(self, account: Account, reading: Reading, hint: Hint) -> None:
        if hint.kind == "read" or self._clock() - hint.at > OLDEST_S:
            return
        for camera in reading.cameras:
            mine = camera.ref.serial == hint.serial and hint.channel in (0, camera.ref.channel)
            if not mine or (hint.only_bells and camera.kind != "doorbell"):
                continue
            at = min(hint.at, self._clock())
            announced_as = partial(self._announcing.announced_as, account.id, camera.id, hint.kind, at)
            is_new, announced = self._sightings.note(account.id, camera.id, hint.kind, at, announced_as)
            if is_new:
                self._changes.publish([Change(account.id, camera.id, hint.kind, at, announced)])
