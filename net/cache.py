"""A mapping that keeps the entries used last and forgets the others, for what can be read again."""

import threading


class Recent[K, V]:
    """Keeps `limit` entries at most; one stays until nearly half as many others have been used after it.

    Safe to use from many threads. It has two generations, so that a look-up takes no lock: an entry of
    the old one moves to the young one when it is used, and a full young one becomes the old one.
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
