"""When a stream node will end a session, by how long it let others last, so that the next one is there before."""

import math
from collections.abc import Callable

KNOWN_S = (27.0, 75.0, 300.0)  # how long nodes were seen to let a session last; none of it is known of a given camera
AHEAD_S = 9.0  # the next session opens so long before: opening takes seconds, and so does the first keyframe
LATE_S = 4.0  # a session that lasts so much longer shows that a length does not hold
SHORTEST_S = 3.0  # no session opens ahead of the end of a shorter one
SURE = 2  # sessions that ended alike
ERRATIC = 2  # sessions that ended as none before them did
SOONEST_S = 10.0  # an erratic node's session is followed after the shortest length that it ended one at, and this
CALM_S = 600.0  # after so long without an end sessions may grow old again; one that lasts so long shows that they do


class Foresight:
    """Lengths are seconds from when a session was opened. `now`: a monotonic clock in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._ends = dict.fromkeys(KNOWN_S, 0)  # how many sessions ended after that long
        self._surprises = 0  # sessions whose end nothing foretold
        self._shortest_s = math.inf
        self._last_end = -math.inf

    @property
    def is_unsure(self) -> bool:
        """Whether a session may end at a moment that nothing foretells: one did, and the next one not as that did."""
        return self._surprises > 0

    def is_overdue(self, lasted_s: float) -> bool:
        """Whether an erratic node has ended sessions that were no older, and one of late."""
        is_erratic = self._surprises >= ERRATIC and self._now() - self._last_end < CALM_S
        return is_erratic and SOONEST_S <= self._shortest_s < lasted_s

    def due(self, lasted_s: float) -> float | None:
        """The length at which a session that has lasted so long may be ended soon."""
        return next(
            (length for length in self._ends if max(length / 2, length - AHEAD_S) < lasted_s < length + LATE_S), None
        )

    def is_sure(self, length_s: float) -> bool:
        return self._ends.get(length_s, 0) >= SURE

    def ended(self, lasted_s: float) -> None:
        """The node ended a session."""
        self.outlived(lasted_s)
        if lasted_s < SHORTEST_S:
            return
        alike = next((length for length in self._ends if abs(length - lasted_s) <= LATE_S), None)
        self._last_end = self._now()
        self._shortest_s = min(self._shortest_s, lasted_s)
        if alike is None:
            self._surprises += 1
        elif self._surprises < ERRATIC and self._ends[alike]:
            self._surprises = 0  # that is how long the node lets a session last
        count = 0 if alike is None else self._ends.pop(alike)
        self._ends[min(lasted_s, alike) if alike and count else lasted_s] = count + 1

    def outlived(self, lasted_s: float) -> None:
        """A session has lasted so long."""
        self._ends = {length: count for length, count in self._ends.items() if lasted_s <= length + LATE_S}
        if lasted_s > CALM_S:
            self._surprises, self._shortest_s = 0, math.inf
