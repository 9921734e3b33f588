"""How long sign-ins wait, and how many may: each holds one of the web process's threads, which others need too."""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator

KEPT_S = 900
AT_ONCE = 32  # of browsers that never signed in here; as many more of those that did
OF_ONE_AT_ONCE = 8  # of them for one IPv4 address or IPv6 /64


class Pace:
    """Answers that must not be told apart by their time take the same: a floor, or as long as the slowest of late."""

    def __init__(self, least_s: float) -> None:
        self._least_s = self._slowest_s = least_s
        self._until = 0.0

    def wait(self, began: float) -> None:
        """`began`: time.monotonic() when the request came. A vendor slower than the floor slows the others down too."""
        now = time.monotonic()
        if now - began > self._slowest_s or now > self._until:
            self._slowest_s, self._until = max(self._least_s, now - began), now + KEPT_S
        time.sleep(max(0.0, began + self._slowest_s - now))


class Crowded(Exception):
    """As many wait as may."""


class Crowd:
    """So many at once, and so many of them from one network."""

    def __init__(self, most: int = AT_ONCE, most_of_one: int = OF_ONE_AT_ONCE) -> None:
        self._most, self._most_of_one = most, most_of_one
        self._of_one: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def joined(self, network: str) -> Iterator[None]:
        """While the block lasts. Raises Crowded, and waits for nobody."""
        with self._lock:
            if self._of_one.total() >= self._most or self._of_one[network] >= self._most_of_one:
                raise Crowded
            self._of_one[network] += 1
        try:
            yield
        finally:
            with self._lock:
                self._of_one[network] -= 1
                if not self._of_one[network]:
                    del self._of_one[network]
