"""A window of a few minutes in which anybody may link, on an installation where linking is for those who are known."""

import math
import time
from collections.abc import Callable

from accounts.identity import token_hash
from store.ports import Visits

OPEN_S = 15 * 60
_ROW = token_hash("linking window")


class LinkingWindow:
    """One for the installation, for all of its processes. Each method may raise StoreUnavailable."""

    def __init__(self, store: Visits, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock

    def open(self) -> None:
        """Open linking for OPEN_S seconds from now."""
        ends = self._clock() + OPEN_S
        self._store.put_visit(_ROW, str(ends).encode(), ends)

    def close(self) -> None:
        self._store.drop_visit(_ROW)

    def left_s(self) -> int:
        """Seconds until it closes; 0 where it is closed."""
        data, now = self._store.visit(_ROW, self._clock()), self._clock()
        try:
            return max(0, math.ceil(float(data) - now)) if data else 0
        except ValueError:
            return 0  # written by another version
