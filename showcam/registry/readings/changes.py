"""The events at a household's cameras: sightings, changes found by comparing readings, and awaited changes.

Sightings and awaited changes are rows of the store for half a minute: the next question may reach another process.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Literal, get_args

from msgspec import Struct
from msgspec.structs import replace

from showcam.drivers.camera import Camera
from showcam.drivers.driver import EventKind
from showcam.drivers.settings import FIELDS, Asked, Setting
from showcam.net.cache import Recent
from showcam.registry.preferences import Preferences
from showcam.registry.quiet_times import QuietTimes
from showcam.registry.readings.households import IN_MEMORY, Reading, known_encryption, known_online
from showcam.store.ports import Store, StoreUnavailable
from showcam.store.records import Account, Happening, Source

log = logging.getLogger(__name__)

LAST_S = 30.0  # happenings are kept for this time: vendors report the beginning of motion, and not its end
REREAD_S = 1.0  # a row that another process wrote is known here within this time
RUNG_S = 45.0  # an older ring is no longer announced: nobody is at the door any more
LONGEST_REST_S = (
    RUNG_S / 3
)  # at a start, and after failures, a household is read within this, so that no ring gets too old
# A second message of the kind within this time, by another channel or of the same motion, is no second sighting. A
# covered camera reports tampering again and again.
SAME_S: dict[EventKind, float] = {"motion": LAST_S, "person": LAST_S, "tamper": 300.0, "doorbell": 3.0}
_ASKED = "asked"  # begins the kind of a change that is awaited: asked/{field}/{value}
_KNOWN = frozenset(FIELDS.values())  # another version may write others
# Fields that assistants show, and that have no kind of change for themselves; a battery's percent comes with the next
# query.
_REST = (
    *("asleep", "audio", "charging", "status_light", "alarm_notification", "offline_notification", "flip"),
    *("night_vision", "video", "ways", "decided", "can_restart", "kind", "firmware", "picture_code"),
)

type Held = Mapping[str, frozenset[str]]  # by camera id, the kinds of sightings that hold now
type AwaitedChanges = Mapping[tuple[str, str], str]  # by camera id and field of Camera: the value that was asked for
type Kind = Literal[
    "motion",
    "person",
    "doorbell",
    "tamper",
    "online",
    "offline",
    "encryption_on",
    "encryption_off",
    "renamed",
    "added",
    "removed",
    "state",
]
KINDS: tuple[Kind, ...] = get_args(Kind.__value__)
SIGHTINGS: tuple[Kind, ...] = ("motion", "person", "doorbell", "tamper")
_SEEN = frozenset(SIGHTINGS) - {"tamper"}
ENCRYPTION: tuple[Kind, ...] = ("encryption_on", "encryption_off")


class Change(Struct, frozen=True):
    """`camera` is its id, `at` epoch seconds. "state": any other difference that an assistant shows.

    "tamper": the camera reports being turned away, covered or blinded. No assistant has a word for this; the owner is
    notified.
    `announced`: how a sighting may be announced; None: not at all. Noticing decides in the process of the find.
    """

    account: str
    camera: str
    kind: Kind
    at: float
    announced: EventKind | None = None


class Changes:
    """Subscribers are called in the thread that found the change, in the process that found it first."""

    def __init__(self) -> None:
        self._callbacks: list[tuple[Callable[[Change], None], Collection[Kind]]] = []

    def subscribe(self, callback: Callable[[Change], None], kinds: Collection[Kind] = KINDS) -> None:
        self._callbacks.append((callback, kinds))

    def publish(self, changes: Iterable[Change]) -> None:
        for change in changes:
            if change.kind == "encryption_on":
                log.warning(
                    "Image Encryption was switched on for camera %s of account %s: no assistant can show it now",
                    change.camera,
                    change.account,
                )
            for callback in [callback for callback, kinds in self._callbacks if change.kind in kinds]:
                try:
                    callback(change)
                except Exception:
                    log.exception("a subscriber of changes failed")

    def compared(self, account: Account, _source: Source, before: tuple[Camera, ...], after: Reading) -> None:
        """Publishes the changes since the list that the store held until now. Readings calls this."""
        self.publish(compare(account.id, before, after.cameras, after.as_of))


def compare(account: str, before: Iterable[Camera], after: Iterable[Camera], at: float) -> list[Change]:
    """The changes in the order of `after`. A flag that is unknown now is no change.

    Vendors leave flags out now and then. The flag `online` and Image Encryption are compared with their last known
    values; any other flag that was unknown is no change either.
    """
    were = {camera.id: camera for camera in before}
    found: list[Change] = []
    for camera in after:
        was = were.pop(camera.id, None)
        kinds: list[Kind] = ["added"] if was is None else _differences(was, camera)
        found += [Change(account, camera.id, kind, at) for kind in kinds]
    return found + [Change(account, gone, "removed", at) for gone in were]


def _differences(was: Camera, now: Camera) -> list[Kind]:
    kinds: list[Kind] = []
    if (known_online(was), now.online) in (("on", "off"), ("off", "on")):
        kinds.append("online" if now.online == "on" else "offline")
    if (known_encryption(was), now.encryption) in (("on", "off"), ("off", "on")):
        kinds.append("encryption_on" if now.encryption == "on" else "encryption_off")
    if was.name != now.name:
        kinds.append("renamed")
    if any(_differ(getattr(was, name), getattr(now, name)) for name in _REST):
        kinds.append("state")
    return kinds


def _differ(was: object, now: object) -> bool:
    return was != now and "unknown" not in (was, now)


class Happenings:
    """Sightings and awaited changes of the last half minute, as rows of the store that all processes read.

    A change is awaited that a vendor took, but that its list does not show yet: lists lag some 20 seconds behind. After
    LAST_S the camera's own word counts. The store is read at most once a second for each household.
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock
        self._recent: Recent[str, tuple[float, list[Happening]]] = Recent(IN_MEMORY)

    def put(self, account_id: str, happening: Happening) -> None:
        """Stores the happening, and reports it to no assistant. Raises StoreUnavailable."""
        self._store.record_happening(account_id, happening, 0.0, None)
        self._recent.drop(account_id)

    def since(self, account_id: str, at: float) -> list[Happening]:
        """The happenings after `at` as the store has them now, oldest first. Raises StoreUnavailable."""
        return self._store.happenings(account_id, at)

    def newest(self, account_id: str) -> list[Happening]:
        """The happenings of the last LAST_S, read from the store now and kept for `last`. Raises StoreUnavailable."""
        now = self._clock()
        found = self._store.happenings(account_id, now - LAST_S)
        self._recent.put(account_id, (now, found))
        return found

    def last(self, account_id: str) -> list[Happening]:
        """The happenings of the last LAST_S, oldest first; none if the store can't be read."""
        now = self._clock()
        recent = self._recent.get(account_id)
        if recent is None or not 0 <= now - recent[0] < REREAD_S:
            try:
                recent = (now, self._store.happenings(account_id, now - LAST_S))
            except StoreUnavailable:
                recent = (now, [])  # cameras are shown and listed without them
            self._recent.put(account_id, recent)
        return [happening for happening in recent[1] if now - happening.at < LAST_S] if recent[1] else recent[1]

    def sighting(self, account_id: str, camera_id: str) -> Happening | None:
        """The newest sighting at the camera in the last LAST_S, except tampering."""
        seen = [happening for happening in self.last(account_id) if happening.camera == camera_id]
        return next((happening for happening in reversed(seen) if happening.kind in _SEEN), None)

    def note(
        self, account_id: str, camera: str, kind: EventKind, at: float, announced_as: Callable[[], EventKind | None]
    ) -> tuple[bool, EventKind | None]:
        """Writes the sighting for all processes and for assistants. Returns whether it is new, and the announcement.

        `announced_as` is called only for a new sighting that is not too old: motion that no longer holds, and a ring
        older than RUNG_S, are announced to nobody. Raises what `announced_as` raises, and StoreUnavailable.
        """
        now = self._clock()
        at = min(at, now)
        known = self.since(account_id, at - SAME_S[kind])
        is_new = not any(happening.camera == camera and happening.kind == kind for happening in known)
        is_late = now - at >= (RUNG_S if kind == "doorbell" else LAST_S)
        announced = announced_as() if is_new and not is_late else None
        told = None if is_late else () if announced is None else (announced,)
        is_first = self._store.record_happening(account_id, Happening(camera, kind, at), SAME_S[kind], told)
        self._recent.drop(account_id)
        return (True, announced) if is_first else (False, None)  # another process was first

    def held(self, account_id: str) -> Held:
        """The kinds of sightings that hold now, by camera id."""
        last = self.last(account_id)
        if not last:
            return {}
        held: dict[str, frozenset[str]] = {}
        for happening in last:
            if happening.kind in SAME_S:
                held[happening.camera] = held.get(happening.camera, frozenset()) | {happening.kind}
        return held

    def ask(self, account_id: str, camera: Camera, setting: Setting, value: str) -> Asked:
        """The setting is unknown until the camera shows the change, or LAST_S have passed. The newest change counts."""
        if setting not in FIELDS:
            return Asked(camera)
        field = FIELDS[setting]
        try:
            self.put(account_id, Happening(camera.id, f"{_ASKED}/{field}/{value}", self._clock()))
        except StoreUnavailable:
            # the vendor took the change all the same; until the next reading the camera is listed as it was
            log.warning("a change of account %s could not be noted as asked for", account_id, extra={"reason": "store"})
        return Asked(replace(camera, **{field: value}))

    def awaited(self, account_id: str) -> AwaitedChanges:
        """The changes of the last half minute that were asked for and do not show yet."""
        last = self.last(account_id)
        if not last:
            return {}
        changes: dict[tuple[str, str], str] = {}
        for happening in last:  # the newest comes last
            word, _, change = happening.kind.partition("/")
            field, _, value = change.partition("/")
            if word == _ASKED and field in _KNOWN:
                changes[happening.camera, field] = value
        return changes


def with_motion(camera: Camera, held: Held) -> Camera:
    """The camera with its present motion; a flag "none" stays "none"."""
    kinds = held.get(camera.id)
    if not kinds:
        return camera
    motion = "on" if camera.motion != "none" and kinds & {"motion", "person"} else camera.motion
    person = "on" if camera.person != "none" and "person" in kinds else camera.person
    return replace(camera, motion=motion, person=person)


def announcement(kind: EventKind, preferences: Preferences, quiet: QuietTimes, at: float) -> EventKind | None:
    """How a sighting at the epoch second `at` is announced, apart from the pause after the last one.

    No assistant has a word for tampering.
    """
    if kind == "tamper" or quiet.hold(at):
        return None
    rings = {"no": (), "motion": ("motion", "person"), "person": ("person",)}[preferences.motion_rings]
    return "doorbell" if kind in rings else kind


def with_awaited(camera: Camera, changes: AwaitedChanges) -> Camera:
    """The camera with the awaited fields as unknown: neither the old value nor the new one is certain."""
    unknown = {
        field: "unknown"
        for (camera_id, field), value in changes.items()
        if camera_id == camera.id and getattr(camera, field) not in (value, "none")
    }
    return replace(camera, **unknown) if unknown else camera
