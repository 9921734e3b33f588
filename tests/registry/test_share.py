"""How the households are divided among listeners, with processes, clocks and tables at fault."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from showcam.drivers.driver import REREAD_S, Hint
from showcam.registry.watch.share import GAP, LET_GO_S, READ_S, SLICES, Share, runs, slice_of, slices
from showcam.registry.watch.watch import Watch
from showcam.store.outbox import Settled
from showcam.store.ports import StoreUnavailable
from showcam.store.processes import ALIVE_S, BEAT_S
from showcam.store.records import Account, new_id
from showcam.store.sqlite import SqliteStore
from tests.doubles.clock import Clock
from tests.doubles.household import Household
from tests.doubles.waiting import until

HOUSEHOLDS = 300


class Table:
    """The store, as a listener asks it: it counts the rows of accounts, and may be throttled."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.throttled = False
        self.read: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if self.throttled:
            raise StoreUnavailable("throttled")
        return getattr(self._store, name)

    def accounts(self, after: str = "", until: str = "") -> Iterator[Account]:
        if self.throttled:
            raise StoreUnavailable("throttled")
        for account in self._store.accounts(after, until):
            self.read.append(account.id)
            yield account


class Town:
    def __init__(self, store: SqliteStore, clock: Clock) -> None:
        self.store, self.clock = store, clock
        self.table = Table(store)
        self.shares: list[Share] = []
        made = random.Random(7)
        for _ in range(HOUSEHOLDS):
            salt = "".join(made.choice("abcdefghijklmnopqrstuvwxyz234567") for _ in range(16))
            store.add_account(Account(salt, clock.now, b"salt"))

    def share(self, ahead_s: float = 0.0) -> Share:
        """Another listener, with a clock that is so far ahead."""
        share = Share(self.table, clock=lambda: self.clock.now + ahead_s, monotonic=self.clock)
        self.shares.append(share)
        return share

    def pass_s(self, seconds: float, *silent: Share) -> None:
        """All listeners but the silent ones report and read."""
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.clock.now += BEAT_S
            for share in self.shares:
                if share not in silent:
                    share.report()
                    share.read()

    def held(self, *gone: Share) -> Counter[str]:
        """How many listeners have each household."""
        return Counter(household for share in self.shares if share not in gone for household in share.households)


@pytest.fixture
def town(home: Household, clock: Clock) -> Town:
    assert isinstance(home.store, SqliteStore)
    return Town(home.store, clock)


def everyone(town: Town) -> Counter[str]:
    return Counter(account.id for account in town.store.accounts())


def test_each_household_is_one_listener_s_and_only_the_dead_one_s_move(town: Town) -> None:
    for _ in range(4):
        town.share()
    town.pass_s(60.0)
    assert town.held() == everyone(town)
    dead, *left = town.shares
    before = {share.id: share.households for share in left}
    assert all(before.values())
    town.pass_s(ALIVE_S - BEAT_S, dead)
    assert {share.id: share.households for share in left} == before
    town.pass_s(60.0, dead)
    assert town.held(dead) == everyone(town)
    assert all(share.households >= before[share.id] for share in left)


def test_one_that_comes_connects_only_when_those_before_it_have_let_go(town: Town) -> None:
    first = town.share()
    town.pass_s(60.0)
    assert first.households == frozenset(everyone(town))
    second = town.share()
    second.report()
    second.read()
    assert second.households == frozenset()
    while not second.households:
        town.pass_s(BEAT_S)
        assert max(town.held().values()) == 1
    assert town.held() == everyone(town)


def test_one_that_leaves_is_gone_at_the_next_report_of_the_others(town: Town) -> None:
    first, second = town.share(), town.share()
    town.pass_s(60.0)
    second.leave()
    town.pass_s(LET_GO_S + BEAT_S, second)
    assert first.households == frozenset(everyone(town))


@pytest.mark.parametrize("ahead_s", [60.0, -60.0, 600.0])
def test_a_clock_that_is_wrong_gives_no_household_to_two_and_leaves_none_out(town: Town, ahead_s: float) -> None:
    town.share()
    wrong = town.share(ahead_s)
    town.pass_s(60.0)
    assert town.held() == everyone(town)
    assert 0 < len(wrong.households) < HOUSEHOLDS
    town.pass_s(60.0, wrong)
    assert town.held(wrong) == everyone(town)


def test_of_two_with_one_id_the_second_takes_another(town: Town) -> None:
    first, second = town.share(), town.share()
    second.id = first.id
    town.pass_s(60.0)
    assert first.id != second.id
    assert town.held() == everyone(town)


def test_one_that_hung_gives_back_what_others_have_taken_from_it(town: Town) -> None:
    first, hung = town.share(), town.share()
    town.pass_s(60.0)
    town.pass_s(60.0, hung)
    assert first.households == frozenset(everyone(town))
    while not town.held(first):
        town.pass_s(BEAT_S)
        hung.report()
    town.pass_s(60.0)
    assert town.held() == everyone(town)


def test_a_throttled_table_takes_all_households_away_once_others_may_have_taken_them(
    town: Town,
) -> None:
    share = town.share()
    town.pass_s(60.0)
    town.table.throttled = True
    town.pass_s(ALIVE_S - 2 * BEAT_S)
    assert share.households
    town.pass_s(2 * BEAT_S)
    assert share.households == frozenset()
    town.table.throttled = False
    town.pass_s(LET_GO_S + BEAT_S)
    assert town.held() == everyone(town)


def test_a_new_household_is_found_and_a_deleted_one_is_left(town: Town) -> None:
    share = town.share()
    town.pass_s(60.0)
    new, old = new_id(), sorted(share.households)[0]
    town.store.add_account(Account(new, town.clock.now, b"salt"))
    town.store.drop_household(old)
    town.pass_s(READ_S + BEAT_S)
    assert new in share.households
    assert old not in share.households


def test_a_listener_reads_its_own_accounts_and_those_in_short_gaps_between_them(town: Town) -> None:
    for _ in range(40):
        town.share()
    town.pass_s(60.0)
    town.table.read.clear()
    town.pass_s(READ_S)
    assert len(town.table.read) < 2 * HOUSEHOLDS  # all forty together: not each of them all accounts
    assert Counter(town.table.read) >= everyone(town)


def test_slices_are_cut_where_ids_are(town: Town) -> None:
    ids = sorted(new_id() for _ in range(20 * SLICES))
    numbers = [slice_of(household) for household in ids]
    assert numbers == sorted(numbers)
    counts = Counter(numbers)
    assert set(counts) <= set(range(SLICES))
    assert max(counts.values()) < 4 * 20
    assert slice_of("") == 0
    assert slice_of("2") == 0
    assert slice_of("zzzz") == SLICES - 1


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([], []),
        ([0], [(0, 0)]),
        ([1, 2, 3], [(1, 3)]),
        ([1, 2 + GAP], [(1, 2 + GAP)]),
        ([1, 3 + GAP], [(1, 1), (3 + GAP, 3 + GAP)]),
    ],
)
def test_runs(numbers: list[int], expected: list[tuple[int, int]]) -> None:
    assert list(runs(numbers)) == expected


def test_who_is_not_alive_has_no_slice() -> None:
    assert slices("a", []) == slices("a", ["b"]) == frozenset()
    assert slices("a", ["a"]) == frozenset(range(SLICES))


class Vendor:
    """Counts who listens, and hands on what a test sends."""

    def __init__(self) -> None:
        self.ears: list[Ear] = []

    def happened(self, source: Any, since: float, deadline_s: float) -> tuple[Hint, ...]:
        return ()

    def listen(self, source: Any, callback: Callable[[Hint], None]) -> "Ear":
        self.ears.append(Ear(callback))
        return self.ears[-1]


class Ear:
    listening = True

    def __init__(self, callback: Callable[[Hint], None]) -> None:
        self.callback, self.is_stopped = callback, False

    def stop(self) -> None:
        self.is_stopped = True


class Listener:
    """A watch of the test's one household, as `showcam worker --listen` has it."""

    def __init__(self, home: Household, clock: Clock, most: int = 10) -> None:
        self.home, self.clock, self.vendor = home, clock, Vendor()
        self.share = Share(home.store, most=most, clock=clock, monotonic=clock)
        self.watch = Watch(
            home.store,
            home.noticing,
            {"ezviz": self.vendor},
            poll_s=READ_S,
            push=("ezviz",),
            webhook=(),
            share=self.share,
            clock=clock,
            monotonic=clock,
        )

    def pass_s(self, seconds: float) -> None:
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.clock.now += BEAT_S
            self.share.report()
            self.share.read()
            self.watch.turn()
            until(lambda: not any(watched.busy for watched in self.watch._watched.values()))
            until(lambda: not self.watch._messages.busy)

    def report(self) -> None:
        """The link's assistant takes a report, of the link's end if that has ended."""
        now, link = self.clock.now, self.home.link
        self.home.store.look(link.account, now, link.id)
        claim = self.home.store.claim(link.account, link.id, now, now + 30, 10)
        assert claim is not None
        assert self.home.store.settle(claim, Settled(now, claim.rows, told=b"{}", what="x"))


@pytest.fixture
def listener(home: Household, clock: Clock) -> Iterator[Listener]:
    made = Listener(home, clock)
    yield made
    made.watch.close()


def test_only_a_household_that_is_reported_to_is_listened_to(listener: Listener) -> None:
    listener.pass_s(LET_GO_S + READ_S)
    assert listener.vendor.ears == []
    assert listener.watch.listened_to == 0
    listener.report()
    listener.pass_s(2 * READ_S)
    (ear,) = listener.vendor.ears
    assert listener.watch.listened_to == 1
    assert listener.home.driver.calls["read"] == 0  # no cameras are polled: only a new connection has them read
    listener.home.store.end_link(listener.home.link.id, listener.clock.now)
    listener.report()
    listener.pass_s(2 * READ_S)
    assert ear.is_stopped


def test_whoever_is_signed_out_is_left_to_rest(listener: Listener, home: Household) -> None:
    listener.report()
    listener.pass_s(LET_GO_S + 4 * BEAT_S)
    (ear,) = listener.vendor.ears
    session = home.store.read_session(home.account.id, home.source.id)
    assert session is not None
    assert home.store.swap_session(
        home.account.id, home.source.id, version=session.version, secrets=session.secrets, state="needs_login"
    )
    listener.pass_s(2 * READ_S)
    assert ear.is_stopped
    assert len(listener.vendor.ears) == 1


def test_what_is_pushed_is_noted_once_and_nonsense_stops_nothing(listener: Listener, home: Household) -> None:
    home.noticing.refresh(home.account.id)
    listener.report()
    listener.pass_s(LET_GO_S + 4 * BEAT_S)
    (ear,) = listener.vendor.ears
    ear.callback(Hint("no such device", 99, "motion", listener.clock.now))
    for message in ("one", "one", "another"):
        ear.callback(Hint("F00000001", 1, "motion", listener.clock.now, message=message))
    until(lambda: home.store.happenings(home.account.id, 0.0))
    until(lambda: not listener.watch._inbox._waiting)
    assert [happening.kind for happening in home.store.happenings(home.account.id, 0.0)] == ["motion"]
    rows = home.store.waiting(listener.clock.now + REREAD_S, home.account.id)
    assert sum(row.kind == "motion" for row in rows) == 1


def test_no_more_connections_are_made_than_there_may_be(home: Household, clock: Clock) -> None:
    full = Listener(home, clock, most=0)
    full.report()
    full.pass_s(LET_GO_S + READ_S)
    assert full.vendor.ears == []
    full.watch.close()
