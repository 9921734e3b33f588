"""One timeline over all sessions of a source that comes in bursts: it begins at zero and never steps back.

The units of one session share a clock. A clock that was set is undone, so that nothing is missing. Each session goes on
where the one before it ended, plus the time between them.
"""

from collections.abc import Callable

from media.plane.codec.units import CLOCK, Unit

LEAP = CLOCK  # longer without a picture is a pause
JUMP = 5 * CLOCK  # longer without a picture is no pause: the camera has set its clock
STEP = CLOCK // 15


class Joined:
    """`now`: a monotonic clock in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._shift: int | None = None
        self._last: dict[str, int] = {}
        self._step = 0  # between the last two pictures
        self._came = 0.0
        self.paused = False  # before the picture that was put last, longer than pictures are apart

    def part(self) -> None:
        """A new session begins, whose clock is another."""
        self._shift = None

    def put(self, unit: Unit) -> Unit | None:
        """The unit on the common clock; None if it would go back in time. The first after `part` is a keyframe."""
        if self._shift is None:
            self._shift = self._joint() - unit.dts
        elif unit.kind == "video":
            self._steady(unit.dts)
        put = self._picture(unit) if unit.kind == "video" else self._sound(unit)
        if put is not None:
            self._last[unit.kind] = put.dts
        return put

    def _steady(self, dts: int) -> None:
        """Undo that the camera set its clock."""
        assert self._shift is not None
        last = self._last.get("video", dts + self._shift - STEP)
        if not 0 < dts + self._shift - last <= JUMP:
            self._shift = last + STEP - dts

    def _picture(self, unit: Unit) -> Unit:
        assert self._shift is not None
        put, last = unit.later(self._shift), self._last.get("video")
        before, self._step = self._step, 0 if last is None else put.dts - last
        self.paused = self._step > max(LEAP, 2 * before)
        self._came = self._now()
        return put

    def _sound(self, unit: Unit) -> Unit | None:
        """Sound that leaps ahead of the picture is of a clock whose new time no picture has shown yet."""
        assert self._shift is not None
        last, at = self._last.get("audio"), unit.dts + self._shift
        ahead = at - self._last["video"]
        if abs(ahead) > JUMP or (last is not None and (at <= last or (at - last > LEAP and ahead > 2 * LEAP))):
            return None
        return unit.later(self._shift)

    def _joint(self) -> int:
        """The time of the first picture of a new session."""
        if "video" not in self._last:
            return 0
        return self._last["video"] + max(STEP, round((self._now() - self._came) * CLOCK))
