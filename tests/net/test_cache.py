"""What is kept of what can be read again."""

from showcam.net.cache import Recent


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


def test_what_is_missing_is_made_once() -> None:
    kept: Recent[int, list[str]] = Recent(4)
    first = kept.made(1, list)
    assert kept.made(1, list) is first
    assert kept.get(1) is first
