"""Processes that report themselves, and what each of them holds: on both engines, with clocks and tables at fault."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from showcam.store.ports import Store, StoreUnavailable
from showcam.store.processes import ALIVE_S, HELD_S, LAST_KNOWN_S, LEAST_S, LOOK_S, Process, Processes
from showcam.store.records import Hold
from tests.doubles import records as a
from tests.doubles.clock import Clock

NOW = a.NOW
A, B, C = (letter * 16 for letter in "abc")


def process(name: str, places: int = 24, *, draining: bool = False) -> Process:
    return Process(name, "10.74.0.9:8081", places, draining)


class Town:
    """Some processes of one kind, as each of several callers knows them."""

    def __init__(self, store: Store, *names: str) -> None:
        self.store, self.clock = store, Clock()
        for name in names:
            assert self.caller().beat(process(name), f"born-{name}")

    def caller(self, behind_s: float = 0.0) -> Processes:
        return Processes(self.store, "media", lambda: self.clock.now - behind_s)

    def holder(self, household: str = "home", item: str = "garden", without: tuple[str, ...] = ()) -> str:
        found = self.caller().holder(household, item, without)
        return found.id if found else ""


class TestHold:
    @pytest.mark.parametrize(
        ("owner", "instead_of", "at", "taken"),
        [
            ("a", "", 0, True),  # its own, renewed
            ("b", "", 0, False),
            ("b", "a", 0, True),
            ("b", "c", 0, False),
            ("b", "", 59, False),
            ("b", "", 60, True),  # it has ended
        ],
    )
    def test_it_is_one_owner_s_until_it_ends(
        self, store: Store, owner: str, instead_of: str, at: float, taken: bool
    ) -> None:
        assert store.take_hold("group", Hold("name", "a", NOW + 60, b"first"), NOW)
        assert store.take_hold("group", Hold("other", "c", NOW + 90), NOW)
        assert store.take_hold("another", Hold("name", "d", NOW + 90), NOW)
        assert store.take_hold("group", Hold("name", owner, NOW + 120, b"then"), NOW + at, instead_of) is taken
        left = {hold.name: hold for hold in store.holds("group", NOW + at)}
        first = {"name": Hold("name", "a", NOW + 60, b"first")} if at < 60 else {}
        assert left == first | {"other": Hold("other", "c", NOW + 90)} | (
            {"name": Hold("name", owner, NOW + 120, b"then")} if taken else {}
        )

    def test_one_of_many_callers_takes_it(
        self, store: Store, at_once: Callable[[int, Callable[[int], Any]], list[Any]]
    ) -> None:
        taken = at_once(12, lambda number: store.take_hold("group", Hold("name", str(number), NOW + 60), NOW))
        assert taken.count(True) == 1
        (hold,) = store.holds("group", NOW)
        assert taken[int(hold.owner)] is True


def test_a_process_is_alive_for_a_while_after_its_report_and_gone_at_once_when_it_says_so(store: Store) -> None:
    town = Town(store, A, B)
    assert {each.id for each in town.caller().alive()} == {A, B}
    town.caller().leave(process(B), f"born-{B}")
    assert {each.id for each in town.caller().alive()} == {A}
    town.clock.now += ALIVE_S
    assert town.caller().alive() == []


def test_of_two_with_one_id_the_second_is_told_so_and_the_first_stays(store: Store) -> None:
    town = Town(store, A)
    assert not town.caller().beat(process(A, places=1), "another start")
    assert [each.places for each in town.caller().alive()] == [24]
    town.clock.now += ALIVE_S  # the first one is gone
    assert town.caller().beat(process(A, places=1), "another start")


def test_a_suspected_one_is_passed_over_by_all_until_it_reports_again(store: Store) -> None:
    town = Town(store, A, B)
    caller = town.caller()
    first = town.holder()
    caller.alive()
    caller.suspect(first)
    assert town.holder() == ({A, B} - {first}).pop()
    assert town.caller().beat(process(first), f"born-{first}")
    assert {each.id for each in town.caller().alive()} == {A, B}


def test_households_are_shared_evenly_and_a_newcomer_takes_nothing_that_is_held(store: Store) -> None:
    town = Town(store, A, B)
    homes = [f"home-{number}" for number in range(24)]
    caller = town.caller()
    at = {home: caller.holder(home, "garden") for home in homes}
    assert set(Counter(each.id for each in at.values() if each)) == {A, B}
    assert town.caller().beat(process(C), f"born-{C}")
    again = town.caller()
    assert {home: again.holder(home, "garden") for home in homes} == at
    assert any(again.shown(f"new-{number}", "garden") == process(C) for number in range(24))
    # another camera of a household goes where the household is
    assert {home: again.holder(home, "door") for home in homes} == at


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (process(A, places=0), B),  # full
        (process(A, draining=True), B),
        (process(A, places=1), A),
    ],
)
def test_a_full_one_and_one_that_drains_get_nothing_new(store: Store, first: Process, expected: str) -> None:
    town = Town(store)
    assert town.caller().beat(first, "born")
    assert town.caller().beat(process(B, places=0 if expected == A else 24), "born")
    assert town.holder() == expected


def test_what_every_known_one_refuses_goes_to_one_that_began_a_moment_ago(store: Store) -> None:
    town = Town(store, A, B)
    caller = town.caller()
    assert len(caller.alive()) == 2  # known for LOOK_S
    assert caller.holder("home", "garden", {A, B}) is None
    assert town.caller().beat(process(C), f"born-{C}")
    assert caller.holder("home", "garden", {A, B}) == process(C)


def test_what_one_holds_stays_with_it_while_it_drains_and_passes_on_when_it_is_gone(store: Store) -> None:
    town = Town(store, A, B)
    first = town.holder()
    other = ({A, B} - {first}).pop()
    assert town.caller().beat(process(first, places=0, draining=True), f"born-{first}")
    assert town.holder() == first
    assert town.holder(item="door") == other
    assert town.holder(without=(first,)) == other
    assert town.caller().keeps("home", ["garden"], first) == {"garden": False}
    assert town.caller().keeps("home", ["garden"], other) == {"garden": True}


def test_a_hold_lasts_as_long_as_it_is_renewed(store: Store) -> None:
    town = Town(store)
    for _ in range(4):
        assert town.caller().keeps("home", ["garden"], A) == {"garden": True}
        town.clock.now += HELD_S - 1
        assert list(town.caller().held("home")) == ["garden"]
    town.clock.now += 1
    assert town.caller().held("home") == {}


def test_a_hold_is_renewed_for_whoever_asks_so_that_nobody_else_has_it_before_he_comes(store: Store) -> None:
    town = Town(store, A)
    assert town.holder() == A
    town.clock.now += HELD_S - 1
    assert town.caller().beat(process(A), f"born-{A}")
    assert town.holder() == A
    town.clock.now += LEAST_S
    assert [hold.owner for hold in town.caller().held("home").values()] == [A]


@pytest.mark.parametrize("behind_s", [60, -60])
def test_a_caller_with_a_wrong_clock_moves_a_picture_at_the_most_and_never_shares_it(
    store: Store, behind_s: float
) -> None:
    town = Town(store, A, B)
    first = town.holder()
    wrong = town.caller(behind_s)
    for _ in range(3):
        wrong.beat(process(first), f"born-{first}")
        wrong.keeps("home", ["garden"], first)
        town.clock.now += 1
        owner = town.holder()
        other = ({A, B} - {owner}).pop()
        assert town.caller().keeps("home", ["garden"], owner) == {"garden": True}
        assert town.caller().keeps("home", ["garden"], other) == {"garden": False}
        for each in (A, B):
            town.caller().beat(process(each), f"born-{each}")


class Throttled:
    """A store that answers nothing about holds while `throttled`."""

    def __init__(self, store: Store) -> None:
        self._store, self.throttled = store, False

    def take_hold(self, group: str, hold: Hold, now: float, instead_of: str = "") -> bool:
        self._check()
        return self._store.take_hold(group, hold, now, instead_of)

    def holds(self, group: str, now: float) -> list[Hold]:
        self._check()
        return self._store.holds(group, now)

    def _check(self) -> None:
        if self.throttled:
            raise StoreUnavailable("table is throttled")


def test_while_the_table_is_throttled_all_choose_alike_by_what_was_last_known(store: Store) -> None:
    town, table = Town(store, A, B, C), Throttled(store)
    callers = [Processes(table, "media", town.clock) for _ in range(3)]
    for caller in callers:
        assert len(caller.alive()) == 3
    table.throttled = True
    town.clock.now += LOOK_S
    for number in range(8):
        chosen = [caller.holder(f"home-{number}", "garden") for caller in callers]
        assert chosen[0] is not None
        assert chosen == [chosen[0]] * 3
    town.clock.now += LAST_KNOWN_S
    with pytest.raises(StoreUnavailable):
        callers[0].holder("home", "garden")
