"""When the end of a session is foreseen, by what nodes are known for and by what was seen."""

import pytest

from media.plane.sources.foresight import AHEAD_S, CALM_S, KNOWN_S, LATE_S, SOONEST_S, Foresight


@pytest.mark.parametrize(
    ("ended", "outlived_s", "lasted_s", "due"),
    [
        ((), 0, 10, None),
        ((), 0, 27 - AHEAD_S + 0.1, 27.0),
        ((), 0, 30, 27.0),
        ((), 0, 27 + LATE_S + 0.1, None),
        ((), 0, 75 - AHEAD_S + 0.1, 75.0),
        ((), 40, 20, None),
        ((), 40, 70, 75.0),
        ((29.0,), 0, 21, 29.0),
        ((29.0, 27.5), 0, 19, 27.5),
        ((13.0,), 0, 7, 13.0),
        ((13.0,), 20, 7, None),
        ((13.0,), 20, 20, 27.0),
        ((75.0,), 0, 20, None),
        ((1.0,), 0, 0.7, None),
        ((4.0,), 0, 2.5, 4.0),
    ],
    ids=[
        "long before",
        "ahead of the first known length",
        "some nodes end a little later",
        "it did not end",
        "ahead of the second known length",
        "one that did not hold",
        "and the next one",
        "as the last one ended",
        "the earlier of two that ended alike",
        "a length that nobody knew",
        "which did not hold",
        "and took no other with it",
        "an earlier one does not hold where a later one does",
        "too short to open another ahead of",
        "a short one: half of it",
    ],
)
def test_an_end_is_foreseen(ended: tuple[float, ...], outlived_s: float, lasted_s: float, due: float | None) -> None:
    foresight = Foresight(lambda: 0.0)
    for session_s in ended:
        foresight.ended(session_s)
    foresight.outlived(outlived_s)
    assert foresight.due(lasted_s) == due


def test_two_sessions_that_ended_alike_make_sure() -> None:
    foresight = Foresight(lambda: 0.0)
    assert not any(foresight.is_sure(length) for length in KNOWN_S)
    foresight.ended(28.0)
    assert not foresight.is_sure(28.0)
    foresight.ended(27.0)
    assert foresight.is_sure(27.0)


@pytest.mark.parametrize(
    ("ended", "outlived_s", "unsure", "overdue_s"),
    [
        ((), 0, False, None),
        ((27.0, 75.0), 0, False, None),
        ((50.0,), 0, True, None),
        ((50.0, 51.0), 0, False, None),
        ((50.0, 40.0), 0, True, 40.0),
        ((50.0, 40.0, 27.0), 0, True, 27.0),
        ((50.0, 40.0, 40.0), 0, True, 40.0),
        ((50.0, SOONEST_S - 1), 0, True, None),
        ((50.0, 40.0), CALM_S + 1, False, None),
        ((50.0, 40.0), -CALM_S, True, None),
    ],
    ids=[
        "none ended",
        "as nodes are known to end them",
        "one that nothing foretold",
        "the next one ended alike",
        "the next one ended otherwise",
        "the shortest counts",
        "from then on no two that ended alike make sure",
        "too short to follow each so soon",
        "one that lasted long",
        "none has ended for long",
    ],
)
def test_an_end_that_nothing_foretold(
    ended: tuple[float, ...], outlived_s: float, unsure: bool, overdue_s: float | None
) -> None:
    """`overdue_s`: the age from which on a session is followed; a negative `outlived_s` is time without an end."""
    at = 1000.0
    foresight = Foresight(lambda: at)
    for session_s in ended:
        foresight.ended(session_s)
    foresight.outlived(outlived_s)
    at += max(0.0, -outlived_s)
    assert foresight.is_unsure == unsure
    assert [age for age in (9.0, 10.0, 27.0, 40.0, 50.0, 1000.0) if foresight.is_overdue(age + 0.1)][:1] == (
        [] if overdue_s is None else [overdue_s]
    )
