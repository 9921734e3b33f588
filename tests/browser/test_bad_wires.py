"""Chromium behind a wire that loses, or is narrower than the picture; `make soak` has ten runs of each."""

import pytest

from tests.doubles.far_display_runs import frozen_s, needed, undisturbed
from tests.doubles.stopwatch import RUNS

pytestmark = [
    pytest.mark.timeout(RUNS * 120),
    pytest.mark.proves(
        "A viewer behind a wire that loses packets, or on a narrow one, keeps seeing video",
        leans_on="second stack: Chromium, behind a wire that loses at random",
    ),
]

LOSES = {"loss": 0.05, "rtt_s": 0.11, "lasts_s": 20}
NARROW = {"bits_s": 1_000_000, "rtt_s": 0.03, "lasts_s": 12}


@pytest.fixture(autouse=True, scope="module")
def _wires() -> None:
    needed()


def test_with_every_twentieth_packet_lost_the_picture_goes_on() -> None:
    run = undisturbed(LOSES, 100)
    assert run["heights"] == [1080]
    assert frozen_s(run) <= 2.5


@pytest.mark.parametrize("sub", [False, True])
def test_of_four_megabits_on_a_wire_of_one_a_smaller_picture_is_seen(sub: bool) -> None:
    run = undisturbed(NARROW | {"sub": sub}, 100)
    assert run["heights"][-1] == 360
    assert run["first_s"] <= 3
    assert frozen_s(run) <= 1
