"""Cameras that EZVIZ gave no more sessions of: nobody asks for them again until a while has passed.

It allows a camera, an account and a node so many, and who goes on asking is shut out for longer.
"""

from collections.abc import Callable

from net.cache import Recent

SHORTEST_S, LONGEST_S = 15.0, 240.0
MANY = 1024


class QuotaRests:
    """`now`: monotonic seconds. A camera is any text that is its own."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._rests: Recent[str, tuple[float, float]] = Recent(MANY)  # until when, and how long it was

    def holds(self, camera: str) -> bool:
        until, _ = self._rests.get(camera) or (0.0, 0.0)
        return self._now() < until

    def refused(self, camera: str) -> None:
        """Let the camera rest: twice as long as the time before, if that one is not long over."""
        until, length_s = self._rests.get(camera) or (0.0, 0.0)
        is_again = self._now() < until + LONGEST_S
        length_s = min(2 * length_s, LONGEST_S) if is_again and length_s else SHORTEST_S
        self._rests.put(camera, (self._now() + length_s, length_s))

    def opened(self, camera: str) -> None:
        self._rests.drop(camera)
