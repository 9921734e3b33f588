"""An account's cameras as last read: in memory first, then as the store keeps them, never an empty list by failure."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping

import msgspec
from msgspec.structs import replace

from media.grants import Picture
from net.cache import Recent
from registry.camera import Camera
from registry.driver import Driver
from registry.errors import DriverError, Unavailable
from registry.gate.sizes import Looks, resized, sized
from registry.readings.breaker import Breaker
from registry.readings.devices import Devices
from registry.readings.flights import Flights
from registry.readings.households import IN_MEMORY, Households
from registry.readings.listing import Listing, merged
from registry.readings.reading import Reading, made
from store.ports import Store, StoreUnavailable
from store.records import Account, Known, Source

log = logging.getLogger(__name__)

type Compared = Callable[[Account, Source, tuple[Camera, ...], "Reading"], None]

KEEP_S = 24 * 3600  # a last known list older than this is none
RENEW_S = 600  # an unchanged list is written again after this, so that it does not grow old in the store


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[Camera, ...])


class Readings:
    """The only place that calls a driver's `read`. Ages are judged by `clock`, epoch seconds.

    `compared` is told of each reading that differs from what all processes knew, with that.
    """

    def __init__(
        self,
        store: Store,
        drivers: Mapping[str, Driver],
        breaker: Breaker,
        clock: Callable[[], float] = time.time,
        compared: Compared = lambda account, source, before, after: None,
    ) -> None:
        self._store, self._drivers, self._breaker, self._clock = store, drivers, breaker, clock
        self._compared, self._devices = compared, Devices(store, drivers)
        self._flights: Flights[Reading] = Flights()
        self.households = Households(store, clock)
        self._last: Recent[str, Reading] = Recent(IN_MEMORY)
        self._written: Recent[str, tuple[str, float]] = Recent(IN_MEMORY)
        self._lock = threading.Lock()

    def read(self, account: Account, source: Source, deadline_s: float, *, purpose: str = "ask") -> Reading:
        """Read now, or share a call that began at most two seconds ago for the same purpose. Raises DriverError."""
        until = time.monotonic() + deadline_s
        try:
            return self._flights.share(f"{purpose}/{source.id}", deadline_s, self._read, account, source, until)
        except DriverError as error:
            error.vendor = self._drivers[source.kind].vendor
            raise

    def recent(self, account: Account, source: Source, max_age_s: float, deadline_s: float) -> Reading:
        """The last reading while it is young enough, else a new one. Raises DriverError."""
        last = self._last.get(source.id)
        if last and 0 <= self._clock() - last.as_of <= max_age_s:
            return self._preferred(account, source, last)
        return self.read(account, source, deadline_s)

    def last(self, account: Account, source: Source) -> Reading | None:
        """What was last read, here or by another process, if that is less than a day ago."""
        reading = self._last.get(source.id) or self._known(account, source)
        if reading is None or self._clock() - reading.as_of >= KEEP_S:
            return None
        return self._preferred(account, source, reading)

    def newer(self, account: Account, source: Source) -> Reading | None:
        """What another process has read since this one did, kept from here on."""
        reading = self._known(account, source)
        if reading is None or self._clock() - reading.as_of >= KEEP_S:
            return None
        with self._lock:
            last = self._last.get(source.id)
            if last and (last.as_of > reading.as_of or last.told == reading.told):
                return None
            self._last.put(source.id, reading)
        return reading

    def learn(self, account_id: str, camera: str, picture: Picture, looks: Looks) -> None:
        """What a picture turned out to be like, kept until it turns out otherwise. Raises Unavailable."""
        household = self.households.of(account_id)
        for source in household.sources:
            last = self.last(household.account, source)
            found = last.find(camera) if last else None
            if last is None or found is None:
                continue
            told = resized(last.told, found.ref, picture, looks)
            if told != last.told:
                self._remember(
                    household.account, source, self._made(household.account, source, last.given, told, last.as_of)
                )

    def listing(self, account_id: str, deadline_s: float) -> Listing:
        """Read now; failing that, the last known list. Raises Unavailable when there is none.

        With what a voice may do as the owner says just now: an assistant keeps a list until it is told to ask again.
        """
        household = self.households.of(account_id, as_said_now=True)
        began = time.monotonic()
        readings = []
        for source in household.sources:
            left = deadline_s - (time.monotonic() - began)
            try:
                # one that was shared may have begun before the owner spoke
                readings.append(self._preferred(household.account, source, self.read(household.account, source, left)))
            except DriverError as error:
                last = self.last(household.account, source)
                if last is None:
                    raise Unavailable(error.reason, error.vendor) from None
                readings.append(last)
        return merged(readings)

    def _read(self, account: Account, source: Source, until: float) -> Reading:
        driver, left_s = self._drivers[source.kind], max(0.0, until - time.monotonic())
        began = self._clock()
        try:
            told = self._breaker.call(f"read/{source.id}", left_s, driver.read, source, left_s)
        except DriverError as error:
            log.warning(
                "source %s could not be read: %s (%s)", source.id, error.reason, error, extra={"reason": error.reason}
            )
            raise
        return self._remember(account, source, self._taken(account, source, told, began))

    def _taken(self, account: Account, source: Source, given: tuple[Camera, ...], as_of: float) -> Reading:
        """The driver's own words."""
        last = self._last.get(source.id)
        if last is None:
            return self._made(account, source, given, given, as_of)
        if given != last.given:
            return self._made(account, source, given, sized(given, last.told), as_of)
        if last.preferences is not self.households.of(account.id).preferences:
            return self._made(account, source, given, last.told, as_of)
        # nothing changed: ids, index and fingerprint stand, and what the judge made of them
        return replace(last, as_of=as_of)

    def _made(
        self, account: Account, source: Source, given: tuple[Camera, ...], told: tuple[Camera, ...], as_of: float
    ) -> Reading:
        preferences = self.households.preferences(account.id)
        last = self._last.get(source.id)
        if last and last.told == told and last.preferences is preferences:
            return replace(last, as_of=as_of, given=given)  # nothing that ids or the fingerprint are made of changed
        return made(account, source, given, told, as_of, preferences)

    def _preferred(self, account: Account, source: Source, reading: Reading) -> Reading:
        """The reading with what the owner has said since."""
        if reading.preferences is self.households.of(account.id).preferences:
            return reading
        with self._lock:
            renewed = self._made(account, source, reading.given, reading.told, reading.as_of)
            if self._last.get(source.id) is reading:
                self._last.put(source.id, renewed)
        return renewed

    def _remember(self, account: Account, source: Source, reading: Reading) -> Reading:
        """What is known from here on, in the store too where that is news."""
        self._put(source, reading)
        fingerprint, written = self._written.get(source.id) or ("", 0.0)
        if fingerprint == reading.fingerprint and 0 <= reading.as_of - written < RENEW_S:
            return reading
        try:
            known = self._known(account, source)
            if known and (told := sized(reading.told, known.told)) != reading.told:
                reading = self._made(account, source, reading.given, told, reading.as_of)
                self._put(source, reading)
            if known is not None and known.told == reading.told and 0 <= reading.as_of - known.as_of < RENEW_S:
                self._written.put(source.id, (reading.fingerprint, known.as_of))
                return reading  # another process has written just this
            self._share(account, source, known, reading)
        except StoreUnavailable:
            # the reading is as good without it; the next one is written again
            self._written.drop(source.id)
            log.warning("the camera list of account %s could not be kept", account.id, extra={"reason": "store"})
            return reading
        if known is not None and known.told != reading.told:
            self._compared(account, source, known.cameras, reading)
        return reading

    def _share(self, account: Account, source: Source, known: Reading | None, reading: Reading) -> None:
        """With all processes: which devices the household has, then what is known of them. Raises StoreUnavailable.

        In this order: whoever is cut off between the two leaves a list that differs, and the next reading does both.
        """
        self._written.put(source.id, (reading.fingerprint, reading.as_of))
        household = self.households.of(account.id)
        rest = [self.last(account, other) for other in household.sources if other.id != source.id]
        every = [camera for other in rest if other for camera in other.told] + list(reading.told)
        if known is None or _serials(known.told) != _serials(reading.told):
            kinds = {one.id: one.kind for one in (source, *household.sources)}
            self._devices.place(account.id, {(kinds[camera.ref.source], camera.ref.serial) for camera in every})
        self._store.put_known(account.id, Known(_encoder.encode(every), reading.as_of))

    def _put(self, source: Source, reading: Reading) -> None:
        with self._lock:
            last = self._last.get(source.id)
            if last is None or last.as_of <= reading.as_of:
                self._last.put(source.id, reading)

    def _known(self, account: Account, source: Source) -> Reading | None:
        known = self._store.known(account.id)
        if known is None:
            return None
        try:
            every = _decoder.decode(known.data)
        except msgspec.MsgspecError:
            return None  # written by another version: as good as none
        mine = tuple(camera for camera in every if camera.ref.source == source.id)
        return self._made(account, source, mine, mine, known.as_of) if mine else None


def _serials(cameras: Iterable[Camera]) -> set[str]:
    return {camera.ref.serial for camera in cameras}
