"""One clock over all sessions of a source: its units go on where those before them ended, later by what was missed."""

from collections.abc import Callable

from media.plane.codec.units import CLOCK, Unit

JUMP = 5 * CLOCK
STEP = CLOCK // 15


class Joined:
    """`now` in seconds, as monotonic as the units become."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._shift: int | None = None
        self._last: dict[str, int] = {}
        self._came = 0.0

    def part(self) -> None:
        """What comes next has another clock."""
        self._shift = None

    def put(self, unit: Unit) -> Unit | None:
        """None for what would go back in time. The first after `part` is a keyframe."""
        video = unit.kind == "video"
        if self._shift is None:
            self._shift = self._joint() - unit.dts
        last, at = self._last.get(unit.kind), unit.dts + self._shift
        if video and last is not None and not 0 < at - last <= JUMP:
            # the camera learnt the time meanwhile
            self._shift += last + STEP - at
        elif not video and ((last is not None and at <= last) or abs(at - self._last["video"]) > JUMP):
            return None
        put = unit.later(self._shift)
        self._last[unit.kind] = put.dts
        if video:
            self._came = self._now()
        return put

    def _joint(self) -> int:
        """Where the next picture stands."""
        if "video" not in self._last:
            return 0
        return self._last["video"] + max(STEP, round((self._now() - self._came) * CLOCK))
