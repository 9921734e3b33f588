"""SOAK_HOURS of watching whose sources are cut every half minute: `make soak`, for a day.

SOAK_PACE of these hours pass in one. The figures are written to build/soak.json. A gap is judged at life's pace alone:
what the machine takes for a reopening counts SOAK_PACE times otherwise.
"""

import json
import os
from pathlib import Path

import pytest

from tests.doubles.long_watch import CAMERAS, Watched, watch
from tests.doubles.needs import HOURS, LIFES_PACE

PACE = float(os.environ.get("SOAK_PACE", "1"))
LASTS_S = float(os.environ.get("SOAK_HOURS", "0")) * 3600
EVERY_S, SESSION_S = 30.0, 600
VIEWERS = [f"{camera} by {protocol}" for camera in CAMERAS for protocol in ("HLS", "WebRTC")]
REPORT = Path(__file__).parents[2] / "build" / "soak.json"

pytestmark = [
    pytest.mark.timeout(LASTS_S / PACE + 600),
    HOURS.unless(LASTS_S > 0),
]


@pytest.fixture(scope="module")
def watched() -> Watched:
    watched = watch(LASTS_S, EVERY_S, max(10, int(SESSION_S / PACE)), PACE)
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(watched.figures(), indent=2) + "\n")
    return watched


@pytest.mark.parametrize("camera", CAMERAS)
def test_the_cameras_were_cut_all_the_time(camera: str, watched: Watched) -> None:
    assert len(watched.cuts[camera]) >= 0.5 * LASTS_S / EVERY_S


def test_no_viewer_begins_again(watched: Watched) -> None:
    assert watched.reloads == []


@LIFES_PACE.unless(PACE == 1)
@pytest.mark.parametrize("viewer", VIEWERS)
def test_of_twenty_cuts_nineteen_are_over_within_two_seconds(viewer: str, watched: Watched) -> None:
    assert len(watched.gaps[viewer]) >= LASTS_S / EVERY_S - 5
    assert watched.late(viewer) <= 2.0


def test_memory_and_descriptors_stay(watched: Watched) -> None:
    mib, descriptors = watched.growth()
    assert mib <= 8
    assert descriptors <= 2
