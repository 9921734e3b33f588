"""When a stream node will end a session, by how long it let others last, so that the next one is there before."""

KNOWN_S = (27.0, 75.0, 300.0)  # how long nodes were seen to let a session last; none of it is known of a given camera
AHEAD_S = 9.0  # the next session opens so long before: opening takes seconds, and so does the first keyframe
LATE_S = 4.0  # a session that lasts so much longer shows that a length does not hold
SHORTEST_S = 3.0  # no session opens ahead of the end of a shorter one
SURE = 2  # sessions that ended alike
ERRATIC = 2  # sessions that ended as none before them did
CALM_S = 600.0  # a session that lasts so long shows that the node is not erratic any more


class Foresight:
    """Lengths are seconds from when a session was opened."""

    def __init__(self) -> None:
        self._ends = dict.fromkeys(KNOWN_S, 0)  # how many sessions ended after that long
        self._surprises = 0  # sessions whose end nothing foretold

    @property
    def is_erratic(self) -> bool:
        """Whether the node ends sessions at moments that nothing foretells."""
        return self._surprises >= ERRATIC

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
        self._surprises += alike is None
        count = 0 if alike is None else self._ends.pop(alike)
        self._ends[min(lasted_s, alike) if alike and count else lasted_s] = count + 1

    def outlived(self, lasted_s: float) -> None:
        """A session has lasted so long."""
        self._ends = {length: count for length, count in self._ends.items() if lasted_s <= length + LATE_S}
        if lasted_s > CALM_S:
            self._surprises = 0
