"""What a viewer can't be shown as it comes is transcoded, once for all: real H.265, B-frames, large pictures."""

import asyncio
import itertools
import random
import re
import threading
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Literal, TypedDict

import av
import pytest

from media.plane.codec import h265
from media.plane.codec.keyframe import NoPicture
from media.plane.codec.units import CLOCK, Format, SourceFailed, Unit
from media.plane.outputs.pipeline import DISPLAY, SOON, Pipeline, Shape
from media.plane.outputs.transcoder import WAITING, Transcoder
from media.plane.viewing.on_demand import OnDemand
from media.plane.viewing.transcoded import LEFT_S, UNUSED_S
from media.plane.viewing.transcodes import Transcodes, admits
from media.source import transcoded_size
from tests.doubles.floating_point import apart
from tests.doubles.hls_camera import FPS, Camera, Vendor, recording
from tests.doubles.rtc_viewer import Viewer
from tests.doubles.rtsp_camera import slope
from tests.media.conftest import Answer, World
from tests.media.test_webrtc import watching

pytestmark = pytest.mark.usefixtures("on_loopback")

LARGE = {"size": (1920, 1080), "length_s": 20, "gop_s": 2}
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
    with av.open(url, timeout=15) as container:
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
    assert {each[:2] for each in seen["sizes"]} == {(320, 180)}
    assert {round((b - a) * FPS, 3) for a, b in itertools.pairwise(seen["video"])} == {1.0}
    assert max(b - a for a, b in itertools.pairwise(seen["keys"])) < 2.1
    assert seen["audio"][-1] - seen["audio"][0] > 2


@pytest.mark.parametrize("audio", [True, False])
def test_a_large_picture_is_made_smaller_for_videoapp_and_has_a_sound_track(
    audio: bool, world: World, vendor: Vendor
) -> None:
    vendor.cameras["garden"] = Camera(recording(**LARGE, audio=audio))
    if not audio:
        vendor.cameras["garden"].sound = "none"
    master = world.master(surface="video")
    assert master.status == 200, master.text
    assert resolution(master) == "1280x720"
    seen = played(world.variant_url(master), 2 * FPS)
    assert {each[:2] for each in seen["sizes"]} == {(1280, 720)}
    assert seen["audio"][-1] - seen["audio"][0] > 1
    assert resolution(world.master(surface="alexa")) == "1920x1080"


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
            await viewer.until(lambda: len(viewer.pictures) >= 3 * FPS and len(viewer.loud) > 100, 20)
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
            await viewer.until(lambda: len(viewer.pictures) >= FPS, 20)
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
def test_where_there_is_no_room_the_reason_is_told_and_nobody_else_hindered(
    sent: dict[str, object], surface: str, reason: str, start: Callable[..., World], vendor: Vendor
) -> None:
    world = start(transcodes=1)
    vendor.cameras |= {"garden": Camera(recording(**H265)), "shed": Camera(recording(**sent))}
    first = world.master()
    assert first.status == 200
    assert refusal(world.master("shed", surface=surface)) == reason
    assert world.request(world.variant_url(first)).status == 200


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


@pytest.mark.parametrize(
    ("most", "cores", "loads", "measured", "behind", "expected"),
    [
        (0, 8, [], None, False, False),
        (1, 1, [], None, False, True),
        (1, 8, [0.1], 0.1, False, False),
        (2, 1, [0.9], 0.9, True, True),  # who names a number decides
        ("auto", 1, [], None, False, True),  # one always
        ("auto", 1, [0.2], 0.2, False, False),
        ("auto", 2, [0.2], 0.2, False, False),  # at most one fewer than there are cores
        ("auto", 4, [0.2], 0.2, False, True),
        ("auto", 4, [0.2, 0.2, 0.2], 0.2, False, False),
        ("auto", 4, [0.9, 0.9], 0.9, False, True),
        ("auto", 4, [1.1, 1.1], 1.1, False, False),
        ("auto", 4, [0.2], 0.2, True, False),  # one that has no time for its pictures needs the rest
        ("auto", 4, [None, None], None, False, True),
        ("auto", 3, [None], 1.2, False, False),
    ],
)
def test_as_many_are_admitted_as_are_measured_to_have_room(
    most: int | Literal["auto"],
    cores: int,
    loads: list[float | None],
    measured: float | None,
    behind: bool,
    expected: bool,
) -> None:
    assert admits(most, cores, loads, measured, behind=behind) is expected


def test_one_that_nobody_watches_gives_way_at_once_and_ends_by_itself_later(monkeypatch: pytest.MonkeyPatch) -> None:
    form, later = Format(320, 180, "hvc1.1.6.L60.90", audio=False), [0.0]

    async def scene() -> int:
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: time.monotonic() + later[0])
        transcodes = Transcodes(1)
        first = transcodes.begin(form, (), "not_playable")
        with pytest.raises(SourceFailed, match="not_playable"):
            transcodes.begin(form, (), "not_playable")
        later[0] += LEFT_S + 1
        second = transcodes.begin(form, (), "not_playable")
        assert first.failure
        second.watch(lambda _: None)
        later[0] += UNUSED_S + 1
        assert (transcodes.stats()["transcodes"], transcodes.has_room) == (1, False)
        third = Transcodes("auto", cores=1).begin(form, (), "not_playable")
        later[0] += UNUSED_S + 1
        third.tidy()
        assert third.failure
        second.close()
        return transcodes.stats()["transcodes"]

    assert asyncio.run(scene()) == 0


@pytest.mark.parametrize(
    ("runs", "begins", "most", "ends"),
    [
        ("as a must", "as a must", 1, None),
        ("as a must", "for speed", 1, None),
        ("for speed", "for speed", 1, None),
        ("for speed", "as a must", 1, True),
        ("for speed", "as a must", 2, False),
        ("as a must", "as a must", 2, False),
    ],
)
def test_what_could_be_shown_as_it_comes_gives_way_to_what_can_not(
    runs: str, begins: str, most: int, ends: bool | None
) -> None:
    """`ends`: whether the one that runs ends for the next; None: that one is refused."""
    form = Format(320, 180, "avc1.42001e", audio=False)

    async def scene() -> bool | None:
        transcodes = Transcodes(most)
        first = transcodes.begin(form, (), "media_down", gives_way=runs == "for speed")
        first.watch(lambda _: None)
        try:
            transcodes.begin(form, (), "not_playable", gives_way=begins == "for speed").close()
        except SourceFailed:
            return None
        finally:
            is_over = first.failure is not None
            first.close()
        return is_over

    assert asyncio.run(scene()) is ends


def test_what_is_made_for_hls_alone_ends_where_one_for_every_viewer_is_needed() -> None:
    """HLS gets what comes in clumps at once, and viewers by WebRTC at life's pace."""
    form = Format(320, 180, "avc1.42001e", audio=False)

    async def scene() -> None:
        on_demand = OnDemand(Transcodes(1))
        for_hls = on_demand.get(form, (), "media_down", gives_way=True)
        assert on_demand.get(form, (), "media_down", gives_way=True) is for_hls
        for_all = on_demand.get(form, (), "no_common_protocol")
        assert for_hls.failure is not None
        assert for_all.failure is None
        assert on_demand.get(form, (), "media_down", gives_way=True) is for_all
        on_demand.close()

    asyncio.run(scene())


@apart
def encoded(codec: str, count: int) -> "list[av.Packet[av.VideoStream]]":
    """Packets in the order of their pictures, the first a keyframe and no other one."""
    encoder = av.CodecContext.create(codec, "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 320, 180, "yuv420p", Fraction(1, FPS)
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency"}
    if codec == "libx265":
        encoder.options |= {"x265-params": "log-level=none:keyint=-1"}
    packets = [packet for number in range(count) for packet in encoder.encode(slope(number, 320, 180))]
    return packets + encoder.encode(None)


class Pictures:
    """Units with one keyframe, what a Transcoder makes of them, and what it says."""

    def __init__(self, codec: str = "libx264") -> None:
        packets = encoded(codec, 60)
        at = [round(packet.pts / FPS * CLOCK) for packet in packets if packet.pts is not None]
        self.units = [
            Unit("video", bytes(each), pts, pts, each.is_keyframe) for each, pts in zip(packets, at, strict=True)
        ]
        name = "hvc1.1.6.L60.90" if codec == "libx265" else "avc1.42c01f"
        self.form = Format(320, 180, name, audio=False)
        self.made: list[tuple[Format | None, Unit]] = []
        self.came = threading.Condition()

    def take(self, form: Format | None, unit: Unit) -> None:
        with self.came:
            self.made.append((form, unit))
            self.came.notify()

    def transcoder(
        self, since: int = 0, clock: Callable[[], float] = time.monotonic, shape: Shape = DISPLAY
    ) -> Transcoder:
        return Transcoder(self.form, self.units[:since], self.take, lambda: None, shape, clock)

    def until(self, count: int) -> None:
        with self.came:
            assert self.came.wait_for(lambda: len(self.made) >= count, 20), len(self.made)


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_it_begins_in_the_middle_of_a_group_of_pictures_with_a_keyframe_of_its_own(codec: str) -> None:
    pictures = Pictures(codec)
    work = pictures.transcoder(since=40)
    work.start()
    for unit in pictures.units[40:60]:
        work.put(unit)
    pictures.until(15)
    work.stop()
    (form, first), *others = pictures.made
    assert form is not None
    assert (form.width, form.height, form.codec[:9], form.b_frames) == (320, 180, "avc1.4d40", False)
    assert first.key
    assert pictures.units[37].pts <= first.pts <= pictures.units[40].pts
    assert not any([other for other, _ in others])


def test_what_came_in_one_clump_with_the_keyframe_is_shown_to_who_begins_by_hls() -> None:
    pictures = Pictures()
    sound = Unit("audio", b"\xff", pictures.units[20].pts, pictures.units[20].dts, key=True)
    pictures.units.insert(20, sound)
    work = pictures.transcoder(since=46, shape=SOON)
    work.start()
    pictures.until(45)  # the decoder holds the last one
    work.stop()
    assert [unit.pts for _, unit in pictures.made[:45]] == [unit.pts for unit in pictures.units[:45]]
    assert [unit.data for _, unit in pictures.made if unit.kind == "audio"] == [sound.data]
    keys = [unit.pts / CLOCK for _, unit in pictures.made if unit.key and unit.kind == "video"]
    assert [later - each for each, later in itertools.pairwise(keys)] == pytest.approx([SOON.gop_s] * (len(keys) - 1))


def test_of_what_came_long_before_only_the_latest_is_shown() -> None:
    pictures = Pictures()
    work = pictures.transcoder(since=60, shape=SOON._replace(shows_s=1.0))
    work.start()
    pictures.until(FPS)
    work.stop()
    first = pictures.made[0][1]
    assert first.key
    assert pictures.units[-1].pts - first.pts <= CLOCK


def test_a_picture_that_waited_too_long_is_left_out_before_it_is_encoded() -> None:
    pictures, now = Pictures(), [1.0]
    work = pictures.transcoder(clock=lambda: now[0])
    for units, came in ((pictures.units[:5], 1.0), (pictures.units[5:10], 0.5), (pictures.units[10:15], 1.0)):
        now[0] = came
        for unit in units:
            work.put(unit)
    work.start()
    pictures.until(10)
    work.stop()
    assert [unit.pts for _, unit in pictures.made] == [unit.pts for unit in pictures.units[:5] + pictures.units[10:15]]
    assert work.left_out == 5


def test_where_time_never_suffices_two_pictures_a_second_are_shown() -> None:
    pictures, now = Pictures(), [0.0]
    work = pictures.transcoder(clock=lambda: now[0])
    for unit in pictures.units:
        work.put(unit)
    now[0] = 100.0
    work.start()
    pictures.until(8)
    work.stop()
    assert [unit.pts * FPS // CLOCK for _, unit in pictures.made] == [0, 8, 16, 24, 32, 40, 48, 56]
    assert work.left_out > 40


def test_what_finds_no_room_to_wait_is_left_out_up_to_a_keyframe() -> None:
    pictures = Pictures()
    work = pictures.transcoder(clock=lambda: 0.0)
    key, *others = pictures.units
    for number, unit in enumerate([key] + [others[0]] * WAITING + [others[1], key, others[2]]):
        if number == WAITING + 2:
            work.start()
            pictures.until(1)
        work.put(unit._replace(pts=number * 6000, dts=number * 6000))
    pictures.until(WAITING + 2)
    work.stop()
    assert [unit.pts // 6000 for _, unit in pictures.made] == [*range(WAITING), WAITING + 2, WAITING + 3]


def test_what_begins_again_has_a_keyframe_and_a_format() -> None:
    pictures = Pictures()
    work = pictures.transcoder()
    work.start()
    for unit in pictures.units[:5]:
        work.put(unit)
    pictures.until(3)
    work.go_on_as(pictures.form)
    for unit in pictures.units[5:10]:
        work.put(unit)
    pictures.until(8)
    work.stop()
    assert [at for at, (form, _) in enumerate(pictures.made) if form] == [
        at for at, (_, unit) in enumerate(pictures.made) if unit.key
    ]
    assert len([form for form, _ in pictures.made if form]) == 2


def test_h265_that_is_encrypted_behind_its_headers_is_no_picture() -> None:
    whole = bytes(encoded("libx265", 1)[0])
    slice_at = whole.index(h265.parameter_sets(whole)[-8:]) + 8
    clear = whole.index(b"\x00\x00\x01", slice_at) + 3 + 8
    for seed in range(20):
        noise = random.Random(seed)
        with pytest.raises(NoPicture):
            h265.measure(whole[:clear] + bytes(noise.randrange(1, 256) for _ in whole[clear:]))


def test_a_keyframe_of_h265_tells_what_it_is() -> None:
    whole = bytes(encoded("libx265", 1)[0])
    seen = h265.measure(whole)
    assert (seen.width, seen.height, seen.b_frames) == (320, 180, False)
    assert re.fullmatch(r"hvc1\.[134]\.[0-9A-F]+\.L\d+(\.[0-9A-F]{1,2})*", seen.codec), seen.codec
    sets = h265.parameter_sets(whole)
    assert [unit[0] >> 1 for unit in sets.split(h265.START) if unit] == [32, 33, 34]
    bare = whole[whole.index(sets[-8:]) + 8 :]
    assert h265.parameter_sets(bare) == b""
    assert h265.measure(h265.with_parameters(bare, sets)).width == 320
    assert h265.is_idr(whole)
