"""PINs: what can be set, what is kept of one, and how often one may be tried."""

import secrets
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from accounts.pins import LIMITS, BadPin, Pins
from store.ports import Store
from store.records import Account

NOW = 1_800_000_000.0


@pytest.fixture
def pins(store: Store) -> Pins:
    for each in ("ours", "theirs"):
        store.add_account(Account(each, time.time(), secrets.token_bytes(16)))
    return Pins(store)


def test_the_right_pin_is_told_from_others_and_from_another_households(pins: Pins) -> None:
    pins.set("ours", "2468")
    assert pins.is_set("ours")
    assert not pins.is_set("theirs")
    assert [pins.check("ours", each, NOW) for each in ("2468", "2469", "", "24680")] == [
        "right", "wrong", "wrong", "wrong",
    ]  # fmt: skip
    assert pins.check("theirs", "2468", NOW) == "wrong"


def test_another_takes_its_place_and_none_is_left_when_it_is_cleared(pins: Pins) -> None:
    pins.set("ours", "2468")
    pins.set("ours", "13579")
    assert [pins.check("ours", each, NOW) for each in ("2468", "13579")] == ["wrong", "right"]
    pins.clear("ours")
    assert not pins.is_set("ours")
    assert pins.check("ours", "13579", NOW) == "wrong"


@pytest.mark.parametrize("pin", ["", "123", "123456789", "12a4", "١٢٣٤", " 1234", "-123"])
def test_what_is_no_pin_is_not_set(pin: str, pins: Pins) -> None:
    with pytest.raises(BadPin, match="4 to 8 digits"):
        pins.set("ours", pin)
    assert not pins.is_set("ours")


def test_two_households_with_one_pin_keep_different_things(pins: Pins, store: Store) -> None:
    for each in ("ours", "theirs"):
        pins.set(each, "2468")
    kept = [store.account_secret(each, "pin") for each in ("ours", "theirs")]
    assert kept[0] != kept[1]
    assert all(each is not None and b"2468" not in each for each in kept)


def test_tries_are_counted_in_a_quarter_of_an_hour_and_in_a_day(pins: Pins) -> None:
    pins.set("ours", "2468")
    (quarter, few), (day, many) = LIMITS
    start = NOW - NOW % day
    made = 0
    for window in range(day // quarter):
        found = [pins.check("ours", "0000", start + window * quarter) for _ in range(few + 1)]
        if found[0] == "too_many":
            break
        assert found[-1] == "too_many"
        made += found.count("wrong")
    assert 0 < made <= many
    assert pins.check("ours", "2468", start + day - 1) == "too_many"
    assert pins.check("ours", "2468", start + day) == "right"


def test_tries_made_at_once_are_all_counted(pins: Pins) -> None:
    pins.set("ours", "2468")
    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(lambda _: pins.check("ours", "0000", NOW), range(12)))
    assert found.count("wrong") <= LIMITS[0][1]
