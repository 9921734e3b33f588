"""One clock over all sessions of a source: each session's times continue those before it, plus the gap between them."""

from collections.abc import Callable

from media.plane.codec.units import CLOCK, Unit

JUMP = 5 * CLOCK
STEP = CLOCK // 15


class Joined:
    """`now`: a monotonic clock in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._shift: int | None = None
        self._last: dict[str, int] = {}
        self._came = 0.0

    def part(self) -> None:
        """A new session begins, whose clock is another."""
        self._shift = None

    def put(self, unit: Unit) -> Unit | None:
        """The unit on the common clock; None if it would go back in time. The first after `part` is a keyframe."""
        video = unit.kind == "video"
        if self._shift is None:
            self._shift = self._joint() - unit.dts
        last, at = self._last.get(unit.kind), unit.dts + self._shift
        if video and last is not None and not 0 < at - last <= JUMP:
            # the camera has set its clock
            self._shift += last + STEP - at
        elif not video and ((last is not None and at <= last) or abs(at - self._last["video"]) > JUMP):
            return None
        put = unit.later(self._shift)
        self._last[unit.kind] = put.dts
        if video:
            self._came = self._now()
        return put

    def _joint(self) -> int:
        """The time of the first picture of a new session."""
        if "video" not in self._last:
            return 0
        return self._last["video"] + max(STEP, round((self._now() - self._came) * CLOCK))
