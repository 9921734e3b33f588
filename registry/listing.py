"""An account's cameras as last read: in memory first, then as the store keeps them, never an empty list by failure."""

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from accounts.identity import camera_id
from registry.camera import Camera
from registry.devices import Devices
from registry.drivers.driver import Driver
from registry.errors import DriverError, Unavailable
from registry.freshness import Breaker, Flights
from registry.happenings import told
from registry.recent import Recent
from store.ports import Store, StoreUnavailable
from store.records import Account, Known, Source

log = logging.getLogger(__name__)

type Compared = Callable[[Account, Source, tuple[Camera, ...], "Reading"], None]

KEEP_S = 24 * 3600  # a last known list older than this is none
RENEW_S = 600  # an unchanged list is written again after this, so that it does not grow old in the store
HOUSEHOLD_S = 30.0
IN_MEMORY = 1024  # accounts; what falls out is read again


class Listing(Struct, frozen=True):
    """`fingerprint` is the same for the same cameras in the same state; `as_of` in epoch seconds."""

    cameras: tuple[Camera, ...]
    fingerprint: str
    as_of: float


class Reading(Struct, frozen=True):
    """One source as its vendor last told it; `as_of` is when it was asked."""

    as_of: float
    told: tuple[Camera, ...]  # as the driver gave them
    cameras: tuple[Camera, ...]  # the same with their ids
    by_id: dict[str, Camera]
    fingerprint: str

    def find(self, camera: str) -> Camera | None:
        found = self.by_id.get(camera)
        return replace(found, as_of=self.as_of) if found else None


class Household(Struct, frozen=True):
    account: Account
    sources: tuple[Source, ...]
    read_at: float


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
        self._compared, self._devices = compared, Devices(store)
        self._flights: Flights[Reading] = Flights()
        self._households: Recent[str, Household] = Recent(IN_MEMORY)
        self._last: Recent[str, Reading] = Recent(IN_MEMORY)
        self._written: Recent[str, tuple[str, float]] = Recent(IN_MEMORY)
        self._lock = threading.Lock()

    def household(self, account_id: str) -> Household:
        """Raises Unavailable when there is no such account, or nothing in it to ask."""
        household = self._households.get(account_id)
        if household and 0 <= self._clock() - household.read_at < HOUSEHOLD_S:
            return household
        account = self._store.account(account_id)
        sources = tuple(self._store.sources(account_id)) if account else ()
        if account is None or not sources:
            raise Unavailable("signed_out")
        household = Household(account, sources, self._clock())
        self._households.put(account_id, household)
        return household

    def read(self, account: Account, source: Source, deadline_s: float, *, purpose: str = "ask") -> Reading:
        """Read now, or share a call that began at most two seconds ago for the same purpose. Raises DriverError."""
        return self._flights.share(
            f"{purpose}/{source.id}", lambda: self._read(account, source, deadline_s), deadline_s
        )

    def recent(self, account: Account, source: Source, max_age_s: float, deadline_s: float, purpose: str) -> Reading:
        """The last reading while it is young enough, else a new one. Raises DriverError."""
        last = self._last.get(source.id)
        if last and 0 <= self._clock() - last.as_of <= max_age_s:
            return last
        return self.read(account, source, deadline_s, purpose=purpose)

    def last(self, account: Account, source: Source) -> Reading | None:
        """What was last read, here or by another process, if that is less than a day ago."""
        reading = self._last.get(source.id) or self._known(account, source)
        return reading if reading and self._clock() - reading.as_of < KEEP_S else None

    def refound(self, account: Account, source: Source, camera: str) -> Camera | None:
        """A camera that this process has not seen and another one has, since."""
        reading, last = self._known(account, source), self._last.get(source.id)
        if reading is None or self._clock() - reading.as_of >= KEEP_S or (last and last.as_of > reading.as_of):
            return None
        found = reading.find(camera)
        if found:
            self._last.put(source.id, reading)
        return found

    def listing(self, account_id: str, deadline_s: float) -> Listing:
        """Read now; failing that, the last known list. Raises Unavailable when there is none."""
        household = self.household(account_id)
        began = time.monotonic()
        readings = []
        for source in household.sources:
            left = deadline_s - (time.monotonic() - began)
            try:
                readings.append(self.read(household.account, source, left))
            except DriverError as error:
                last = self.last(household.account, source)
                if last is None:
                    raise Unavailable(error.reason) from None
                readings.append(last)
        return _merged(readings)

    def _read(self, account: Account, source: Source, deadline_s: float) -> Reading:
        driver = self._drivers[source.kind]
        began = self._clock()
        try:
            told = self._breaker.call(f"read/{source.id}", lambda: driver.read(source, deadline_s))
        except DriverError as error:
            log.warning("source %s could not be read: %s", source.id, error.reason)
            raise
        reading = self._taken(account, source, told, began)
        self._remember(account, source, reading)
        return reading

    def _taken(self, account: Account, source: Source, told: tuple[Camera, ...], as_of: float) -> Reading:
        last = self._last.get(source.id)
        if last and last.told == told:
            return replace(last, as_of=as_of)  # nothing changed: ids, index and fingerprint stand
        cameras = tuple(
            replace(each, id=camera_id(account.salt, source.kind, each.ref.serial, each.ref.channel), as_of=as_of)
            for each in told
        )
        fingerprint = hashlib.blake2b(_encoder.encode(told), digest_size=16).hexdigest()
        return Reading(as_of, told, cameras, {each.id: each for each in cameras}, fingerprint)

    def _remember(self, account: Account, source: Source, reading: Reading) -> None:
        with self._lock:
            last = self._last.get(source.id)
            if last is None or last.as_of <= reading.as_of:
                self._last.put(source.id, reading)
        fingerprint, written = self._written.get(source.id) or ("", 0.0)
        if fingerprint == reading.fingerprint and 0 <= reading.as_of - written < RENEW_S:
            return
        self._written.put(source.id, (reading.fingerprint, reading.as_of))
        known = self._kept(account, source)
        household = self.household(account.id)
        rest = [self.last(account, each) for each in household.sources if each.id != source.id]
        every = [each for known in rest if known for each in known.told] + list(reading.told)
        try:
            self._store.put_known(account.id, Known(_encoder.encode(every), reading.as_of))
        except StoreUnavailable:
            # the reading is as good without it; the next one is written again
            self._written.drop(source.id)
            log.warning("the camera list of account %s could not be kept", account.id)
            return
        if known is None or _serials(known.told) != _serials(reading.told):
            self._devices.place(account.id, _serials(every))
        if known is not None and known.told != reading.told:
            self._compared(account, source, known.cameras, reading)

    def _kept(self, account: Account, source: Source) -> Reading | None:
        """What all processes know of the source: another may have found a change, and told of it, already."""
        try:
            return self._known(account, source)
        except StoreUnavailable:
            return None

    def _known(self, account: Account, source: Source) -> Reading | None:
        known = self._store.known(account.id)
        if known is None:
            return None
        try:
            every = _decoder.decode(known.data)
        except msgspec.MsgspecError:
            return None  # written by another version: as good as none
        mine = tuple(each for each in every if each.ref.source == source.id)
        return self._taken(account, source, mine, known.as_of) if mine else None



def _serials(cameras: Iterable[Camera]) -> set[str]:
    return {camera.ref.serial for camera in cameras}


def _merged(readings: list[Reading]) -> Listing:
    if len(readings) == 1:
        return Listing(readings[0].cameras, readings[0].fingerprint, readings[0].as_of)
    cameras = tuple(camera for reading in readings for camera in reading.cameras)
    fingerprint = hashlib.blake2b("".join(each.fingerprint for each in readings).encode(), digest_size=16).hexdigest()
    return Listing(cameras, fingerprint, min(each.as_of for each in readings))



def moving(listing: Listing, held: Mapping[str, frozenset[str]]) -> Listing:
    """The same with what is seen at its cameras just now, by camera id."""
    if not held:
        return listing
    cameras = tuple(told(each, held) for each in listing.cameras)
    if cameras == listing.cameras:
        return listing
    seen = ",".join(f"{each.id}{each.person}" for each in cameras if each.motion == "on")
    fingerprint = hashlib.blake2b((listing.fingerprint + seen).encode(), digest_size=16).hexdigest()
    return Listing(cameras, fingerprint, listing.as_of)


def chosen(listing: Listing, cameras: tuple[str, ...]) -> Listing:
    """The part of it that was ticked at consent."""
    ticked = frozenset(cameras)
    fingerprint = hashlib.blake2b((listing.fingerprint + "".join(sorted(ticked))).encode(), digest_size=16).hexdigest()
    return Listing(tuple(each for each in listing.cameras if each.id in ticked), fingerprint, listing.as_of)
