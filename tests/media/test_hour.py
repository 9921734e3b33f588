"""An hour of a camera in seconds: one timeline for picture and sound, and memory that has its bound."""

import io
import itertools
import re
from pathlib import Path
from typing import Any

import av
import pytest

from showcam.engine.source import CLOCK
from tests.doubles.hour import HourCamera, SetLoop, Showing, run, tones_in_hls, tones_in_opus

pytestmark = pytest.mark.proves(
    "Sound that starts after the first video costs no frame, and sound and video stay together for "
    "an hour with a clock that is wrong by 1000 ppm",
    leans_on="published: RFC 3550; second stack: FFmpeg (PyAV), an hour of media at once",
    also=(
        "tests/media/test_timeline.py",
        "tests/media/test_parts.py",
    ),
)

HOUR_S = 3600.0
WITHIN_S = 0.04  # between HLS and WebRTC, and of each from the camera's own


def off(keys: list[float], tones: list[float]) -> float:
    """The furthest that a tone begins from the picture of its moment."""
    return max(min(abs(tone - key) for key in keys) for tone in tones)


@pytest.mark.parametrize(
    ("ppm", "seconds"),
    [(1000.0, HOUR_S), (-1000.0, 600.0), (100.0, 600.0)],  # by 3.6, 0.6 and 0.06 seconds
    ids=["fast", "slow", "a little fast"],
)
def test_an_hour_of_sound_that_drifts_stays_beside_the_picture(ppm: float, seconds: float) -> None:
    async def scene(loop: SetLoop) -> Showing:
        showing, camera = Showing(loop), HourCamera(ppm=ppm, gop_s=2.0, fps=2.5)
        showing.fanout.renditions.need(silent_track=False)
        await showing.show(camera, seconds - 60)
        showing.watch()
        showing.listen()
        showing.fanout.renditions.all[0].playlist()  # somebody watches by HLS
        await showing.show(camera, seconds - 4, seconds - 60)  # the last tone is in the midst of what HLS lists
        showing.close()
        return showing

    showing = run(scene)
    assert showing.failures == []
    output = showing.fanout.renditions.all[0]
    assert [segment.breaks for segment in output.segments] == [False] * len(output.segments)
    keys, tones = tones_in_hls([segment.data for segment in output.segments])
    assert len(tones) == 1
    assert off(keys, tones) < WITHIN_S / 2
    keys = [unit.pts / CLOCK for unit in showing.seen if unit.key]
    tones = tones_in_opus(showing.heard)[1:]  # it was joined in the midst of the first
    assert len(tones) == 5
    assert off(keys, tones) < WITHIN_S / 2, "so that both are within 40 ms of each other"
    times = [at for _, at in showing.heard]
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) > 0


def test_sound_that_is_known_later_than_the_picture_is_heard_from_then_on() -> None:
    async def scene(loop: SetLoop) -> Showing:
        showing = Showing(loop, mute_s=5.0)
        showing.fanout.renditions.need(silent_track=False)
        showing.watch()
        showing.listen()
        await showing.show(HourCamera(), 16.0)
        showing.close()
        return showing

    showing = run(scene)
    assert showing.failures == []
    keys, tones = tones_in_hls([segment.data for segment in showing.fanout.renditions.all[0].segments])
    assert len(tones) == 1
    assert off(keys, tones) < WITHIN_S / 2
    assert len(tones_in_opus(showing.heard)) == 1
    assert {later.dts - earlier.dts for earlier, later in itertools.pairwise(showing.seen)} == {CLOCK // 5}


@pytest.mark.parametrize(
    ("wanted", "made"),
    [([], []), ([False], [False]), ([True], [True]), ([True, False], [True, False])],
    ids=["nobody", "who takes it as it comes", "who wants a silent track", "both"],
)
@pytest.mark.parametrize("asked_s", [0.0, 9.0], ids=["from the start", "later"])
def test_of_a_camera_without_sound_is_made_what_a_player_asked_for(
    wanted: list[bool], made: list[bool], asked_s: float
) -> None:
    """What is asked for later begins with a whole segment and goes on from there, though keyframes are far apart."""

    async def scene(loop: SetLoop) -> Showing:
        showing, camera = Showing(loop, has_sound=False), HourCamera(gop_s=4.0)
        await showing.show(camera, asked_s)
        for silent_track in wanted:
            showing.fanout.renditions.need(silent_track=silent_track)
            ready = showing.fanout.renditions.ready(silent_track=silent_track)
            assert (ready is not None and ready.has_audio == silent_track) == bool(asked_s)
        await showing.show(camera, 18.0, asked_s)
        showing.close()
        return showing

    outputs = {output.has_audio: output for output in run(scene).fanout.renditions.all}
    assert {*outputs} == {*made}
    for silent_track, output in outputs.items():
        segments = list(output.segments)
        assert len(segments) >= 3
        assert [segment.breaks for segment in segments] == [False] * len(segments)
        with av.open(io.BytesIO(b"".join(segment.data for segment in segments)), "r", format="mpegts") as container:
            found: dict[str, list[int]] = {"video": [], "audio": []}
            for packet in container.demux():
                if packet.pts is not None:
                    found[packet.stream.type].append(packet.pts)
        assert {later - earlier for earlier, later in itertools.pairwise(found["video"])} == {CLOCK // 5}
        assert bool(found["audio"]) == silent_track


@pytest.mark.parametrize(
    "leaps",
    [((30.0, 600.0),), ((30.0, -600.0),), ((30.0, -3.0),), ((30.0, -0.5), (40.0, -0.5)), ((30.0, 40_000.0),)],
    ids=["on", "back", "back by 3 s", "back by half a second, twice", "far on"],
)
def test_a_clock_that_is_set_costs_no_picture_and_no_reopening(leaps: tuple[tuple[float, float], ...]) -> None:
    async def scene(loop: SetLoop) -> Showing:
        showing, camera = Showing(loop), HourCamera(leaps=leaps)
        showing.fanout.renditions.need(silent_track=False)
        showing.watch()
        await showing.show(camera, 60.0)
        showing.close()
        return showing

    showing = run(scene)
    assert showing.failures == []
    steps = [later.pts - earlier.pts for earlier, later in itertools.pairwise(showing.seen)]
    assert len(showing.seen) == 300
    assert min(steps) > 0
    assert max(steps) <= 2 * CLOCK // 5
    assert not any(segment.breaks for segment in showing.fanout.renditions.all[0].segments)


@pytest.mark.parametrize("gop_s", [10.0, 20.0])
@pytest.mark.parametrize("joined_s", [0.0, 4.0], ids=["on a keyframe", "in mid-GOP"])
def test_keyframes_that_are_far_apart_open_on_every_surface(gop_s: float, joined_s: float) -> None:
    async def scene(loop: SetLoop) -> tuple[Showing, float]:
        showing, camera = Showing(loop, has_sound=False), HourCamera(gop_s=gop_s, joined_s=joined_s, sound=False)
        showing.fanout.renditions.need(silent_track=False)
        showing.watch()
        first = gop_s - joined_s if joined_s else 0.0
        await showing.show(camera, first + 0.1)
        assert showing.fanout.is_arriving == (joined_s > 0)
        assert len(showing.seen) == 1, "by WebRTC as soon as a keyframe came"
        await showing.show(camera, first + gop_s + 0.3, first + 0.2)
        showing.close()
        return showing, first

    showing, _ = run(scene)
    assert showing.failures == []
    output = showing.fanout.renditions.all[0]
    assert output.failure is None
    assert f"#EXT-X-TARGETDURATION:{gop_s:.0f}\n" in output.playlist()
    assert next(iter(output.segments)).seconds == pytest.approx(gop_s, abs=0.01)


@pytest.mark.parametrize(
    ("changes", "failure", "first"),
    [
        ({"garbled": frozenset({0})}, "", 1),
        ({"damaged": frozenset({0})}, "", 1),
        ({"damaged": frozenset(range(5))}, "", 5),
        ({"garbled": frozenset({0, 1})}, "encryption_on", None),
        ({"garbled": frozenset({0}), "gop_s": 12.0}, "encryption_on", None),
        ({"garbled": frozenset({3})}, "", 0),
    ],
    ids=[
        "the first does not decode",
        "the first lost a part",
        "five lost a part",
        "two do not decode",
        "the first does not, and none comes for five seconds",
        "a later one, whose parameter sets are known",
    ],
)
def test_a_keyframe_is_set_against_the_next(changes: dict[str, Any], failure: str, first: int | None) -> None:
    async def scene(loop: SetLoop) -> Showing:
        showing = Showing(loop)
        showing.watch()
        await showing.show(HourCamera(**changes), 14.0)
        showing.close()
        return showing

    showing = run(scene)
    assert [failed.reason for failed in showing.failures] == ([failure] if failure else [])
    whole = [unit for unit in showing.seen if unit.key]
    assert len(whole) == (0 if first is None else 7 - first)


def resident_mb() -> float:
    rows = Path("/proc/self/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", rows)
    assert found is not None
    return int(found[1]) / 1024


def test_keyframes_that_stay_away_for_ten_minutes_leave_memory_flat() -> None:
    """At 8 Mbit/s: 480 MB come after the first measurement."""

    async def scene(loop: SetLoop) -> tuple[float, float, Showing]:
        camera = HourCamera(fps=25.0, padding=40_000, keys_until_s=10.0)
        showing = Showing(loop)
        showing.fanout.renditions.need(silent_track=False)
        await showing.show(camera, 120.0)
        before = resident_mb()
        await showing.show(camera, 600.0, 120.0)
        after = resident_mb()
        return before, after, showing

    before, after, showing = run(scene)
    assert showing.failures == []
    assert after - before < 8
    output = showing.fanout.renditions.all[0]
    assert len(output.segments) == 0
    assert output.failure is not None
    assert output.failure.reason == "no_common_protocol"
    showing.close()
