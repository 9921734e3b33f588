"""Tokens of the cloud stream: never one twice, never one that may not be good, and one session that opens at a time."""

import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from showcam.drivers.errors import DriverError, Refused, VendorDown
from showcam.drivers.ezviz.pictures import FRESH_S, OPENS_S, StreamTokens
from showcam.store.records import Source
from tests.doubles.clock import Clock

pytestmark = pytest.mark.proves(
    "A stream token is used once, and never past its time or its sign-in", leans_on="double: EZVIZ's cloud"
)

ONE, OTHER = (Source(name, "account", "ezviz", "key", 0.0) for name in ("one", "other"))


class Vendor:
    """`behind` is what was to be done behind an answer."""

    def __init__(self, *, goes_on: bool = True) -> None:
        self.clock, self.session = Clock(), "s1"
        self.numbers, self.fetched = itertools.count(1), 0
        self.error: DriverError | None = None
        self.behind: list[Callable[[], None]] = []
        self.tokens = StreamTokens(
            self.fetch, lambda source: self.session, self.behind.append if goes_on else None, self.clock
        )

    def fetch(self, source: Source, deadline_s: float) -> str:
        if self.error:
            raise self.error
        self.fetched += 1
        return f"{source.id} {next(self.numbers)}"

    def take(self, source: Source = ONE, *, opens: bool = True) -> str:
        """`opens`: a session is opened with it."""
        token = self.tokens.take(source, 1.0)
        if opens:
            self.tokens.opened(source, token.number)
        return token.text

    def go_on(self) -> None:
        due, self.behind[:] = list(self.behind), []
        for work in due:
            work()


def test_the_next_token_is_there_when_it_is_wanted_and_none_is_given_twice() -> None:
    vendor = Vendor()
    taken = []
    for _ in range(4):
        taken.append(vendor.take())
        vendor.go_on()
        before = vendor.fetched
    assert taken == ["one 1", "one 2", "one 3", "one 4"]
    assert vendor.take() == "one 5"
    assert vendor.fetched == before  # it was fetched ahead


def test_who_comes_before_it_is_there_has_one_fetched_and_one_is_fetched_ahead() -> None:
    vendor = Vendor()
    assert [vendor.take(), vendor.take(), vendor.take()] == ["one 1", "one 2", "one 3"]
    vendor.go_on()
    assert (vendor.take(), vendor.fetched) == ("one 4", 4)


def test_none_is_fetched_while_a_session_is_being_opened() -> None:
    vendor = Vendor()
    vendor.take()
    vendor.take(opens=False)
    vendor.go_on()
    assert vendor.fetched == 2


def test_who_has_no_time_to_wait_for_another_opening_is_answered_that_it_is_busy() -> None:
    vendor = Vendor()
    vendor.take(opens=False)
    with pytest.raises(Refused) as refused:
        vendor.tokens.take(ONE, 0.0)
    assert (refused.value.reason, vendor.fetched) == ("busy", 1)


def test_another_account_opens_its_own_meanwhile() -> None:
    vendor = Vendor()
    vendor.take(opens=False)
    assert vendor.take(OTHER) == "other 2"


def test_an_opening_whose_end_nobody_reported_holds_up_nobody_for_long() -> None:
    vendor = Vendor()
    vendor.take(opens=False)
    vendor.clock.wait(OPENS_S)
    assert vendor.take() == "one 2"


def test_the_end_of_an_opening_that_was_given_up_ends_no_other() -> None:
    vendor = Vendor()
    first = vendor.tokens.take(ONE, 1.0)
    vendor.clock.wait(OPENS_S)
    vendor.take(opens=False)
    vendor.tokens.opened(ONE, first.number)
    with pytest.raises(Refused):
        vendor.tokens.take(ONE, 0.0)


def test_of_many_that_want_a_session_at_once_one_opens_at_a_time() -> None:
    vendor, openings, alone = Vendor(), threading.Semaphore(1), list[bool]()

    def wanted(_: int) -> str:
        token = vendor.tokens.take(ONE, 30.0)
        is_alone = openings.acquire(blocking=False)
        time.sleep(0)  # to another thread
        alone.append(is_alone)
        if is_alone:
            openings.release()
        vendor.tokens.opened(ONE, token.number)
        return token.text

    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(wanted, range(40)))
    assert (len(set(taken)), alone) == (40, [True] * 40)


@pytest.mark.parametrize(
    "spoil",
    [lambda vendor: vendor.clock.wait(FRESH_S), lambda vendor: setattr(vendor, "session", "s2")],
    ids=["too old", "of another session"],
)
def test_one_that_may_not_be_good_is_given_to_nobody(spoil: Callable[[Vendor], None]) -> None:
    vendor = Vendor()
    vendor.take()
    vendor.go_on()
    spoil(vendor)
    assert (vendor.take(), vendor.fetched) == ("one 3", 3)


def test_a_token_is_its_accounts() -> None:
    vendor = Vendor()
    vendor.take()
    vendor.go_on()
    assert (vendor.take(OTHER), vendor.take()) == ("other 3", "one 2")


def test_a_vendor_that_gives_none_is_asked_when_one_is_wanted() -> None:
    vendor = Vendor()
    vendor.take()
    vendor.error = VendorDown()
    vendor.go_on()
    with pytest.raises(VendorDown):
        vendor.take()
    vendor.error = None
    assert vendor.take() == "one 2"
    vendor.go_on()
    assert (vendor.take(), vendor.fetched) == ("one 3", 3)


def test_where_nothing_goes_on_behind_an_answer_each_is_fetched_when_it_is_wanted() -> None:
    vendor = Vendor(goes_on=False)
    assert (vendor.take(opens=False), vendor.take(), vendor.behind) == ("one 1", "one 2", [])
