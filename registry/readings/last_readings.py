"""The last readings of all sources: in this process's memory, and in the store for all processes."""

import logging
import threading
from collections.abc import Callable, Iterable

import msgspec
from msgspec.structs import replace

from net.cache import Recent
from registry.camera import Camera
from registry.gate.sizes import sized
from registry.readings.devices import Devices
from registry.readings.households import IN_MEMORY, Households
from registry.readings.reading import Reading, made
from store.ports import Store, StoreUnavailable
from store.records import OVERTAKEN_S, Account, Known, Source

log = logging.getLogger(__name__)

type Compared = Callable[[Account, Source, tuple[Camera, ...], Reading], None]

KEEP_S = 24 * 3600  # a last known list that is older is not used
RENEW_S = 600  # an unchanged list is written again after this, so that its copy in the store stays young

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[Camera, ...])


class LastReadings:
    """`compared` gets each reading that differs from the store's list, and that list."""

    def __init__(
        self, store: Store, devices: Devices, households: Households, clock: Callable[[], float], compared: Compared
    ) -> None:
        self._store, self._devices, self._households = store, devices, households
        self._clock, self._compared = clock, compared
        self._last: Recent[str, Reading] = Recent(IN_MEMORY)
        self._written: Recent[str, tuple[str, float]] = Recent(IN_MEMORY)
        self._lock = threading.Lock()

    def young(self, account: Account, source: Source, max_age_s: float) -> Reading | None:
        """The last reading of this process, if it is young enough."""
        last = self._last.get(source.id)
        if last and 0 <= self._clock() - last.as_of <= max_age_s:
            return self.preferred(account, source, last)
        return None

    def last(self, account: Account, source: Source) -> Reading | None:
        """The last reading of any process, if it is less than KEEP_S old."""
        reading = self._last.get(source.id) or self.known(account, source)
        if reading is None or self._clock() - reading.as_of >= KEEP_S:
            return None
        return self.preferred(account, source, reading)

    def newer(self, account: Account, source: Source) -> Reading | None:
        """A reading of another process that is newer and differs from ours; it becomes our last one."""
        known = self._young_known(account, source)
        return known if known is not None and self._adopt(source, known) else None

    def shared(self, account: Account, source: Source) -> Reading | None:
        """The list that all processes share, as of our last reading where that found the same.

        Changes are recorded with this list. Our own last reading may differ from it until it is written.
        """
        known = self._young_known(account, source)
        if known is None or self._adopt(source, known):
            return known or self.last(account, source)
        last = self.last(account, source)
        return last if last is not None and last.with_sizes == known.with_sizes else known

    def _young_known(self, account: Account, source: Source) -> Reading | None:
        known = self.known(account, source)
        return known if known is not None and self._clock() - known.as_of < KEEP_S else None

    def _adopt(self, source: Source, known: Reading) -> bool:
        """Replaces our last reading by this one, if its cameras differ and ours is not newer; whether it did."""
        with self._lock:
            last = self._last.get(source.id)
            if last and (_is_newer(last, known) or last.with_sizes == known.with_sizes):
                return False
            self._last.put(source.id, known)
        return True

    def known(self, account: Account, source: Source) -> Reading | None:
        known = self._store.known(account.id, source.id)
        if known is None:
            return None
        try:
            listed = _decoder.decode(known.data)
        except msgspec.MsgspecError:
            return None  # written by another version: it counts as no list
        return self.made(account, source, listed, listed, known.as_of)

    def taken(self, account: Account, source: Source, given: tuple[Camera, ...], as_of: float) -> Reading:
        """The reading for what the driver returned; the last one at a new time where nothing changed."""
        last = self._last.get(source.id)
        if last is None:
            return self.made(account, source, given, given, as_of)
        if given != last.given:
            return self.made(account, source, given, sized(given, last.with_sizes), as_of)
        if last.preferences is not self._households.of(account.id).preferences:
            return self.made(account, source, given, last.with_sizes, as_of)
        # ids, index and fingerprint stay valid, and so do the judge's verdicts on them
        return replace(last, as_of=as_of)

    def made(
        self, account: Account, source: Source, given: tuple[Camera, ...], with_sizes: tuple[Camera, ...], as_of: float
    ) -> Reading:
        preferences = self._households.preferences(account.id)
        last = self._last.get(source.id)
        if last and last.with_sizes == with_sizes and last.preferences is preferences:
            return replace(last, as_of=as_of, given=given)  # ids and the fingerprint stay valid
        return made(account, source, given, with_sizes, as_of, preferences)

    def preferred(self, account: Account, source: Source, reading: Reading) -> Reading:
        """The reading under the preferences of now."""
        if reading.preferences is self._households.of(account.id).preferences:
            return reading
        with self._lock:
            renewed = self.made(account, source, reading.given, reading.with_sizes, reading.as_of)
            if self._last.get(source.id) is reading:
                self._last.put(source.id, renewed)
        return renewed

    def remember(self, account: Account, source: Source, reading: Reading, *, sure: bool = False) -> Reading:
        """Makes it the last reading, and writes it to the store where that has another list or an old one.

        `sure`: the store is read even where this process wrote the same list last. Another process may have written
        another list after that, which may be reported to assistants already. Raises StoreUnavailable then: who reads
        for assistants tries again.
        """
        self._put(source, reading)
        fingerprint, written = self._written.get(source.id) or ("", 0.0)
        if not sure and fingerprint == reading.fingerprint and 0 <= reading.as_of - written < RENEW_S:
            return reading
        try:
            known = self.known(account, source)
            if known and (with_sizes := sized(reading.with_sizes, known.with_sizes)) != reading.with_sizes:
                reading = self.made(account, source, reading.given, with_sizes, reading.as_of)
                self._put(source, reading)
            if (
                known is not None
                and known.with_sizes == reading.with_sizes
                and 0 <= reading.as_of - known.as_of < RENEW_S
            ):
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
        if is_shared and known is not None and known.with_sizes != reading.with_sizes:
            self._compared(account, source, known.cameras, reading)
        return reading

    def _share(self, account: Account, source: Source, known: Reading | None, reading: Reading) -> bool:
        """Writes the household's devices, then its list, for all processes; False: a newer list is stored.

        Raises StoreUnavailable. In this order: after a failure between the two the stored list differs, and the next
        reading writes both.
        """
        if known is not None and _is_newer(known, reading):
            self._written.drop(source.id)
            return False
        self._written.put(source.id, (reading.fingerprint, reading.as_of))
        if known is None or _serials(known.with_sizes) != _serials(reading.with_sizes):
            listed = {(source.kind, serial) for serial in _serials(reading.with_sizes)}
            for other in self._households.of(account.id).sources:
                if other.id != source.id and (last := self.last(account, other)):
                    listed |= {(other.kind, serial) for serial in _serials(last.with_sizes)}
            self._devices.place(account.id, listed)
        keep = Known(_encoder.encode(reading.with_sizes), reading.as_of)
        is_same = known is not None and known.with_sizes == reading.with_sizes
        write = self._store.put_known if is_same else self._store.record_change
        if is_shared := write(account.id, source.id, keep):
            return is_shared
        self._written.drop(source.id)  # the next reading is held against what is stored
        return is_shared

    def _put(self, source: Source, reading: Reading) -> None:
        with self._lock:
            last = self._last.get(source.id)
            if last is None or not _is_newer(last, reading):
                self._last.put(source.id, reading)


def _is_newer(reading: Reading, other: Reading) -> bool:
    """Whether it began later; one that is much newer was made by a clock that ran ahead."""
    return 0.0 < reading.as_of - other.as_of <= OVERTAKEN_S


def _serials(cameras: Iterable[Camera]) -> set[str]:
    return {camera.ref.serial for camera in cameras}
