"""An account's cameras as last read: from memory first, then from the store; a failure never empties a list."""

import hashlib
import itertools
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType

import msgspec
from msgspec.structs import replace

from showcam.drivers.camera import STALE_S, Camera, Decided, Listed
from showcam.drivers.driver import Driver
from showcam.drivers.errors import DriverError, SignedOut, Unavailable
from showcam.engine.grants import Picture
from showcam.net.cache import Recent
from showcam.registry.preferences import NONE
from showcam.registry.readings.households import (
    IN_MEMORY,
    Cameras,
    Devices,
    Households,
    Listing,
    Lists,
    Measurement,
    Reading,
    completed,
    decoded,
    encoded,
    merged,
    resized,
)
from showcam.registry.readings.vendor_calls import Breaker, Flights
from showcam.store.ports import Store, StoreUnavailable
from showcam.store.records import OVERTAKEN_S, Account, Known, Source, camera_id

log = logging.getLogger(__name__)

type Compared = Callable[[Account, Source, tuple[Camera, ...], Reading], None]

RENEW_S = 600  # an unchanged list is written again after this, so that its copy in the store stays young

_encoder = msgspec.msgpack.Encoder()
NOTICE = "notice"  # the purpose of reads for reports to assistants


class Readings:
    """The only place that calls a driver's `read`. Ages are judged by `clock`, epoch seconds.

    The last readings of all sources are in this process's memory, and in the store for all processes. `compared` gets
    each reading that differs from the store's list, and this list.
    """

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
        self._rereads = itertools.count()
        self.households = Households(store, drivers, clock)
        self._store, self._devices, self._compared = store, Devices(store, drivers), compared
        self._last: Recent[str, Reading] = Recent(IN_MEMORY)
        self._written: Recent[str, tuple[str, float]] = Recent(IN_MEMORY)
        self._lock = threading.Lock()

    def read(
        self, account: Account, source: Source, deadline_s: float, *, purpose: str = "ask", after: float = 0.0
    ) -> Reading:
        """Reads now, or shares a call that began at most two seconds ago for the same purpose. Raises DriverError.

        A call that began before `after`, of time.monotonic(), is not shared: it may lack later changes.
        """
        until = time.monotonic() + deadline_s
        try:
            return self._flights.share(
                f"{purpose}/{source.id}", deadline_s, self._read, account, source, until, purpose, after=after
            )
        except DriverError as error:
            error.vendor = self._drivers[source.kind].vendor
            raise

    def reread(self, account: Account, source: Source, deadline_s: float) -> Reading:
        """Reads now and shares no call, which may have begun before a change in this process. Raises DriverError."""
        return self.read(account, source, deadline_s, purpose=f"changed/{next(self._rereads)}")

    def vendor(self, source: Source) -> str:
        """The name of the source's vendor, for a person."""
        return self._drivers[source.kind].vendor

    def recent(self, account: Account, source: Source, max_age_s: float, deadline_s: float) -> Reading:
        """The last reading if at most `max_age_s` old, else a new reading. Raises DriverError."""
        return self._young(account, source, max_age_s) or self.read(account, source, deadline_s)

    def learn(self, account_id: str, camera: str, picture: Picture, measurement: Measurement) -> None:
        """Keeps the measurement of an opened picture until the next one. Raises Unavailable."""
        household = self.households.of(account_id)
        for source in household.sources:
            last = self.last(household.account, source)
            found = last.find(camera) if last else None
            if last is None or found is None:
                continue
            cameras = resized(last.cameras, found.ref, picture, measurement)
            if cameras != last.cameras:
                made = self._made(household.account, source, last.listed, cameras, last.as_of)
                self._remember(household.account, source, made)

    def listing(
        self, account_id: str, deadline_s: float, *, purpose: str = "ask", signed_in: Collection[str] | None = None
    ) -> Listing:
        """The cameras read now; failing that, the last known list. Raises Unavailable if a source has none.

        All sources are read before it raises: a vendor that is away must not keep the cameras of the house unread.

        `signed_in`: ids of sources. Other sources are read only if they were listed before.

        The preferences are read from the store now: an assistant keeps a list until it is asked to sync again.
        """
        household = self.households.of(account_id, fresh_preferences=True)
        began, asked = time.monotonic(), self._clock()
        readings = []
        unread: list[DriverError] = []
        missing: list[DriverError] = []
        for source in household.sources:
            if signed_in is not None and source.id not in signed_in and not self._is_known(household.account, source):
                continue
            left = deadline_s - (time.monotonic() - began)
            try:
                # a shared read may have begun before the owner changed a preference
                read = self.read(household.account, source, left, purpose=purpose)
                reading = self._preferred(household.account, source, read)
            except DriverError as error:
                last = self.last(household.account, source)
                if last is None:
                    is_new = self._never_listed(household.account, source, error)
                    (unread if is_new else missing).append(error)
                    continue
                reading = last
            readings.append(reading if reading.as_of >= asked else self._newest(household.account, source, reading))
        if missing:
            raise Unavailable(missing[0].reason, missing[0].vendor)
        if unread and not readings:
            raise Unavailable(unread[-1].reason, unread[-1].vendor)
        return merged(readings, self._clock(), tuple(error.vendor for error in unread))

    def _newest(self, account: Account, source: Source, reading: Reading) -> Reading:
        """The reading, or a newer and different reading of another process.

        An assistant that is told of a change by that process asks this one for the list, and keeps it.
        """
        try:
            self.newer(account, source)
        except StoreUnavailable:
            return reading
        last = self.last(account, source)
        return last if last is not None and _is_newer(last, reading) else reading

    def _never_listed(self, account: Account, source: Source, error: DriverError) -> bool:
        """Whether nobody has signed in to the source yet: then a list without this source lacks no camera."""
        return isinstance(error, SignedOut) and not self._is_known(account, source)

    def _is_known(self, account: Account, source: Source) -> bool:
        return self._known(account, source) is not None

    def _read(self, account: Account, source: Source, until: float, purpose: str) -> Reading:
        driver, left_s = self._drivers[source.kind], max(0.0, until - time.monotonic())
        began = self._clock()
        try:
            listed = self._breaker.call(f"read/{source.id}", left_s, driver.read, source, left_s)
        except DriverError as error:
            # a source before its first sign-in is no trouble
            level = logging.DEBUG if self._never_listed(account, source, error) else logging.WARNING
            said = "source %s could not be read: %s (%s)"
            log.log(level, said, source.id, error.reason, error, extra={"reason": error.reason})
            raise
        reading = self._reading_of(account, source, listed, began)
        return self._remember(account, source, reading, sure=purpose == NOTICE)

    # the last readings

    def _young(self, account: Account, source: Source, max_age_s: float) -> Reading | None:
        """The last reading of this process, if it is young enough."""
        last = self._last.get(source.id)
        if last and 0 <= self._clock() - last.as_of <= max_age_s:
            return self._preferred(account, source, last)
        return None

    def last(self, account: Account, source: Source) -> Reading | None:
        """The last reading of any process, if it is less than STALE_S old."""
        reading = self._last.get(source.id) or self._known(account, source)
        if reading is None or self._clock() - reading.as_of >= STALE_S:
            return None
        return self._preferred(account, source, reading)

    def last_of_any_age(self, account: Account, source: Source) -> Reading | None:
        """The list in the store, however old: for the names and serials of a source, and never for the gate."""
        return self._known(account, source)

    def newer(self, account: Account, source: Source) -> Reading | None:
        """A reading of another process that is newer and differs from ours; it becomes our last one."""
        known = self._young_known(account, source)
        return known if known is not None and self._adopt(source, known) else None

    def shared(self, account: Account, source: Source) -> Reading | None:
        """The list that all processes share, with the time of our last reading if that found the same.

        Changes are recorded with this list. Our own last reading may differ until it is written.
        """
        known = self._young_known(account, source)
        if known is None or self._adopt(source, known):
            return known or self.last(account, source)
        last = self.last(account, source)
        return last if last is not None and last.stored == known.stored else known

    def _young_known(self, account: Account, source: Source) -> Reading | None:
        known = self._known(account, source)
        return known if known is not None and self._clock() - known.as_of < STALE_S else None

    def _adopt(self, source: Source, known: Reading) -> bool:
        """Replaces our last reading by `known`, if the cameras differ and ours is not newer. Returns whether it did."""
        with self._lock:
            last = self._last.get(source.id)
            if last and (_is_newer(last, known) or last.stored == known.stored):
                return False
            self._last.put(source.id, known)
        return True

    def _known(self, account: Account, source: Source) -> Reading | None:
        known, last = self._store.known(account.id, source.id), self._last.get(source.id)
        if known is None:
            return None
        if last and last.stored == known.data and last.preferences is self.households.preferences(account.id):
            return replace(last, as_of=known.as_of)  # hundreds of cameras take milliseconds to decode
        try:
            cameras = decoded(known.data)
        except msgspec.MsgspecError:
            return None  # written by another version: it counts as no list
        return self._made(account, source, None, cameras, known.as_of)

    def _reading_of(self, account: Account, source: Source, listed: tuple[Listed, ...], as_of: float) -> Reading:
        """The reading for the driver's list; if nothing changed, the last reading with a new time."""
        last = self._last.get(source.id)
        if last is None or listed != last.listed:
            cameras = tuple(map(Camera.of, listed))
            return self._made(account, source, listed, completed(cameras, last.cameras) if last else cameras, as_of)
        # ids, index and fingerprint stay valid, and so do the judge's verdicts on them
        return self._preferred(account, source, replace(last, as_of=as_of))

    def _made(self, account: Account, source: Source, listed: Lists, cameras: Cameras, as_of: float) -> Reading:
        """The reading of these cameras, with their ids and what their owner has decided by now."""
        preferences, stored = self.households.preferences(account.id), encoded(cameras)
        last = self._last.get(source.id)
        if last and last.stored == stored and last.preferences is preferences:
            return replace(last, as_of=as_of, listed=listed)  # ids and the fingerprint stay valid
        known = []
        for camera in cameras:
            its_id = camera_id(account.salt, source.kind, camera.ref.serial, camera.ref.channel)
            own = preferences.get(its_id, NONE)
            decided = Decided(own.voice_may, own.motion_rings != "no", own.room, own.tv_scenes, own.talk)
            known.append(replace(camera, id=its_id, as_of=as_of, decided=decided))
        decisions = _encoder.encode([camera.decided for camera in known])
        fingerprint = hashlib.blake2b(stored + decisions, digest_size=16).hexdigest()
        by_id = MappingProxyType({camera.id: camera for camera in known})
        return Reading(as_of, listed, tuple(known), by_id, stored, fingerprint, preferences)

    def _preferred(self, account: Account, source: Source, reading: Reading) -> Reading:
        """The reading with the present preferences."""
        if reading.preferences is self.households.of(account.id).preferences:
            return reading
        renewed = self._made(account, source, reading.listed, reading.cameras, reading.as_of)
        with self._lock:  # for a moment only: it is the lock of all sources
            if self._last.get(source.id) is reading:
                self._last.put(source.id, renewed)
        return renewed

    def _remember(self, account: Account, source: Source, reading: Reading, *, sure: bool = False) -> Reading:
        """Makes this the last reading, and writes it to the store if the store has another list or an old one.

        `sure`: the store is read even if this process wrote the same list last. Another process may have written
        another list since, and may have reported it to assistants. Only then StoreUnavailable is raised: a reader for
        assistants tries again.
        """
        self._put(source, reading)
        fingerprint, written = self._written.get(source.id) or ("", 0.0)
        if not sure and fingerprint == reading.fingerprint and 0 <= reading.as_of - written < RENEW_S:
            return reading
        try:
            known = self._known(account, source)
            if known and (cameras := completed(reading.cameras, known.cameras)) != reading.cameras:
                reading = self._made(account, source, reading.listed, cameras, reading.as_of)
                self._put(source, reading)
            if known and known.stored == reading.stored and 0 <= reading.as_of - known.as_of < RENEW_S:
                self._written.put(source.id, (reading.fingerprint, known.as_of))
                return reading  # another process has written the same list
            is_shared = self._share(account, source, known, reading)
        except StoreUnavailable:
            # the reading is valid all the same; the next one is written
            self._written.drop(source.id)
            log.warning(
                "the camera list of account %s could not be written to the store", account.id, extra={"reason": "store"}
            )
            if sure:
                raise
            return reading
        if is_shared and known is not None and known.stored != reading.stored:
            self._compared(account, source, known.cameras, reading)
        return reading

    def _share(self, account: Account, source: Source, known: Reading | None, reading: Reading) -> bool:
        """Writes the household's devices, then its list, for all processes.

        In this order: after a failure between the two the stored list differs, and the next reading writes both.
        Returns False if a newer list is stored, or if the household is removed. Raises StoreUnavailable.
        """
        if known is not None and _is_newer(known, reading):
            self._written.drop(source.id)
            return False
        self._written.put(source.id, (reading.fingerprint, reading.as_of))
        if known is None or _serials(known.cameras) != _serials(reading.cameras):
            listed = {(source.kind, serial) for serial in _serials(reading.cameras)}
            for other in self._others(account, source):
                if last := self.last_of_any_age(account, other):
                    listed |= {(other.kind, serial) for serial in _serials(last.cameras)}
            self._devices.place(account.id, listed)
        keep = Known(reading.stored, reading.as_of)
        is_same = known is not None and known.stored == reading.stored
        # while the list was old, states were reported as unknown: the cameras are reported again
        is_back = known is not None and reading.as_of - known.as_of >= STALE_S and self._others(account, source)
        write = self._store.put_known if is_same and not is_back else self._store.record_change
        if is_shared := write(account.id, source.id, keep):
            return is_shared
        self._written.drop(source.id)  # the next reading is compared with the stored one
        return is_shared

    def _others(self, account: Account, source: Source) -> list[Source]:
        return [other for other in self.households.of(account.id).sources if other.id != source.id]

    def _put(self, source: Source, reading: Reading) -> None:
        with self._lock:
            last = self._last.get(source.id)
            if last is None or not _is_newer(last, reading):
                self._last.put(source.id, reading)


def _is_newer(reading: Reading, other: Reading) -> bool:
    """Whether `reading` began later. A much newer reading was made by a clock that ran ahead, and is not newer."""
    return 0.0 < reading.as_of - other.as_of <= OVERTAKEN_S


def _serials(cameras: Iterable[Camera]) -> set[str]:
    return {camera.ref.serial for camera in cameras}
