"""What a viewer's congestion takes, as its receiver reports it: a clock that a test moves, and no network."""

import pytest

from showcam.engine.outputs.congestion import FASTEST, FIRST_PACE, Congestion

RATE, AGAIN_S = 4_000_000.0, 30.0


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def congestion(clock: Clock) -> Congestion:
    return Congestion(clock, lambda: None, again_s=AGAIN_S)


def sent(congestion: Congestion, clock: Clock, seconds: float, *, lost: float = 0.0, per_second: int = 400) -> None:
    """Packets in steps of 50 ms, of which a share is asked for again."""
    number, due = int(clock.now * 1000) % 60_000, 0.0
    for _ in range(round(seconds / 0.05)):
        clock.now += 0.05
        count = per_second // 20
        congestion.sent(count)
        due += count * lost
        congestion.asked_again(range(number, number + int(due)))
        number, due = number + count, due - int(due)


@pytest.mark.parametrize(
    ("lost", "is_overfull", "delay_s", "copies"),
    [
        (0.0, False, 0.0, 1),
        (0.01, False, 0.0, 1),
        (0.05, False, 0.32, 2),
        (0.2, False, 0.32, 1),  # there is no room for two
        (0.5, True, 0.32, 1),
    ],
)
def test_what_is_asked_for_again(
    lost: float, is_overfull: bool, delay_s: float, copies: int, congestion: Congestion, clock: Clock
) -> None:
    sent(congestion, clock, 2, lost=lost)
    assert (congestion.is_overfull, round(congestion.delay_s, 2), congestion.copies) == (is_overfull, delay_s, copies)


def test_a_few_packets_say_nothing(congestion: Congestion, clock: Clock) -> None:
    congestion.sent(10)
    congestion.asked_again(range(10))
    assert not congestion.is_overfull


@pytest.mark.parametrize(
    ("reports", "is_overfull"),
    [
        ([(0, 0), (0, 400), (0, 800)], False),
        ([(0, 0), (100, 400), (100, 800)], False),  # once
        ([(0, 0), (100, 400), (200, 800)], True),
        ([(0, 0), (20, 400), (40, 800)], False),
        ([(0, 0), (10, 20), (20, 40)], False),  # of so few packets
        ([(0, 0), (100, 400), (60, 800)], False),  # what was sent again has come
        ([(0, 40_000), (100, 400), (200, 800)], False),  # another stream, so that one sample is left
    ],
)
def test_what_stayed_lost(
    reports: list[tuple[int, int]], is_overfull: bool, congestion: Congestion, clock: Clock
) -> None:
    for lost, packets in reports:
        congestion.reported(lost, packets)
        clock.now += 1
    assert congestion.is_overfull is is_overfull


def test_reports_that_come_with_each_request_are_no_samples_of_their_own(congestion: Congestion, clock: Clock) -> None:
    for lost in range(20):
        congestion.reported(lost, 10 * lost)
        clock.now += 0.01
    assert not congestion.is_overfull


@pytest.mark.parametrize(
    ("estimates", "round_trips", "is_overfull"),
    [
        ([3e6, 3e6, 3e6], [0.1, 0.4, 0.4], False),
        ([1e6], [0.1, 0.4, 0.4], False),
        ([1e6, 3e6, 1e6], [0.1, 0.4, 0.4], False),
        ([1e6, 9e5, 9e5], [0.1, 0.1, 0.1], False),  # nothing waits on the way: the receiver was busy
        ([1e6, 9e5, 9e5], [0.4, 0.4, 0.4], False),
        ([1e6, 9e5, 9e5], [0.1, 0.2, 0.3], True),
    ],
)
def test_what_a_receiver_estimates(
    estimates: list[float], round_trips: list[float], is_overfull: bool, congestion: Congestion, clock: Clock
) -> None:
    for rtt_s in round_trips:
        congestion.turned(rtt_s)
    for estimate in estimates:
        congestion.estimated(estimate, RATE)
        clock.now += 0.6
    assert congestion.is_overfull is is_overfull


def test_a_viewer_that_can_not_go_on_again_and_again_has_too_much(congestion: Congestion, clock: Clock) -> None:
    for _ in range(3):
        clock.now += 1
        assert not congestion.is_overfull
        congestion.start(requested=True)
    assert congestion.is_overfull
    clock.now += 10
    assert not congestion.is_overfull


def test_a_wish_and_a_start_are_heard_once(congestion: Congestion) -> None:
    congestion.wants_key()
    assert [congestion.take_wish(), congestion.take_wish()] == [True, False]
    congestion.start()
    assert [congestion.take_start(), congestion.take_start()] == [True, False]


def test_between_the_whole_picture_and_the_smaller_one_nothing_is_sent_again(congestion: Congestion) -> None:
    congestion.moved()
    assert congestion.copies == 0
    congestion.start()
    assert congestion.copies == 1


def test_a_burst_grows_where_all_arrives_and_shrinks_where_it_does_not(congestion: Congestion, clock: Clock) -> None:
    assert congestion.pace() == FIRST_PACE
    sent(congestion, clock, 1)
    paces = []
    for _ in range(4):
        clock.now += 0.3
        paces.append(congestion.pace())
    assert paces == [2 * FIRST_PACE, FASTEST, FASTEST, FASTEST]
    sent(congestion, clock, 0.5, lost=0.3)
    assert congestion.pace() == FASTEST / 2


def test_the_whole_picture_is_tried_again_after_a_while_and_later_each_time_that_it_fails(
    congestion: Congestion, clock: Clock
) -> None:
    waits = []
    for _ in range(6):
        congestion.moved()
        congestion.start()
        began = clock.now
        while not congestion.may_try:
            clock.now += 1
        waits.append(clock.now - began)
        congestion.returned()
        clock.now += 5
    assert waits == [AGAIN_S, 60, 120, 240, 300, 300]
    clock.now += 60
    congestion.moved()
    clock.now += AGAIN_S
    assert congestion.may_try, "it went well for a minute"
