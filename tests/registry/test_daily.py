"""Households that are read once a day, at a steady rate and within the function's time."""

import logging
import threading
import time

import pytest

from showcam.registry.watch.daily import READERS, Counts, DailyReading
from showcam.store.ports import StoreUnavailable
from tests.doubles.waiting import LONG_S

FAST = 1e6  # readings a second: as fast as they come
ALL = [f"household{number}" for number in range(200)]


def test_each_household_is_read_once() -> None:
    read: list[str] = []

    def refresh(account: str) -> bool:
        read.append(account)
        return True

    assert DailyReading(refresh).of(ALL, FAST) == Counts(read=200, unread=0, left=0)
    assert sorted(read) == sorted(ALL)


def test_failures_are_counted_and_hold_up_nobody(caplog: pytest.LogCaptureFixture) -> None:
    def refresh(account: str) -> bool:
        if account == ALL[0]:
            raise StoreUnavailable
        if account == ALL[1]:
            raise ValueError("a fault")
        return account != ALL[2]

    assert DailyReading(refresh).of(ALL, FAST) == Counts(read=197, unread=3, left=0)
    assert sorted(record.levelno for record in caplog.records) == [logging.WARNING, logging.ERROR]


def test_nothing_to_read_is_no_error() -> None:
    assert DailyReading(lambda account: True).of([], 5) == Counts(0, 0, 0)


def test_a_vendor_that_hangs_leaves_the_rest_for_another_day() -> None:
    """No more are read at a time than there are readers, and none begins when the time is over."""
    began, released = threading.Semaphore(0), threading.Event()

    def refresh(account: str) -> bool:
        began.release()
        assert released.wait(LONG_S)
        return True

    counts: list[Counts] = []
    reading = threading.Thread(target=lambda: counts.append(DailyReading(refresh, reading_s=0.2).of(ALL, FAST)))
    reading.start()
    for _ in range(READERS):
        assert began.acquire(timeout=LONG_S)
    time.sleep(0.3)  # the time for beginning is over, whoever is fast
    released.set()
    reading.join(LONG_S)
    assert counts == [Counts(read=READERS, unread=0, left=len(ALL) - READERS)]


def test_which_ones_are_left_differs_from_day_to_day() -> None:
    runs: list[frozenset[str]] = []
    for _ in range(8):
        read: set[str] = set()

        def refresh(account: str, read: set[str] = read) -> bool:
            read.add(account)
            return True

        counts = DailyReading(refresh, reading_s=0.001).of(ALL, 10_000)  # time for ten
        assert (counts.read, counts.read + counts.left) == (len(read), len(ALL))
        runs.append(frozenset(read))
    assert len({*runs}) > 1
    assert max(map(len, runs)) <= 10


def test_no_more_begin_than_the_rate_allows() -> None:
    """By the clock of whoever reads: however slow the machine is, none begins sooner than its turn."""
    at: list[float] = []
    began = time.monotonic()

    def refresh(account: str) -> bool:
        at.append(time.monotonic() - began)
        return True

    assert DailyReading(refresh).of(ALL[:10], 50.0).read == 10
    assert all(when >= number / 50.0 for number, when in enumerate(sorted(at)))
