"""Looks at every link: what its assistant was told is held against what is."""

import time
from collections.abc import Callable

from store.ports import Store


class Reconciling:
    """Daily, and after each start, since an upgrade may offer more."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock

    def turn(self) -> None:
        """Raises StoreUnavailable."""
        for account in self._store.accounts():
            self._store.look(account.id, self._clock())
