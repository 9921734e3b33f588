"""An owner's addresses for notices: one that takes nothing, a new one, the last one, and how many there may be."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from showcam.registry.notices.faults import CENSUS_S, Faults
from showcam.registry.notices.notifier import FIRST_PAUSE_S, LONGEST_NAME, LONGEST_PAUSE_S, MOST, TooMany
from showcam.registry.readings.changes import Happenings
from showcam.store.records import Known
from tests.doubles.clock import Clock
from tests.doubles.household import Household, household
from tests.doubles.notice_services import MAIL, PHONE, Owner
from tests.registry.test_notices import OFF, ON, session


def test_where_nobody_is_notified_nothing_is_noted(make_home: Callable[..., Household], clock: Clock) -> None:
    home = make_home()
    faults = Faults(home.store, Happenings(home.store, clock), clock, keeps=False)
    faults.began(home.account.id, "grant", home.link.id)
    assert faults.of(home.account.id) == []


def test_an_address_that_takes_nothing_is_tried_ever_more_seldom_and_loses_nothing(owner: Owner) -> None:
    owner.refuses = {PHONE}
    owner.change("Garden", encryption="on")
    assert owner.turns(3600) == [(MAIL, ON)]
    tries = owner.tried.count(PHONE)
    assert 5 <= tries <= 8  # 30 s, 1, 2, 4, 8, 16, 32 minutes
    owner.refuses = set()
    assert owner.turns(LONGEST_PAUSE_S + 60) == [(PHONE, ON)]
    assert owner.turns(3600) == []
    owner.change("Garden", encryption="off")
    assert owner.turns(FIRST_PAUSE_S) == [(MAIL, OFF), (PHONE, OFF)]


def test_an_address_that_never_took_the_fault_is_not_notified_of_its_mend(owner: Owner) -> None:
    owner.refuses = {PHONE}
    owner.change("Garden", encryption="on")
    assert owner.turns(60) == [(MAIL, ON)]
    owner.refuses = set()
    owner.change("Garden", encryption="off")
    assert owner.turns(LONGEST_PAUSE_S) == [(MAIL, OFF)]


def test_an_address_that_fails_with_an_error_holds_up_no_other(owner: Owner) -> None:
    def fails() -> None:
        if owner.tried[-1] == PHONE:
            raise RuntimeError

    owner.change("Garden", encryption="on")
    owner.during = fails
    for _ in range(3):
        owner.worker.turn()
    assert owner.got == [(MAIL, ON)]


def test_an_address_that_hangs_holds_up_no_other_household(owner: Owner, tmp_path: Path) -> None:
    other = household(tmp_path, store=owner.home.store, user="other@example.com", clock=owner.clock)
    owner.addresses.remove(owner.home.account.id, owner.ids[MAIL])
    owner.addresses.add(other.account.id, "json://other", "Webhook", "")
    cameras = [(home.account.id, home.id("Garden")) for home in (owner.home, other)]
    owner.clock.now += 60  # both faults are newer than the readings
    for account, camera in cameras:
        owner.home.adapter.faults.began(account, "encryption", camera)
    both = threading.Barrier(2)

    def hangs() -> None:
        both.wait(20)

    owner.during = hangs
    owner.worker.turn()
    assert sorted(owner.got) == [("json://other", ON), (PHONE, ON)]


def test_a_new_address_is_notified_of_what_is_wrong_now(owner: Owner) -> None:
    owner.change("Garden", encryption="on")
    owner.turns()
    owner.addresses.add(owner.home.account.id, "json://new", "Webhook", "")
    assert owner.turns(CENSUS_S + 1) == [("json://new", ON)]


def test_with_the_last_address_go_the_notices(owner: Owner) -> None:
    owner.change("Garden", encryption="on")
    owner.turns()
    assert [owner.addresses.remove(owner.home.account.id, owner.ids[url]) for url in (PHONE, MAIL, MAIL)] == [
        True,
        True,
        False,
    ]
    assert owner.home.store.notices(owner.home.account.id) == []
    assert owner.turns(CENSUS_S * 2) == []


def test_no_more_addresses_than_that(owner: Owner) -> None:
    for _ in range(MOST - 2):
        owner.addresses.add(owner.home.account.id, PHONE, "ntfy", "")
    with pytest.raises(TooMany):
        owner.addresses.add(owner.home.account.id, PHONE, "ntfy", "")
    assert len(owner.addresses.of(owner.home.account.id)) == MOST
    assert "phone" not in repr(owner.addresses.of(owner.home.account.id))
    assert LONGEST_NAME < 100


def test_nothing_is_read_of_a_household_without_addresses(owner: Owner) -> None:
    for address_id in owner.ids.values():
        owner.addresses.remove(owner.home.account.id, address_id)
    session(owner, "needs_login")
    owner.home.store.put_known(owner.home.account.id, owner.home.source.id, Known(b"", owner.clock.now))
    assert owner.turns(60) == []
    assert owner.home.store.notices(owner.home.account.id) == []
