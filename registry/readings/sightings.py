"""Motion, persons and rings at the cameras within the last half minute."""

import time
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from registry.camera import Camera
from registry.driver import EventKind
from registry.readings.happenings import LAST_S, Happenings
from store.records import Happening

HELD_S = LAST_S  # vendors report the beginning of motion and not its end
RUNG_S = 45.0  # a ring that is older is not rung any more: nobody stands at the door
# A second message of the kind within so long, by another channel or of the same motion, is no second sighting. A camera
# that stays covered says so again and again.
SAME_S: dict[EventKind, float] = {"motion": HELD_S, "person": HELD_S, "tamper": 300.0, "doorbell": 3.0}

type _Held = Mapping[str, frozenset[str]]
_NOTHING: _Held = {}


class Sightings:
    def __init__(self, happenings: Happenings, clock: Callable[[], float] = time.time) -> None:
        self._happenings, self._clock = happenings, clock

    def note(
        self, account_id: str, camera: str, kind: EventKind, at: float, announced_as: Callable[[], EventKind | None]
    ) -> tuple[bool, EventKind | None]:
        """Writes it for all processes and for assistants: whether it is new, and as what it is announced.

        `announced_as` is called for what is new and not too old: motion that no longer holds, and a ring of RUNG_S, are
        told to nobody. Raises what `announced_as` raises, and StoreUnavailable.
        """
        now = self._clock()
        at = min(at, now)
        known = self._happenings.since(account_id, at - SAME_S[kind])
        is_new = not any(happening.camera == camera and happening.kind == kind for happening in known)
        is_late = now - at >= (RUNG_S if kind == "doorbell" else HELD_S)
        announced = announced_as() if is_new and not is_late else None
        told = None if is_late else () if announced is None else (announced,)
        if not self._happenings.record(account_id, Happening(camera, kind, at), SAME_S[kind], told):
            return False, None  # another process was first
        return True, announced

    def held(self, account_id: str) -> _Held:
        """By camera id, the kinds that hold now."""
        last = self._happenings.last(account_id)
        if not last:
            return _NOTHING
        held: dict[str, frozenset[str]] = {}
        for happening in last:
            if happening.kind in SAME_S:
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
