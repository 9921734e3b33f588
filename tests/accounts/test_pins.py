"""PINs: what can be set, what is stored, and how many tries there are."""

import secrets
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from showcam.accounts.pins import LIMITS, BadPin, Pins
from showcam.store.ports import Store
from showcam.store.records import Account

NOW = 1_800_000_000.0


@pytest.fixture
def pins(store: Store) -> Pins:
    for account_id in ("ours", "theirs"):
        store.add_account(Account(account_id, time.time(), secrets.token_bytes(16)))
    return Pins(store)


def test_only_the_households_own_pin_is_right(pins: Pins) -> None:
    pins.set("ours", "2468")
    assert pins.is_set("ours")
    assert not pins.is_set("theirs")
    assert [pins.check("ours", pin, NOW) for pin in ("2468", "2469", "", "24680")] == [
        "right", "wrong", "wrong", "wrong",
    ]  # fmt: skip
    assert pins.check("theirs", "2468", NOW) == "wrong"


def test_another_takes_its_place_and_none_is_left_when_it_is_cleared(pins: Pins) -> None:
    pins.set("ours", "2468")
    pins.set("ours", "13579")
    assert [pins.check("ours", pin, NOW) for pin in ("2468", "13579")] == ["wrong", "right"]
    pins.clear("ours")
    assert not pins.is_set("ours")
    assert pins.check("ours", "13579", NOW) == "wrong"


@pytest.mark.parametrize("pin", ["", "123", "123456789", "12a4", "١٢٣٤", " 1234", "-123"])
def test_what_is_no_pin_is_not_set(pin: str, pins: Pins) -> None:
    with pytest.raises(BadPin, match="4 to 8 digits"):
        pins.set("ours", pin)
    assert not pins.is_set("ours")


def test_two_households_with_the_same_pin_store_different_hashes(pins: Pins, store: Store) -> None:
    for account_id in ("ours", "theirs"):
        pins.set(account_id, "2468")
    kept = [store.account_secret(account_id, "pin") for account_id in ("ours", "theirs")]
    assert kept[0] != kept[1]
    assert all(secret is not None and b"2468" not in secret for secret in kept)


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
