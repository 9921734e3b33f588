"""Reads households once a day at a steady rate, since no process polls on AWS."""

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from showcam.store.ports import StoreUnavailable

log = logging.getLogger(__name__)

READERS = 32  # households that are read at the same time, so that a vendor that hangs does not lower the rate much
READING_S = 90.0  # no reading begins later in a run; the last one takes as long as `Noticing.refresh`


class Counts(NamedTuple):
    read: int
    unread: int  # the vendor or the store did not answer, or nobody is signed in
    left: int  # the time was over


class DailyReading:
    """`refresh` reads a household's cameras; False: it could not."""

    def __init__(self, refresh: Callable[[str], bool], *, reading_s: float = READING_S) -> None:
        self._refresh, self._reading_s = refresh, reading_s

    def of(self, accounts: Sequence[str], per_second: float) -> Counts:
        """Begins at most `per_second` readings a second.

        The order is another one each time. So if the time is too short for all of them, each has its turn on some day.
        """
        began, places = time.monotonic(), threading.BoundedSemaphore(READERS)
        outcomes: list[bool] = []

        def read(account: str) -> None:
            try:
                outcomes.append(self._read(account))
            finally:
                places.release()

        with ThreadPoolExecutor(READERS) as readers:
            started = 0
            for account in random.sample(accounts, len(accounts)):
                due_s = started / per_second
                if due_s >= self._reading_s:
                    break
                time.sleep(max(0.0, began + due_s - time.monotonic()))
                if not places.acquire(timeout=max(0.0, began + self._reading_s - time.monotonic())):
                    break
                readers.submit(read, account)
                started += 1
        counts = Counts(outcomes.count(True), outcomes.count(False), len(accounts) - started)
        if counts.left:
            log.warning("%d households were not read: their time was over", counts.left, extra={"reason": "left"})
        return counts

    def _read(self, account: str) -> bool:
        try:
            return self._refresh(account)
        except StoreUnavailable:
            log.warning("household %s could not be read: the store does not answer", account, extra={"reason": "store"})
        except Exception:
            log.exception("household %s could not be read", account)
        return False
