"""What a viewer can't be shown as it comes is transcoded, once for all: real H.265, B-frames, large pictures."""

import asyncio
import itertools
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypedDict

import av
import pytest

from showcam.engine.outputs.transcoder import Pipeline
from showcam.engine.source import transcoded_size
from tests.doubles.hls_camera import FPS, Camera, Vendor, recording
from tests.doubles.rtc_viewer import Viewer
from tests.doubles.waiting import LONG_S, until
from tests.media.conftest import Answer, World
from tests.media.test_webrtc import watching

pytestmark = [
    pytest.mark.usefixtures("on_loopback"),
    pytest.mark.proves(
        "H.265, B-frames and video larger than a display decodes are transcoded, once for all who watch",
        leans_on="second stack: FFmpeg (PyAV), GStreamer and aiortc",
        also=(
            "tests/media/test_transcodes.py",
            "tests/media/test_transcoder.py",
        ),
    ),
]

LARGE = {"size": (1312, 738), "length_s": 20, "gop_s": 2}  # a little larger than what VideoApp plays
H265 = {"codec": "libx265", "length_s": 20}


class Seen(TypedDict):
    """Times in seconds of pictures, of sound and of keyframes; sizes with their format; codecs."""

    video: list[float]
    audio: list[float]
    keys: list[float]
    sizes: list[tuple[int, int, str]]
    codecs: list[str]


def played(url: str, frames: int) -> Seen:
    """Times in seconds of so many pictures, of their keyframes and of the sound beside them; their sizes and codec."""
    seen: Seen = {"video": [], "audio": [], "sizes": [], "keys": [], "codecs": []}
    with av.open(url, timeout=60) as container:
        seen["codecs"] = [container.streams.video[0].codec_context.name]
        for packet in container.demux():
            for frame in packet.decode() if packet.size else []:
                if not isinstance(frame, av.VideoFrame | av.AudioFrame):
                    raise TypeError(frame)
                assert frame.pts is not None
                at = float(frame.pts * packet.stream.time_base)
                if isinstance(frame, av.VideoFrame):
                    seen["video"].append(at)
                    seen["sizes"].append((frame.width, frame.height, frame.format.name))
                    seen["keys"] += [at] if frame.key_frame else []
                else:
                    seen["audio"].append(at)
            if len(seen["video"]) >= frames:
                break
    return seen


def resolution(master: Answer) -> str:
    found = re.search(r"RESOLUTION=(\S+)", master.text)
    assert found is not None, master.text
    return found[1]


def refusal(answer: Answer) -> str:
    assert answer.status == 502
    found = re.search(r'"reason": "(\w+)"', answer.text)
    assert found is not None, answer.text
    return found[1]


@pytest.mark.parametrize("surface", ["alexa", "google", "video", "page"])
def test_h265_is_played_by_hls_as_h264_with_keyframes_two_seconds_apart(
    surface: str, world: World, vendor: Vendor
) -> None:
    vendor.cameras["garden"] = Camera(recording(**H265, gop_s=4), segment_s=4, head_start=3)
    master = world.master(surface=surface)
    assert re.search(r'CODECS="avc1\.4d[0-9a-f]{2}20,mp4a\.40\.2"', master.text), master.text
    seen = played(world.variant_url(master), 4 * FPS)
    assert seen["codecs"] == ["h264"]
    assert {size[:2] for size in seen["sizes"]} == {(320, 180)}
    assert {round((b - a) * FPS, 3) for a, b in itertools.pairwise(seen["video"])} == {1.0}
    assert max(b - a for a, b in itertools.pairwise(seen["keys"])) < 2.1
    assert seen["audio"][-1] - seen["audio"][0] > 2


@pytest.mark.parametrize("audio", [True, False])
def test_a_large_picture_is_made_smaller_for_videoapp_and_has_a_sound_track(
    audio: bool, world: World, vendor: Vendor
) -> None:
    vendor.cameras["garden"] = Camera(recording(**LARGE) if audio else recording(**LARGE, audio=False))
    if not audio:
        vendor.cameras["garden"].sound = "none"
    master = world.master(surface="video")
    assert master.status == 200, master.text
    assert resolution(master) == "1280x720"
    seen = played(world.variant_url(master), 2 * FPS)
    assert {size[:2] for size in seen["sizes"]} == {(1280, 720)}
    assert seen["audio"][-1] - seen["audio"][0] > 1
    assert resolution(world.master(surface="alexa")) == "1312x738"


@pytest.mark.parametrize("sound", ["on", "off", "none"])
def test_a_small_picture_goes_to_videoapp_as_it_is_with_a_sound_track(sound: str, world: World, vendor: Vendor) -> None:
    vendor.cameras["garden"] = Camera(recording(audio=sound == "on"))
    vendor.cameras["garden"].sound = sound
    master = world.master(surface="video")
    assert resolution(master) == "320x180"
    assert "mp4a.40.2" in master.text
    assert world.stats()["transcodes"] == 0


@pytest.mark.parametrize("sent", [H265, {"b_frames": 2}, {"deep": True}], ids=["H.265", "B-frames", "High 10"])
def test_it_is_seen_and_heard_by_webrtc(sent: dict[str, object], world: World, vendor: Vendor) -> None:
    vendor.cameras["garden"] = Camera(recording(**sent))

    async def scene() -> Viewer:
        async with watching(world, world.grant(protocol="webrtc")) as viewer:
            await viewer.until(lambda: len(viewer.pictures) >= 3 * FPS and len(viewer.loud) > 100, LONG_S)
            return viewer

    viewer = asyncio.run(scene())
    assert viewer.sizes == {(320, 180)}
    assert sorted(viewer.loud)[len(viewer.loud) // 2] > 7_000


def test_all_who_need_it_share_one_transcoder_and_it_ends_with_the_pull(
    start: Callable[..., World], vendor: Vendor, eventually: Callable[..., None]
) -> None:
    world = start(idle_s=1.0)
    vendor.cameras["garden"] = Camera(recording(**H265))

    async def scene() -> dict[str, int]:
        async with watching(world, world.grant(protocol="webrtc")) as viewer:
            await viewer.until(lambda: len(viewer.pictures) >= FPS, LONG_S)
            # a viewer that is silent meanwhile would be taken for dead
            for surface in ("google", "alexa"):
                assert (await asyncio.to_thread(world.master, surface=surface)).status == 200
            return await asyncio.to_thread(world.stats)

    stats = asyncio.run(scene())
    assert (stats["pulls"], stats["live"], stats["transcodes"]) == (1, 3, 1)
    eventually(lambda: world.stats()["transcodes"] == 0)


@pytest.mark.parametrize(
    ("sent", "surface", "reason"),
    [(H265, "page", "not_playable"), ({"deep": True}, "google", "beyond_displays"), (LARGE, "video", "too_large")],
)
def test_where_there_is_no_room_the_reason_is_answered_and_nobody_else_hindered(
    sent: dict[str, object], surface: str, reason: str, start: Callable[..., World], vendor: Vendor
) -> None:
    world, shown = start(transcodes=1), recording(**sent)  # which takes longer than the other lasts
    vendor.cameras |= {"garden": Camera(recording(**H265)), "shed": Camera(shown)}
    first = world.master()
    assert first.status == 200
    assert refusal(world.master("shed", surface=surface)) == reason
    assert world.request(world.variant_url(first)).status == 200


@contextmanager
def busy() -> Iterator[None]:
    """Four programs on each core that never rest."""
    count = 4 * (os.process_cpu_count() or 1)
    programs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()


@pytest.mark.proves(
    "On a busy machine as many H.265 cameras as may be transcoded are shown by HLS, and each other "
    "is refused with the reason",
    leans_on="second stack: FFmpeg (PyAV)",
)
def test_on_a_busy_machine_all_who_begin_at_once_are_shown_h265_by_hls_or_told_why_not(
    start: Callable[..., World], vendor: Vendor
) -> None:
    world, names = start(transcodes=2), ("garden", "yard", "shed", "barn")
    vendor.cameras |= {name: Camera(recording(**H265)) for name in names}

    def begins(name: str) -> Answer:
        """As a player that asks again when it is asked to."""
        url = f"/s/{world.grant(name)}/master.m3u8"
        deadline = time.monotonic() + 90
        while (answer := world.request(url)).status == 503 and time.monotonic() < deadline:
            continue
        return answer

    def waits() -> bool:
        return world.stats()["live"] == len(names)

    with busy(), ThreadPoolExecutor(len(names)) as pool:
        answers = pool.map(begins, names)
        until(waits)  # so each of them holds its place
        shown: list[Answer] = []
        refused: list[Answer] = []
        for answer in answers:
            (shown if answer.status == 200 else refused).append(answer)
        assert [refusal(answer) for answer in refused] == ["not_playable"] * 2
        for answer in shown:
            assert re.findall(r"^\d+\.ts$", world.request(world.variant_url(answer)).text, re.MULTILINE)
    assert len(shown) == 2


def test_who_comes_to_what_others_watch_as_it_comes_is_shown_it_transcoded(world: World, vendor: Vendor) -> None:
    vendor.cameras["garden"] = Camera(recording(deep=True))
    assert resolution(world.master(surface="page")) == "320x180"
    assert world.stats()["transcodes"] == 0
    assert re.search(r"avc1\.4d..20", world.master(surface="google").text)
    assert (world.stats()["pulls"], world.stats()["transcodes"]) == (1, 1)


def test_one_that_breaks_ends_its_own_viewers_with_a_reason(
    world: World, vendor: Vendor, monkeypatch: pytest.MonkeyPatch, eventually: Callable[..., None]
) -> None:
    vendor.cameras["garden"] = Camera(recording(deep=True))
    as_it_comes, transcoded = world.master(surface="page"), world.master(surface="google")
    monkeypatch.setattr(Pipeline, "encode", lambda *_: 1 / 0)
    eventually(lambda: world.stats()["transcodes"] == 0)
    eventually(lambda: world.request(world.variant_url(transcoded)).status == 410)
    assert '"reason": "media_down"' in world.request(world.variant_url(transcoded)).text
    assert world.request(world.variant_url(as_it_comes)).status == 200


def test_one_that_breaks_ends_a_viewer_whose_next_offer_was_no_offer(
    world: World, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.cameras["garden"] = Camera(recording(deep=True))

    async def scene() -> int:
        async with watching(world, world.grant(protocol="webrtc", surface="google")) as viewer:
            await viewer.until(lambda: viewer.pictures)
            url, kind = f"/s/{viewer.session}/whep", "application/sdp"
            answer = await asyncio.to_thread(world.request, url, "POST", b"v=0", Content_Type=kind)
            monkeypatch.setattr(Pipeline, "encode", lambda *_: 1 / 0)
            await viewer.until(lambda: viewer.connection.connectionState == "closed")
            return answer.status

    assert asyncio.run(scene()) == 400


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ((1920, 1080), (1280, 720)),
        ((3840, 2160), (1280, 720)),
        ((2560, 1440), (1280, 720)),
        ((2304, 1296), (1280, 720)),
        ((1280, 960), (960, 720)),
        ((1080, 1920), (404, 720)),
        ((640, 360), (640, 360)),
        ((641, 361), (640, 360)),
        ((20000, 2), (1280, 2)),
    ],
)
def test_sizes_keep_proportions_and_are_even(given: tuple[int, int], made: tuple[int, int]) -> None:
    assert transcoded_size(*given) == made
