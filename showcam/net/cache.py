"""Keeps recent entries and counts by key in a process's memory, up to a limit."""

import threading
from collections.abc import Callable


class Recent[K, V]:
    """A mapping for values that can be read again: it keeps `limit` entries at most.

    An entry stays until nearly half as many others have been used after it. Safe to use from many threads. Two
    generations of entries make a look-up possible without a lock. An entry of the old generation moves to the young one
    when it is used. A full young generation becomes the old one.
    """

    def __init__(self, limit: int) -> None:
        self._half = max(1, limit // 2)
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        value = self._young.get(key)
        if value is None and key in self._old:
            with self._lock:
                value = self._young.get(key)
                if value is None and (value := self._old.get(key)) is not None:
                    self._keep(key, value)
        return value

    def put(self, key: K, value: V) -> None:
        with self._lock:
            self._keep(key, value)

    def made(self, key: K, make: Callable[[], V]) -> V:
        """The entry, which `make` makes if there is none. Threads that come at once get the same entry."""
        with self._lock:
            value = self._young.get(key, self._old.get(key))
            value = make() if value is None else value
            self._keep(key, value)
            return value

    def drop(self, key: K) -> None:
        with self._lock:
            self._young.pop(key, None)
            self._old.pop(key, None)

    def _keep(self, key: K, value: V) -> None:
        self._young[key] = value
        if len(self._young) >= self._half:
            self._old, self._young = self._young, {}


MOST = 100_000  # counted keys; a key that is dropped starts at 0 again


class Rate:
    """Counts events per key in a fixed window, in this process: each is too frequent for a write to the store.

    Safe to use from many threads; two hits at once may count as one. Sign-ins are counted in the store instead.
    """

    def __init__(self, window_s: int) -> None:
        self._window_s = window_s
        self._counts: Recent[str, tuple[int, int]] = Recent(MOST)

    def hit(self, key: str, now: float, more: int = 1) -> int:
        """Adds `more` to the key's count in the window of `now`, in epoch seconds, and returns the new count."""
        window = int(now) // self._window_s
        known = self._counts.get(key)
        count = max(0, known[1] + more if known and known[0] == window else more)
        self._counts.put(key, (window, count))
        return count

    def count(self, key: str, now: float) -> int:
        """The key's count so far in the window of `now`, in epoch seconds."""
        known = self._counts.get(key)
        return known[1] if known and known[0] == int(now) // self._window_s else 0
