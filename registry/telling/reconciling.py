"""Looks at every link: what its assistant was told is held against what is."""

import time
from collections.abc import Callable

from store.ports import Store

DAY_S = 24 * 3600.0
EVERY_S = 300.0  # between two calls of `turn_of_day`
TARDY_S = 60.0  # a call may come so much later than EVERY_S after the one before
_IDS = "234567abcdefghijklmnopqrstuvwxyz"  # the characters of households' ids, in the order of sorting


class Reconciling:
    """Daily, and after each start, since an upgrade may offer more."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock

    def turn(self) -> None:
        """Every household. Raises StoreUnavailable."""
        self._reconcile("", "")

    def turn_of_day(self) -> int:
        """Looks at the households whose turn came since the last call, and returns how many. Raises StoreUnavailable.

        A household's id gives the time of the day of its turn. So the work is spread evenly, and nothing is kept
        between two calls.
        """
        now = self._clock()
        first, last = _id_at(now - EVERY_S - TARDY_S), _id_at(now)
        if first <= last:
            return self._reconcile(first, last)
        return self._reconcile(first, "") + self._reconcile("", last)

    def _reconcile(self, after: str, until: str) -> int:
        count = 0
        for account in self._store.accounts(after, until):
            self._store.look(account.id, self._clock())
            count += 1
        return count


def _id_at(at: float) -> str:
    """The first four characters of the ids whose turn comes at that time of the day."""
    number = int(at % DAY_S / DAY_S * len(_IDS) ** 4)
    return "".join(_IDS[number // len(_IDS) ** place % len(_IDS)] for place in (3, 2, 1, 0))
