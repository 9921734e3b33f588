"""An account's cameras as last read: from memory first, then from the store; a failure never empties a list."""

import logging
import time
from collections.abc import Callable, Collection, Mapping

from media.grants import Picture
from registry.driver import Driver
from registry.errors import DriverError, SignedOut, Unavailable
from registry.gate.sizes import Measurement, resized
from registry.readings.breaker import Breaker
from registry.readings.devices import Devices
from registry.readings.flights import Flights
from registry.readings.households import Households
from registry.readings.last_readings import Compared, LastReadings
from registry.readings.listing import Listing, merged
from registry.readings.reading import Reading
from store.ports import Store
from store.records import Account, Source

log = logging.getLogger(__name__)

NOTICE = "notice"  # the purpose of what is read so that assistants hear of changes


class Readings:
    """The only place that calls a driver's `read`. Ages are judged by `clock`, epoch seconds; see LastReadings."""

    def __init__(
        self,
        store: Store,
        drivers: Mapping[str, Driver],
        breaker: Breaker,
        clock: Callable[[], float] = time.time,
        compared: Compared = lambda account, source, before, after: None,
    ) -> None:
        self._drivers, self._breaker, self._clock = drivers, breaker, clock
        self._flights: Flights[Reading] = Flights()
        self.households = Households(store, drivers, clock)
        self._kept = LastReadings(store, Devices(store, drivers), self.households, clock, compared)

    def read(
        self, account: Account, source: Source, deadline_s: float, *, purpose: str = "ask", after: float = 0.0
    ) -> Reading:
        """Read now, or share a call that began at most two seconds ago for the same purpose. Raises DriverError.

        A call that began before `after`, of time.monotonic(), is not shared: it may not hold what happened since.
        """
        until = time.monotonic() + deadline_s
        try:
            return self._flights.share(
                f"{purpose}/{source.id}", deadline_s, self._read, account, source, until, purpose, after=after
            )
        except DriverError as error:
            error.vendor = self._drivers[source.kind].vendor
            raise

    def vendor(self, source: Source) -> str:
        """The name of the source's vendor, for a person."""
        return self._drivers[source.kind].vendor

    def recent(self, account: Account, source: Source, max_age_s: float, deadline_s: float) -> Reading:
        """The last reading while it is young enough, else a new one. Raises DriverError."""
        return self._kept.young(account, source, max_age_s) or self.read(account, source, deadline_s)

    def last(self, account: Account, source: Source) -> Reading | None:
        """The last reading of any process, if it is less than KEEP_S old."""
        return self._kept.last(account, source)

    def shared(self, account: Account, source: Source) -> Reading | None:
        """The list that all processes share, with which changes are recorded, if it is less than KEEP_S old."""
        return self._kept.shared(account, source)

    def newer(self, account: Account, source: Source) -> Reading | None:
        """A reading of another process that is newer and differs from ours; it becomes our last one."""
        return self._kept.newer(account, source)

    def learn(self, account_id: str, camera: str, picture: Picture, measurement: Measurement) -> None:
        """Keeps the measurement of an opened picture until the next one. Raises Unavailable."""
        household = self.households.of(account_id)
        for source in household.sources:
            last = self.last(household.account, source)
            found = last.find(camera) if last else None
            if last is None or found is None:
                continue
            with_sizes = resized(last.with_sizes, found.ref, picture, measurement)
            if with_sizes != last.with_sizes:
                made = self._kept.made(household.account, source, last.given, with_sizes, last.as_of)
                self._kept.remember(household.account, source, made)

    def listing(
        self, account_id: str, deadline_s: float, *, purpose: str = "ask", signed_in: Collection[str] | None = None
    ) -> Listing:
        """Read now; failing that, the last known list. Raises Unavailable when there is none.

        `signed_in`: ids of sources. One that is not among them and has never been listed is not read.

        With the preferences as the store has them now: an assistant keeps a list until it is asked to sync again.
        """
        household = self.households.of(account_id, fresh_preferences=True)
        began = time.monotonic()
        readings = []
        unread: list[DriverError] = []
        for source in household.sources:
            if signed_in is not None and source.id not in signed_in and not self._is_known(household.account, source):
                continue
            left = deadline_s - (time.monotonic() - began)
            try:
                # a shared read may have begun before the owner changed a preference
                read = self.read(household.account, source, left, purpose=purpose)
                readings.append(self._kept.preferred(household.account, source, read))
            except DriverError as error:
                last = self.last(household.account, source)
                if last is not None:
                    readings.append(last)
                    continue
                if not self._never_listed(household.account, source, error):
                    raise Unavailable(error.reason, error.vendor) from None
                unread.append(error)
        if unread and not readings:
            raise Unavailable(unread[-1].reason, unread[-1].vendor)
        return merged(readings, self._clock(), tuple(error.vendor for error in unread))

    def _never_listed(self, account: Account, source: Source, error: DriverError) -> bool:
        """Whether nobody has signed in to the source yet: so no camera of it is missing from a list without it."""
        return isinstance(error, SignedOut) and not self._is_known(account, source)

    def _is_known(self, account: Account, source: Source) -> bool:
        return self._kept.known(account, source) is not None

    def _read(self, account: Account, source: Source, until: float, purpose: str) -> Reading:
        driver, left_s = self._drivers[source.kind], max(0.0, until - time.monotonic())
        began = self._clock()
        try:
            given = self._breaker.call(f"read/{source.id}", left_s, driver.read, source, left_s)
        except DriverError as error:
            # that nobody has signed in to a source yet is no trouble
            level = logging.DEBUG if self._never_listed(account, source, error) else logging.WARNING
            said = "source %s could not be read: %s (%s)"
            log.log(level, said, source.id, error.reason, error, extra={"reason": error.reason})
            raise
        reading = self._kept.taken(account, source, given, began)
        return self._kept.remember(account, source, reading, sure=purpose == NOTICE)
