"""How often signing in may be tried: by user, by address, by a known browser."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from showcam.accounts.attempts import Browser
from showcam.drivers.ezviz import sessions
from showcam.drivers.ezviz.driver import EzvizDriver, EzvizHosts
from showcam.registry.owner.sign_in import SignIn
from showcam.registry.owner.sign_in_outcome import SignInRefused
from showcam.store.sqlite import SqliteStore
from tests.doubles.clock import Clock
from tests.doubles.tls_vendor import Vendors, answer
from tests.doubles.waiting import LONG_S
from tests.registry.test_sign_in import HERE, why


@pytest.fixture
def counted(store: SqliteStore, vendors: Vendors, clock: Clock) -> tuple[SignIn, Callable[[], int], Clock]:
    vendor = vendors.answering(lambda *_: answer(b'{"meta": {"code": 1014}}'))
    hosts = EzvizHosts.of("eu", api=vendor.host, open_platform=vendor.host)
    for number in range(30):
        sessions.add_owner(store, f"user{number}@example.com")
    driver = EzvizDriver(store, hosts, ca_file=vendor.ca_file, demo=True)
    return SignIn(store, [driver], "owner", vendor_s=LONG_S, clock=clock), lambda: len(vendor.requests), clock


def test_a_user_is_tried_three_times_whatever_the_address(counted: tuple[SignIn, Callable[[], int], Clock]) -> None:
    door, requests, clock = counted
    outcomes = [door.begin(name, "guess", f"192.0.2.{number}") for number, name in enumerate(SPELT)]

    assert [why(outcome) for outcome in outcomes] == ["wrong"] * 3 + ["too_many"] * 4
    assert requests() == 3
    assert [outcome.retry_after_s for outcome in outcomes if isinstance(outcome, SignInRefused)] == [0] * 7
    clock.now += 899
    assert why(door.begin("user1@example.com", "guess", HERE)) == "too_many"
    clock.now += 2
    assert why(door.begin("user1@example.com", "guess", HERE)) == "wrong"


# one account, as whoever counts by what is typed would miss it
SPELT = ["user1@example.com", "USER1@example.com", " user1@EXAMPLE.com", *["user1@example.com"] * 4]


def test_no_border_of_a_clock_gives_three_more(counted: tuple[SignIn, Callable[[], int], Clock]) -> None:
    door, requests, clock = counted
    clock.now += 890 - clock.now % 900  # ten seconds before a full quarter of an hour
    for _ in range(4):
        door.begin("user1@example.com", "guess", HERE)
        clock.now += 5
    assert requests() == 3


def test_fifty_at_once_are_three(counted: tuple[SignIn, Callable[[], int], Clock]) -> None:
    door, requests, _ = counted
    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(lambda number: door.begin("user1@example.com", "g", f"192.0.2.{number}"), range(50)))
    assert sorted(map(why, outcomes)) == ["too_many"] * 47 + ["wrong"] * 3
    assert requests() == 3


def test_each_known_browser_has_three_of_its_own(
    counted: tuple[SignIn, Callable[[], int], Clock], store: SqliteStore
) -> None:
    door, requests, _ = counted
    source = sessions.find(store, "user1@example.com")
    assert source is not None
    browsers = [
        None,
        Browser("phone", (source.account,)),
        Browser("laptop", ("x", source.account)),
        Browser("y", ("x",)),
    ]
    outcomes = [[why(door.begin("user1@example.com", "g", HERE, browser)) for _ in range(4)] for browser in browsers]
    assert outcomes == [
        ["wrong"] * 3 + ["too_many"],
        ["wrong"] * 3 + ["throttled"],
        ["wrong"] * 3 + ["throttled"],
        ["too_many"] * 4,
    ]
    assert requests() == 9


def test_what_the_vendor_did_not_answer_counts(store: SqliteStore, vendors: Vendors, clock: Clock) -> None:
    """It may have counted the password all the same."""
    vendor = vendors.answering(lambda *_: answer(b"<html>", "500 Internal Server Error"))
    hosts = EzvizHosts.of("eu", api=vendor.host, open_platform=vendor.host)
    sessions.add_owner(store, "demo@example.com")
    door = SignIn(store, [EzvizDriver(store, hosts, ca_file=vendor.ca_file, demo=True)], "owner", vendor_s=LONG_S)
    outcomes = [why(door.begin("demo@example.com", "g", HERE)) for _ in range(4)]
    assert outcomes == ["vendor_down"] * 3 + ["too_many"]


def test_a_right_password_that_meets_the_vendors_terminal_limit_is_no_failure(
    store: SqliteStore, vendors: Vendors
) -> None:
    vendor = vendors.answering(lambda *_: answer(b'{"meta": {"code": 1069}}'))
    hosts = EzvizHosts.of("eu", api=vendor.host, open_platform=vendor.host)
    sessions.add_owner(store, "demo@example.com")
    door = SignIn(store, [EzvizDriver(store, hosts, ca_file=vendor.ca_file, demo=True)], "owner", vendor_s=LONG_S)
    assert [why(door.begin("demo@example.com", "right", HERE)) for _ in range(9)] == ["terminals"] * 9


def test_an_address_tries_twenty_times_whatever_the_user(counted: tuple[SignIn, Callable[[], int], Clock]) -> None:
    door, requests, _ = counted
    outcomes = [door.begin(f"user{number}@example.com", "guess", HERE) for number in range(22)]

    assert [why(outcome) for outcome in outcomes] == ["wrong"] * 20 + ["throttled"] * 2
    assert requests() == 20
    waiting = outcomes[-1]
    assert isinstance(waiting, SignInRefused)
    assert waiting.retry_after_s == 900


def test_a_known_name_uses_up_an_address_no_less_than_an_unknown_one(
    counted: tuple[SignIn, Callable[[], int], Clock],
) -> None:
    door, _, _ = counted
    known = [why(door.begin("user1@example.com", "guess", "192.0.2.8")) == "throttled" for _ in range(22)]
    unknown = [why(door.begin("nobody@example.com", "guess", "192.0.2.9")) == "throttled" for _ in range(22)]
    assert known == unknown == [False] * 20 + [True] * 2


def test_strangers_are_counted_too(counted: tuple[SignIn, Callable[[], int], Clock]) -> None:
    door, requests, _ = counted
    outcomes = [door.begin(f"stranger{number}@example.com", "guess", HERE) for number in range(21)]

    assert why(outcomes[-1]) == "throttled"
    assert requests() == 0
