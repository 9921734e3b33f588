"""Answers that must not be told apart by their time take the same: a floor, or as long as the slowest of late."""

import time

KEPT_S = 900


class Pace:
    def __init__(self, least_s: float) -> None:
        self._least_s = self._slowest_s = least_s
        self._until = 0.0

    def wait(self, began: float) -> None:
        """`began`: time.monotonic() when the request came. A vendor slower than the floor slows the others down too."""
        now = time.monotonic()
        if now - began > self._slowest_s or now > self._until:
            self._slowest_s, self._until = max(self._least_s, now - began), now + KEPT_S
        time.sleep(max(0.0, began + self._slowest_s - now))
