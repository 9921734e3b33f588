"""What changed at a household's cameras: found by comparing readings, and published to subscribers."""

import logging
from collections.abc import Callable, Iterable
from typing import Literal

from msgspec import Struct

from registry.camera import Camera
from registry.driver import EventKind
from registry.readings.reading import Reading
from store.records import Account, Source

log = logging.getLogger(__name__)

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


class Change(Struct, frozen=True):
    """`camera` is its id, `at` epoch seconds. "state": any other difference that an assistant shows.

    "tamper": the camera reports that it was turned away, covered or blinded. No assistant has a word for it; its owner
    is notified.
    `announced`: as what a sighting may be announced, decided by Announcing where it was found; None: not at all.
    """

    account: str
    camera: str
    kind: Kind
    at: float
    announced: EventKind | None = None


class Changes:
    """Subscribers are called in the thread that found the change, in the process that found it first."""

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
                    log.exception("a subscriber of changes failed")

    def compared(self, account: Account, _source: Source, before: tuple[Camera, ...], after: Reading) -> None:
        """For Readings, which calls it with the list that the store held until now."""
        self.publish(compare(account.id, before, after.cameras, after.as_of))


def compare(account: str, before: Iterable[Camera], after: Iterable[Camera], at: float) -> list[Change]:
    """By camera id, in the order of `after`; a flag that is or was unknown is no change."""
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


# The other fields that assistants show; a battery's percent comes with the next query.
_REST = (
    *("asleep", "audio", "charging", "status_light", "alarm_notification", "offline_notification", "flip"),
    *("night_vision", "video", "ways", "voice_may", "room", "tv_scenes", "motion_rings", "can_restart", "kind"),
    *("firmware", "picture_code"),
)


def _differ(was: object, now: object) -> bool:
    return was != now and "unknown" not in (was, now)
