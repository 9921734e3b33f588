"""What happened at a household's cameras within the last half minute, shared by all processes through the store."""

import time
from collections.abc import Callable

from net.cache import Recent
from store.ports import Store, StoreUnavailable
from store.records import Happening

LAST_S = 30.0
REREAD_S = 1.0  # what another process wrote is known here within this
IN_MEMORY = 1024


class Happenings:
    """One read of the store a second and household, for sightings and for changes that are awaited."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock
        self._recent: Recent[str, tuple[float, list[Happening]]] = Recent(IN_MEMORY)

    def put(self, account_id: str, happening: Happening) -> None:
        """Raises StoreUnavailable."""
        self._store.put_happening(account_id, happening)
        self._recent.drop(account_id)

    def since(self, account_id: str, at: float) -> list[Happening]:
        """The happenings after `at` as the store has them now, oldest first. Raises StoreUnavailable."""
        return self._store.happenings(account_id, at)

    def record(self, account_id: str, happening: Happening, same_s: float, told: tuple[str, ...] | None) -> bool:
        """For assistants too (see store.outbox); False when it was known already. Raises StoreUnavailable."""
        new = self._store.record_happening(account_id, happening, same_s, told)
        self._recent.drop(account_id)
        return new

    def newest(self, account_id: str) -> list[Happening]:
        """Those of the last LAST_S, read from the store now, which `last` then answers. Raises StoreUnavailable."""
        now = self._clock()
        found = self._store.happenings(account_id, now - LAST_S)
        self._recent.put(account_id, (now, found))
        return found

    def last(self, account_id: str) -> list[Happening]:
        """The happenings of the last LAST_S, oldest first; none where the store can't be read."""
        now = self._clock()
        recent = self._recent.get(account_id)
        if recent is None or not 0 <= now - recent[0] < REREAD_S:
            try:
                recent = (now, self._store.happenings(account_id, now - LAST_S))
            except StoreUnavailable:
                recent = (now, [])  # cameras are shown and listed without them
            self._recent.put(account_id, recent)
        return [happening for happening in recent[1] if now - happening.at < LAST_S] if recent[1] else recent[1]
