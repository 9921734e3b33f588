"""Motion, persons and rings at the cameras within the last half minute, shared by all processes through the store."""

import time
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from net.cache import Recent
from registry.camera import Camera
from registry.driver import EventKind
from store.ports import Store, StoreUnavailable
from store.records import Happening

HELD_S = 30.0  # vendors report the beginning of motion and not its end
REREAD_S = 1.0  # a sighting that another process noted is known here within this
# A second message of the kind within so long, by another channel or of the same motion, is no second sighting.
SAME_S: dict[EventKind, float] = {"motion": HELD_S, "person": HELD_S, "doorbell": 3.0}
IN_MEMORY = 1024

type _Held = Mapping[str, frozenset[str]]
_NOTHING: _Held = {}


class Sightings:
    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock
        self._recent: Recent[str, tuple[float, list[Happening]]] = Recent(IN_MEMORY)

    def note(self, account_id: str, camera: str, kind: EventKind, at: float) -> bool:
        """Writes it for all processes; False when it was known already. Raises StoreUnavailable."""
        now = self._clock()
        at = min(at, now)
        known = self._store.happenings(account_id, at - SAME_S[kind])
        new = not any(happening.camera == camera and happening.kind == kind for happening in known)
        self._store.put_happening(account_id, Happening(camera, kind, at))
        self._recent.drop(account_id)
        return new

    def held(self, account_id: str) -> _Held:
        """By camera id, the kinds that hold now."""
        now = self._clock()
        recent = self._recent.get(account_id)
        if recent is None or not 0 <= now - recent[0] < REREAD_S:
            try:
                recent = (now, self._store.happenings(account_id, now - HELD_S))
            except StoreUnavailable:
                recent = (now, [])  # cameras are shown and listed without sightings
            self._recent.put(account_id, recent)
        if not recent[1]:
            return _NOTHING
        held: dict[str, frozenset[str]] = {}
        for happening in recent[1]:
            if now - happening.at < HELD_S:
                held[happening.camera] = held.get(happening.camera, frozenset()) | {happening.kind}
        return held


def with_motion(camera: Camera, held: _Held) -> Camera:
    """The camera with its motion as it is now; a flag "none" stays "none"."""
    kinds = held.get(camera.id)
    if not kinds:
        return camera
    motion = "on" if camera.motion != "none" and kinds & {"motion", "person"} else camera.motion
    person = "on" if camera.person != "none" and "person" in kinds else camera.person
    return replace(camera, motion=motion, person=person)
