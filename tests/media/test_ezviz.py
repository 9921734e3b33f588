"""A camera by EZVIZ's own cloud stream: shown, and gone on with session after session."""

import asyncio
import io
import itertools
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Literal, cast

import aiohttp
import av
import pytest

from showcam.drivers.ezviz.keys import key_of
from showcam.engine.grants import Claims, Picture
from showcam.engine.settings import PlaneSettings
from showcam.engine.source import CLOCK, USED, Codec, Denied, Ending, Lease, SourceSpec, Unopened, mark_of
from tests.doubles import gstreamer
from tests.doubles.hls_camera import FPS
from tests.doubles.open_gate import OpenGate
from tests.doubles.rtc_viewer import Viewer
from tests.doubles.rtsp_recording import recorded
from tests.doubles.stream_cloud import GOP_S, StreamCloud
from tests.doubles.waiting import LONG_S
from tests.media.conftest import World

TOKEN_1 = Lease("s", "token 1")
WAIT_S = 4.0  # for a picture that does not come

pytestmark = [
    pytest.mark.usefixtures("on_loopback"),
    pytest.mark.proves(
        "Whoever wants an EZVIZ camera's video shares its one session, a still and another household included",
        leans_on="double: EZVIZ's camera and cloud",
    ),
]


class House(OpenGate):
    """The Sources of a test: the one camera, its spec changed at will."""

    def __init__(self, cloud: StreamCloud) -> None:
        self.cloud = cloud
        self.changes: dict[str, Any] = {}
        self.denied: Denied | None = None
        self.learnt_sizes: list[tuple[int, int]] = []
        self.given_back: list[tuple[Lease, Ending]] = []
        self.lacks_sub: bool | None = None
        self.judged_keys: list[tuple[str, bool]] = []

    async def open(self, claims: Claims) -> SourceSpec | Denied:
        return self.denied or self.cloud.spec(**self.changes)

    async def learnt(
        self,
        claims: Claims,
        width: int,
        height: int,
        *,
        codec: Codec,
        b_frames: bool,
        lacks_sub: bool,
        first_s: float | None,
    ) -> None:
        self.learnt_sizes.append((width, height))
        self.lacks_sub = lacks_sub

    async def judged(self, claims: Claims, mark: str, *, fits: bool) -> None:
        self.judged_keys.append((mark, fits))

    async def closed(self, claims: Claims, lease: Lease, ending: Ending) -> None:
        self.given_back.append((lease, ending))


@pytest.fixture
def cloud() -> Iterator[StreamCloud]:
    made = StreamCloud()
    yield made
    made.close()


@pytest.fixture
def household(cloud: StreamCloud) -> House:
    return House(cloud)


@pytest.fixture
def world(start: Callable[..., World]) -> World:
    """Pictures go through as they come, also by HLS."""
    return start(transcodes=0)


async def watched(world: World, enough: Callable[[Viewer], object], within_s: float = LONG_S) -> Viewer:
    viewer = Viewer()
    async with aiohttp.ClientSession() as http:
        try:
            url = f"{world.plane.url}/s/{world.grant(protocol='webrtc')}/whep"
            headers = {"Content-Type": "application/sdp"}
            async with http.post(url, data=await viewer.offer(), headers=headers) as response:
                assert response.status == 201, await response.text()
                await viewer.accept(await response.text())
            await viewer.until(lambda: enough(viewer), within_s)
        finally:
            await viewer.close()
    return viewer


def refused(world: World) -> str:
    answer = world.master()
    assert answer.status == 502
    reason: str = json.loads(answer.body)["reason"]
    return reason


def segments(world: World, count: int, *, breaks: bool = False) -> list[bytes]:
    """`breaks`: a discontinuity may be listed, where the next session takes more than a second."""
    url, deadline = world.variant_url(world.master()), time.monotonic() + LONG_S
    known: dict[int, bytes] = {}
    while len(known) < count:
        assert time.monotonic() < deadline
        listed = {int(number) for number in re.findall(r"^(\d+)\.ts$", world.request(url).text, re.MULTILINE)}
        for number in listed - known.keys():
            segment = world.request(url.replace("index.m3u8", f"{number}.ts"))
            if segment.status == 200:  # else it has just left the list
                known[number] = segment.body
        time.sleep(0.2)
    assert breaks or "DISCONTINUITY\n" not in world.request(url).text
    return [known[number] for number in sorted(known)]


def times(parts: list[bytes]) -> list[int]:
    with av.open(io.BytesIO(b"".join(parts)), mode="r", format="mpegts") as container:
        return [cast("int", packet.dts) for packet in container.demux(video=0) if packet.size]


def test_picture_and_sound_arrive_by_hls(world: World, cloud: StreamCloud, household: House) -> None:
    parts = segments(world, 2)
    with av.open(io.BytesIO(parts[1]), mode="r", format="mpegts") as container:
        assert [stream.codec_context.name for stream in container.streams] == ["h264", "aac"]
        frames = list(container.decode(video=0))
    assert len(frames) == GOP_S * FPS
    assert (frames[0].width, frames[0].height) == (320, 180), "the smaller picture"
    assert household.learnt_sizes == [(320, 180)]
    assert household.lacks_sub is False
    assert cloud.opened == 1


def test_picture_and_sound_arrive_by_webrtc_at_lifes_timing(world: World, cloud: StreamCloud) -> None:
    cloud.studio.gop_s = 2
    cloud.set(clump_s=2.0, node_s=0.6)
    viewer = asyncio.run(watched(world, lambda display: len(display.pictures) > 15 and max(display.loud or [0]) > 500))
    assert viewer.sizes == {(320, 180)}


def test_keyframes_far_apart_are_waited_for_by_hls(start: Callable[..., World], cloud: StreamCloud) -> None:
    """The first segment ends with the second keyframe, more than ten seconds after the picture was asked for."""
    cloud.studio.gop_s = 5
    assert PlaneSettings().picture_wait_s > 2 * cloud.studio.gop_s
    world = start(transcodes=0, picture_wait_s=LONG_S)  # a busy machine takes longer
    assert world.request(f"/s/{world.grant()}/master.m3u8").status == 200


def test_by_hls_the_first_viewer_is_made_short_segments_and_a_later_one_is_shown_what_comes(
    start: Callable[..., World], cloud: StreamCloud, eventually: Callable[..., None]
) -> None:
    """A first segment as it comes would be whole with the second keyframe, four seconds later: this one is short."""
    cloud.studio.gop_s = 4
    world = start(transcodes=1)
    first = world.variant_url(world.master(surface="page"))
    made = re.findall(r"#EXTINF:([\d.]+)", world.request(first).text)
    assert len(made) >= 3, "a player that had one would stand still until the next is whole"
    eventually(lambda: "\n10.ts" in world.request(first).text)  # more than four seconds of the camera's
    later = re.findall(r"#EXTINF:([\d.]+)", world.request(first).text)
    assert [float(length) for length in later] == pytest.approx([0.6] * len(later), abs=0.1)
    assert "EXT-X-START:TIME-OFFSET=-3\n" in world.request(first).text, "clumps are further apart than segments"
    assert "TARGETDURATION:4\n" in world.request(world.variant_url(world.master())).text
    assert "TARGETDURATION:1\n" in world.request(first).text  # it stays with what it began with
    assert cloud.opened == 1


@pytest.mark.proves(
    "An HLS viewer of EZVIZ's cloud stream sees the first keyframe at once, and silence is heard until more comes",
    leans_on="double: EZVIZ's camera and cloud",
    also=("tests/media/test_transcoder.py::test_in_front_of_sound_is_silence_of_its_kind",),
)
@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_by_hls_the_first_keyframe_is_shown_at_once_and_stands_still_until_there_is_more(
    start: Callable[..., World], cloud: StreamCloud, codec: Literal["h264", "h265"]
) -> None:
    """Its list is there before the camera has sent as much as a player must have; GStreamer and libav play it."""
    gstreamer.needed()
    cloud.studio.gop_s = 4
    cloud.camera.codec = codec
    recorded(codec="libx265" if codec == "h265" else "libx264", gop_s=4)  # made now, and not while it is waited for
    world = start(transcodes=1)
    master = world.master(surface="page")
    # before a player fetches the later ones, after which it goes
    first = world.request(world.variant_url(master).replace("index.m3u8", "0.ts")).body
    with gstreamer.player(master.url) as player:
        seen = [player.until(lambda message: "pts" in message)["pts"] for _ in range(40)]
    steps = [later - earlier for earlier, later in itertools.pairwise(seen)]
    still = steps.index(pytest.approx(1 / FPS, abs=0.002))
    assert steps == pytest.approx([0.2] * still + [1 / FPS] * (39 - still), abs=0.002)
    assert still > 0
    assert still % 3 == 0, "whole segments of 0.6 s, five pictures a second"
    with av.open(io.BytesIO(first), mode="r", format="mpegts") as container:
        packets = [packet for packet in container.demux() if packet.size]
        begins = {packet.stream.type: (packet.pts or 0) / CLOCK for packet in reversed(packets)}
    assert begins["audio"] == pytest.approx(begins["video"], abs=0.07)


def test_a_viewer_that_waits_for_its_first_segment_is_not_taken_for_gone(
    start: Callable[..., World], cloud: StreamCloud
) -> None:
    cloud.set(node_s=1.5)
    assert start(idle_s=0.5).master().status == 200
    assert cloud.opened == 1


def test_all_viewers_share_one_session_which_ends_with_the_last(
    start: Callable[..., World], cloud: StreamCloud, eventually: Callable[..., None]
) -> None:
    world = start(transcodes=0, idle_s=3600.0)  # nobody is only waited for

    async def many() -> None:
        await asyncio.gather(*(watched(world, lambda display: len(display.pictures) > 5) for _ in range(4)))

    asyncio.run(many())
    assert cloud.opened == 1
    world.plane.client().end_link("link-1")
    eventually(lambda: cloud.sessions == 0)


@pytest.mark.parametrize(("first", "second"), [("main", "sub"), ("sub", "main")])
def test_viewers_and_stills_of_both_pictures_share_the_cameras_one_session(
    world: World, cloud: StreamCloud, first: Picture, second: Picture
) -> None:
    assert world.master(picture=first).status == 200
    still = world.request(f"/s/{world.grant(protocol='snapshot', picture=second)}/snapshot.jpg")
    assert (still.status, still.body[:2]) == (200, b"\xff\xd8")
    assert world.master(picture=second, link="link-2").status == 200
    assert world.stats()["pulls"] == 1
    assert (cloud.opened, cloud.world.calls["vtdu_ended"]) == (1, 0)


def test_a_picture_that_nobody_asks_for_is_not_opened_to_be_kept_warm(
    world: World, cloud: StreamCloud, eventually: Callable[..., None]
) -> None:
    """It would be a session that takes one of the account's places."""
    for _ in range(2):
        world.plane.client().keep(world.claims(protocol="snapshot", surface="page"))
        eventually(lambda: cloud.minted and world.stats()["pulls"] == 0)
    assert (cloud.opened, len(cloud.minted)) == (0, 1)
    assert world.master().status == 200


def test_an_address_is_given_back_as_soon_as_its_session_is_open(
    world: World, cloud: StreamCloud, household: House
) -> None:
    """An account opens one session at a time."""
    household.changes = {"lease": TOKEN_1}
    segments(world, 1)
    assert (household.given_back, cloud.sessions) == ([(TOKEN_1, USED)], 1)


def test_an_address_whose_session_is_refused_is_given_back(world: World, cloud: StreamCloud, household: House) -> None:
    household.changes = {"lease": TOKEN_1}
    cloud.set(stream_code=5409)
    assert refused(world) == "asleep"
    assert household.given_back == [(TOKEN_1, Unopened(5409, "asleep", 10.0))]


@pytest.mark.parametrize("settings", [{"stream_fault": "tokens"}, {"stream_code": 5454}])
def test_a_token_that_nobody_takes_is_given_back_as_one(
    world: World, cloud: StreamCloud, household: House, settings: dict[str, Any]
) -> None:
    household.changes = {"lease": TOKEN_1}
    cloud.set(**settings)
    assert refused(world) == "media_down"
    results = [(lease, ending.result) for lease, ending in household.given_back if isinstance(ending, Unopened)]
    assert results == [(TOKEN_1, settings.get("stream_code", 5406))] * 2


def test_a_session_ends_soon_after_its_last_viewer_who_may_come_back(
    world: World, cloud: StreamCloud, eventually: Callable[..., None]
) -> None:
    for opened in (1, 2):
        grant = world.variant_url(world.master()).split("/s/")[1].split("/")[0]
        assert (cloud.sessions, cloud.opened) == (1, opened)
        assert world.request(f"/s/{grant}", "DELETE").status == 200
        eventually(lambda: cloud.sessions == 0, 20.0)


def test_24_screens_by_hls_are_one_session_too(world: World, cloud: StreamCloud) -> None:
    segments(world, 1)
    assert [world.master(link=f"link-{number}").status for number in range(24)] == [200] * 24
    assert (cloud.opened, len(cloud.minted)) == (1, 1)


@pytest.mark.parametrize("cut_with", ["", "7005"])
def test_sessions_that_are_cut_go_on_in_one_picture(world: World, cloud: StreamCloud, cut_with: str) -> None:
    cloud.studio.gop_s = 2
    cloud.set(session_cut_s=4.0, cut_with=cut_with)
    found = times(segments(world, 8, breaks=True))
    assert cloud.opened >= 3
    assert len(set(cloud.minted)) == len(cloud.minted), "a token is good once"
    steps = [after - before for before, after in itertools.pairwise(found)]
    assert min(steps) > 0
    assert world.stats()["reopened"] == 0


def test_a_session_that_ends_before_its_first_picture_is_followed_too(world: World, cloud: StreamCloud) -> None:
    cloud.studio.gop_s = 4
    cloud.set(session_cut_s=0.5, cut_with="7005")
    answers: list[int] = []
    watching = threading.Thread(target=lambda: answers.append(world.master().status))
    watching.start()
    while watching.is_alive() and cloud.opened < 2:
        time.sleep(0.02)
    cloud.set(session_cut_s=0.0)
    watching.join()
    assert answers == [200]


def test_a_camera_without_a_smaller_picture_is_asked_for_the_whole_one_at_once(
    world: World, cloud: StreamCloud, household: House
) -> None:
    cloud.camera.sub_size = None
    segments(world, 1)
    assert cloud.opened == 1
    assert len(cloud.minted) == 2
    assert household.lacks_sub is True


@pytest.mark.parametrize(
    ("camera", "settings", "reason"),
    [
        ({"online": False}, {}, "offline"),
        ({"privacy": True}, {}, "asleep"),
        ({"encryption": True}, {}, "encryption_on"),
        ({}, {"streams": 0}, "busy"),
        ({}, {"stream_code": 5411}, "not_permitted"),
        ({"ciphers_link": True}, {}, "no_way"),
        ({}, {"stream_code": 6106}, "not_found"),
        ({}, {"stream_code": 5500}, "media_down"),
        ({}, {"stream_fault": "tokens"}, "media_down"),
        ({}, {"stream_fault": "noise"}, "media_down"),
        ({}, {"stream_fault": "ciphered"}, "no_way"),
        ({}, {"stream_fault": "hangs"}, "media_down"),
    ],
)
def test_why_there_is_no_picture_is_answered(
    start: Callable[..., World],
    cloud: StreamCloud,
    camera: dict[str, bool],
    settings: dict[str, str | int],
    reason: str,
) -> None:
    world = start(picture_wait_s=WAIT_S) if reason == "media_down" else start()
    for name, value in camera.items():
        setattr(cloud.world.trouble_of(cloud.camera) if name == "ciphers_link" else cloud.camera, name, value)
    cloud.set(**settings)
    assert refused(world) == reason


def encrypted(cloud: StreamCloud, layout: str = "body") -> None:
    cloud.camera.encryption, cloud.camera.layout = True, layout  # type: ignore[assignment]


@pytest.mark.parametrize("layout", ["body", "copied", "whole"])
def test_a_key_that_deciphers_the_video_is_reported_to_fit(
    world: World, cloud: StreamCloud, household: House, layout: str
) -> None:
    encrypted(cloud, layout)
    household.changes["key"] = key = key_of(cloud.camera.code)
    segments(world, 1)
    assert household.judged_keys == [(mark_of(key), True)]


@pytest.mark.parametrize("layout", ["body", "copied", "whole"])
def test_a_key_is_called_wrong_after_two_keyframes(
    world: World, cloud: StreamCloud, household: House, layout: str
) -> None:
    encrypted(cloud, layout)
    household.changes["key"] = key = key_of("AAAAAA")
    assert refused(world) == "code_wrong"
    assert household.judged_keys == [(mark_of(key), False)]


def test_a_clear_video_says_nothing_of_a_missing_key(world: World, household: House) -> None:
    segments(world, 1)
    assert household.judged_keys == []


def shown_size(parts: list[bytes]) -> tuple[int, int]:
    """The size of the pictures, which a decoder must take without an error."""
    with av.open(io.BytesIO(b"".join(parts)), mode="r", format="mpegts") as container:
        container.streams.video[0].codec_context.options = {"err_detect": "explode"}
        frames = list(container.decode(video=0))
    assert len(frames) == 2 * GOP_S * FPS
    return frames[0].width, frames[0].height


def test_a_camera_that_sends_rtp_is_shown_with_sound(world: World, cloud: StreamCloud) -> None:
    cloud.camera.transport = "rtp"
    parts = segments(world, 2)
    assert shown_size(parts) == (320, 180)
    with av.open(io.BytesIO(parts[1]), mode="r", format="mpegts") as container:
        assert [stream.codec_context.name for stream in container.streams] == ["h264", "aac"]
        assert len(list(container.decode(audio=0))) > 10
    assert cloud.opened == 1


def test_a_battery_camera_is_woken_by_the_first_session(world: World, cloud: StreamCloud, household: House) -> None:
    cloud.camera.battery, cloud.camera.awake_until, cloud.camera.sub_size = 60, 0.0, None
    household.changes = {"stream": 1, "dozes": True}
    cloud.set(session_cut_s=6.0, wake_s=1.0, wake_spread_s=0.0)
    asyncio.run(watched(world, lambda display: len(display.pictures) > 5))
    assert cloud.opened >= 2


@pytest.mark.parametrize("dozes", [True, False])
def test_what_can_not_be_reached_is_asked_again_where_it_dozes(
    world: World, cloud: StreamCloud, household: House, dozes: bool
) -> None:
    household.changes = {"dozes": dozes}
    cloud.set(stream_code=5404)
    answers: list[int] = []
    watching = threading.Thread(target=lambda: answers.append(world.master().status))
    watching.start()
    while watching.is_alive() and len(cloud.minted) < 3:
        time.sleep(0.05)
    cloud.set(stream_code=0)
    watching.join()
    assert answers == [200 if dozes else 502]


def test_a_session_goes_on_where_the_gate_still_opens(
    world: World, cloud: StreamCloud, household: House, eventually: Callable[..., None]
) -> None:
    segments(world, 1)
    household.denied = Denied("encryption_on")
    cloud.set(session_cut_s=0.5)
    eventually(lambda: world.stats()["pulls_live"] == 0 and cloud.sessions == 0)
