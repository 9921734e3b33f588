"""Hints are handled after their sender was answered, with a bounded queue; or before the answer."""

import threading

import pytest

from showcam.drivers.driver import Hint
from showcam.drivers.errors import VendorDown
from showcam.registry.readings.changes import Change
from showcam.registry.watch.hints import AtOnce, Inbox
from showcam.store.ports import StoreUnavailable
from tests.doubles.clock import Clock
from tests.doubles.household import Household
from tests.doubles.waiting import until


@pytest.fixture
def published(home: Household) -> list[Change]:
    home.noticing.refresh(home.account.id)
    published: list[Change] = []
    home.adapter.changes.subscribe(published.append)
    return published


def test_a_hint_leads_to_its_household(home: Household, published: list[Change], clock: Clock) -> None:
    Inbox(home.noticing).offer(Hint("F00000002", 1, "doorbell", clock.now))
    until(lambda: bool(published))
    assert published == [Change(home.account.id, home.id("Front Door"), "doorbell", clock.now, "doorbell")]


def test_a_hint_of_an_unlisted_device_calls_no_vendor(home: Household, published: list[Change], clock: Clock) -> None:
    inbox, before = Inbox(home.noticing), home.driver.calls["read"]
    inbox.offer(Hint("F99999999", 1, "read"))
    inbox.offer(Hint("F00000002", 1, "doorbell", clock.now))
    until(lambda: bool(published))
    assert home.driver.calls["read"] <= before + 1


def test_many_who_want_a_household_read_soon_make_one_reading(home: Household, published: list[Change]) -> None:
    inbox, calls = Inbox(home.noticing), home.driver.calls["read"]
    home.driver.change("Garden", name="Orchard")
    for _ in range(1000):
        inbox.look(home.account.id, 0.2)
    until(lambda: bool(published))
    assert ([change.kind for change in published], home.driver.calls["read"]) == (["renamed"], calls + 1)
    home.driver.change("Orchard", name="Garden")
    inbox.look(home.account.id, 0.0)
    until(lambda: len(published) == 2)


def test_a_flood_is_bounded_and_does_not_wait(home: Household, published: list[Change], clock: Clock) -> None:
    home.driver.hold = threading.Event()
    inbox = Inbox(home.noticing, most=50)
    for _ in range(200):
        inbox.offer(Hint("F00000001", 1, "read", clock.now))
    assert inbox.full
    calls = home.driver.calls["read"]
    home.driver.hold.set()
    until(lambda: not inbox.full)
    # waiting hints of one device were handled together, not fifty times
    assert home.driver.calls["read"] <= calls + 5


@pytest.mark.proves(
    "What a vendor's message names is read again after the vendor failed", leans_on="double: the vendor"
)
def test_what_a_hint_named_is_read_again_where_the_vendor_failed(home: Household, published: list[Change]) -> None:
    home.driver.error = VendorDown()
    inbox, calls = Inbox(home.noticing, retries_s=(0.05, 0.05, 3.0)), home.driver.calls["read"]
    inbox.offer(Hint("F00000001", 1, "read"))
    until(lambda: home.driver.calls["read"] == calls + 3)
    home.driver.change("Garden", online="off")
    home.driver.error = None
    until(lambda: bool(published))
    assert [change.kind for change in published] == ["offline"]


def test_a_vendor_that_stays_away_is_left_to_the_next_poll(
    home: Household, published: list[Change], caplog: pytest.LogCaptureFixture
) -> None:
    home.driver.error = VendorDown()
    inbox, calls = Inbox(home.noticing, most=1, retries_s=(0.01, 0.01)), home.driver.calls["read"]
    inbox.offer(Hint("F00000001", 1, "read"))
    until(lambda: "could not be read in 3 tries" in caplog.text)
    assert home.driver.calls["read"] == calls + 3
    assert not inbox.full


def test_a_hint_that_waits_for_its_next_try_holds_up_no_other(
    home: Household, published: list[Change], clock: Clock
) -> None:
    home.driver.error = VendorDown()
    inbox, calls = Inbox(home.noticing, retries_s=(3600.0,)), home.driver.calls["read"]
    inbox.offer(Hint("F00000001", 1, "read"))
    until(lambda: home.driver.calls["read"] == calls + 1)
    inbox.offer(Hint("F00000002", 1, "doorbell", clock.now))
    until(lambda: bool(published))
    assert [change.kind for change in published] == ["doorbell"]


def test_while_the_store_can_not_be_used_a_hint_waits(
    home: Household, published: list[Change], caplog: pytest.LogCaptureFixture
) -> None:
    home.store.close()
    Inbox(home.noticing, retries_s=(0.01,)).offer(Hint("F00000001", 1, "read"), home.account.id)
    until(lambda: "could not be read in 2 tries" in caplog.text)
    assert published == []


class TestAtOnce:
    def test_a_hint_is_read_before_its_sender_is_answered(
        self, home: Household, published: list[Change], clock: Clock
    ) -> None:
        AtOnce(home.noticing).offer(Hint("F00000002", 1, "doorbell", clock.now))
        assert published == [Change(home.account.id, home.id("Front Door"), "doorbell", clock.now, "doorbell")]

    def test_a_hint_that_can_not_be_stored_raises(self, home: Household, published: list[Change], clock: Clock) -> None:
        home.store.close()
        with pytest.raises(StoreUnavailable):
            AtOnce(home.noticing).offer(Hint("F00000002", 1, "doorbell", clock.now))
