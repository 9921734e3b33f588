"""Cameras in the house that break rules, networks that lose and turn round, and what a viewer sees of it."""

import asyncio
import io
import itertools
import json
import random
import re
import threading
import time
from collections.abc import Callable
from operator import methodcaller
from typing import Literal

import av
import pytest

from tests.doubles import gstreamer
from tests.doubles.hls_camera import FPS
from tests.doubles.rtsp_camera import Frame, RtspCamera
from tests.doubles.rtsp_faults import resized
from tests.doubles.rtsp_recording import Recording, recorded
from tests.doubles.seen import Seen
from tests.doubles.stopwatch import Stopwatch
from tests.media.conftest import Answer, World
from tests.media.test_hls import watch
from tests.media.test_rtsp import House, refused, watched

GOP = 2 * FPS


@pytest.fixture
def household(camera: RtspCamera) -> House:
    """A household in place of a vendor's."""
    return House(camera)


def pictures(world: World, eventually: Callable[..., None], count: int = 2) -> list[int]:
    """The times of those in so many segments, the newest first seen."""
    url = world.variant_url(world.master())
    names: list[str] = []

    def enough() -> bool:
        names[:] = re.findall(r"^(\d+)\.ts$", world.request(url).text, re.MULTILINE)
        return len(names) >= count

    eventually(enough)
    data = b"".join(world.request(url.replace("index.m3u8", f"{name}.ts")).body for name in names[:count])
    with av.open(io.BytesIO(data), "r", format="mpegts") as container:
        times = []
        for packet in container.demux(video=0):
            if packet.size:
                assert packet.pts is not None
                times.append(packet.pts)
        return times


def is_video(frame: Frame) -> bool:
    return frame[0] == 0


class Loses:
    """Loses so many of a hundred packets of pictures, the same at each run."""

    def __init__(self, percent: float) -> None:
        self._percent, self._dice = percent, random.Random(4)

    def __call__(self, frames: list[Frame]) -> list[Frame]:
        return [frame for frame in frames if not is_video(frame) or self._dice.random() * 100 >= self._percent]


class Garbles:
    """The first `count` keyframes, or so many of their packets lost: `by` "bits" or "loss"."""

    def __init__(self, count: int, by: str) -> None:
        self._left, self._by = count, by
        self._of: bytes | None = None  # the timestamp of the one that is being garbled

    def __call__(self, frames: list[Frame]) -> list[Frame]:
        out = []
        for number, (channel, data) in enumerate(frames):
            is_key = channel == 0 and (data[12] & 0x1F == 5 or (data[12] & 0x1F == 28 and data[13] & 0x1F == 5))
            if is_key and data[4:8] != self._of:
                self._of = data[4:8] if self._left > 0 else None
                self._left -= 1
            if not is_key or self._of is None:
                out.append((channel, data))
            elif self._by == "bits":
                out.append((channel, data[:16] + bytes(byte ^ 0x5A for byte in data[16:])))
            elif number % 2:
                out.append((channel, data))
        return out


def turned_round(frames: list[Frame]) -> list[Frame]:
    return frames[::-1]


def twice(frames: list[Frame]) -> list[Frame]:
    return [frame for frame in frames for _ in range(2)]


class Late:
    """Each lot comes after the next."""

    def __init__(self) -> None:
        self._kept: dict[bool, list[Frame]] = {True: [], False: []}

    def __call__(self, frames: list[Frame]) -> list[Frame]:
        kind = all(is_video(frame) for frame in frames)
        if self._kept[kind]:
            frames, self._kept[kind] = [*frames, *self._kept[kind]], []
            return frames
        self._kept[kind] = frames
        return []


def lies_of_rtp_info(lines: list[str]) -> list[str]:
    if any(line.startswith("Range:") for line in lines):
        lines.insert(2, "RTP-Info: url=trackID=1;seq=1;rtptime=5,url=trackID=2;seq=9;rtptime=4000000000")
    return lines


def without_number(lines: list[str]) -> list[str]:
    return [line for line in lines if not line.startswith("CSeq")] if "401" in lines[0] else lines


def without_parameter_sets(lines: list[str]) -> list[str]:
    return resized([re.sub(r";profile-level-id=.*", "", line) for line in lines])


def with_tracks(count: int) -> Callable[[list[str]], list[str]]:
    def says(lines: list[str]) -> list[str]:
        if not lines[-2].startswith("a="):
            return lines
        more = [f"m=application 0 RTP/AVP 107\r\na=control:other{number}" for number in range(count)]
        return resized([*lines[:-1], *more, ""])

    return says


def with_more_text(size: int) -> Callable[[list[str]], list[str]]:
    def says(lines: list[str]) -> list[str]:
        return resized([*lines[:-1], "a=x:" + "y" * size, ""]) if lines[-2].startswith("a=") else lines

    return says


def on_other_channels(lines: list[str]) -> list[str]:
    """The camera sends to the channels it is asked for, and names others in its answer."""
    return [re.sub(r"RTP/AVP/TCP;unicast;interleaved=\d-\d", "RTP/AVP/TCP;unicast", line) for line in lines]


@pytest.mark.parametrize(
    "changes",
    [
        {"says": lies_of_rtp_info},
        {"says": without_number},
        {"says": without_parameter_sets},
        {"says": with_tracks(100)},
        {"says": with_more_text(60_000)},
        {"says": on_other_channels},
        {"udp": True},
        {"udp": True, "wire": turned_round},
        {"udp": True, "wire": twice},
        {"udp": True, "wire": Late()},
        {"wire": twice},
        {"ignores": frozenset({"GET_PARAMETER"})},
    ],
    ids=[
        "RTP-Info lies",
        "401 without CSeq",
        "no parameter sets in the SDP",
        "a hundred tracks",
        "a description of 60 KB",
        "channels are not named",
        "UDP alone",
        "packets turned round",
        "packets twice over UDP",
        "packets late",
        "packets twice",
        "keepalives unanswered",
    ],
)
def test_every_picture_arrives_all_the_same(
    world: World, camera: RtspCamera, eventually: Callable[..., None], changes: dict[str, object]
) -> None:
    camera.does.recording = recorded(gop_s=1)
    for name, value in changes.items():
        setattr(camera.does, name, value)
    times = pictures(world, eventually)
    assert {later - earlier for earlier, later in itertools.pairwise(times)} <= {5_999, 6_000, 6_001}
    assert len(times) == 2 * FPS
    assert world.stats()["reopened"] == 0
    assert camera.does.wrong == 0


@pytest.mark.parametrize("udp", [False, True], ids=["TCP", "UDP"])
def test_where_packets_are_lost_the_rest_is_shown_and_nobody_speaks_of_encryption(
    world: World, camera: RtspCamera, eventually: Callable[..., None], udp: bool
) -> None:
    camera.does.udp, camera.does.wire = udp, Loses(3)
    times = pictures(world, eventually, 3)
    assert GOP < len(times) <= 3 * GOP
    assert world.stats()["reopened"] == 0


@pytest.mark.parametrize("by", ["bits", "loss"])
def test_a_garbled_first_keyframe_is_set_against_the_next(
    world: World, camera: RtspCamera, eventually: Callable[..., None], by: str
) -> None:
    camera.does.wire = Garbles(1, by)
    assert len(pictures(world, eventually, 1)) == GOP


def test_pictures_that_flow_are_waited_for_until_a_keyframe_comes_whole(
    world: World, camera: RtspCamera, eventually: Callable[..., None]
) -> None:
    """A camera that sends a keyframe in twenty seconds is no fault: a player is asked to come again."""
    camera.does.wire = Garbles(8, "loss")
    grant = world.grant()
    waits = world.request(f"/s/{grant}/master.m3u8")
    assert (waits.status, waits.headers["Retry-After"]) == (503, "1")
    assert "reason" not in json.loads(waits.body)
    assert world.request(f"/s/{grant}/master.m3u8").status == 200
    assert camera.does.methods.count("DESCRIBE") == 2, "by the first opening"


@pytest.mark.usefixtures("on_loopback")
@pytest.mark.parametrize("joins", ["keyframe", "middle"])
def test_keyframes_ten_seconds_apart_are_waited_for_by_every_viewer(
    world: World, camera: RtspCamera, joins: Literal["keyframe", "middle"]
) -> None:
    camera.does.recording, camera.does.joins = recorded(gop_s=10), joins
    grant = world.grant()
    viewer = asyncio.run(watched(world, FPS))
    assert viewer.sizes == {(320, 180)}
    statuses: list[int] = []
    while statuses[-1:] != [200] and len(statuses) < 3:
        statuses.append(world.request(f"/s/{grant}/master.m3u8").status)
    assert set(statuses[:-1]) <= {503}
    assert statuses[-1] == 200
    assert camera.does.methods.count("DESCRIBE") == 2, "by the first opening"


@pytest.mark.parametrize("transcodes", [1, 0])
@pytest.mark.parametrize("player", ["libav", "GStreamer"])
def test_who_watches_by_hls_sees_every_picture_however_keyframes_come(
    start: Callable[..., World], camera: RtspCamera, transcodes: int, player: str
) -> None:
    """Smart codecs make keyframes rare: one in 170 s was seen (rhanekom/hass-ezviz-stream, its notes)."""
    world = start(transcodes=transcodes)
    camera.does.recording = recorded(gop_s=12, keys_s=(2, 4), sound=None)  # 2, 2, 8 s and so on
    master = world.master()
    assert "#EXT-X-TARGETDURATION:2\n" in world.request(world.variant_url(master)).text
    times = by_libav(master.url, 18 * FPS) if player == "libav" else by_gstreamer(master.url, 18 * FPS)
    assert {round((later - earlier) * FPS, 3) for earlier, later in itertools.pairwise(times)} == {1.0}
    assert world.stats()["reopened"] == 0


def test_who_comes_by_hls_between_rare_keyframes_is_asked_to_come_again_until_one_comes(
    start: Callable[..., World], camera: RtspCamera, eventually: Callable[..., None]
) -> None:
    world = start(transcodes=0, picture_wait_s=2.0)
    camera.does.recording = recorded(gop_s=12, keys_s=(1,), sound=None)  # 1, 11 s and so on
    watched = world.variant_url(world.master())
    comes: list[Answer] = []

    def came(status: int) -> bool:
        time.sleep(0.4)  # one household has so many sessions at most
        assert world.request(watched).status == 200
        comes.append(world.request(f"/s/{world.grant()}/master.m3u8"))
        return comes[-1].status == status

    eventually(lambda: came(503))
    assert comes[-1].headers["Retry-After"] == "1"
    eventually(lambda: came(200))
    begun = world.variant_url(comes[-1])
    first = re.findall(r"^\d+\.ts$", world.request(begun).text, re.MULTILINE)[0]
    with av.open(io.BytesIO(world.request(begun.replace("index.m3u8", first)).body), "r", format="mpegts") as container:
        assert next(container.demux(video=0)).is_keyframe, "ten seconds from any other, and a list has eight"


def by_libav(url: str, count: int) -> list[float]:
    return watch(url, count)["video"]


def by_gstreamer(url: str, count: int) -> list[float]:
    gstreamer.needed()
    seen = Seen()
    with gstreamer.player(url) as player:
        while len(seen.pictures) < count:
            seen.message(player.until(lambda _: True))
    assert seen.corrupt == 0
    return seen.pictures


@pytest.mark.parametrize(
    ("encrypts", "reason"), [(True, "encryption_on"), (False, "not_playable")], ids=["its vendor's", "any other"]
)
def test_image_encryption_is_said_of_cameras_that_have_it(
    world: World, camera: RtspCamera, household: House, encrypts: bool, reason: str
) -> None:
    camera.does.recording = recorded(garbled=True)
    household.changes = {"encrypts": encrypts}
    assert refused(world) == reason


def test_a_garbled_keyframe_is_reported_though_no_other_comes(world: World, camera: RtspCamera) -> None:
    camera.does.recording = recorded(garbled=True, gop_s=3600)
    assert refused(world) == "encryption_on"


def test_a_camera_that_says_good_bye_is_opened_again_at_once(
    world: World, camera: RtspCamera, eventually: Callable[..., None]
) -> None:
    world.master()
    good_bye = b"\x80\xcb\0\0"
    for channel in (1, 3):
        frame = b"$" + bytes((channel,)) + len(good_bye).to_bytes(2) + good_bye
        camera.call(methodcaller("send", frame))
    eventually(lambda: world.stats()["reopened"] == 1)  # it is not silent, for it goes on sending


def test_time_without_pictures_is_listed_as_a_break(
    world: World, camera: RtspCamera, eventually: Callable[..., None]
) -> None:
    """HLS: the segment before it ends, and its length is what it shows."""
    url = world.variant_url(world.master())
    began: list[float] = []

    def stall(frames: list[Frame]) -> list[Frame]:
        began.append(time.monotonic())
        return [] if began[-1] - began[0] < 3 else frames

    camera.does.wire = stall
    eventually(lambda: "#EXT-X-DISCONTINUITY\n" in world.request(url).text)
    text = world.request(url).text
    assert max(float(length) for length in re.findall(r"#EXTINF:([\d.]+)", text)) < 2.1
    assert world.stats()["reopened"] == 0


def keyframes_alone(frames: list[Frame]) -> list[Frame]:
    kinds = {data[12] & 0x1F for channel, data in frames if channel == 0}
    return [] if kinds == {1} or (kinds and 7 not in kinds) else frames


def test_a_picture_in_two_seconds_is_no_series_of_breaks(
    world: World, camera: RtspCamera, eventually: Callable[..., None]
) -> None:
    camera.does.wire = keyframes_alone
    url = world.variant_url(world.master())
    eventually(lambda: len(re.findall(r"\.ts$", world.request(url).text, re.MULTILINE)) >= 4)
    assert world.request(url).text.count("#EXT-X-DISCONTINUITY\n") == 0
    assert world.stats()["reopened"] == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"wire": lambda frames: [frame for frame in frames if is_video(frame)]},
        {
            "says": lambda lines: (
                ["RTSP/1.0 404 Not Found", *lines[1:]] if any("interleaved=2" in line for line in lines) else lines
            )
        },
    ],
    ids=["it is never sent", "it cannot be had"],
)
def test_sound_that_is_announced_and_does_not_come_costs_no_picture(
    world: World, camera: RtspCamera, eventually: Callable[..., None], changes: dict[str, object]
) -> None:
    for name, value in changes.items():
        setattr(camera.does, name, value)
    with Stopwatch() as watch:
        assert len(pictures(world, eventually, 1)) == GOP
    assert watch.took_s < 6


def growing(codec: str = "libx264") -> Recording:
    """Four seconds of a small picture, then a larger one."""
    small, large = recorded(codec=codec), recorded(codec=codec, size=(640, 360))
    half = [sample for sample in small.samples if sample.at < 4] + [
        sample for sample in large.samples if sample.at >= 4
    ]
    return Recording(tuple(half), small.tracks)


@pytest.mark.usefixtures("on_loopback")
@pytest.mark.parametrize("codec", ["libx264", "libx265"], ids=["as it comes", "transcoded"])
def test_a_size_that_changes_is_followed_by_webrtc(start: Callable[..., World], camera: RtspCamera, codec: str) -> None:
    camera.does.recording = growing(codec)
    world = start(transcodes=1)
    viewer = asyncio.run(watched(world, 7 * FPS))
    assert viewer.sizes == {(320, 180), (640, 360)}
    assert world.stats()["reopened"] == 0


def test_a_camera_more_takes_no_thread(world: World, camera: RtspCamera) -> None:
    """The threads of a pool that all share are not counted: they read keyframes."""

    def threads() -> set[threading.Thread]:
        return {thread for thread in threading.enumerate() if not thread.name.startswith("asyncio_")}

    assert world.master(account="home-0").status == 200
    before = threads()
    for number in range(1, 6):
        assert world.master(account=f"home-{number}").status == 200
    assert world.stats()["pulls_live"] == 6
    assert threads() - before == set(), "others may end"


def test_a_size_that_changes_is_followed(world: World, camera: RtspCamera, eventually: Callable[..., None]) -> None:
    camera.does.recording = growing()
    assert "RESOLUTION=320x180" in world.master().text
    eventually(lambda: "RESOLUTION=640x360" in world.master().text)
    assert world.stats()["reopened"] == 0
