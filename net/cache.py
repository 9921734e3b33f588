"""A mapping that keeps the entries used last and forgets the others, for what can be read again."""

import functools
import threading
from collections.abc import Callable
from typing import ClassVar


class Recent[K, V]:
    """Keeps `limit` entries at most; one stays until nearly half as many others have been used after it.

    Safe to use from many threads. In two generations, so that a look-up moves nothing and takes no lock: what is used
    while it is in the old one comes into the young one; when that is full it becomes the old one.
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

    def drop(self, key: K) -> None:
        with self._lock:
            self._young.pop(key, None)
            self._old.pop(key, None)

    def _keep(self, key: K, value: V) -> None:
        self._young[key] = value
        if len(self._young) >= self._half:
            self._old, self._young = self._young, {}


class Kept[K, V](Recent[K, V]):
    """For what is kept for speed's sake alone, and would be made again just the same."""

    on: ClassVar[bool] = True  # set once, at the start of a process: False: all of it is made again each time

    def get(self, key: K) -> V | None:
        return super().get(key) if Kept.on else None


def kept[*Given, Made](limit: int) -> Callable[[Callable[[*Given], Made]], Callable[[*Given], Made]]:
    """A function that makes the same of the same, whose last results are kept as Kept keeps them."""

    def keeping(make: Callable[[*Given], Made]) -> Callable[[*Given], Made]:
        known = functools.lru_cache(limit)(make)

        @functools.wraps(make)
        def call(*given: *Given) -> Made:
            return known(*given) if Kept.on else make(*given)

        return call

    return keeping
