"""Every kind of camera, with every fault of its clock and its network, on every surface, in every viewer: one table.

The camera is GStreamer's RTSP server, the faults are a relay's between it and showcam, and the viewers are GStreamer,
libav and aiortc; tests/browser/test_every_camera.py has Chromium. All viewers of a row watch one camera at once. Its
picture turns bright or dark every two seconds, always where its sound ticks.
"""

import asyncio
import itertools
import json
import time
from bisect import bisect
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from showcam.engine.grants import Claims, Protocol
from showcam.engine.source import Codec, Denied, Rtsp, SourceSpec
from tests.doubles import gstreamer
from tests.doubles.echo_offer import offer
from tests.doubles.open_gate import OpenGate
from tests.doubles.rtc_viewer import Viewer
from tests.doubles.rtsp_faults import (
    Drops,
    Fault,
    Jitters,
    LiesOfReports,
    LiesOfRtpInfo,
    LosesKeyframes,
    Steps,
    Swaps,
    Undescribed,
)
from tests.doubles.rtsp_relay import RtspRelay
from tests.doubles.seen import NEAR_S, Seen, by_libav, steady
from tests.doubles.waiting import LONG_S
from tests.media.conftest import Answer, World

pytestmark = pytest.mark.proves(
    "What a camera at home sends is shown picture by picture and heard with it, whatever its codec, "
    "keyframes, clock faults or loss",
    leans_on="second stack: GStreamer's RTSP server as the camera, libav, aiortc, GStreamer and Chromium as viewers",
    also=("tests/browser/test_every_camera.py",),
)

FPS = 25
LENGTH = 60  # pictures that a viewer watches: the brightness turns in between
WITHIN_S = 100.0  # four viewers of one camera, and its transcoder, on a machine that others use too
# of picture and sound, on a machine that has more to do than it can, which delays what the camera sends; how exactly
# they fit is what tests/media/test_timeline.py and test_hour.py prove
APART_S = 0.6


def picture(size: str = "width=320,height=180", rate: str = "25/1") -> str:
    return f"videotestsrc is-live=1 pattern=ball flip=true ! video/x-raw,format=I420,{size},framerate={rate} ! "


def x264(gop: int = 13, more: str = "tune=zerolatency") -> str:
    """Half a second from keyframe to keyframe: the loss of a sixteenth picture stops libav's decoder up to the next."""
    return f"x264enc speed-preset=ultrafast bitrate=500 key-int-max={gop} {more} "


def ticks(rate: int = 48_000, channels: int = 1) -> str:
    made = "is-live=1 wave=ticks tick-interval=2000000000 volume=0.9 freq=1000 sine-periods-per-tick=30"
    return f" audiotestsrc {made} samplesperbuffer={rate // 100} ! audio/x-raw,rate={rate},channels={channels} ! "


H264PAY = "! rtph264pay name=pay0 pt=96 config-interval=-1"
AAC = ticks() + "avenc_aac ! rtpmp4gpay name=pay1 pt=97"
H264 = picture() + x264() + H264PAY
PLAIN = H264 + AAC
B_FRAMES = x264(more="bframes=2 b-adapt=0 rc-lookahead=2 sync-lookahead=0 threads=1") + "! video/x-h264,profile=main "
H265 = "x265enc tune=zerolatency speed-preset=ultrafast key-int-max=13 ! rtph265pay name=pay0 pt=96"
MJPEG = "jpegenc ! rtpjpegpay name=pay0 pt=26"
SMALL, LARGE = frozenset({(320, 180)}), frozenset({(2560, 1440)})  # the larger one has level 5.0
BY_EIGHT = frozenset({(320, 184)})  # RTP has a JPEG's size in steps of eight pixels (RFC 2435 section 3.1.5)


@dataclass(frozen=True)
class Row:
    """`hls` and `webrtc`: whether the picture is shown there as sent or transcoded, or the reason why it is not."""

    name: str
    launch: str = PLAIN
    protocol: str = "tcp"
    fault: Callable[[], Fault] = Fault
    surface: str = "alexa"
    transcodes: int = 1
    sound: bool = True
    sizes: frozenset[tuple[int, int]] = SMALL
    hls: str = "as sent"
    webrtc: str = "as sent"
    fps: int = FPS
    pictures: int = LENGTH
    is_noted: bool = True  # the relay can read what pictures there are

    def outcome(self, protocol: Protocol) -> str:
        return self.hls if protocol == "hls" else self.webrtc

    @property
    def turns(self) -> bool:
        """Whether picture and sound can be set against one another within so few pictures."""
        return self.sound and self.fps == FPS

    def is_enough(self, seen: Seen, *, turns: bool = True) -> bool:
        return seen.is_enough(self.pictures, self.fps, sound=self.sound, turns=turns and self.turns)


def large(surface: str, outcome: str, sizes: frozenset[tuple[int, int]] = LARGE, transcodes: int = 1) -> Row:
    launch = picture("width=2560,height=1440", "2/1") + x264(2) + H264PAY + AAC
    name = f"1440p, {surface}, {outcome}"
    # five pictures are two seconds: the brightness turns later
    return Row(name, launch, "tcp", Fault, surface, transcodes, True, sizes, outcome, outcome, 2, 5)


ROWS = [
    # what it sends, some of it with what the camera says wrongly of its clocks and tracks, or with late packets
    Row("AAC"),
    Row("LATM, jitter", H264 + ticks() + "avenc_aac ! rtpmp4apay name=pay1 pt=97", fault=lambda: Jitters(0.08)),
    Row(
        "µ-law, its clock leaps ten minutes",
        H264 + ticks(8_000) + "mulawenc ! rtppcmupay name=pay1 pt=0",
        fault=lambda: Steps(601),
    ),
    Row("A-law, packets swapped, UDP", H264 + ticks(8_000) + "alawenc ! rtppcmapay name=pay1 pt=8", "udp", fault=Swaps),
    Row(
        "Opus, lies of RTP-Info",
        H264 + ticks(channels=2) + "opusenc ! rtpopuspay name=pay1 pt=97",
        fault=LiesOfRtpInfo,
    ),
    Row(
        "L16, its clock goes back three seconds",
        H264 + ticks() + "rtpL16pay name=pay1 pt=97",
        fault=lambda: Steps(-3),
    ),
    Row(
        "G.722, no parameter sets described",
        H264 + ticks(16_000) + "avenc_g722 ! rtpg722pay name=pay1 pt=9",
        fault=Undescribed,
    ),
    Row("no sound, jitter, UDP", H264, "udp", fault=lambda: Jitters(0.03), sound=False),
    Row(
        "sound first, its reports three seconds off",
        AAC.replace("pay1", "pay0") + " " + H264.replace("pay0", "pay1"),
        fault=lambda: LiesOfReports(3),
    ),
    Row("four slices", picture() + x264(more="tune=zerolatency sliced-threads=1 threads=4") + H264PAY + AAC),
    Row("parameter sets in the description alone", PLAIN.replace("config-interval=-1", "config-interval=0")),
    Row(
        "aggregated, its clock goes back three seconds, UDP",
        PLAIN.replace("config-interval=-1", "config-interval=-1 aggregate-mode=max-stap mtu=400"),
        "udp",
        fault=lambda: Steps(-3),
    ),
    Row("B-frames", picture() + B_FRAMES + H264PAY + AAC, webrtc="transcoded"),
    Row(
        "B-frames, no room to transcode",
        picture() + B_FRAMES + H264PAY + AAC,
        transcodes=0,
        webrtc="no_common_protocol",
    ),
    Row("H.265", picture() + H265 + AAC, hls="transcoded", webrtc="transcoded", is_noted=False),
    Row("H.265, no room to transcode", picture() + H265 + AAC, transcodes=0, hls="not_playable", webrtc="not_playable"),
    Row(
        "Motion JPEG",
        picture() + "videoconvert ! video/x-raw,format=Y42B ! " + MJPEG + AAC,
        hls="transcoded",
        webrtc="transcoded",
        sizes=BY_EIGHT,
        is_noted=False,
    ),
    Row(
        "Motion JPEG, UDP, no room to transcode",
        picture() + MJPEG,
        "udp",
        transcodes=0,
        sound=False,
        hls="not_playable",
        webrtc="not_playable",
    ),
    large("page", "as sent"),
    large("google", "transcoded", frozenset({(1280, 720)})),
    large("google", "beyond_displays", transcodes=0),
    Row("variable rate", H264.replace("x264enc", "identity drop-probability=0.4 ! x264enc") + AAC),
    Row("10-s GOP", picture() + x264(250) + H264PAY + AAC, hls="transcoded"),
    Row(
        "10-s GOP, joined in its middle",
        picture() + x264(250) + H264PAY + AAC,
        fault=lambda: LosesKeyframes(1),
        hls="transcoded",
    ),
    # what becomes of it on the way
    Row("three of a hundred packets lost, UDP", protocol="udp", fault=lambda: Drops(3)),
    Row("keyframes hit too", fault=lambda: Drops(4, keys=True)),
    Row("the first three keyframes lost", fault=lambda: LosesKeyframes(3)),
]


class House(OpenGate):
    """The Sources of a test: one camera at a port."""

    def __init__(self) -> None:
        self.port = 0
        self.b_frames: set[bool] = set()

    async def open(self, claims: Claims) -> SourceSpec | Denied:
        at = f"127.0.0.1:{self.port}"
        return Rtsp(url=f"rtsp://{at}/live", hosts=(at,), sound="on")

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
        self.b_frames.add(b_frames)


@pytest.fixture
def household() -> House:
    """A household in place of a vendor's."""
    return House()


@pytest.fixture(autouse=True, scope="module")
def _installed() -> None:
    gstreamer.needed()


def watched(player: gstreamer.Player, row: Row, *, turns: bool = True) -> Seen:
    seen, deadline = Seen(), time.monotonic() + WITHIN_S
    while not row.is_enough(seen, turns=turns):
        assert time.monotonic() < deadline, f"not enough within {WITHIN_S} s: {seen}"
        seen.message(player.until(lambda _: True, WITHIN_S))
    return seen


def by_gstreamer_hls(world: World, row: Row) -> Seen:
    with gstreamer.player(by_hls(world, row)) as player:
        return watched(player, row)


def by_gstreamer_webrtc(world: World, row: Row) -> Seen:
    with gstreamer.display(latency_ms=200) as display:
        display.accept(answer_to(world, row, display.offer))
        return watched(display, row, turns=False)


def by_libav_hls(world: World, row: Row) -> Seen:
    return by_libav(by_hls(world, row), row.is_enough)


def by_aiortc(world: World, row: Row) -> Seen:
    async def watch() -> Seen:
        viewer = Viewer()
        try:
            await viewer.accept(await asyncio.to_thread(answer_to, world, row, await viewer.offer()))
            await viewer.until(lambda: row.is_enough(viewer.seen), WITHIN_S)
        finally:
            await viewer.close()
        return viewer.seen

    return asyncio.run(watch())


LIVE = "GStreamer's WebRTC"  # whose times follow the machine's load: picture and sound are not set against one another
VIEWERS: dict[str, tuple[Protocol, Callable[[World, Row], Seen]]] = {
    "libav": ("hls", by_libav_hls),
    "GStreamer's HLS": ("hls", by_gstreamer_hls),
    "aiortc": ("webrtc", by_aiortc),
    LIVE: ("webrtc", by_gstreamer_webrtc),
}


def address(world: World, row: Row, protocol: Protocol) -> str:
    name = "master.m3u8" if protocol == "hls" else "whep"
    return f"{world.plane.url}/s/{world.grant(protocol=protocol, surface=row.surface)}/{name}"


def answer_to(world: World, row: Row, sdp: str) -> str:
    """An offer that could not be answered in its time, by a machine that has more to do than it can, is sent again."""
    answers: list[Answer] = []
    while [answer.status for answer in answers[-1:]] != [201] and len(answers) < 4:
        url = address(world, row, "webrtc")
        answers.append(world.request(url, "POST", sdp.encode(), Content_Type="application/sdp"))
    assert answers[-1].status == 201, answers[-1].text
    assert {answer.status for answer in answers[:-1]} <= {503}
    return answers[-1].text


def by_hls(world: World, row: Row) -> str:
    """The address of the list, once it is there: a camera whose keyframes are seldom is requested again and again."""
    url = address(world, row, "hls")
    statuses: list[int] = []
    while statuses[-1:] != [200] and len(statuses) < 4:
        statuses.append(world.request(url).status)
    assert statuses[-1] == 200
    assert set(statuses[:-1]) <= {503}
    return url


def since_first(times: Iterable[int]) -> list[float]:
    """RTP timestamps as seconds."""
    stamps = list(times)
    return [((stamp - stamps[0] + 0x80000000 & 0xFFFFFFFF) - 0x80000000) / 90_000 for stamp in stamps]


def times_sent(relay: RtspRelay, row: Row) -> list[float]:
    """The times of the pictures that a viewer is to see, in seconds since the first."""
    return sorted(since_first(relay.ledger.shown())) if row.is_noted else [number / row.fps for number in range(2000)]


def follows(seen: list[float], sent: list[float]) -> bool:
    """Whether what was seen is a part of what was sent, with nothing missing and nothing more in between."""
    return any(
        all(abs((sent[at + n] - sent[at]) - (seen[n] - seen[0])) < 0.002 for n in range(len(seen)))
        for at in range(len(sent) - len(seen) + 1)
    )


def is_of(seen: list[float], sent: list[float]) -> bool:
    """Whether each picture that was seen was sent."""
    for first in sent:
        times = [first + at - seen[0] for at in seen]
        if all(abs(sent[max(0, bisect(sent, at + 0.002) - 1)] - at) < 0.002 for at in times):
            return True
    return False


def apart(times: list[float], row: Row) -> str:
    """The distances between the times, in pictures."""
    return " ".join(f"{(later - earlier) * row.fps:.3g}" for earlier, later in itertools.pairwise(times))


def check(row: Row, protocol: Protocol, seen: Seen, sent: list[float]) -> None:
    outcome = row.outcome(protocol)
    assert seen.sizes == row.sizes
    assert seen.corrupt == 0
    assert all(one < next_one for one, next_one in itertools.pairwise(seen.pictures)), "time goes on"
    begins = steady(seen.pictures, row.fps)
    times = seen.pictures[begins:]
    assert (follows if outcome == "as sent" else is_of)(times, sent)
    assert bool(seen.ticks) == row.sound


def check_sound(row: Row, seen: Seen) -> None:
    begins = steady(seen.pictures, row.fps)
    turned = [at for at in seen.turned(begins) if at - NEAR_S < seen.ticks[-1]]
    assert turned
    for at in turned:
        assert min(abs(at - tick) for tick in seen.ticks) < APART_S


def refusal(world: World, row: Row, protocol: Protocol) -> str:
    """The reason that a viewer is given; an offer may be answered before it is known, and the next one is not."""
    deadline = time.monotonic() + WITHIN_S
    method, body = ("GET", None) if protocol == "hls" else ("POST", offer().encode())
    while True:
        answer = world.request(address(world, row, protocol), method, body, Content_Type="application/sdp")
        if protocol == "hls" or answer.status != 201 or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    assert answer.status == 502, answer.text
    reason: str = json.loads(answer.body)["reason"]
    return reason


@pytest.mark.usefixtures("on_loopback")
@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_every_viewer_sees_what_the_camera_sent(start: Callable[..., World], household: House, row: Row) -> None:
    with gstreamer.camera(row.launch, protocol=row.protocol) as port, RtspRelay(port, row.fault()) as relay:
        household.port = relay.port
        world = start(transcodes=row.transcodes, open_s=LONG_S)
        watching = {
            name: (protocol, watch)
            for name, (protocol, watch) in VIEWERS.items()
            if row.outcome(protocol) in ("as sent", "transcoded")
        }
        with ThreadPoolExecutor() as pool:
            futures = {name: pool.submit(watch, world, row) for name, (_, watch) in watching.items()}
            found = {name: future.result() for name, future in futures.items()}
        for protocol in ("hls", "webrtc"):
            if row.outcome(protocol) not in ("as sent", "transcoded"):
                assert refusal(world, row, protocol) == row.outcome(protocol)
        assert world.stats()["reopened"] == 0
        assert household.b_frames == {"bframes=2" in row.launch}
        sent = times_sent(relay, row)
    for name, seen in found.items():
        try:
            check(row, watching[name][0], seen, sent)
            if row.turns and name != LIVE:
                check_sound(row, seen)
        except AssertionError as error:
            error.add_note("\n".join(f"{watcher}: {what}" for watcher, what in found.items()))
            error.add_note(f"the camera sent, in pictures: {apart(sent, row)}; {name} saw it wrongly")
            raise
