"""One picture transcoded: where it begins, what is left out where time or room is short, and how it begins again."""

import itertools
import random
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import av
import pytest

from showcam.engine import sound
from showcam.engine.codec import h265, nal
from showcam.engine.codec.nal import NoPicture
from showcam.engine.keyframe import measure
from showcam.engine.outputs.transcoder import DISPLAY, SOON, WAITING, Shape, Transcoder
from showcam.engine.source import CLOCK, Format, SoundFormat, Unit
from tests.doubles.floating_point import apart
from tests.doubles.hls_camera import FPS
from tests.doubles.rtsp_recording import slope
from tests.doubles.waiting import LONG_S


@apart
def encoded(codec: str, count: int, b_frames: int = 0) -> "list[av.Packet[av.VideoStream]]":
    """Packets in the order of their pictures, the first a keyframe and no other one."""
    encoder = av.CodecContext.create(codec, "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 320, 180, "yuv420p", Fraction(1, FPS)
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency"}
    if b_frames:
        encoder.options = {"preset": "ultrafast", "bf": str(b_frames), "g": "600"}
    if codec == "libx265":
        encoder.options |= {"x265-params": "log-level=none:keyint=-1"}
    packets = [packet for number in range(count) for packet in encoder.encode(slope(number, 320, 180))]
    return packets + encoder.encode(None)


class Pictures:
    """Units with one keyframe, what a Transcoder makes of them, and what it says."""

    def __init__(self, codec: str = "libx264", b_frames: int = 0, began_s: float = 0) -> None:
        packets = encoded(codec, 60, b_frames)
        at = [round((began_s + packet.pts / FPS) * CLOCK) for packet in packets if packet.pts is not None]
        self.units = [
            Unit("video", bytes(packet), pts, pts, packet.is_keyframe) for packet, pts in zip(packets, at, strict=True)
        ]
        name = "hvc1.1.6.L60.90" if codec == "libx265" else "avc1.42c01f"
        self.form = Format(320, 180, name)
        self.made: list[tuple[Format | None, Unit]] = []
        self.came = threading.Condition()

    def take(self, form: Format | None, unit: Unit) -> None:
        with self.came:
            self.made.append((form, unit))
            self.came.notify()

    def transcoder(
        self, since: int = 0, clock: Callable[[], float] = lambda: 0.0, shape: Shape = DISPLAY
    ) -> Transcoder:
        """By its clock nothing is late, however busy the machine is, unless another clock is given."""
        return Transcoder(self.form, self.units[:since], self.take, lambda: None, shape, clock)

    def until(self, count: int) -> None:
        with self.came:
            assert self.came.wait_for(lambda: len(self.made) >= count, LONG_S), len(self.made)


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


@pytest.mark.proves(
    "What came in one clump with a keyframe is listed at once to whoever begins by HLS", leans_on="second stack: x264"
)
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
    assert [later - earlier for earlier, later in itertools.pairwise(keys)] == pytest.approx(
        [SOON.gop_s] * (len(keys) - 1)
    )


# Pictures that came with the keyframe, when that was on the timeline in seconds, and for how many groups of pictures it
# is repeated.
@pytest.mark.parametrize(
    ("since", "began", "groups"),
    [
        (1, 2, 3),
        (9, 2, 3),
        (11, 2, 2),
        (20, 2, 1),
        (29, 2, 0),
        (46, 2, 0),
        (0, 2, 3),  # it was begun between two openings
        (9, 1.3, 2),  # no time is before the timeline's beginning
        (9, 0, 0),
    ],
)
def test_the_first_picture_stands_still_for_what_a_player_lacks(since: int, began: float, groups: int) -> None:
    pictures = Pictures(began_s=began)
    work = pictures.transcoder(since=since, shape=SOON)
    work.start()
    for unit in pictures.units[since:]:
        work.put(unit)
    pictures.until(3 * groups + 50)
    work.stop()
    still, moving = pictures.made[: 3 * groups], pictures.made[3 * groups : 3 * groups + 50]
    first = began - groups * SOON.gop_s
    assert [unit.pts / CLOCK for _, unit in still] == pytest.approx(
        [first + number / 5 for number in range(3 * groups)]
    )
    assert [unit.pts for _, unit in moving] == [unit.pts for unit in pictures.units[:50]]
    keys = [unit.pts / CLOCK for _, unit in pictures.made if unit.key]
    assert [later - earlier for earlier, later in itertools.pairwise(keys)] == pytest.approx(
        [SOON.gop_s] * (len(keys) - 1)
    )


# The sound, whether some came with the keyframe, and what is in front of it: so many frames of so many bytes.
@pytest.mark.parametrize("came", [True, False])
@pytest.mark.parametrize(
    ("codec", "rate", "channels", "groups", "frames", "size"),
    [
        ("aac", 16_000, 1, 3, 28, len(sound.silent_aac(16_000))),
        ("pcm_mulaw", 8_000, 1, 3, 90, 160),
        ("pcm_alaw", 8_000, 1, 3, 90, 160),
        ("opus", 48_000, 2, 3, 90, 3),
        ("aac", 16_000, 2, 0, 0, 0),  # a player would be given another sound than it began with
        ("aac", 16_000, 0, 0, 0, 0),
        ("aac", 15_000, 1, 0, 0, 0),
        ("pcm_alaw", 0, 1, 0, 0, 0),  # a rate that a camera may claim
    ],
)
def test_in_front_of_sound_is_silence_of_its_kind(
    codec: Any, rate: int, channels: int, groups: int, frames: int, size: int, came: bool
) -> None:
    pictures = Pictures(began_s=2)
    pictures.form = replace(pictures.form, sound=SoundFormat(codec, rate, channels))
    step = 1024 * CLOCK // 16_000 if codec == "aac" else CLOCK // 50
    began = pictures.units[0].dts
    own = [Unit("audio", b"own", began + number * step, began + number * step, key=True) for number in range(3)]
    pictures.units[1 if came else 5 : 1 if came else 5] = own
    work = pictures.transcoder(since=4, shape=SOON)
    work.start()
    for unit in pictures.units[4:25]:
        work.put(unit)
    pictures.until(3 * groups + frames + 3 + 15)
    work.stop()
    made = [unit for _, unit in pictures.made]
    heard = [unit for unit in made if unit.kind == "audio"]
    assert [len(unit.data) for unit in heard] == [size] * frames + [3] * 3
    assert {later.pts - earlier.pts for earlier, later in itertools.pairwise(heard)} == {step}
    assert next(unit.pts for unit in made if unit.kind == "video") == began - round(groups * SOON.gop_s * CLOCK)


def test_sound_that_came_before_a_slow_decoder_gave_its_first_picture_is_heard() -> None:
    pictures = Pictures(b_frames=2, began_s=2)
    pictures.form = replace(pictures.form, sound=SoundFormat("pcm_alaw", 8_000))
    began = pictures.units[0].pts
    own = [Unit("audio", b"own", at, at, key=True) for at in (began, began + 1800)]
    pictures.units[1:1] = own
    work = pictures.transcoder(since=12, shape=SOON)
    work.start()
    pictures.until(9 + 90 + 2)
    work.stop()
    heard = [unit for _, unit in pictures.made if unit.kind == "audio"]
    assert [unit.data for unit in heard[-2:]] == [b"own", b"own"]
    assert {later.pts - earlier.pts for earlier, later in itertools.pairwise(heard)} == {1800}


# When the first sound came, in seconds after the keyframe, and how many frames of silence there are.
@pytest.mark.parametrize(("late_s", "frames"), [(-0.1, 85), (0.5, 115), (3600, 140), (-3600, 0)])
def test_a_clock_of_sound_that_lies_makes_no_hours_of_silence(late_s: float, frames: int) -> None:
    pictures = Pictures(began_s=2)
    pictures.form = replace(pictures.form, sound=SoundFormat("pcm_alaw", 8_000))
    at = pictures.units[0].pts + round(late_s * CLOCK)
    pictures.units.insert(1, Unit("audio", b"own", at, at, key=True))
    work = pictures.transcoder(since=4, shape=SOON)
    work.start()
    pictures.until(3 + frames)
    work.stop()
    work.join(LONG_S)
    silent = [unit for _, unit in pictures.made if unit.kind == "audio" and unit.data != b"own"]
    assert len(silent) == frames


def test_sound_that_is_older_than_the_silence_in_front_of_it_is_left_out() -> None:
    pictures = Pictures(began_s=2)
    pictures.form = replace(pictures.form, sound=SoundFormat("pcm_alaw", 8_000))
    began = pictures.units[0].pts
    late, own = (Unit("audio", data, at, at, key=True) for data, at in ((b"late", began - 900), (b"own", began + 900)))
    work = pictures.transcoder(since=2, shape=SOON)
    work.start()
    for unit in (late, own):
        work.put(unit)
    pictures.until(9 + 90 + 3)
    work.go_on_as(pictures.form)
    again = Unit("audio", b"again", 0, 0, key=True)  # of another opening, whose times begin again
    for unit in (pictures.units[0].later(-2 * CLOCK), again):
        work.put(unit)
    pictures.until(9 + 90 + 5)
    work.stop()
    assert [unit.data for _, unit in pictures.made if unit.kind == "audio"][-2:] == [b"own", b"again"]


def test_of_what_came_long_before_only_the_latest_is_shown() -> None:
    pictures = Pictures()
    work = pictures.transcoder(since=60, shape=SOON._replace(shows_s=1.0, begins_with=0))
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
            pictures.until(2)  # there is room for the two that come now
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


@pytest.mark.parametrize("b_frames", [0, 2])
def test_a_source_that_is_opened_again_and_counts_from_0_is_shown_at_once(b_frames: int) -> None:
    """The decoder may hold pictures of the opening before, whose times are minutes later."""
    pictures = Pictures(b_frames=b_frames, began_s=600)
    work = pictures.transcoder(shape=SOON._replace(begins_with=0))
    work.start()
    for unit in pictures.units[:30]:
        work.put(unit)
    pictures.until(20)
    work.go_on_as(pictures.form)
    for unit in pictures.units:
        work.put(unit.later(-600 * CLOCK))
    pictures.until(80)
    work.stop()
    began = max(at for at, (form, _) in enumerate(pictures.made) if form)
    times = [unit.pts for _, unit in pictures.made[began:]]
    assert began > 0
    assert times[:40] == sorted(unit.pts - 600 * CLOCK for unit in pictures.units)[:40]


def test_a_new_timeline_is_shown_though_old_units_took_all_room() -> None:
    pictures = Pictures()
    work = pictures.transcoder(clock=lambda: 0.0)
    key, other = pictures.units[:2]
    for number in range(WAITING + 1):
        work.put((other if number else key)._replace(pts=number * 6000, dts=number * 6000))
    work.go_on_as(pictures.form)
    work.start()
    pictures.until(WAITING)
    for unit in (key, other):
        work.put(unit)
    pictures.until(WAITING + 2)
    work.stop()
    assert [at for at, (form, _) in enumerate(pictures.made) if form] == [0, WAITING]
    assert [unit.pts for _, unit in pictures.made[WAITING:]] == [key.pts, other.pts]


def test_h265_that_is_encrypted_behind_its_headers_is_no_picture() -> None:
    whole = bytes(encoded("libx265", 1)[0])
    slice_at = whole.index(h265.parameter_sets(whole)[-8:]) + 8
    clear = whole.index(b"\x00\x00\x01", slice_at) + 3 + 8
    for seed in range(20):
        noise = random.Random(seed)
        with pytest.raises(NoPicture):
            measure(h265, whole[:clear] + bytes(noise.randrange(1, 256) for _ in whole[clear:]))


def test_a_keyframe_of_h265_tells_what_it_is() -> None:
    whole = bytes(encoded("libx265", 1)[0])
    seen = measure(h265, whole)
    assert (seen.width, seen.height, seen.b_frames) == (320, 180, False)
    assert re.fullmatch(r"hvc1\.[134]\.[0-9A-F]+\.L\d+(\.[0-9A-F]{1,2})*", seen.codec), seen.codec
    sets = h265.parameter_sets(whole)
    assert [unit[0] >> 1 for unit in sets.split(nal.START) if unit] == [32, 33, 34]
    bare = whole[whole.index(sets[-8:]) + 8 :]
    assert h265.parameter_sets(bare) == b""
    assert measure(h265, h265.with_parameters(bare, sets)).width == 320
    assert h265.is_idr(whole)
