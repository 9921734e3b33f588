"""Counts per key in a fixed window, in this process: for events that are too frequent for a write to the store each.

Sign-ins are counted in the store instead.
"""

from net.cache import Recent

MOST = 100_000  # keys that are counted; one that falls out starts at 0


class Rate:
    """Safe to use from many threads; two hits at once may count as one."""

    def __init__(self, window_s: int) -> None:
        self._window_s = window_s
        self._counts: Recent[str, tuple[int, int]] = Recent(MOST)

    def hit(self, key: str, now: float, more: int = 1) -> int:
        """Counts one more in the window of `now`, epoch seconds; the count with this one."""
        window = int(now) // self._window_s
        known = self._counts.get(key)
        count = max(0, known[1] + more if known and known[0] == window else more)
        self._counts.put(key, (window, count))
        return count

    def count(self, key: str, now: float) -> int:
        """How many there were so far in the window of `now`."""
        known = self._counts.get(key)
        return known[1] if known and known[0] == int(now) // self._window_s else 0
