"""One timeline over all sessions of a source that comes in bursts: it begins at zero and never steps back.

The units of one session share a clock. A clock that was set is undone, so that nothing is missing. Sessions are laid
over one another by when their newest pictures arrive. What a new session repeats of the one before it is shown at
double speed, so that the picture does not fall behind life with each session.
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
        self._edge = 0  # of a session that begins: the least time from a picture's own time to its arrival
        self._lag: int | None = None  # the least time from a picture's place on the timeline to its arrival
        self._behind = 0  # by which this session is shown later than the one before, until that is made good
        self.paused = False  # before the picture that was put last, longer than pictures are apart

    def part(self, edge: int) -> None:
        """A new session begins. `edge`: the least time from a picture's time, by its own clock, to its arrival."""
        self._shift, self._edge = None, edge

    def put(self, unit: Unit) -> Unit | None:
        """The unit on the common clock; None if it would go back in time. The first after `part` is a keyframe."""
        if self._shift is None:
            self._shift = self._joint(unit.dts) - unit.dts
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
        last = self._last.get("video")
        if last is not None and self._behind:
            made_good = min(self._behind, (unit.dts + self._shift - last) // 2)
            self._shift, self._behind = self._shift - made_good, self._behind - made_good
        put = unit.later(self._shift)
        before, self._step = self._step, 0 if last is None else put.dts - last
        self.paused = self._step > max(LEAP, 2 * before)
        lag = round(self._now() * CLOCK) - put.dts + self._behind
        self._lag = lag if self._lag is None else min(lag, self._lag)
        return put

    def _sound(self, unit: Unit) -> Unit | None:
        """Sound that leaps ahead of the picture is of a clock whose new time no picture has shown yet."""
        assert self._shift is not None
        last, at = self._last.get("audio"), unit.dts + self._shift
        ahead = at - self._last["video"]
        if abs(ahead) > JUMP or (last is not None and (at <= last or (at - last > LEAP and ahead > 2 * LEAP))):
            return None
        return unit.later(self._shift)

    def _joint(self, dts: int) -> int:
        """The time of the first picture of a new session."""
        lag, self._lag, self._behind = self._lag, None, 0
        if lag is None:
            return 0
        wanted, least = dts + self._edge - lag, self._last["video"] + STEP
        if 0 < least - wanted < JUMP:
            self._behind = least - wanted
        return max(wanted, least)
