"""How long a camera is left alone that EZVIZ refused, by the result."""

import pytest

from showcam.engine.ezviz.address import Address
from showcam.engine.ezviz.messages import Rest, Rests
from tests.doubles.clock import Clock

pytestmark = pytest.mark.proves(
    "What EZVIZ refused rests per camera and result, and a viewer that asks each second causes at "
    "most six openings a minute",
    leans_on="double: EZVIZ's cloud",
    also=("tests/registry/test_ezviz_cloud.py",),
)

GARDEN, POND = "home/garden", "home/pond"


def rest_s(rests: Rests, clock: Clock) -> float:
    """Waits until the rest is over."""
    began = clock()
    while rests.of(GARDEN, ""):
        clock.wait(0.5)
    return clock() - began


@pytest.mark.parametrize(
    ("result", "rested"),
    [
        (5411, [60.0, 60.0, 60.0]),
        (5403, [60.0, 60.0, 60.0]),
        (5457, [60.0, 60.0, 60.0]),
        (5409, [10.0, 10.0, 10.0]),
        (5404, [5.0, 10.0, 20.0, 20.0]),
        (5452, [25.0, 25.0]),
        (5504, [15.0, 30.0, 60.0, 120.0, 240.0, 240.0]),
        (5405, [0.0, 0.0]),
    ],
)
def test_what_is_refused_again_and_again_rests_for_so_long_each_time(result: int, rested: list[float]) -> None:
    clock = Clock()
    rests, found = Rests(clock), []
    for length_s in rested:
        assert rests.refused(GARDEN, result, "") == length_s
        assert rests.of(POND, "") is None
        found.append(rest_s(rests, clock))
    assert found == rested


@pytest.mark.parametrize("how", ["shown", "long ago", "another state"])
def test_what_is_over_counts_no_more(how: str) -> None:
    clock = Clock()
    rests = Rests(clock)
    for _ in range(3):
        rests.refused(GARDEN, 5504, "online")
    if how == "shown":
        rests.shown(GARDEN)
        assert rests.of(GARDEN, "online") is None
    elif how == "long ago":
        clock.wait(60.0 + 240.0)
    else:
        assert rests.of(GARDEN, "offline") is None
    assert rests.refused(GARDEN, 5504, "offline" if how == "another state" else "online") == 15.0


def test_six_openings_in_a_row_without_video_are_enough_for_a_minute() -> None:
    clock = Clock()
    rests = Rests(clock)
    for _ in range(6):
        assert rests.of(GARDEN, "") is None
        rests.opens(GARDEN, "")
        clock.wait(1.0)
    assert rests.of(GARDEN, "") == Rest(0, 54.0)
    clock.wait(54.0)
    assert rests.of(GARDEN, "") is None
    rests.opens(GARDEN, "")
    assert rests.of(GARDEN, "") == Rest(0, 1.0)
    rests.shown(GARDEN)
    assert rests.of(GARDEN, "") is None


def test_a_camera_is_its_device_and_channel() -> None:
    url = "ysproto://198.51.100.7:8554/live?dev=F1&chn=2&stream=1&ssn=T&biz=1"
    assert Address.read(url).camera == "dev=F1&chn=2"
    assert Address.read("ysproto://198.51.100.7:8554/live?stream=1").camera == ""
