"""SOAK_S seconds of watching whose sources are cut every half minute: `make soak`, for a day."""

import os

import pytest

from tests.doubles.long_watch import CAMERAS, Watched, watch

LASTS_S = float(os.environ.get("SOAK_S", "0"))
EVERY_S, SESSION_S = 30.0, 600
VIEWERS = [f"{camera} by {protocol}" for camera in CAMERAS for protocol in ("HLS", "WebRTC")]

pytestmark = [
    pytest.mark.timeout(LASTS_S + 600),
    pytest.mark.skipif(LASTS_S == 0, reason="lasts for a day: make soak, or SOAK_S=300"),
]


@pytest.fixture(scope="module")
def watched() -> Watched:
    return watch(LASTS_S, EVERY_S, SESSION_S)


def test_no_viewer_begins_again(watched: Watched) -> None:
    assert watched.reloads == []


@pytest.mark.parametrize("viewer", VIEWERS)
def test_of_twenty_cuts_nineteen_are_over_within_two_seconds(viewer: str, watched: Watched) -> None:
    assert len(watched.gaps[viewer]) >= LASTS_S / EVERY_S - 5
    assert watched.late(viewer) <= 2.0


def test_memory_and_descriptors_stay(watched: Watched) -> None:
    mib, descriptors = watched.growth()
    assert mib <= 8
    assert descriptors <= 2
