"""An hour of 24 viewers on EZVIZ's cloud stream at life's timing, whose node ends sessions again and again.

The hour is one of media: clock and timers are those of a loop that does not wait.
"""

import asyncio
from typing import Any, NamedTuple

import pytest

from tests.doubles.fast_cloud import FastCloud, Watcher, watched
from tests.doubles.fast_time import FastLoop, run

HOUR_S, VIEWERS = 3600.0, 24
GAP_S = 2.0


class Hour(NamedTuple):
    opened: int
    most: int
    reopened: int
    viewers: list[Watcher]


def an_hour(seconds: float = HOUR_S, viewers: int = VIEWERS, **settings: Any) -> Hour:
    async def scene(loop: FastLoop) -> Hour:
        cloud = FastCloud(loop, **settings)
        counting = asyncio.create_task(cloud.count())
        pull, seen = await watched(loop, cloud, seconds, viewers)
        counting.cancel()
        return Hour(cloud.world.calls["vtdu"], cloud.most, pull.reopened, seen)

    return run(scene)


@pytest.mark.parametrize(("every_s", "cut_with"), [(27.0, ""), (75.0, "7005")])
def test_sessions_that_end_alike_are_one_picture_for_24_viewers(every_s: float, cut_with: str) -> None:
    """The first two of them too: nodes are known to end sessions after so long."""
    hour = an_hour(session_cut_s=every_s, cut_with=cut_with)
    assert hour.opened > HOUR_S / every_s
    assert (hour.most, hour.reopened) == (2, 0), "one session, and the one that follows it"
    assert len(hour.viewers) == VIEWERS
    for viewer in hour.viewers:
        assert viewer.reloads == 0
        assert viewer.is_monotonic
        assert viewer.gap_s() <= GAP_S
        assert viewer.shown_s > HOUR_S - 20


def test_a_node_that_ends_none_is_asked_for_no_session_more_once_that_is_known() -> None:
    hour = an_hour(700.0, 2)
    assert hour.opened == 4, "the first, and one for each length that nodes are known by"
    assert max(viewer.gap_s() for viewer in hour.viewers) <= GAP_S
