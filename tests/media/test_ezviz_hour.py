"""Twenty minutes of 24 viewers on EZVIZ's cloud stream at life's timing, whose node ends sessions again and again.

They are minutes of media: clock and timers are those of a loop that does not wait.
"""

import asyncio
import random
import statistics
from typing import Any, NamedTuple

import pytest

from showcam.engine.ezviz.address import Address, Stream
from showcam.engine.ezviz.node import NodeSession
from showcam.engine.sessions.pull import Pull
from showcam.engine.source import EzvizCloud
from showcam.net.addresses import OnLoopback
from tests.doubles.fast_time import FastLoop, run
from tests.doubles.hour_cloud import HourCloud, Watcher, by_webrtc, claims, closed, opened, pull_of, pulled, watched

pytestmark = pytest.mark.proves(
    "24 viewers share one session of the cloud stream, and when a node ends it the next one follows "
    "without a second beginning",
    leans_on="double: EZVIZ's camera and cloud",
    also=("tests/soak/test_ezviz_watching.py",),
)

VIEWERS = 24
GOP_S = 4.0  # of the smaller picture
GAP_S = GOP_S + 2.5  # at the 95th percentile, where the node accepts at once
SILENT_S = 6.0  # as showcam.engine.sources.ezviz has it


class Hour(NamedTuple):
    """`ended`: how many sessions were ended by one that began beside them."""

    opened: int
    minted: int
    most: int
    ended: int
    reopened: int
    viewers: list[Watcher]


@pytest.fixture(autouse=True)
def clumps() -> None:
    """The node draws from it when it sends, and how much at once."""
    random.seed(7)


def an_hour(seconds: float, viewers: int = VIEWERS, **settings: Any) -> Hour:
    async def scene(loop: FastLoop) -> Hour:
        cloud = HourCloud(loop, **settings)
        counting = asyncio.create_task(cloud.count())
        pull, seen = await watched(loop, cloud, seconds, viewers)
        counting.cancel()
        calls = cloud.world.calls
        return Hour(calls["vtdu"], cloud.minted, cloud.most, calls["vtdu_ended"], pull.reopened, seen)

    return run(scene)


@pytest.mark.parametrize(("every_s", "cut_with", "seconds"), [(27.0, "", 900.0), (75.0, "7005", 1200.0)])
def test_one_session_follows_another_as_one_video_for_24_viewers(every_s: float, cut_with: str, seconds: float) -> None:
    """Viewers see the last frame between two sessions."""
    hour = an_hour(seconds, session_cut_s=every_s, cut_with=cut_with, node_s=0.0)
    assert hour.opened > seconds / (every_s + GAP_S)
    assert hour.minted == hour.opened, "nothing was asked for in vain"
    assert (hour.most, hour.ended, hour.reopened) == (1, 0, 0)
    assert len(hour.viewers) == VIEWERS
    assert sum(bool(viewer.times) for viewer in hour.viewers) == VIEWERS // 2 + 1, "all by WebRTC, and HLS's segments"
    for viewer in hour.viewers:
        assert viewer.reloads == 0
        assert viewer.is_monotonic
        assert viewer.shown_s > seconds - 20
        assert viewer.gap_s() < GAP_S + 2.0, "and what the node held back"
    gaps = hour.viewers[0].ends_s()
    assert len(gaps) >= seconds // (every_s + GAP_S)
    assert statistics.quantiles(gaps, n=20)[-1] <= GAP_S


@pytest.mark.parametrize("crowd", ["", "joins", "5416"])
def test_whatever_a_second_session_would_do_there_never_is_one(crowd: str) -> None:
    hour = an_hour(300.0, 2, session_cut_s=27.0, stream_crowd=crowd)
    assert (hour.most, hour.ended, hour.reopened) == (1, 0, 0)
    assert hour.minted == hour.opened == 11


def test_a_session_that_goes_on_is_the_only_one() -> None:
    assert an_hour(700.0, 2).opened == 1


def test_who_takes_the_camera_s_session_leaves_viewers_the_last_frame_until_the_next() -> None:
    """The vendor's app is opened beside: the camera's session is then the app's, and the next is ours again."""

    async def scene(loop: FastLoop) -> Watcher:
        cloud, seen = HourCloud(loop), Watcher()
        pull = await pulled(cloud)
        watching = asyncio.create_task(by_webrtc(loop, pull, seen))
        await asyncio.sleep(30.0)
        app = NodeSession(OnLoopback(every=True))
        spec = await cloud.open(claims())
        assert isinstance(spec, EzvizCloud)
        await app.open(Address.read(spec.url), spec.hosts)
        await asyncio.sleep(30.0)
        assert cloud.world.calls["vtdu_ended"] == 2, "ours by the app's, and the app's by ours"
        app.close()
        watching.cancel()
        await closed(pull, cloud)
        assert pull.reopened == 0
        return seen

    seen = run(scene)
    assert seen.is_monotonic
    [gap] = seen.ends_s()
    assert gap < GAP_S + 2.0, "and what the node held back"


@pytest.mark.parametrize("result", [5405, 5416, 5452, 5491])
def test_a_camera_that_is_still_held_by_the_session_before_is_waited_for(result: int) -> None:
    """It is not said to be offline, or watched on too many screens."""

    async def scene(loop: FastLoop) -> Watcher:
        cloud, seen = HourCloud(loop, node_s=0.1), Watcher()
        pull = await pulled(cloud)
        watching = asyncio.create_task(by_webrtc(loop, pull, seen))
        await asyncio.sleep(20.0)
        cloud.world.settings.stream_code, cloud.world.settings.session_cut_s = result, 1.0
        await asyncio.sleep(4.0)
        cloud.world.settings.stream_code, cloud.world.settings.session_cut_s = 0, 0.0
        await asyncio.sleep(30.0)
        watching.cancel()
        await closed(pull, cloud)
        assert (pull.reopened, pull.failure and pull.failure.reason) == (0, "")
        return seen

    seen = run(scene)
    assert seen.is_monotonic
    [gap] = seen.ends_s()
    assert gap < 2.0 + 4.0 + GAP_S + 2.0 + (10.0 if result == 5405 else 0.0), "which takes the node ten seconds to say"


def test_parameter_sets_that_come_once_serve_all_sessions_that_follow() -> None:
    hour = an_hour(300.0, 2, session_cut_s=20.0, stream_sets="first")
    assert (hour.opened >= 10, hour.reopened) == (True, 0)
    assert hour.viewers[0].is_monotonic
    assert hour.viewers[0].gap_s() < GAP_S + 2.0


def test_a_node_that_names_no_session_is_watched_until_it_ends_what_it_is_sent_no_sign_of_life_of() -> None:
    hour = an_hour(300.0, 2, stream_fault="nameless")
    assert (hour.opened > 9, hour.reopened) == (True, 0)
    assert hour.viewers[0].shown_s > 280.0


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


def test_a_smaller_picture_that_brings_nothing_is_followed_by_the_whole_one() -> None:
    """It is waited for as long as clumps may be apart, and a little more."""
    found = first({}, stream_fault="silent_sub", stream_key_s=2)
    assert found.s < 13.0
    assert (found.minted, found.most, found.lacks_sub) == (2, 1, True)


def test_a_whole_picture_whose_keyframes_stay_away_is_left_for_the_smaller_one() -> None:
    """What was learnt of the smaller one, or listed, may have been wrong."""
    found = first({}, asks=1, within_s=30.0)
    assert found.s < 25.0
    assert (found.most, found.lacks_sub) == (1, False)


def test_a_whole_picture_that_was_asked_for_tells_nothing_of_the_smaller_one() -> None:
    assert first({}, asks=1, stream_key_s=2).lacks_sub is False


@pytest.mark.proves(
    "A battery camera has 70 s to wake, and is shown by the session after the one that woke it",
    leans_on="double: EZVIZ's camera and cloud",
)
@pytest.mark.parametrize(
    ("wake_s", "slowly"),
    [(1.0, False), (8.0, False), (30.0, False), (55.0, False), (1.0, True), (8.0, True), (30.0, True)],
)
def test_a_battery_camera_is_waited_for_as_long_as_one_may_take_to_wake(wake_s: float, slowly: bool) -> None:
    """`slowly`: the session after the one that woke it brings parameter sets only, and the next one its video."""
    asleep = {"battery": 80, "awake_until": 0.0, "sub_size": None, "wakes_slowly": slowly}
    found = first(asleep, asks=1, within_s=110.0, wake_s=wake_s, wake_spread_s=0.0, awake_s=100.0)
    assert found.s < max(6.0, wake_s) + 2.0 + (30.0 if slowly else 14.0) + GAP_S
    assert found.most == 1
    assert found.minted <= 2 + (6 if slowly else 5)


@pytest.mark.parametrize("clump_s", [0.2, 2.0])
def test_a_session_that_falls_silent_is_followed(clump_s: float) -> None:
    hour = an_hour(300.0, 2, mute_after_s=50.0, clump_s=clump_s)
    assert (hour.most, hour.reopened) == (1, 0)
    for viewer in hour.viewers:
        assert viewer.reloads == 0
        assert viewer.is_monotonic
        assert viewer.gap_s() < SILENT_S + GAP_S + clump_s


def test_a_model_that_opens_sessions_and_never_sends_is_given_up_after_three() -> None:
    async def scene(loop: FastLoop) -> tuple[list[str], int]:
        cloud = HourCloud(loop, stream_fault="silent")
        opener, reasons = await opened(cloud), list[str]()
        for _ in range(3):
            pull = pull_of(cloud, opener)
            reasons.append(await refusal(pull))
            await pull.stop()
        await cloud.close()
        return reasons, cloud.world.calls["vtdu"]

    assert run(scene) == (["silent"] * 3, 3)


def test_a_battery_camera_that_sends_nothing_for_70_seconds_is_called_silent_and_then_left_alone() -> None:
    async def scene(loop: FastLoop) -> tuple[list[str], list[float], int]:
        cloud = HourCloud(loop, stream_fault="silent")
        cloud.camera.battery, cloud.camera.sub_size = 80, None
        opener, reasons, waited = await opened(cloud), list[str](), list[float]()
        for _ in range(2):
            began, pull = loop.time(), pull_of(cloud, opener)
            reasons.append(await refusal(pull, 100.0))
            waited.append(loop.time() - began)
            await pull.stop()
        sessions = cloud.world.calls["vtdu"]
        await cloud.close()
        return reasons, waited, sessions

    reasons, (first_s, again_s), sessions = run(scene)
    assert reasons == ["silent", "silent"]
    assert 70.0 <= first_s < 90.0, "which are for its first byte"
    assert again_s < 1.0
    assert 3 <= sessions <= 6


@pytest.mark.parametrize("node_s", [0.6, 1.0, 1.4])
def test_a_battery_camera_that_wakes_in_66_seconds_is_shown_however_slow_its_nodes_are(node_s: float) -> None:
    """By the nodes its sessions of twelve seconds end at other times: one that ends after 70 s is not the last."""

    async def scene(loop: FastLoop) -> str:
        cloud = HourCloud(loop, node_s=node_s, wake_s=66.0, wake_spread_s=0.0)
        cloud.camera.battery, cloud.camera.awake_until, cloud.camera.sub_size = 80, 0.0, None
        pull = await pulled(cloud)
        await pull.signal.until(lambda: pull.is_live or pull.failure, 120.0)
        reason = pull.failure.reason if pull.failure else ""
        await closed(pull, cloud)
        return reason

    assert run(scene) == ""


@pytest.mark.parametrize("result", ["5500", "5999", "7005"])
def test_with_whatever_word_a_node_ends_sessions_they_go_on_in_one_picture(result: str) -> None:
    """A server's trouble, a result that nobody knows, and that the node is gone."""
    hour = an_hour(150.0, 2, session_cut_s=15.0, cut_with=result)
    assert (hour.most, hour.reopened) == (1, 0)
    assert hour.opened >= 7
    assert all(viewer.is_monotonic for viewer in hour.viewers)


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
        found = cloud.world.calls["vtm"], pull.reopened
        await closed(pull, cloud)
        return found

    sessions, reopened = run(scene)
    assert reopened >= 5, "each opening is given up, and a pause comes before the next"
    assert sessions <= 1 + 6 * 5 + 4, "six a minute, and at first as many as one opening may try"


def test_who_left_before_a_battery_camera_was_awake_finds_its_picture_at_the_second_ask() -> None:
    async def scene(loop: FastLoop) -> tuple[int, str, float]:
        cloud = HourCloud(loop, wake_s=12.0, wake_spread_s=0.0)
        cloud.camera.battery, cloud.camera.awake_until, cloud.camera.sub_size = 80, 0.0, None
        pull = await pulled(cloud)
        early, late = Watcher(), Watcher()
        watching = asyncio.create_task(by_webrtc(loop, pull, early))
        await asyncio.sleep(8.0)
        watching.cancel()
        reason = pull.not_yet.reason
        await asyncio.sleep(25.0)
        watching, began = asyncio.create_task(by_webrtc(loop, pull, late)), loop.time()
        await asyncio.sleep(5.0)
        watching.cancel()
        await closed(pull, cloud)
        return len(early.came), reason, late.came[0][0] - began

    early, reason, late_s = run(scene)
    assert (early, reason) == (0, "waking")
    assert late_s < 1.0


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


@pytest.mark.proves(
    "A fault that passes at a stream node is tried again before anybody hears a reason",
    leans_on="double: EZVIZ's stream node",
)
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
    (4, "media_down"): (5491, 6518, 6519, 6520, 7005),
    (1, "media_down"): (5400, 5407, 5492, 6001, 6110, 7999),
    (1, "busy"): (5416, 5503, 5504, 5546, 5547),
    (1, "offline"): (5404, 5456),
    (3, "offline"): (5452,),
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


async def refusal(pull: Pull, within_s: float = 60.0) -> str:
    await pull.signal.until(lambda: pull.failure, within_s)
    assert pull.failure is not None
    return pull.failure.reason


def test_5452_of_a_camera_on_mains_is_asked_three_times_two_seconds_apart() -> None:
    async def scene(loop: FastLoop) -> float:
        cloud = HourCloud(loop, stream_code=5452, node_s=0.0)
        pull, began = await pulled(cloud), loop.time()
        assert await refusal(pull) == "offline"
        waited_s = loop.time() - began
        await closed(pull, cloud)
        return waited_s

    assert run(scene) == pytest.approx(4.0, abs=0.5)


# one of each kind of result: what is said for good, what passes, what nobody knows; and nodes that answer otherwise
@pytest.mark.parametrize(
    "settings",
    [
        *({"stream_code": code} for code in (5403, 5404, 5405, 5406, 5409, 5411, 5416, 5451, 5452, 5457, 5458, 5459)),
        *({"stream_code": code} for code in (5491, 5500, 5504, 6106, 7005, 7999)),
        {"stream_fault": "silent"},
        {"stream_fault": "noise"},
        {"session_cut_s": 0.5, "cut_with": "5999"},
    ],
    ids=str,
)
def test_a_viewer_that_asks_each_second_has_the_camera_opened_six_times_a_minute_at_the_most(
    settings: dict[str, Any],
) -> None:
    async def scene(loop: FastLoop) -> list[float]:
        cloud, times = HourCloud(loop, **settings), list[float]()
        opener = await opened(cloud)
        pull, known = pull_of(cloud, opener), 0
        for _ in range(600):
            await asyncio.sleep(0.2)
            times += [loop.time()] * (cloud.world.calls["vtm"] - known)
            known = cloud.world.calls["vtm"]
            if pull.failure:
                await asyncio.sleep(1.0)
                pull = pull_of(cloud, opener)
        await closed(pull, cloud)
        return times

    times = run(scene)
    assert times
    assert max(sum(begin <= at < begin + 60.0 for at in times) for begin in times) <= 6


@pytest.mark.parametrize(
    ("code", "rests_s"), [(5411, 60), (5403, 60), (5457, 60), (5458, 60), (5459, 60), (5409, 10), (5404, 5)]
)
def test_what_was_refused_for_good_rests_for_its_time(code: int, rests_s: float) -> None:
    async def scene(loop: FastLoop) -> tuple[bool, bool]:
        cloud = HourCloud(loop, stream_code=code)
        opener = await opened(cloud)
        await refusal(pull_of(cloud, opener))
        cloud.world.settings.stream_code = 0
        await asyncio.sleep(rests_s - 1.0)
        early = pull_of(cloud, opener)
        await early.signal.until(lambda: early.is_live or early.failure, 30.0)
        await asyncio.sleep(2.0)
        late = pull_of(cloud, opener)
        await late.signal.until(lambda: late.is_live or late.failure, 30.0)
        found = early.is_live, late.is_live
        await closed(late, cloud)
        return found

    assert run(scene) == (False, True)


@pytest.mark.parametrize(("state", "is_live"), [("asleep", False), ("awake", True)])
def test_a_rest_ends_when_the_vendor_lists_the_camera_otherwise(state: str, is_live: bool) -> None:
    async def scene(loop: FastLoop) -> bool:
        cloud = HourCloud(loop, stream_code=5409)
        opener = await opened(cloud)
        cloud.state = "asleep"
        await refusal(pull_of(cloud, opener))
        cloud.world.settings.stream_code, cloud.state = 0, state
        pull = pull_of(cloud, opener)
        await pull.signal.until(lambda: pull.is_live or pull.failure, 30.0)
        found = pull.is_live
        await closed(pull, cloud)
        return found

    assert run(scene) == is_live


def test_another_household_that_sees_the_camera_waits_for_its_session_and_is_told() -> None:
    async def scene(loop: FastLoop) -> tuple[str, int, bool]:
        cloud = HourCloud(loop)
        opener = await opened(cloud)
        first = pull_of(cloud, opener)
        await first.signal.until(lambda: first.is_live, 30.0)
        reason = await refusal(pull_of(cloud, opener, account="other"))
        opened_, is_live = cloud.world.calls["vtdu"], first.is_live
        await first.stop()
        second = pull_of(cloud, opener, account="other")
        await second.signal.until(lambda: second.is_live or second.failure, 30.0)
        assert second.is_live
        await closed(second, cloud)
        return reason, opened_, is_live

    assert run(scene) == ("busy", 1, True)
