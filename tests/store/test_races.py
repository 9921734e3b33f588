"""Concurrent calls: each decision has one outcome. Real threads, started together, on both engines."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from showcam.store.ports import Replayed, Store
from showcam.store.records import Code, Link
from showcam.store.sealing import Sealer
from showcam.store.sqlite import SqliteStore
from tests.doubles import records as a

NOW = a.NOW
type AtOnce = Callable[[int, Callable[[int], Any]], list[Any]]


def linked(store: Store) -> Link:
    household = a.account()
    store.add_account(household)
    link = a.link(household)
    store.add_link(link)
    return link


@pytest.mark.parametrize("_round", range(3))
def test_one_of_thirty_redeems_a_code(store: Store, at_once: AtOnce, _round: int) -> None:
    link = linked(store)
    code = a.code(link)
    store.add_code(code)
    tokens = [a.token(link) for _ in range(30)]
    outcomes = at_once(30, lambda number: store.redeem_code(code, NOW, [tokens[number]]))
    assert Counter(type(outcome) for outcome in outcomes) == {bool: 1, Replayed: 29}
    kept = [store.find_token(link.id, token.hash) is not None for token in tokens]
    assert kept == [outcome is True for outcome in outcomes]


def test_one_of_thirty_swaps_a_session(store: Store, at_once: AtOnce) -> None:
    household = a.account()
    source = a.source(household)
    store.add_household(household, source, b"first", "ok")
    outcomes = at_once(
        30,
        lambda number: store.swap_session(household.id, source.id, version=1, secrets=b"%d" % number, state="ok"),
    )
    assert Counter(outcomes) == {True: 1, False: 29}
    session = store.read_session(household.id, source.id)
    assert session is not None
    assert (session.version, session.secrets) == (2, b"%d" % outcomes.index(True))


def test_one_of_ten_households_gets_a_name(store: Store, at_once: AtOnce) -> None:
    households = [a.account() for _ in range(10)]
    for household in households:
        store.add_account(household)
    outcomes = at_once(10, lambda number: store.put_owner_user(households[number].id, "kari", b"%d" % number))
    assert Counter(outcomes) == {True: 1, False: 9}
    user = store.owner_user_by_key("kari")
    assert user is not None
    assert (user.account, user.data) == (households[outcomes.index(True)].id, b"%d" % outcomes.index(True))
    assert [bool(store.owner_user(household.id)) for household in households] == outcomes


def test_a_household_that_is_given_names_at_once_has_one_of_them(store: Store, at_once: AtOnce) -> None:
    household = a.account()
    store.add_account(household)
    assert at_once(5, lambda number: store.put_owner_user(household.id, f"name{number}", b"u")) == [True] * 5
    user = store.owner_user(household.id)
    assert user is not None
    assert user.version == 5
    found = [number for number in range(5) if store.owner_user_by_key(f"name{number}")]
    assert [f"name{number}" for number in found] == [user.key]


@pytest.mark.parametrize("_round", range(5))
def test_no_token_outlives_its_link(store: Store, at_once: AtOnce, _round: int) -> None:
    link = linked(store)
    pairs = [[a.token(link), a.token(link, kind="refresh", expires=None)] for _ in range(20)]

    def act(number: int) -> bool:
        return store.end_link(link.id, NOW) if number == 10 else store.add_tokens(pairs[number])

    outcomes = at_once(20, act)
    assert outcomes[10] is True
    assert set(outcomes) <= {True, False}
    assert [token for pair in pairs for token in pair if store.find_token(link.id, token.hash)] == []


def test_of_thirty_that_end_a_link_one_did(store: Store, at_once: AtOnce) -> None:
    link = linked(store)
    assert Counter(at_once(30, lambda _: store.end_link(link.id, NOW))) == {True: 1, False: 29}


def test_one_of_twenty_gets_a_vendor_key(store: Store, at_once: AtOnce) -> None:
    households = [a.account() for _ in range(20)]

    def sign_up(number: int) -> bool:
        household = households[number]
        return store.add_household(household, a.source(household, vendor_key="the one"), b"", "ok")

    outcomes = at_once(20, sign_up)
    assert Counter(outcomes) == {True: 1, False: 19}
    assert list(store.accounts()) == [households[outcomes.index(True)]]


def test_one_of_twenty_writes_a_notice(store: Store, at_once: AtOnce) -> None:
    household = a.account()
    store.add_account(household)
    for version in range(2):

        def write(number: int, version: int = version) -> bool:
            return store.swap_notice(household.id, "f", version=version, data=b"%d" % number)

        written = at_once(20, write)
        assert Counter(written) == {True: 1, False: 19}
        [notice] = store.notices(household.id)
        assert (notice.data, notice.version) == (b"%d" % written.index(True), version + 1)


def test_thirty_agree_on_one_value(store: Store, at_once: AtOnce) -> None:
    outcomes = at_once(30, lambda number: store.meta_once("salt", str(number)))
    assert len(set(outcomes)) == 1
    assert store.meta("salt") == outcomes[0]


def test_no_hit_is_lost(store: Store, at_once: AtOnce) -> None:
    counts = at_once(30, lambda _: [store.hit("door", 60, NOW) for _ in range(4)])
    assert sorted(count for of_thread in counts for count in of_thread) == list(range(1, 121))
    assert store.hits("door", 60, NOW) == 120


@pytest.mark.parametrize("most", [1, 3, 10])
def test_as_many_get_a_place_as_there_are(store: Store, at_once: AtOnce, most: int) -> None:
    """16 ask at once: whoever loses a place asks for the next, so twice as many would make four times the requests."""
    outcomes = at_once(16, lambda _: store.take_place("door", most, 60, NOW))
    assert Counter(outcomes) == {(True, int(NOW) + 61): most, (False, int(NOW) + 61): 16 - most}
    at_once(most, lambda _: store.leave_place("door", int(NOW) + 61))
    again = at_once(16, lambda _: store.take_place("door", most, 60, NOW))
    assert Counter(taken for taken, _ in again) == {True: most, False: 16 - most}


def test_one_of_thirty_takes_the_key(store: Store, at_once: AtOnce) -> None:
    assert Counter(at_once(30, lambda _: store.take_once("k", NOW))) == {True: 1, False: 29}


def test_two_stores_on_one_file_share_what_is_decided(tmp_path: Path, sealer: Sealer, at_once: AtOnce) -> None:
    # opened together too: one of them makes the schema
    stores = at_once(4, lambda _: SqliteStore(tmp_path / "one.db", sealer))
    assert {type(store) for store in stores} == {SqliteStore}
    link = linked(stores[0])

    def redeem(code: Code, number: int) -> Any:
        return stores[number % 4].redeem_code(code, NOW, [])

    for _ in range(20):
        code = a.code(link)
        stores[1].add_code(code)
        outcomes = at_once(8, partial(redeem, code))
        assert Counter(type(outcome) for outcome in outcomes) == {bool: 1, Replayed: 7}
    counts = at_once(28, lambda number: stores[number % 4].hit("door", 60, NOW))
    assert sorted(counts) == list(range(1, 29))
    assert Counter(at_once(28, lambda number: stores[number % 4].take_once("k", NOW))) == {True: 1, False: 27}
    for store in stores:
        store.close()


def test_a_hundred_and_twenty_eight_threads_work_together(store: Store, at_once: AtOnce) -> None:
    link = linked(store)

    def refresh(_number: int) -> bool:
        token = a.token(link)
        return store.add_tokens([token]) and store.find_token(link.id, token.hash) == (link, token)

    assert Counter(at_once(128, refresh)) == {True: 128}
