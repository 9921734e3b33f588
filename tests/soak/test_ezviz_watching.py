"""SOAK_HOURS of 24 viewers on EZVIZ's cloud stream, by the clock on the wall: `make soak`, for a day."""

import asyncio
import os
import statistics

import pytest

from tests.doubles.hour_cloud import HourCloud, watched
from tests.doubles.needs import HOURS

LASTS_S = float(os.environ.get("SOAK_HOURS", "0")) * 3600
VIEWERS = 24

pytestmark = [
    pytest.mark.timeout(LASTS_S + 600),
    HOURS.unless(LASTS_S > 0),
]


@pytest.mark.parametrize(("every_s", "cut_with"), [(27.0, ""), (75.0, "7005")])
def test_the_gap_between_two_sessions_is_short_and_nobody_begins_again(every_s: float, cut_with: str) -> None:
    async def scene() -> None:
        cloud = HourCloud(asyncio.get_running_loop(), session_cut_s=every_s, cut_with=cut_with)
        pull, viewers = await watched(asyncio.get_running_loop(), cloud, LASTS_S / 2, VIEWERS)
        assert cloud.world.calls["vtdu"] > LASTS_S / 2 / every_s
        assert pull.reopened == 0
        for viewer in viewers:
            assert viewer.reloads == 0
            assert viewer.is_monotonic
        gaps = viewers[0].ends_s()
        assert statistics.quantiles(gaps, n=20)[-1] <= 4.0 + 2.5

    asyncio.run(scene())
