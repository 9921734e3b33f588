"""The console's one-time code: who gets in with it, and when nobody does."""

import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from showcam.accounts.attempts import LIFE_S, TRIES, WINDOW_S, OneTimeCode
from showcam.store.sqlite import SqliteStore
from tests.doubles.clock import Clock

pytestmark = pytest.mark.proves("A code for a browser works once, for 30 minutes, and can't be guessed")

HERE, THERE = "192.168.1.20", "192.168.1.21"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def code(tmp_path: Path, clock: Clock) -> OneTimeCode:
    return OneTimeCode(tmp_path / "run" / "home-code", clock)


def test_it_has_256_bits_and_a_file_for_its_owner_alone(code: OneTimeCode, tmp_path: Path) -> None:
    first, second = code.renew(), code.renew()
    assert (len(first), first != second) == (43, True)  # base64 of 32 bytes
    file = tmp_path / "run" / "home-code"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize(
    ("typed", "after_s", "verdict"),
    [
        (lambda right: right, 0, "right"),
        (lambda right: right, LIFE_S - 1, "right"),
        (lambda right: right, LIFE_S, "wrong"),
        (lambda right: right[:-1], 0, "wrong"),
        (lambda right: right + "A", 0, "wrong"),
        (lambda right: right.swapcase(), 0, "wrong"),
        (lambda right: "", 0, "wrong"),
        (lambda right: "kåde", 0, "wrong"),
    ],
    ids=["at once", "in time", "expired", "short", "long", "other case", "empty", "not ASCII"],
)
def test_a_code_is_right_as_a_whole_and_in_its_time(
    code: OneTimeCode, clock: Clock, store: SqliteStore, typed: Callable[[str], str], after_s: float, verdict: str
) -> None:
    right = code.renew()
    clock.wait(after_s)
    assert code.redeem(typed(right), HERE, store) == verdict


def test_it_is_right_once_and_no_more_when_there_is_a_newer_one(code: OneTimeCode, store: SqliteStore) -> None:
    first = code.renew()
    second = code.renew()
    assert [code.redeem(typed, HERE, store) for typed in (first, second, second)] == ["wrong", "right", "wrong"]


def test_of_many_at_the_same_time_one_gets_in(code: OneTimeCode, store: SqliteStore) -> None:
    right = code.renew()
    with ThreadPoolExecutor(8) as pool:
        verdicts = list(pool.map(lambda _: code.redeem(right, HERE, store), range(8)))
    assert verdicts.count("right") == 1


def test_a_code_that_gives_way_to_a_newer_one_while_it_is_redeemed_is_wrong(
    tmp_path: Path, clock: Clock, store: SqliteStore
) -> None:
    file, readings, newer = tmp_path / "run" / "home-code", list[float](), list[str]()

    def renewing() -> float:
        readings.append(clock())
        if len(readings) == 3:  # after `renew` and the count of tries: the older code was just found right
            newer.append(OneTimeCode(file, clock).renew())
        return readings[-1]

    code = OneTimeCode(file, renewing)
    assert code.redeem(code.renew(), HERE, store) == "wrong"
    assert code.redeem(newer[0], HERE, store) == "right"
    assert list(file.parent.iterdir()) == []


def test_guessing_ends_soon_for_the_guesser_and_for_nobody_else(
    code: OneTimeCode, clock: Clock, store: SqliteStore
) -> None:
    right = code.renew()
    guesses = [code.redeem(f"guess {number}", HERE, store) for number in range(TRIES + 1)]
    assert guesses == ["wrong"] * TRIES + ["too_many"]
    assert code.redeem(right, HERE, store) == "too_many"
    clock.wait(WINDOW_S + 1)
    assert code.redeem("guess", HERE, store) == "wrong"
    assert code.redeem(right, THERE, store) == "right"


@pytest.mark.parametrize("content", [None, "", "{}", "[]", '{"code": "x"}', '{"code": "x", "until": "soon"}'])
def test_without_a_file_that_is_ours_nothing_is_right(
    code: OneTimeCode, store: SqliteStore, tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "home-code").write_text(content)
    assert [code.redeem(typed, HERE, store) for typed in ("", "x")] == ["wrong", "wrong"]


def test_a_start_prints_again_the_code_that_was_asked_for_meanwhile(
    code: OneTimeCode, clock: Clock, store: SqliteStore
) -> None:
    earlier = code.renew()
    clock.now += 5
    began = clock()
    first = code.since(began)
    assert first != earlier
    clock.now += 3
    assert code.since(began) == first
    assert code.redeem(first, HERE, store) == "right"
    assert code.since(began) != first
