"""Hints are handled after their sender was answered, with a bounded queue; or before the answer."""

import threading

import pytest

from registry.driver import Hint
from registry.readings.changes import Change
from registry.watch.inbox import AtOnce, Inbox
from store.ports import StoreUnavailable
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
