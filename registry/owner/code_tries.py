"""Counts the wrong codes of cameras for each household: a code has six letters."""

import time
from collections.abc import Callable

from store.ports import Throttle

WRONG_CODES = 10  # in an hour
HOUR_S = 3600


class CodeTries:
    def __init__(self, store: Throttle, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock

    def take(self, account_id: str) -> Callable[[], None] | None:
        """Counts a code as wrong before it is judged, so that tries at the same time are counted.

        Answers what takes that back, for a code that was not wrong; None after too many wrong ones.
        """
        key = f"picture_codes/{account_id}"
        taken, ends = self._store.take_place(key, WRONG_CODES, HOUR_S, self._clock())
        return (lambda: self._store.leave_place(key, ends)) if taken else None
