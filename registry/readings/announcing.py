"""Whether what happened at a camera may be announced to the household, and as what.

An announcement is what people notice at once: a display that rings, a notification, a TV that changes to the camera.
Readings and sensors are not announcements: an assistant may always be reported that somebody moved.
"""

import time
from collections.abc import Callable

from registry.driver import EventKind
from registry.preferences import Preferences
from registry.quiet_times import QuietTimes, of_household
from registry.readings.households import Households
from store.ports import Store


class Announcing:
    """Called once for each sighting, where it is found; its answer travels with the change (`Change.announced`)."""

    def __init__(self, store: Store, households: Households, clock: Callable[[], float] = time.time) -> None:
        self._store, self._households, self._clock = store, households, clock

    def announced_as(self, account_id: str, camera_id: str, kind: EventKind, at: float) -> EventKind | None:
        """None: it is not announced. Begins the camera's pause. Raises Unavailable, StoreUnavailable."""
        preferences = self._households.preferences(account_id).get(camera_id, Preferences())
        announced = announcement(kind, preferences, of_household(self._store, account_id), at)
        if announced is None or not preferences.ring_pause_s:
            return announced
        key, now = f"announced/{account_id}/{camera_id}/{announced}", self._clock()
        is_first, _ = self._store.take_place(key, 1, preferences.ring_pause_s, now)
        # a person at the bell is always announced, and begins the pause of what is announced as one
        return announced if is_first or kind == "doorbell" else None


def announcement(kind: EventKind, preferences: Preferences, quiet: QuietTimes, at: float) -> EventKind | None:
    """As what a sighting at the epoch second `at` is announced, apart from the pause after the last one.

    No assistant has a word for tampering.
    """
    if kind == "tamper" or quiet.hold(at):
        return None
    rings = {"no": (), "motion": ("motion", "person"), "person": ("person",)}[preferences.motion_rings]
    return "doorbell" if kind in rings else kind
