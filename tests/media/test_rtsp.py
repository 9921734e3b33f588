"""Cameras in the house: pictures and sound by RTSP."""

import array
import asyncio
import io
import json
import re
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import av
import pytest

from showcam.engine.grants import Claims
from showcam.engine.source import Codec, Denied, SourceSpec
from tests.doubles.hls_camera import FPS
from tests.doubles.open_gate import OpenGate
from tests.doubles.rtc_viewer import Viewer
from tests.doubles.rtsp_camera import PATH, RtspCamera
from tests.doubles.rtsp_faults import resized
from tests.doubles.rtsp_recording import CODE, LENGTH_S, Recording, packed_tone, recorded
from tests.doubles.stopwatch import Stopwatch
from tests.media.conftest import World

KEY = CODE.encode().ljust(16, b"\0")


class House(OpenGate):
    """The Sources of a test: one camera, its spec changed at will."""

    def __init__(self, camera: RtspCamera) -> None:
        self.camera = camera
        self.changes: dict[str, object] = {}
        self.opened = 0
        self.codecs: set[Codec] = set()  # that were reported of it
        self.first_s: list[float | None] = []

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
        self.codecs.add(codec)
        self.first_s.append(first_s)

    async def open(self, claims: Claims) -> SourceSpec | Denied:
        self.opened += 1
        return self.camera.spec(**self.changes)


@pytest.fixture
def household(camera: RtspCamera) -> House:
    """A household in place of a vendor's."""
    return House(camera)


pytestmark = [
    pytest.mark.usefixtures("on_loopback"),
    pytest.mark.proves("A camera at home is shown by RTSP", leans_on="double: the camera"),
]


def refused(world: World) -> str:
    answer = world.master()
    assert answer.status == 502
    reason: str = json.loads(answer.body)["reason"]
    return reason


def segment(world: World) -> bytes:
    """A whole segment with sound; the very first may begin before any is heard."""
    url = world.variant_url(world.master())
    number = re.findall(r"^(\d+)\.ts$", world.request(url).text, re.MULTILINE)[-1]
    return world.request(url.replace("index.m3u8", f"{number}.ts")).body


async def watched(world: World, frames: int) -> Viewer:
    import aiohttp

    viewer = Viewer()
    async with aiohttp.ClientSession() as http:
        try:
            url = f"{world.plane.url}/s/{world.grant(protocol='webrtc')}/whep"
            headers = {"Content-Type": "application/sdp"}
            async with http.post(url, data=await viewer.offer(), headers=headers) as response:
                assert response.status == 201, await response.text()
                await viewer.accept(await response.text())
            await viewer.until(lambda: len(viewer.pictures) >= frames and len(viewer.loud) > 50)
        finally:
            await viewer.close()
    return viewer


@pytest.mark.parametrize("sound", ["aac", "pcmu", "pcma"])
def test_pictures_and_sound_arrive_by_hls(world: World, camera: RtspCamera, sound: str) -> None:
    camera.does.recording = recorded(sound=sound)

    with av.open(io.BytesIO(segment(world)), "r", format="mpegts") as container:
        pictures = [packet for packet in container.demux(video=0) if packet.size]
    assert len(pictures) == 2 * FPS
    with av.open(io.BytesIO(segment(world)), "r", format="mpegts") as container:
        assert container.streams.audio[0].codec_context.name == "aac"
        assert container.streams.audio[0].codec_context.rate == 16_000
        loud = [value for frame in container.decode(audio=0) for value in array.array("f", bytes(frame.planes[0]))]
    assert max(loud[len(loud) // 2 :]) > 0.3, "the tone, and not silence"
    assert "mp4a.40.2" in world.master().text


@pytest.mark.parametrize("sound", ["aac", "pcmu"])
def test_pictures_and_sound_arrive_by_webrtc(world: World, camera: RtspCamera, sound: str) -> None:
    camera.does.recording = recorded(sound=sound)

    viewer = asyncio.run(watched(world, 2 * FPS))

    assert viewer.sizes == {(320, 180)}
    loud = sorted(viewer.loud)[len(viewer.loud) // 2]
    assert 10_500 < loud < 12_500, "a tone of half the full scale, in one channel"


@pytest.mark.parametrize(
    "changes",
    [
        {"joins": "middle"},
        {"recorded": {"described": False}},
        {"recorded": {"sound": None}},
        {"scheme": "sha256"},
        {"scheme": "basic"},
        {"scheme": "stale"},
        {"clock_jump_s": 600.0},
        {"clock_jump_s": -2.0},
    ],
    ids=["mid-GOP", "parameters in band", "no sound", "SHA-256", "Basic", "stale nonce", "clock leaps", "clock back"],
)
def test_cameras_of_every_kind_are_shown(
    world: World, camera: RtspCamera, eventually: Callable[..., None], changes: dict[str, object]
) -> None:
    given = changes.pop("recorded", {})
    assert isinstance(given, dict)
    camera.does.recording = recorded(gop_s=1, **given)
    for name, value in changes.items():
        setattr(camera.does, name, value)
    url = world.variant_url(world.master())
    # its clock leaps in the third
    eventually(lambda: len(re.findall(r"\.ts$", world.request(url).text, re.MULTILINE)) >= 4)
    assert "DISCONTINUITY\n" not in world.request(url).text
    assert world.stats()["reopened"] == 0
    assert camera.does.wrong == 0


def test_the_first_picture_is_the_cameras_first(world: World, camera: RtspCamera) -> None:
    """The camera's first picture is mostly a keyframe, and the next keyframe is seconds away."""
    with av.open(io.BytesIO(segment(world)), "r", format="mpegts") as container:
        times = [packet.pts for packet in container.demux(video=0) if packet.size]
    assert len(times) == 2 * FPS
    assert world.stats()["minted"] == 1


def test_a_camera_that_is_done_with_is_signed_off(
    world: World, camera: RtspCamera, eventually: Callable[..., None]
) -> None:
    world.master()
    world.plane.client().end_link("link-1")
    eventually(lambda: camera.does.methods[-1] == "TEARDOWN")


def test_a_cameras_own_questions_are_answered(world: World, camera: RtspCamera) -> None:
    url = world.variant_url(world.master())
    camera.call(lambda viewer: viewer.send(b"\r\nOPTIONS * RTSP/1.0\r\nCSeq: 9\r\n\r\n"))
    time.sleep(1)
    assert world.request(url).status == 200
    assert world.stats()["reopened"] == 0


def test_a_camera_with_too_many_viewers_is_busy(world: World, camera: RtspCamera) -> None:
    camera.does.answers["SETUP"] = ("453 Not Enough Bandwidth",)
    assert refused(world) == "busy"


def lengths(playlist: str) -> list[float]:
    return [float(found) for found in re.findall(r"#EXTINF:([\d.]+)", playlist)]


@pytest.mark.proves(
    "A camera in the house that goes away is connected to again through the gate", leans_on="double: the camera"
)
def test_a_camera_that_dies_comes_back(
    world: World, camera: RtspCamera, household: House, eventually: Callable[..., None]
) -> None:
    url = world.variant_url(world.master())
    whole = lengths(world.request(url).text)
    camera.stop()
    eventually(lambda: lengths(world.request(url).text)[-1] < whole[0])  # what came is shown before it is back
    eventually(lambda: household.opened >= 8)  # through the gate each time, and sooner than once a second
    assert world.request(url).status == 200, "its last pictures stay to be had meanwhile"
    camera.start()
    eventually(lambda: "#EXT-X-DISCONTINUITY\n" in world.request(url).text)


def test_what_is_encrypted_is_not_shown(world: World, camera: RtspCamera) -> None:
    camera.does.recording = recorded(garbled=True)
    assert refused(world) == "encryption_on"


@pytest.mark.parametrize("joins", ["keyframe", "middle"])
def test_h265_is_seen_and_heard_transcoded(
    world: World, camera: RtspCamera, joins: Literal["keyframe", "middle"]
) -> None:
    camera.does.recording, camera.does.joins = recorded(codec="libx265"), joins
    viewer = asyncio.run(watched(world, 2 * FPS))
    assert viewer.sizes == {(320, 180)}
    assert sorted(viewer.loud)[len(viewer.loud) // 2] > 7_000


def described_as(codec: str) -> Callable[[list[str]], list[str]]:
    """As EZVIZ's C6N, which says H265 and sends H.264 (AlexxIT/go2rtc issue 264), and the other way."""
    return lambda lines: resized([re.sub("H26[45](?=/90000)", codec, line) for line in lines])


@pytest.mark.proves(
    "A camera that says H.265 and sends H.264 is shown, and reported as what it sends", leans_on="double: the camera"
)
@pytest.mark.parametrize("described", [True, False], ids=["sets in the description", "sets in band"])
@pytest.mark.parametrize("joins", ["keyframe", "middle"])
@pytest.mark.parametrize(("sent", "said", "learnt"), [("libx264", "H265", "h264"), ("libx265", "H264", "h265")])
def test_what_a_camera_sends_counts_and_not_what_it_says_that_it_sends(
    world: World,
    camera: RtspCamera,
    household: House,
    sent: str,
    said: str,
    learnt: str,
    joins: Literal["keyframe", "middle"],
    described: bool,
) -> None:
    camera.does.recording = recorded(codec=sent, described=described)
    camera.does.joins, camera.does.says = joins, described_as(said)
    viewer = asyncio.run(watched(world, 2 * FPS))
    assert viewer.sizes == {(320, 180)}
    assert household.codecs == {learnt}, "what is remembered of it"
    assert sum(first_s is not None for first_s in household.first_s) == 1, "its first picture is reported once"
    assert world.stats()["reopened"] == 0


@pytest.mark.proves("G.722, G.726 and L16 are heard by HLS and WebRTC", leans_on="second stack: libavcodec's encoders")
@pytest.mark.parametrize(
    ("named", "codec", "rate", "clock", "channels", "options"),
    [
        ("G726-16", "g726le", 8_000, 8_000, 1, {"code_size": "2"}),
        ("G726-32", "g726le", 8_000, 8_000, 1, {"code_size": "4"}),
        ("AAL2-G726-40", "g726", 8_000, 8_000, 1, {"code_size": "5"}),
        ("G722", "g722", 16_000, 8_000, 1, {}),
        ("L16", "pcm_s16be", 16_000, 16_000, 1, {}),
        ("L16", "pcm_s16be", 44_100, 44_100, 2, {}),
    ],
)
def test_sound_that_no_display_knows_is_heard_by_hls_and_webrtc(
    world: World,
    camera: RtspCamera,
    named: str,
    codec: str,
    rate: int,
    clock: int,
    channels: int,
    options: dict[str, str],
) -> None:
    silent = recorded(sound=None)
    sent = packed_tone(codec, rate, channels, options)
    samples = tuple(sorted([*silent.samples, *sent], key=lambda sample: sample.at))
    camera.does.recording = Recording(samples, replace(silent.tracks, sound="pcmu", sound_hz=clock))
    words = f"{named}/{clock}" + ("/2" if channels == 2 else "")
    camera.does.says = lambda lines: resized([line.replace(f"PCMU/{clock}", words) for line in lines])
    viewer = asyncio.run(watched(world, FPS))
    loud = sorted(viewer.loud)[len(viewer.loud) // 2]
    # a tone of half the full scale, which two channels share
    assert (6_000 < loud < 9_500) if channels == 2 else (10_500 < loud < 12_500)
    with av.open(io.BytesIO(segment(world)), "r", format="mpegts") as container:
        heard = [array.array("f", bytes(frame.planes[0])) for frame in container.decode(audio=0)]
    assert max([max(samples) for samples in heard[5:]]) > 0.2


def test_an_address_that_names_its_scheme_twice_is_read(world: World, camera: RtspCamera) -> None:
    """`Content-Base: rtsp://rtsp://…` (AlexxIT/go2rtc issue 208)."""
    camera.does.says = lambda lines: [line.replace("Content-Base: rtsp", "Content-Base: rtsp://rtsp") for line in lines]
    assert segment(world)
    assert not [uri for uri in camera.does.uris if uri.count("://") > 1]


def test_a_channel_that_leaves_none_for_reports_is_not_used(world: World, camera: RtspCamera) -> None:
    """A channel is one byte, and no report could be sent by channel 256. The camera sends as it was asked to."""
    camera.does.says = lambda lines: [re.sub(r"interleaved=\d+-\d+", "interleaved=255-256", line) for line in lines]
    assert segment(world)


def test_by_hls_keyframes_that_are_far_apart_come_two_seconds_apart(
    world: World, camera: RtspCamera, eventually: Callable[..., None]
) -> None:
    camera.does.recording = recorded(gop_s=LENGTH_S)
    url = world.variant_url(world.master())

    def lengths() -> list[float]:
        return [float(length) for length in re.findall(r"EXTINF:([\d.]+)", world.request(url).text)]

    eventually(lambda: len(lengths()) > 2)
    assert max(lengths()) < 2.2
    assert world.stats()["transcodes"] == 1


@pytest.mark.parametrize("layout", ["body", "copied", None])
def test_a_camera_that_encrypts_at_home_too_is_shown_with_its_code(
    world: World, camera: RtspCamera, household: House, layout: str | None
) -> None:
    """A camera that does not encrypt is shown too, whatever key is given."""
    camera.does.recording = recorded(layout=layout, described=layout is None)
    household.changes = {"key": KEY}
    with av.open(io.BytesIO(segment(world)), "r", format="mpegts") as container:
        container.streams.video[0].codec_context.options = {"err_detect": "explode"}
        assert len(list(container.decode(video=0))) == 2 * FPS


@pytest.mark.parametrize(("key", "reason"), [(b"GHIJKL".ljust(16, b"\0"), "code_wrong"), (b"", "encryption_on")])
@pytest.mark.parametrize("layout", ["body", "copied"])
def test_without_the_right_code_the_reason_is_answered(
    world: World, camera: RtspCamera, household: House, layout: str, key: bytes, reason: str
) -> None:
    camera.does.recording = recorded(layout=layout, described=False)
    household.changes = {"key": key}
    assert refused(world) == reason


def test_no_camera_there_is_said_at_once(world: World, household: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        at = f"127.0.0.1:{closed.getsockname()[1]}"
    household.changes = {"url": f"rtsp://{at}{PATH}", "hosts": (at,)}
    with Stopwatch() as watch:
        assert refused(world) == "media_down"
    assert watch.took_s < 6, "at once, not after the time that an opening may take"


async def _answered(world: World, viewer: Viewer, grant: str) -> None:
    """The viewer has its answer, and is connected; it is shown nothing yet."""
    import aiohttp

    async with aiohttp.ClientSession() as http:
        headers = {"Content-Type": "application/sdp"}
        url = f"{world.plane.url}/s/{grant}/whep"
        async with http.post(url, data=await viewer.offer(), headers=headers) as response:
            assert response.status == 201, await response.text()
            await viewer.accept(await response.text())
    await viewer.until(lambda: viewer.connection.connectionState == "connected")


@pytest.mark.proves(
    "A WebRTC viewer is shown video that comes with a later opening, within 20 s", leans_on="second stack: aiortc"
)
def test_who_was_answered_is_shown_a_picture_that_comes_with_a_later_opening(
    start: Callable[..., World], camera: RtspCamera
) -> None:
    """An assistant's display asks once: what comes too late for the first opening must not leave it dark."""
    world = start(open_s=3.0)
    camera.does.silent = True

    async def scene() -> Viewer:
        viewer = Viewer()
        try:
            await _answered(world, viewer, world.grant(protocol="webrtc"))
            await viewer.until(lambda: "PLAY" in camera.does.methods)
            camera.does.silent = False
            await viewer.until(lambda: len(viewer.pictures) >= FPS)
            return viewer
        finally:
            await viewer.close()

    assert asyncio.run(scene()).sizes == {(320, 180)}
    assert camera.does.methods.count("PLAY") >= 2


def test_who_was_answered_is_let_go_where_no_picture_comes_and_the_reason_is_answered(
    start: Callable[..., World], camera: RtspCamera
) -> None:
    world = start(open_s=2.0, connect_s=12.0)
    camera.does.silent = True

    async def scene() -> None:
        viewer = Viewer()
        try:
            await _answered(world, viewer, world.grant(protocol="webrtc"))
            await viewer.until(lambda: viewer.connection.connectionState == "closed")
        finally:
            await viewer.close()

    asyncio.run(scene())
    assert camera.does.methods.count("PLAY") >= 2
    assert refused(world) == "media_down"
