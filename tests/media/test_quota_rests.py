"""How long a camera is left alone that EZVIZ gave no more sessions of."""

import pytest

from media.ezviz.address import Address
from media.plane.sources.quota_rests import LONGEST_S, SHORTEST_S, QuotaRests
from tests.doubles.clock import Clock

GARDEN, POND = "dev=F1&chn=1", "dev=F1&chn=2"


def rest_s(rests: QuotaRests, clock: Clock) -> float:
    """Waits until the rest is over."""
    began = clock()
    while rests.holds(GARDEN):
        clock.wait(0.5)
    return clock() - began


def test_each_refusal_in_a_row_is_rested_from_twice_as_long() -> None:
    clock = Clock()
    rests, found = QuotaRests(clock), []
    for _ in range(6):
        rests.refused(GARDEN)
        assert (rests.holds(GARDEN), rests.holds(POND)) == (True, False)
        found.append(rest_s(rests, clock))
    assert found == [15.0, 30.0, 60.0, 120.0, LONGEST_S, LONGEST_S]


@pytest.mark.parametrize("how", ["opened", "long ago"])
def test_what_is_over_counts_no_more(how: str) -> None:
    clock = Clock()
    rests = QuotaRests(clock)
    for _ in range(3):
        rests.refused(GARDEN)
    if how == "opened":
        rests.opened(GARDEN)
        assert not rests.holds(GARDEN)
    else:
        rest_s(rests, clock)
        clock.wait(LONGEST_S)
    rests.refused(GARDEN)
    assert rest_s(rests, clock) == SHORTEST_S


def test_a_camera_is_its_device_and_channel() -> None:
    url = "ysproto://198.51.100.7:8554/live?dev=F1&chn=2&stream=1&ssn=T&biz=1"
    assert Address.read(url).camera == "dev=F1&chn=2"
    assert Address.read("ysproto://198.51.100.7:8554/live?stream=1").camera == ""
