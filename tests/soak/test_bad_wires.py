"""Ten runs in Chromium behind a wire that loses, or is narrower than the picture."""

import os
import statistics

import pytest

from tests.doubles.far_display_runs import frozen_s, needed, played
from tests.doubles.needs import HOURS

pytestmark = [
    pytest.mark.timeout(900),
    HOURS.unless("SOAK_HOURS" in os.environ),
]


@pytest.fixture(autouse=True, scope="module")
def _wires() -> None:
    needed()


def test_with_every_twentieth_packet_lost_the_picture_stands_for_a_second_of_twenty_at_most() -> None:
    frozen = [frozen_s(run) for run in played({"loss": 0.05, "rtt_s": 0.11, "lasts_s": 20, "runs": 10}, 600)]
    assert len(frozen) == 10
    assert statistics.median(frozen) <= 1.0
    assert max(frozen) <= 2.5


@pytest.mark.parametrize("sub", [False, True])
def test_four_megabits_on_a_wire_of_one(sub: bool) -> None:
    way = {"bits_s": 1_000_000, "rtt_s": 0.03, "lasts_s": 20, "runs": 10, "sub": sub}
    runs = played(way, 600)
    assert len(runs) == 10
    assert max(run["first_s"] for run in runs) <= 3
    assert max(frozen_s(run) for run in runs) <= 1
