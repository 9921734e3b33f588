"""Tokens of the cloud stream that are fetched ahead: never one twice, never one that may not be good."""

import itertools
from collections.abc import Callable

import pytest

from registry.drivers.ezviz.stream_tokens import FRESH_S, StreamTokens
from registry.errors import DriverError, VendorDown
from store.records import Source
from tests.doubles.clock import Clock

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

    def take(self, source: Source = ONE) -> str:
        return self.tokens.take(source, 1.0)

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
    assert len(vendor.behind) == 1
    vendor.go_on()
    assert (vendor.take(), vendor.fetched) == ("one 4", 4)


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
    assert (vendor.take(), vendor.take(), vendor.behind) == ("one 1", "one 2", [])
