"""Limits how long sign-ins wait, and how many at once: a waiting sign-in holds a thread of the web process."""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator

KEPT_S = 900  # how long the slowest answer sets the pace
AT_ONCE = 32  # sign-ins of unknown browsers; as many more of known ones
AT_ONCE_PER_NETWORK = 8  # sign-ins of one IPv4 address or IPv6 /64


class Pace:
    """Gives answers whose cause must not show equal durations: a minimum, or that of the slowest recent answer."""

    def __init__(self, least_s: float) -> None:
        self._least_s = self._slowest_s = least_s
        self._until = 0.0

    def wait(self, began: float) -> None:
        """`began`: the request's start, by time.monotonic. A vendor slower than the minimum slows all answers down."""
        now = time.monotonic()
        if now - began > self._slowest_s or now > self._until:
            self._slowest_s, self._until = max(self._least_s, now - began), now + KEPT_S
        time.sleep(max(0.0, began + self._slowest_s - now))


class Crowded(Exception):
    """No further sign-in may wait: as many wait as may."""


class Crowd:
    """Limits waiting sign-ins in all and per network."""

    def __init__(self, most: int = AT_ONCE, most_per_network: int = AT_ONCE_PER_NETWORK) -> None:
        self._most, self._most_per_network = most, most_per_network
        self._by_network: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def joined(self, network: str) -> Iterator[None]:
        """Counts a sign-in while the block runs. Raises Crowded at once when there is no place."""
        with self._lock:
            if self._by_network.total() >= self._most or self._by_network[network] >= self._most_per_network:
                raise Crowded
            self._by_network[network] += 1
        try:
            yield
        finally:
            with self._lock:
                self._by_network[network] -= 1
                if not self._by_network[network]:
                    del self._by_network[network]
