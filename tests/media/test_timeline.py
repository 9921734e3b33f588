"""One timeline out of two clocks that drift, leap and lie, judged by when things came."""

import itertools
import math
from collections.abc import Iterator

import pytest

from showcam.engine.source import CLOCK
from showcam.engine.sources.timeline import Timeline

FPS, HZ = 25, 16_000
PICTURE, FRAME = CLOCK // FPS, 1024
FRAME_TICKS = FRAME * CLOCK // HZ


class Camera:
    """Sends pictures and frames of sound of the same moments, and a report of each track every second."""

    def __init__(self, **changes: object) -> None:
        self.seconds = 30.0
        self.video_from, self.audio_from = 0xFFFFF000, 4_000_000_000  # timestamps go round
        self.late_s = 0.02  # on the way
        self.sound_late_s = 0.0  # how much longer sound is
        self.stop: tuple[float, float] | None = None  # nothing is sent meanwhile
        self.leap: tuple[float, float] = (1e9, 0)  # when, and by how much its clock
        self.ppm = 0.0  # by which sound's clock is fast
        self.audio_wall_s: float | None = 0.0  # how wrong sound's reports are; None: none are sent
        self.burst_s = 0.0  # pictures of so long before life come first, at once
        self.batch = 1  # pictures that come together
        for name, value in changes.items():
            assert hasattr(self, name)
            setattr(self, name, value)

    def run(self) -> tuple[list[tuple[float, int]], list[tuple[float, int]]]:
        """For each picture and each frame of sound: the moment, and where it was put."""
        line = Timeline(CLOCK, HZ)
        video, audio = [], []
        for at, kind, moment in sorted(self._sent()):
            clock = moment + (self.leap[1] if moment >= self.leap[0] else 0)
            if kind == "video":
                stamp = self.video_from + round(clock * CLOCK) & 0xFFFFFFFF
                video.append((moment, line.video(stamp, at)))
                if self.audio_wall_s is not None and round(moment * FPS) % FPS == 0:
                    line.report("video", 1e9 + clock, stamp)
            else:
                stamp = self.audio_from + round(clock * HZ * (1 + self.ppm / 1e6)) & 0xFFFFFFFF
                placed = line.audio(stamp, at)
                if placed is not None:
                    audio.append((moment, placed))
                if self.audio_wall_s is not None and round(moment * HZ / FRAME) % 16 == 0:
                    line.report("audio", 1e9 + clock + self.audio_wall_s, stamp)
        return video, audio

    def _sent(self) -> Iterator[tuple[float, str, float]]:
        for number in range(-round(self.burst_s * FPS), round(self.seconds * FPS)):
            moment = number / FPS
            if not self._is_stopped(moment):
                last = math.ceil((number + 1) / self.batch) * self.batch - 1
                yield max(last / FPS, 0) + self.late_s + number * 1e-7, "video", moment
        for number in range(1, round(self.seconds * HZ / FRAME)):
            moment = number * FRAME / HZ
            if not self._is_stopped(moment):
                yield moment + self.late_s + self.sound_late_s, "audio", moment

    def _is_stopped(self, moment: float) -> bool:
        return self.stop is not None and self.stop[0] <= moment < self.stop[1]


def steps(placed: list[tuple[float, int]]) -> list[int]:
    return [later - earlier for (_, earlier), (_, later) in itertools.pairwise(placed)]


def apart(video: list[tuple[float, int]], audio: list[tuple[float, int]], after_s: float) -> float:
    """The furthest that sound is from the picture of its moment, in s."""
    known = {round(moment * FPS): placed for moment, placed in video}
    errors = []
    for moment, placed in audio:
        number = math.floor(moment * FPS)
        if moment > after_s and number in known:
            errors.append(abs(placed / CLOCK - known[number] / CLOCK - moment + number / FPS))
    assert len(errors) > len(audio) // 2
    return max(errors)


@pytest.mark.parametrize(
    ("changes", "within_s"),
    [
        ({}, 0.01),
        ({"audio_wall_s": None}, 0.05),
        ({"audio_wall_s": 3.0}, 0.05),
        ({"audio_wall_s": -3.0}, 0.05),
        ({"audio_wall_s": None, "burst_s": 2.0}, 0.1),
        ({"batch": 5}, 0.01),
        ({"sound_late_s": 0.25}, 0.01),
        ({"sound_late_s": -0.25}, 0.01),
        ({"ppm": 1000.0, "seconds": 120.0}, 0.02),
        ({"ppm": -1000.0, "seconds": 120.0}, 0.02),
        ({"ppm": 1000.0, "seconds": 120.0, "audio_wall_s": None}, 0.15),
        ({"leap": (10, 600.0)}, 0.15),
        ({"leap": (10, -600.0)}, 0.15),
        ({"leap": (10, -3.0)}, 0.15),
        ({"leap": (10, 40_000.0)}, 0.15),
        ({"stop": (10, 16)}, 0.15),
    ],
    ids=[
        "as it should be",
        "without reports",
        "a report 3 s late",
        "a report 3 s early",
        "a GOP at once",
        "five pictures at once",
        "sound a quarter of a second later",
        "pictures a quarter of a second later",
        "sound 1000 ppm fast",
        "sound 1000 ppm slow",
        "fast without reports",
        "leaps on",
        "leaps back",
        "a small leap back",
        "leaps far",
        "a stop of 6 s",
    ],
)
def test_sound_is_beside_its_picture_and_nothing_steps_back(changes: dict[str, object], within_s: float) -> None:
    video, audio = Camera(**changes).run()
    assert video[0][1] == 0
    assert min(steps(video)) > 0
    assert min(steps(audio)) > 0
    assert apart(video, audio, after_s=4) < within_s


def test_a_clock_that_leaps_leaves_no_gap() -> None:
    for by in (600.0, -600.0, -3.0, 3.0, 40_000.0):
        video, audio = Camera(leap=(10, by)).run()
        assert max(steps(video)) < 2 * PICTURE, by
        assert max(steps(audio)) < 4 * FRAME_TICKS, by


def test_time_that_went_by_without_pictures_is_missing() -> None:
    video, audio = Camera(stop=(10, 16)).run()
    assert abs(max(steps(video)) - 6 * CLOCK) <= PICTURE
    assert abs(max(steps(audio)) - 6 * CLOCK) < 2 * FRAME_TICKS


def test_time_that_went_by_and_a_clock_that_began_again_are_distinguished() -> None:
    video, _ = Camera(stop=(10, 16), leap=(16, -1000.0)).run()
    assert abs(max(steps(video)) - 6 * CLOCK) < 2 * PICTURE


def test_an_hour_of_sound_that_is_fast_is_bent_and_never_torn() -> None:
    video, audio = Camera(seconds=3600.0, ppm=1000.0).run()
    assert abs(video[-1][1] - audio[-1][1]) < CLOCK // 10
    assert max(abs(step - FRAME_TICKS) for step in steps(audio)[20:]) <= FRAME_TICKS // 30


@pytest.mark.parametrize(
    ("shown", "is_b", "expected"),
    [
        ((0, 3, 1, 2, 6, 4, 5), (0, 0, 1, 1, 0, 1, 1), (0, 3, 1, 2, 6, 4, 5)),
        ((0, 1, 2, 1, 2, 3), (0, 0, 0, 0, 0, 0), (0, 1, 2, 3, 4, 5)),
    ],
    ids=["B slices", "a clock that was set back a little"],
)
def test_pictures_step_back_where_they_are_reordered_alone(
    shown: tuple[int, ...], is_b: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    line = Timeline(CLOCK)
    placed = [
        line.video(number_shown * PICTURE, number / FPS, is_b=bool(b))
        for number, (number_shown, b) in enumerate(zip(shown, is_b, strict=True))
    ]
    assert placed == [number * PICTURE for number in expected]
    assert line.reorders is any(is_b)


def test_sound_before_the_first_picture_has_no_place() -> None:
    line = Timeline(CLOCK, HZ)
    assert line.audio(0, 0.0) is None
    assert line.video(90_000, 1.0) == 0
    assert line.audio(HZ, 1.0) == 0
    assert line.audio(HZ + FRAME, 1.064) == FRAME_TICKS


class TestFirstSound:
    """Sound on its way for a quarter of a second longer than pictures."""

    def line(self, *, video_reports: bool) -> Timeline:
        line = Timeline(CLOCK, HZ)
        for number in range(25):
            line.video(number * PICTURE, 10 + number / FPS)
        if video_reports:
            line.report("video", 1e9, 0)
        return line

    def test_waits_for_its_report_if_the_video_has_reported_and_then_has_its_place(self) -> None:
        line = self.line(video_reports=True)
        assert line.awaits_report(0, 10.25)
        line.report("audio", 1e9, 0)
        assert not line.awaits_report(FRAME, 10.25 + FRAME / HZ)
        placed = [line.audio(number * FRAME, 10.25 + number * FRAME / HZ) for number in range(2)]
        assert placed == [0, FRAME_TICKS]

    def test_waits_no_longer_than_its_third_packet(self) -> None:
        line = self.line(video_reports=True)
        assert [line.awaits_report(number * FRAME, 10.25 + number * FRAME / HZ) for number in range(3)] == [
            True,
            True,
            False,
        ]

    def test_comes_at_once_if_neither_has_reported(self) -> None:
        assert not self.line(video_reports=False).awaits_report(0, 10.25)
