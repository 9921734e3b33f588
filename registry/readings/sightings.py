"""What was seen at the cameras within the last half minute, shared by all processes through the store."""

import time
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from net.cache import Recent
from registry.camera import Camera
from registry.driver import EventKind
from store.ports import Store, StoreUnavailable
from store.records import Happening

HELD_S = 30.0  # vendors tell when motion begins and not when it ends
LOOK_S = 1.0  # what another process has noticed is known here within this
# A second telling within so long, by another way or of the same motion, is no second happening.
SAME_S: dict[EventKind, float] = {"motion": HELD_S, "person": HELD_S, "doorbell": 3.0}
IN_MEMORY = 1024

type _Held = Mapping[str, frozenset[str]]
_NOTHING: _Held = {}


class Happenings:
    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock
        self._looked: Recent[str, tuple[float, list[Happening]]] = Recent(IN_MEMORY)

    def note(self, account_id: str, camera: str, kind: EventKind, at: float) -> bool:
        """Keep it for all; False when it was known already. Raises StoreUnavailable."""
        now = self._clock()
        at = min(at, now)
        known = self._store.happenings(account_id, at - SAME_S[kind])
        new = not any(each.camera == camera and each.kind == kind for each in known)
        self._store.put_happening(account_id, Happening(camera, kind, at))
        self._looked.drop(account_id)
        return new

    def held(self, account_id: str) -> _Held:
        """By camera id what counts as being seen now."""
        now = self._clock()
        looked = self._looked.get(account_id)
        if looked is None or not 0 <= now - looked[0] < LOOK_S:
            try:
                looked = (now, self._store.happenings(account_id, now - HELD_S))
            except StoreUnavailable:
                looked = (now, [])  # a camera is shown and told without it
            self._looked.put(account_id, looked)
        if not looked[1]:
            return _NOTHING
        held: dict[str, frozenset[str]] = {}
        for each in looked[1]:
            if now - each.at < HELD_S:
                held[each.camera] = held.get(each.camera, frozenset()) | {each.kind}
        return held


def with_motion(camera: Camera, held: _Held) -> Camera:
    """The camera with its motion as it is now; one that tells of none stays so."""
    seen = held.get(camera.id)
    if not seen:
        return camera
    motion = "on" if camera.motion != "none" and seen & {"motion", "person"} else camera.motion
    person = "on" if camera.person != "none" and "person" in seen else camera.person
    return replace(camera, motion=motion, person=person)
