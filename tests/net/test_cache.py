"""What is kept of what can be read again."""

import itertools

import pytest

from net.cache import Kept, Recent, kept


def test_what_is_used_stays_and_the_others_go() -> None:
    kept: Recent[int, str] = Recent(10)
    for number in range(100):
        kept.put(number, str(number))
        assert kept.get(0) == "0"
        assert all(kept.get(key) for key in range(max(0, number - 2), number))
    assert sum(kept.get(number) is not None for number in reversed(range(100))) <= 10


def test_the_last_value_stands_and_a_dropped_one_does_not_come_back() -> None:
    kept: Recent[int, str] = Recent(4)
    for number in range(3):
        kept.put(number, "first")
    kept.put(1, "second")
    assert kept.get(1) == "second"
    for number in range(3):
        kept.drop(number)
        assert kept.get(number) is None
    kept.put(7, "again")
    assert [kept.get(number) for number in (0, 1, 2, 7)] == [None, None, None, "again"]


@pytest.mark.parametrize(("on", "found", "made"), [(True, "once", 1), (False, None, 3)])
def test_what_is_kept_for_speed_alone_can_be_left_out(
    on: bool, found: str | None, made: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Kept, "on", on)
    answers: Kept[str, str] = Kept(4)
    answers.put("link", "once")
    assert answers.get("link") == found
    count = itertools.count()

    @kept(4)
    def make(of: str) -> tuple[str, int]:
        return of, next(count)

    assert [make("link")[0] for _ in range(3)] == ["link"] * 3
    assert next(count) == made
