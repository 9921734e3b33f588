"""An hour of 24 viewers on EZVIZ's cloud stream at life's timing, whose node ends sessions again and again.

The hour is one of media: clock and timers are those of a loop that does not wait.
"""

import asyncio
import random
import statistics
from typing import Any, NamedTuple

import pytest

from media.ezviz.address import Stream
from media.plane.viewing.pull import Pull
from tests.doubles.fast_time import FastLoop, run
from tests.doubles.hour_cloud import HourCloud, Watcher, by_webrtc, closed, opened, pull_of, pulled, watched

HOUR_S, VIEWERS = 3600.0, 24
GAP_S = 2.0


class Hour(NamedTuple):
    opened: int
    minted: int
    most: int
    reopened: int
    viewers: list[Watcher]


@pytest.fixture(autouse=True)
def clumps() -> None:
    """The node draws from it when it sends, and how much at once."""
    random.seed(7)


def an_hour(seconds: float = HOUR_S, viewers: int = VIEWERS, **settings: Any) -> Hour:
    async def scene(loop: FastLoop) -> Hour:
        cloud = HourCloud(loop, **settings)
        counting = asyncio.create_task(cloud.count())
        pull, seen = await watched(loop, cloud, seconds, viewers)
        counting.cancel()
        return Hour(cloud.world.calls["vtdu"], cloud.minted, cloud.most, pull.reopened, seen)

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


@pytest.mark.parametrize("spread_s", [200.0, 60.0])
def test_where_nothing_foretells_when_a_session_ends_only_the_first_end_leaves_a_gap(spread_s: float) -> None:
    """Another one stands by from then on, and follows one that is as old as those that ended; never a third one."""
    hour = an_hour(HOUR_S, 2, session_cut_s=20.0, cut_spread_s=spread_s)
    assert (hour.most, hour.reopened) == (2, 0)
    for viewer in hour.viewers:
        assert viewer.reloads == 0
        assert viewer.is_monotonic
        assert viewer.shown_s > HOUR_S - 20
    assert hour.viewers[0].gaps(GAP_S) == 1


def test_a_length_that_nobody_knew_is_foreseen_once_two_sessions_ended_after_it() -> None:
    """Up to the second end another session stands by, so that only the first one leaves a gap."""
    hour = an_hour(HOUR_S, 2, session_cut_s=50.0)
    assert (hour.most, hour.reopened) == (2, 0)
    assert hour.opened < HOUR_S / 40
    assert hour.viewers[0].gaps(GAP_S) == 1


def test_a_session_whose_end_is_watched_gives_way_to_one_that_is_needed() -> None:
    """The one that was to end is still open when the one that followed it falls silent."""

    async def scene(loop: FastLoop) -> int:
        cloud = HourCloud(loop, clump_s=0.2)
        counting = asyncio.create_task(cloud.count())
        pull = await pulled(cloud)
        watching = asyncio.create_task(by_webrtc(loop, pull, Watcher()))
        while cloud.world.calls["vtdu"] < 2:
            await asyncio.sleep(0.1)
        await asyncio.sleep(6.0)
        cloud.world.settings.mute_after_s = 1.0
        while cloud.world.calls["vtdu"] < 3:
            await asyncio.sleep(0.1)
        await asyncio.sleep(1.0)
        for task in (counting, watching):
            task.cancel()
        await closed(pull, cloud)
        return cloud.most

    assert run(scene) == 2


@pytest.mark.parametrize(
    ("key_s", "quiet_s", "sessions"),
    [(4, 300.0, 2), (4, 1300.0, 1), (8, 300.0, 1)],
    ids=["stands by", "no longer where one lasts for ten minutes", "not with keyframes that would be old"],
)
def test_a_session_stands_by_as_long_as_it_is_of_use(key_s: int, quiet_s: float, sessions: int) -> None:
    """`quiet_s`: since the node ended a session; `sessions`: that are open for most of the minute after that."""

    async def scene(loop: FastLoop) -> float:
        cloud = HourCloud(loop, session_cut_s=20.0, cut_spread_s=60.0, stream_key_s=key_s)
        pull = await pulled(cloud)
        watching = asyncio.create_task(by_webrtc(loop, pull, Watcher()))
        await asyncio.sleep(300.0)
        cloud.world.settings.session_cut_s = cloud.world.settings.cut_spread_s = 0.0
        await asyncio.sleep(quiet_s)
        found = []
        for _ in range(61):
            found.append(cloud.cloud.node.sessions(cloud.camera))
            await asyncio.sleep(1.0)
        watching.cancel()
        await closed(pull, cloud)
        return statistics.median(found)

    assert run(scene) == sessions


class First(NamedTuple):
    """When the first picture came, by WebRTC; how many tokens it took, and what was learnt by it."""

    s: float
    minted: int
    most: int
    lacks_sub: bool | None


def first(camera: dict[str, Any], asks: Stream = 2, within_s: float = 20.0, **settings: Any) -> First:
    """`asks`: which picture the address is for."""

    async def scene(loop: FastLoop) -> First:
        cloud = HourCloud(loop, **settings)
        cloud.asks = asks
        for name, value in camera.items():
            setattr(cloud.camera, name, value)
        began, counting = loop.time(), asyncio.create_task(cloud.count())
        _, (viewer, _) = await watched(loop, cloud, within_s, 2)
        counting.cancel()
        return First(viewer.came[0][0] - began, cloud.minted, cloud.most, cloud.lacks_sub)

    return run(scene)


def test_a_smaller_picture_that_brings_nothing_does_not_hold_up_the_whole_one() -> None:
    """It is not waited for to the end: the whole one is asked for beside it once a clump would have come."""
    found = first({}, stream_fault="silent_sub", stream_key_s=2)
    assert found.s < 9.0
    assert (found.minted, found.most, found.lacks_sub) == (2, 2, True)


def test_a_camera_that_gives_one_session_is_asked_for_the_whole_picture_after_the_smaller_one() -> None:
    found = first({}, stream_fault="silent_sub", stream_key_s=2, camera_streams=1)
    assert found.s < 13.0
    assert (found.most, found.lacks_sub) == (1, True)


def test_a_whole_picture_whose_keyframes_stay_away_is_left_for_the_smaller_one() -> None:
    """What was learnt of the smaller one, or listed, may have been wrong."""
    found = first({}, asks=1)
    assert found.s < 15.0
    assert (found.most, found.lacks_sub) == (2, False)


def test_a_whole_picture_that_was_asked_for_tells_nothing_of_the_smaller_one() -> None:
    assert first({}, asks=1, stream_key_s=2).lacks_sub is False


def test_a_battery_camera_that_the_first_session_wakes_is_shown_by_the_next() -> None:
    found = first({"battery": 80, "awake_until": 0.0, "sub_size": None}, wake_s=1.5, wake_spread_s=0.0)
    assert found.s < 13.0
    assert found.most == 2


@pytest.mark.parametrize("transport", ["ps", "rtp"])
def test_one_whose_second_session_brings_parameter_sets_alone_is_shown_by_the_third(transport: str) -> None:
    asleep: dict[str, Any] = {"battery": 80, "awake_until": 0.0, "sub_size": None}
    asleep |= {"wakes_slowly": True, "transport": transport}
    found = first(asleep, within_s=30.0, wake_s=1.5, wake_spread_s=0.0)
    assert found.s < 22.0
    assert found.most == 2


@pytest.mark.parametrize(("clump_s", "gap_s"), [(0.2, 6.0), (2.0, 9.0)])
def test_a_session_that_falls_silent_is_followed_the_sooner_the_less_it_used_to_pause(
    clump_s: float, gap_s: float
) -> None:
    hour = an_hour(300.0, 2, mute_after_s=50.0, clump_s=clump_s)
    assert (hour.most, hour.reopened) == (2, 0)
    for viewer in hour.viewers:
        assert viewer.reloads == 0
        assert viewer.is_monotonic
        assert viewer.gap_s() < gap_s


@pytest.mark.parametrize("result", ["5500", "5999", "7005"])
def test_with_whatever_word_a_node_ends_sessions_they_go_on_in_one_picture(result: str) -> None:
    """A server's trouble, a result that nobody knows, and that the node is gone."""
    hour = an_hour(150.0, 2, session_cut_s=15.0, cut_with=result)
    assert (hour.most, hour.reopened) == (2, 0)
    assert hour.opened >= 8
    assert all(viewer.is_monotonic for viewer in hour.viewers)


def test_a_camera_that_gives_one_session_is_opened_anew_where_that_one_falls_silent() -> None:
    hour = an_hour(60.0, 2, mute_after_s=20.0, camera_streams=1)
    assert (hour.most, hour.reopened) == (1, 0)
    assert all(viewer.gap_s() < 13.0 for viewer in hour.viewers)
    assert all(viewer.shown_s > 45.0 for viewer in hour.viewers)


def test_a_session_that_a_node_ends_before_its_first_picture_is_followed_by_the_next() -> None:
    async def scene(loop: FastLoop) -> tuple[int, bool]:
        cloud = HourCloud(loop, session_cut_s=0.5, cut_with="5999")
        pull = await pulled(cloud)
        while cloud.minted < 3 and not pull.failure:
            await asyncio.sleep(0.1)
        cloud.world.settings.session_cut_s = 0.0
        await pull.signal.until(lambda: pull.is_live or pull.failure, 30.0)
        found = cloud.minted, pull.is_live
        await closed(pull, cloud)
        return found

    minted, is_live = run(scene)
    assert minted >= 3
    assert is_live


def test_of_a_picture_that_becomes_encrypted_nothing_is_shown_from_its_next_keyframe_on() -> None:
    async def scene(loop: FastLoop) -> tuple[str, float]:
        cloud, seen = HourCloud(loop, stream_key_s=8), Watcher()
        pull = await pulled(cloud)
        watching = asyncio.create_task(by_webrtc(loop, pull, seen))
        await asyncio.sleep(20.0)
        cloud.camera.encryption, began = True, loop.time()
        await pull.signal.until(lambda: pull.failure, 90.0)
        watching.cancel()
        reason = pull.failure.reason if pull.failure else ""
        await closed(pull, cloud)
        return reason, seen.came[-1][0] - began

    reason, last_s = run(scene)
    assert reason == "encryption_on"
    assert last_s < 6.7, "until the next keyframe, four seconds later and as late as clumps are"


def test_a_camera_that_brings_nothing_any_longer_is_given_up_again_and_again() -> None:
    async def scene(loop: FastLoop) -> tuple[int, int]:
        cloud = HourCloud(loop)
        pull = await pulled(cloud)
        watching = asyncio.create_task(by_webrtc(loop, pull, Watcher()))
        await asyncio.sleep(20.0)
        cloud.world.settings.stream_fault = "silent"
        cloud.world.settings.session_cut_s = 1.0
        await asyncio.sleep(300.0)
        watching.cancel()
        minted, reopened = cloud.minted, pull.reopened
        await closed(pull, cloud)
        return minted, reopened

    minted, reopened = run(scene)
    assert reopened >= 5, "each opening is given up, and a pause comes before the next"
    assert minted < 120


def test_a_camera_that_gives_one_session_is_shown_for_an_hour_all_the_same() -> None:
    hour = an_hour(600.0, 2, session_cut_s=75.0, camera_streams=1)
    assert (hour.most, hour.reopened) == (1, 0)
    assert hour.minted == hour.opened + 1, "it was asked for a second session once"
    for viewer in hour.viewers:
        assert viewer.is_monotonic
        assert viewer.gap_s() < 10.0


def test_who_left_before_a_battery_camera_was_awake_finds_its_picture_at_the_second_ask() -> None:
    async def scene(loop: FastLoop) -> tuple[int, float, int]:
        cloud = HourCloud(loop, wake_s=1.5, wake_spread_s=0.0)
        cloud.camera.battery, cloud.camera.awake_until, cloud.camera.sub_size = 80, 0.0, None
        pull = await pulled(cloud)
        seen = [Watcher(), Watcher()]
        for watcher, wait_s in zip(seen, (6.0, 1.5), strict=True):
            assert pull.not_yet.reason == ("media_down" if watcher is seen[0] else "waking")
            watching = asyncio.create_task(by_webrtc(loop, pull, watcher))
            await asyncio.sleep(wait_s)
            watching.cancel()
            began = loop.time()
            await asyncio.sleep(8.0 if watcher is seen[0] else 0.0)
        minted = cloud.minted
        await closed(pull, cloud)
        return len(seen[0].came), seen[1].came[0][0] - began + 1.5, minted

    assert run(scene)[0] == 0, "it was not awake yet"
    _, second_s, minted = run(scene)
    assert second_s < 1.0
    assert minted <= 3


def test_who_asks_again_for_a_camera_that_gives_no_more_sessions_reaches_no_node_for_a_while() -> None:
    async def scene(loop: FastLoop) -> list[tuple[str, int]]:
        cloud, found = HourCloud(loop, stream_code=5504), []
        opener = await opened(cloud)
        for wait_s in (5.0, 5.0, 10.0):
            found.append((await refusal(pull_of(cloud, opener)), cloud.world.calls["vtm"]))
            await asyncio.sleep(wait_s)
        cloud.world.settings.stream_code = 0
        pull = pull_of(cloud, opener)
        await pull.signal.until(lambda: pull.is_live or pull.failure, 30.0)
        assert pull.is_live
        await closed(pull, cloud)
        return found

    assert run(scene) == [("busy", 1), ("busy", 1), ("busy", 1)]


@pytest.mark.parametrize("code", [5405, 5491, 6518, 6519, 6520, 7005])
def test_what_passes_at_a_node_is_asked_again_though_nothing_was_shown_yet(code: int) -> None:
    async def scene(loop: FastLoop) -> float:
        cloud = HourCloud(loop, stream_code=code)
        pull, began = await pulled(cloud), loop.time()
        while cloud.minted < 2:
            await asyncio.sleep(0.1)
        cloud.world.settings.stream_code = 0
        await pull.signal.until(lambda: pull.is_live or pull.failure, 30.0)
        assert pull.is_live
        took = loop.time() - began
        await closed(pull, cloud)
        return took

    assert run(scene) < 25.0


# by how often a new address is asked for before the reason is told, and the reason: the vendor's results
TOLD = {
    (2, "media_down"): (5000, 5406, 5412, 5413, 5451, 5454, 5500),
    (3, "media_down"): (5405,),  # which takes the node ten seconds to say
    (5, "media_down"): (5491, 6518, 6519, 6520, 7005),
    (1, "media_down"): (5400, 5407, 5492, 6001, 6110, 424242),
    (1, "busy"): (5416, 5503, 5504, 5546, 5547),
    (1, "offline"): (5404, 5452, 5456),
    (1, "asleep"): (5409, 5544),
    (1, "not_permitted"): (5411, 5545),
    (1, "not_found"): (5415, 5455, 6106),
    (1, "no_way"): (5403, 5457, 5458, 5459),
}


@pytest.mark.parametrize(
    ("code", "minted", "reason"), [(code, *told) for told, codes in TOLD.items() for code in codes]
)
def test_a_result_that_stays_is_asked_again_so_often_and_told(code: int, minted: int, reason: str) -> None:
    async def scene(loop: FastLoop) -> tuple[int, str]:
        cloud = HourCloud(loop, stream_code=code)
        pull = await pulled(cloud)
        told = await refusal(pull)
        await closed(pull, cloud)
        return cloud.minted, told

    assert run(scene) == (minted, reason)


async def refusal(pull: Pull) -> str:
    await pull.signal.until(lambda: pull.failure, 60.0)
    assert pull.failure is not None
    return pull.failure.reason


def test_a_battery_camera_that_stays_dark_is_said_to_be_woken() -> None:
    async def scene(loop: FastLoop) -> str:
        cloud = HourCloud(loop, stream_fault="silent")
        cloud.camera.battery, cloud.camera.sub_size = 80, None
        pull = await pulled(cloud)
        reason = await refusal(pull)
        await closed(pull, cloud)
        assert loop.time() - 1000.0 < 40.0
        return reason

    assert run(scene) == "waking"
