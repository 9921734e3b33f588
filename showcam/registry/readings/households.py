"""A household: its sources, the answers of their vendors, its cameras as one list, and its devices."""

import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import fields, replace

from showcam.drivers.camera import STALE_S, Camera, Flag, LastKnown, Listed, Measured, Ref, Video, VideoCodec
from showcam.drivers.driver import REREAD_S
from showcam.drivers.errors import Unavailable
from showcam.engine.grants import Picture
from showcam.net.cache import Recent
from showcam.registry.preferences import Preferences, of_account
from showcam.store.ports import Store
from showcam.store.records import Account, Source, vendor_key

IN_MEMORY = 1024  # accounts; others are read again

type Cameras = tuple[Camera, ...]


class Household(Struct, frozen=True):
    account: Account
    sources: tuple[Source, ...]
    preferences: Mapping[str, Preferences]
    read_at: float


class Households:
    """Households as the store has them, kept in memory for half a minute. `clock`: epoch seconds."""

    def __init__(self, store: Store, kinds: Iterable[str], clock: Callable[[], float] = time.time) -> None:
        """`kinds`: of the sources that a driver serves; cameras of others are not listed."""
        self._store, self._kinds, self._clock = store, frozenset(kinds), clock
        self._known: Recent[str, Household] = Recent(IN_MEMORY)
        self._forgotten = 0  # times that a household was dropped
        self._lock = threading.Lock()

    def of(self, account_id: str, *, fresh_preferences: bool = False) -> Household:
        """`fresh_preferences`: the preferences and the sources are read from the store now.

        Raises Unavailable: no such account, or no source in it.
        """
        known = self._known.get(account_id)
        if known and 0 <= self._clock() - known.read_at < REREAD_S:  # another process may have changed it
            return self._renewed(known) if fresh_preferences else known
        forgotten = self._forgotten
        account = self._store.account(account_id)
        sources = tuple(self._store.sources(account_id)) if account else ()
        if account is None or not sources:
            raise Unavailable("signed_out")
        preferences = of_account(self._store, account_id)
        if known and known.preferences == preferences:
            preferences = known.preferences  # readings are compared by identity
        return self._keep(Household(account, self._served(sources), preferences, self._clock()), forgotten)

    def _keep(self, household: Household, forgotten: int) -> Household:
        """Keeps the household in memory, unless one was dropped after `forgotten` was read: this may be out of date."""
        with self._lock:
            if forgotten == self._forgotten:
                self._known.put(household.account.id, household)
        return household

    def _served(self, sources: Iterable[Source]) -> tuple[Source, ...]:
        return tuple(source for source in sources if source.kind in self._kinds)

    def _renewed(self, known: Household) -> Household:
        """The household with what another process changed: the cameras of a new source are listed at once."""
        forgotten, preferences = self._forgotten, of_account(self._store, known.account.id)
        sources = self._served(self._store.sources(known.account.id))
        if preferences == known.preferences:
            preferences = known.preferences  # readings are compared by identity
        if sources == known.sources and preferences is known.preferences:
            return known
        return self._keep(replace(known, sources=sources, preferences=preferences), forgotten)

    def follow(self, account_id: str) -> None:
        """Takes up the owner's changes in another process; a household that is not in memory is read when needed."""
        if known := self._known.get(account_id):
            self._renewed(known)

    def forget(self, account_id: str) -> None:
        """Drops the household after a change in this process: the next request reads it from the store."""
        with self._lock:
            self._forgotten += 1
            self._known.drop(account_id)

    def preferences(self, account_id: str) -> Mapping[str, Preferences]:
        """The preferences by camera id. Raises Unavailable as `of` does."""
        return self.of(account_id).preferences


type Lists = tuple[Listed, ...] | None


class Reading(Struct, frozen=True):
    """A source as the vendor listed it. `as_of`: when the vendor was called, epoch seconds. A reading never changes."""

    as_of: float
    listed: Lists  # as the driver returned them; None: to another process
    cameras: tuple[Camera, ...]
    by_id: Mapping[str, Camera]
    stored: bytes  # its cameras as the store has them: the same for the same list with the same measurements
    fingerprint: str
    preferences: Mapping[str, Preferences]  # of the household, by camera id

    def find(self, camera: str) -> Camera | None:
        found = self.by_id.get(camera)
        return replace(found, as_of=self.as_of) if found else None


class _Stored(Listed, frozen=True, kw_only=True):
    """A camera in the store's list. Each of the pictures has a single size, measured or listed.

    This form is as old as showcam, and older versions read it. Sizes from the store count as measured.
    """

    id: str  # "": it follows from the account
    looked_at: float = 0.0
    sub_silent_at: float = 0.0
    last_online: Flag = "unknown"
    last_encryption: Flag = "unknown"


_DEFAULTS = {field.name: field.default for field in fields(_Stored)}
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[_Stored, ...])


def encoded(cameras: Iterable[Camera]) -> bytes:
    """The cameras for the store, without ids and decisions: the same bytes for the same cameras."""
    return _encoder.encode([_stored(camera) for camera in cameras])


def _stored(camera: Camera) -> _Stored:
    measured, last = camera.measured, camera.last_known
    values = {name: getattr(camera, name) for name in Listed.__struct_fields__}
    values |= {"id": "", "listed_video": camera.video, "listed_sub": camera.sub}
    values |= {"looked_at": measured.looked_at, "sub_silent_at": measured.sub_silent_at}
    values |= {"last_online": last.online, "last_encryption": last.encryption}
    # msgspec leaves out a default by its identity, and a driver may give an equal one
    return _Stored(**{name: value for name, value in values.items() if value != _DEFAULTS[name]})


def decoded(data: bytes) -> tuple[Camera, ...]:
    """Raises msgspec.MsgspecError for what another version wrote and this one can't read."""
    return tuple(
        Camera.of(
            replace(row, listed_video=Video(), listed_sub=row.listed_sub and Video()),
            measured=Measured(row.listed_video, row.listed_sub, row.looked_at, row.sub_silent_at),
            last_known=LastKnown(row.last_online, row.last_encryption),
        )
        for row in _decoder.decode(data)
    )


class Measurement(Struct, frozen=True):
    """The properties of an opened picture, as measured at `at`, epoch s."""

    width: int
    height: int
    b_frames: bool = False
    at: float = 0.0
    codec: VideoCodec = "unknown"  # "unknown": not measured
    lacks_sub: bool = False  # the smaller picture was opened first, and brought nothing


def resized(cameras: Cameras, ref: Ref, picture: Picture, measurement: Measurement) -> Cameras:
    """The cameras with the measurement applied to that picture of the camera `ref`."""

    def measured(camera: Camera) -> Camera:
        video = camera.video if picture == "main" else camera.sub or Video()
        codec = video.codec if measurement.codec == "unknown" else measurement.codec
        video = Video(codec, measurement.width, measurement.height, measurement.b_frames)
        known, at = camera.measured, measurement.at
        if picture == "sub":
            return replace(camera, measured=replace(known, sub=video))
        if measurement.lacks_sub:
            known = replace(known, sub_silent_at=at)
        elif video == camera.video and (not known.looked_at or at - known.looked_at < STALE_S / 2):
            return camera  # unchanged, and listed by the vendor or measured lately: the list is not written again
        return replace(camera, measured=replace(known, video=video, looked_at=at))

    return tuple(measured(camera) if camera.ref == ref else camera for camera in cameras)


def completed(cameras: Cameras, before: Cameras) -> Cameras:
    """The cameras with sizes and last known flags from `before`, if the vendor's list lacks them.

    A size of `before` counts only if the vendor lists no size and no other codec.
    """
    known = {camera.ref: camera for camera in before}
    return tuple(_completed(camera, known[camera.ref]) if camera.ref in known else camera for camera in cameras)


def _completed(camera: Camera, before: Camera) -> Camera:
    measured, last_known = _measured(camera, before.measured), _last_known(camera, before)
    if measured is camera.measured and last_known == camera.last_known:
        return camera
    return replace(camera, measured=measured, last_known=last_known)


def _measured(camera: Camera, known: Measured) -> Measured:
    own = camera.measured
    video = known.video if _lacks(camera.video, known.video) else own.video
    sub = known.sub if _lacks(camera.sub, known.sub) else own.sub
    silent_at = max(own.sub_silent_at, known.sub_silent_at)
    if video is own.video and sub is own.sub and silent_at == own.sub_silent_at:
        return own
    return Measured(video, sub, max(own.looked_at, known.looked_at), silent_at)


def _last_known(camera: Camera, before: Camera) -> LastKnown:
    online = known_online(before) if camera.online == "unknown" else "unknown"
    encryption = known_encryption(before) if camera.encryption == "unknown" else "unknown"
    return LastKnown(online, encryption)


def known_online(camera: Camera) -> Flag:
    """The camera's flag `online`, or the last known value while the flag is unknown."""
    return camera.last_known.online if camera.online == "unknown" else camera.online


def known_encryption(camera: Camera) -> Flag:
    """The camera's Image Encryption, or the last known value while Image Encryption is unknown."""
    return camera.last_known.encryption if camera.encryption == "unknown" else camera.encryption


def _lacks(picture: Video | None, known: Video | None) -> bool:
    """Whether the picture has no size that a measurement has, and no other codec."""
    if picture is None or known is None or picture.width or not known.width:
        return False
    return picture.codec in ("unknown", known.codec)


class Listing(Struct, frozen=True):
    """`fingerprint` is the same for the same cameras in the same state; `as_of` in epoch seconds.

    `waiting`: the vendors of sources that nobody has signed in to yet; their cameras are not listed.
    """

    cameras: tuple[Camera, ...]
    fingerprint: str
    as_of: float
    waiting: tuple[str, ...] = ()


def merged(readings: Sequence[Reading], now: float, waiting: tuple[str, ...] = ()) -> Listing:
    """One listing of all sources' cameras, as old as the oldest reading; without readings, it is of `now`."""
    if len(readings) == 1:
        return Listing(readings[0].cameras, readings[0].fingerprint, readings[0].as_of, waiting)
    cameras = tuple(camera for reading in readings for camera in reading.cameras)
    fingerprint = hashlib.blake2b(
        "".join(reading.fingerprint for reading in readings).encode(), digest_size=16
    ).hexdigest()
    return Listing(cameras, fingerprint, min((reading.as_of for reading in readings), default=now), waiting)


class Devices:
    """The households that list a vendor's device. The store has no serial in readable form.

    `kinds`: of the sources there may be. Raises StoreUnavailable.
    """

    def __init__(self, store: Store, kinds: Iterable[str]) -> None:
        self._store, self._kinds = store, tuple(kinds)
        self._salt = ""  # never changes, and is read from the store once

    def place(self, account_id: str, devices: Iterable[tuple[str, str]]) -> None:
        """Replaces the household's devices. A device is its source's kind and a serial."""
        self._store.put_devices(account_id, frozenset(self._key(kind, serial) for kind, serial in devices))

    def accounts(self, serial: str) -> list[str]:
        """The accounts that list the device, by a source of any kind."""
        by_kind = [self._store.accounts_with(self._key(kind, serial)) for kind in self._kinds]
        return list(dict.fromkeys(account for accounts in by_kind for account in accounts))

    def _key(self, kind: str, serial: str) -> str:
        self._salt = self._salt or self._store.meta_once("vendor_salt", secrets.token_hex(32))
        return vendor_key(self._salt, f"{kind} device", serial)
