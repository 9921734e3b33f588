"""Cameras on a stack nobody here wrote: what GStreamer's RTSP server sends is what a viewer gets."""

import array
import asyncio
import io
import itertools
import re
from collections.abc import Callable
from typing import cast

import av
import pytest

from media.grants import Claims
from media.source import Codec, Denied, SourceSpec
from tests.doubles import gstreamer
from tests.media.conftest import World
from tests.media.test_rtsp import watched

FPS, GOP_S, RATE = 15, 2, 16_000
PICTURE = "videotestsrc is-live=1 ! video/x-raw,format=I420,width=320,height=180,framerate=15/1 ! "
X264 = "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=30 bitrate=500 "
TONE = " audiotestsrc is-live=1 samplesperbuffer=320 ! audio/x-raw,rate=16000,channels=1 ! "
TONE_8K = " audiotestsrc is-live=1 samplesperbuffer=160 ! audio/x-raw,rate=8000,channels=1 ! "
TONE_48K = " audiotestsrc is-live=1 samplesperbuffer=960 ! audio/x-raw,rate=48000,channels=2 ! "
H264 = PICTURE + X264 + "! rtph264pay name=pay0 pt=96 config-interval=-1"


@pytest.fixture(autouse=True, scope="module")
def _installed() -> None:
    gstreamer.needed()


class House:
    """The Sources of a test: one camera at a port."""

    def __init__(self) -> None:
        self.port = 0
        self.b_frames: list[bool] = []

    async def open(self, claims: Claims) -> SourceSpec | Denied:
        at = f"127.0.0.1:{self.port}"
        return SourceSpec("rtsp", f"rtsp://{at}/live", (at,), "on")

    async def check(self, claims: list[Claims]) -> list[Denied | None]:
        return [None for _ in claims]

    async def learnt(self, claims: Claims, width: int, height: int, *, codec: Codec, b_frames: bool) -> None:
        self.b_frames.append(b_frames)

    async def closed(self, claims: Claims, release: str) -> None:
        raise AssertionError("a camera in the house takes nothing back")


@pytest.fixture
def household() -> House:
    """In place of a vendor's."""
    return House()


def segments(world: World, count: int, eventually: Callable[..., None]) -> bytes:
    """The newest that are whole, after one with sound from its beginning."""
    url = world.variant_url(world.master())
    names: list[str] = []

    def enough() -> bool:
        names[:] = re.findall(r"^(\d+)\.ts$", world.ask(url).text, re.MULTILINE)
        return len(names) > count

    eventually(enough, 20)
    return b"".join(world.ask(url.replace("index.m3u8", f"{name}.ts")).body for name in names[1 : count + 1])


def times(data: bytes, kind: str) -> list[int]:
    with av.open(io.BytesIO(data), mode="r", format="mpegts") as container:
        streams = container.streams.video if kind == "video" else container.streams.audio
        return [cast("int", packet.pts) for packet in container.demux(streams[0]) if packet.size]


def loudest(data: bytes) -> float:
    with av.open(io.BytesIO(data), mode="r", format="mpegts") as container:
        return max(max(array.array("f", bytes(frame.planes[0]))) for frame in container.decode(audio=0))


@pytest.mark.parametrize(
    ("launch", "protocol", "sound"),
    [
        (H264 + TONE + "avenc_aac ! rtpmp4gpay name=pay1 pt=97", "tcp", True),
        (H264 + TONE + "avenc_aac ! rtpmp4gpay name=pay1 pt=97", "udp", True),
        (H264 + TONE + "avenc_aac ! rtpmp4apay name=pay1 pt=97", "tcp", True),
        (H264 + TONE_8K + "mulawenc ! rtppcmupay name=pay1 pt=0", "tcp", True),
        (H264 + TONE_8K + "alawenc ! rtppcmapay name=pay1 pt=8", "udp", True),
        (H264 + TONE_48K + "opusenc ! rtpopuspay name=pay1 pt=97", "tcp", True),
        (TONE + "avenc_aac ! rtpmp4gpay name=pay0 pt=97 " + H264.replace("pay0", "pay1"), "tcp", True),
        (
            f"mpegtsmux name=mux alignment=7 ! rtpmp2tpay name=pay0 pt=33 {PICTURE}{X264}! "
            f"h264parse config-interval=-1 ! mux. {TONE}avenc_aac ! aacparse ! mux.",
            "tcp",
            True,
        ),
        (H264, "udp", False),
        (H264 + TONE + "rtpL16pay name=pay1 pt=97", "tcp", False),
        (PICTURE + X264 + "sliced-threads=1 threads=4 ! rtph264pay name=pay0 pt=96 config-interval=-1", "tcp", False),
        (PICTURE + X264 + "! rtph264pay name=pay0 pt=96 config-interval=0", "tcp", False),
        (
            PICTURE + X264 + "! rtph264pay name=pay0 pt=96 aggregate-mode=max-stap mtu=400 config-interval=-1",
            "udp",
            False,
        ),
        (
            PICTURE
            + "x264enc speed-preset=ultrafast key-int-max=30 bframes=2 b-adapt=0 rc-lookahead=2 sync-lookahead=0 "
            "threads=1 ! video/x-h264,profile=main ! rtph264pay name=pay0 pt=96 config-interval=-1",
            "tcp",
            False,
        ),
    ],
    ids=[
        "AAC",
        "AAC, UDP",
        "LATM",
        "µ-law",
        "A-law, UDP",
        "Opus",
        "sound first",
        "a transport stream",
        "no sound, UDP",
        "L16",
        "slices",
        "parameter sets in the description alone",
        "aggregated, UDP",
        "B-frames",
    ],
)
def test_what_it_sends_is_what_is_seen_and_heard(
    world: World, household: House, eventually: Callable[..., None], launch: str, protocol: str, sound: bool
) -> None:
    with gstreamer.camera(launch, protocol=protocol) as household.port:
        data = segments(world, 2, eventually)
        assert world.stats()["reopened"] == 0
    seen = sorted(times(data, "video"))
    assert len(seen) == 2 * GOP_S * FPS
    steps = {later - earlier for earlier, later in itertools.pairwise(seen)}
    assert max(steps) <= 6_003, "no picture is missing: one comes every 6,000 ticks"
    assert min(steps) >= 5_997
    assert household.b_frames == ["bframes=2" in launch]
    if sound:
        assert loudest(data) > 0.3, "the tone, and not silence"
        heard = times(data, "audio")
        assert heard == sorted(heard)
        assert abs(heard[0] - seen[0]) < 9_000


@pytest.mark.usefixtures("on_loopback")
@pytest.mark.parametrize(
    "sound",
    [TONE_48K + "opusenc ! rtpopuspay name=pay1 pt=97", TONE_8K + "mulawenc ! rtppcmupay name=pay1 pt=0"],
    ids=["Opus", "µ-law"],
)
def test_what_it_sends_is_seen_and_heard_by_webrtc(world: World, household: House, sound: str) -> None:
    with gstreamer.camera(H264 + sound) as household.port:
        viewer = asyncio.run(watched(world, GOP_S * FPS))
    assert viewer.sizes == {(320, 180)}
    assert sorted(viewer.loud)[len(viewer.loud) // 2] > 7_000


@pytest.mark.usefixtures("on_loopback")
def test_its_h265_is_seen_by_webrtc(world: World, household: House) -> None:
    launch = PICTURE + "x265enc tune=zerolatency speed-preset=ultrafast key-int-max=30 ! rtph265pay name=pay0 pt=96"
    with gstreamer.camera(launch) as household.port:
        viewer = asyncio.run(watched(world, GOP_S * FPS))
    assert viewer.sizes == {(320, 180)}
