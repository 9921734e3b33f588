"""Rows that were read, kept in memory until somebody commits."""

from collections.abc import Callable

from store.sqlite.database import Database


class Unchanged[K, V]:
    """Keeps what was read of `limit` keys at most; every commit, of any process, makes it read again.

    `on`: False keeps nothing. Safe to use from many threads.
    """

    def __init__(self, database: Database, limit: int, *, on: bool) -> None:
        self._database, self._limit, self._on = database, limit, on
        self._kept: dict[K, tuple[bytes, V]] = {}  # with the mark before it was read

    def of(self, key: K, read: Callable[[K], V | None]) -> V | None:
        """What `read` makes of the key; None is not kept."""
        mark = self._database.mark() if self._on else None
        kept = self._kept.get(key)
        if kept is not None and kept[0] == mark:
            return kept[1]
        found = read(key)
        if found is not None and mark is not None:
            if len(self._kept) >= self._limit:
                self._kept.clear()
            self._kept[key] = mark, found
        return found
