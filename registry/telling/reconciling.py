"""Looks at every link: what its assistant was told is held against what is."""

import time
from collections.abc import Callable

from store.ports import Store

DAY_S = 24 * 3600.0
EVERY_S = 300.0  # between two calls of `turn_of_day`
TARDY_S = 60.0  # by which a call may come late
_IDS = "234567abcdefghijklmnopqrstuvwxyz"  # what ids of households are made of, as it sorts


class Reconciling:
    """Daily, and after each start, since an upgrade may offer more."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock

    def turn(self) -> None:
        """Every household. Raises StoreUnavailable."""
        self._look("", "")

    def turn_of_day(self) -> int:
        """The households whose time of the day has come since the last call; how many. Raises StoreUnavailable.

        A household's id says when in the day that is, so that no call has many, and none needs to know the one before.
        """
        now = self._clock()
        first, last = _id_at(now - EVERY_S - TARDY_S), _id_at(now)
        if first <= last:
            return self._look(first, last)
        return self._look(first, "") + self._look("", last)

    def _look(self, after: str, until: str) -> int:
        count = 0
        for account in self._store.accounts(after, until):
            self._store.look(account.id, self._clock())
            count += 1
        return count


def _id_at(at: float) -> str:
    """What ids begin with whose time of the day it is."""
    number = int(at % DAY_S / DAY_S * len(_IDS) ** 4)
    return "".join(_IDS[number // len(_IDS) ** place % len(_IDS)] for place in (3, 2, 1, 0))
