"""HLS is made once a player asks for it, of what was shown last."""

import asyncio
import itertools

import pytest

from showcam.engine.outputs.hls import GONE_S, HlsOutput
from showcam.engine.outputs.renditions import RECENT_CAP, RecentGroups
from showcam.engine.source import CLOCK, Format, Unit
from tests.doubles.hls_camera import FPS
from tests.doubles.hour import HourCamera, SetLoop, Showing, run, tones_in_hls
from tests.doubles.rtsp_camera import RtspCamera
from tests.media.conftest import World
from tests.media.test_rtsp import House
from tests.media.test_webrtc import watching

pytestmark = pytest.mark.proves(
    "No HLS segment is made before a viewer asks, nor a minute after the last request",
    leans_on="second stack: FFmpeg (PyAV) and aiortc",
)

FORM = Format(320, 180, "avc1.42c01e")


def ready(showing: Showing) -> HlsOutput | None:
    showing.fanout.renditions.need(silent_track=False)
    return showing.fanout.renditions.ready(silent_track=False)


@pytest.mark.parametrize(("gop_s", "least_s"), [(1.0, 5.0), (2.0, 5.0), (4.0, 8.0), (10.0, 10.0)])
@pytest.mark.parametrize("has_sound", [True, False])
def test_hls_is_made_at_its_first_ask_of_what_was_shown_last(gop_s: float, least_s: float, has_sound: bool) -> None:
    async def scene(loop: SetLoop) -> tuple[Showing, HlsOutput]:
        showing, camera = Showing(loop, has_sound=has_sound), HourCamera(gop_s=gop_s, sound=has_sound)
        showing.watch()
        asked_s = 8 * gop_s + 0.6
        await showing.show(camera, asked_s)
        assert showing.fanout.renditions.all == [], "nobody asked"
        output = ready(showing)
        assert output is not None, "nobody waits for the next keyframe"
        assert sum(segment.seconds for segment in output.segments) >= least_s
        assert f"#EXT-X-TARGETDURATION:{gop_s:.0f}\n" in output.playlist()
        await showing.show(camera, asked_s + 2 * gop_s, asked_s)
        showing.close()
        return showing, output

    showing, output = run(scene)
    assert showing.failures == []
    segments = list(output.segments)
    assert [segment.breaks for segment in segments] == [False] * len(segments)
    keys, tones = tones_in_hls([segment.data for segment in segments])
    steps = [later - earlier for earlier, later in itertools.pairwise(keys)]
    assert steps == pytest.approx([gop_s] * len(steps), abs=0.01)
    if gop_s == 10:
        early_or_late = [(tone - keys[0] + 5) % 10 - 5 for tone in tones]
        assert early_or_late == pytest.approx([0.0] * len(tones), abs=0.05)
        assert bool(tones) == has_sound


def test_hls_ends_when_nobody_asks_for_it_and_is_made_again() -> None:
    async def scene(loop: SetLoop) -> None:
        showing, camera = Showing(loop), HourCamera()
        showing.watch()
        await showing.show(camera, 20.0)
        first = ready(showing)
        assert first is not None
        await showing.show(camera, 20.0 + GONE_S - 1, 20.0)
        showing.fanout.tidy()
        assert ready(showing) is first
        await showing.show(camera, 200.0, 20.0 + GONE_S - 1)
        showing.fanout.tidy()
        assert showing.fanout.renditions.all == []
        assert not showing.fanout.shows(first.start_id)
        await showing.show(camera, 210.0, 200.0)
        again = ready(showing)
        assert again is not None
        assert again.start_id != first.start_id
        showing.close()

    run(scene)


def test_a_source_that_was_opened_again_is_listed_with_what_came_before() -> None:
    async def scene(loop: SetLoop) -> None:
        showing = Showing(loop, has_sound=False)
        await showing.show(HourCamera(sound=False), 7.0)
        showing.fanout.renditions.end()
        showing.fanout.begin(showing.fanout.format or FORM)
        await showing.show(HourCamera(sound=False), 11.0, 8.0)
        output = ready(showing)
        assert output is not None
        assert "#EXT-X-DISCONTINUITY\n" in output.playlist()
        showing.close()

    run(scene)


def test_what_waits_for_hls_has_a_bound() -> None:
    recent = RecentGroups(lambda: 0.0)
    recent.begin(FORM)
    for number in range(40):
        at = number * CLOCK
        recent.add(Unit("video", bytes(2**20), at, at, key=number % 8 == 0), whole=True)
        assert sum(len(unit.data) for group in recent for unit in group.units) <= RECENT_CAP
    assert len(recent.open) == 8
    for number in range(40, 100):
        recent.add(Unit("video", bytes(2**20), number * CLOCK, number * CLOCK), whole=True)
    assert recent.open == [], "a group that is too large is of use to nobody"


class TestOfARealCamera:
    @pytest.fixture
    def household(self, camera: RtspCamera) -> House:
        return House(camera)

    @pytest.mark.usefixtures("on_loopback")
    def test_who_comes_by_hls_while_it_is_watched_by_webrtc_finds_a_list_that_begins_with_the_latest_segments(
        self, world: World, camera: RtspCamera
    ) -> None:
        """The camera sends no more then: a busy machine may need longer than a segment from the list to its look."""

        async def scene() -> str:
            async with watching(world, world.grant(protocol="webrtc")) as viewer:
                await viewer.until(lambda: len(viewer.pictures) > 10 * FPS)
                camera.does.wire = lambda frames: []
                master = await asyncio.to_thread(world.master)
                return (await asyncio.to_thread(world.request, world.variant_url(master))).text

        text = asyncio.run(scene())
        assert "#EXT-X-MEDIA-SEQUENCE:0\n" in text, "of ten seconds the first ones were never made"
        assert text.count("#EXTINF:2.0") == 3
