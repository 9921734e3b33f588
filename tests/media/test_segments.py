"""Segments and their lists, by the clock of the pictures: how long each stays, and which targets are listed."""

import itertools
import re
import time
from collections import deque
from collections.abc import Callable

import pytest

from showcam.engine.outputs.hls import HlsOutput
from showcam.engine.source import CLOCK, Format, Unit
from tests.doubles.hls_camera import HEIGHT, WIDTH, Camera, Vendor, recording
from tests.media.conftest import World
from tests.media.test_hls import number_in

pytestmark = pytest.mark.proves(
    "The lists of HLS follow RFC 8216, and go on with the same target duration if keyframes become rare",
    leans_on="published: RFC 8216; second stack: GStreamer",
    also=("tests/media/test_rtsp_faults.py::test_who_watches_by_hls_sees_every_picture_however_keyframes_come",),
)

PICTURE, FORM = b"\x00\x00\x00\x01\x65" + b"\x55" * 100, Format(WIDTH, HEIGHT, "avc1.42c01e")


class Making:
    """An output to which a test writes a segment of `gop_s` at a time."""

    def __init__(self, gop_s: int) -> None:
        self._gop_s, self._written = gop_s, 0
        self.now = 0.0
        self.output = HlsOutput(silent_track=False, changed=lambda: None, clock=lambda: self.now)
        self.output.begin(FORM)
        self.write(1)

    def write(self, segments: int) -> None:
        for _ in range(segments):
            self.now = float(self._written * self._gop_s)
            time_ = round(self.now * CLOCK)
            self.output.write(Unit("video", PICTURE, time_, time_, True))
            self._written += 1

    def listed(self, player: str) -> list[int]:
        return [int(number) for number in re.findall(r"^(\d+)\.ts$", self.output.playlist(player=player), re.MULTILINE)]

    @property
    def kept(self) -> list[int]:
        return [segment.number for segment in self.output.segments]


@pytest.mark.parametrize("gop_s", [1, 2, 4])
def test_a_segment_goes_when_it_has_left_the_list_and_every_session_has_fetched_a_later_one(gop_s: int) -> None:
    making = Making(gop_s)
    making.write(20)
    for _ in range(10):
        for player in ("one", "another"):
            assert making.output.segment(making.listed(player)[-1], player)
        making.write(1)
        assert making.kept == making.listed("one")
    making.output.end()


@pytest.mark.parametrize("gop_s", [1, 2, 4])
def test_a_slow_session_gets_what_left_the_list_and_nothing_older_is_kept(gop_s: int) -> None:
    making = Making(gop_s)
    making.write(20)
    behind = making.listed("slow")[0]
    for _ in range(3):
        assert making.output.segment(making.listed("quick")[-1], "quick")
        making.write(1)
    for number in range(behind, behind + 10):
        assert number < making.listed("quick")[0]
        assert making.output.segment(number, "slow")
        assert making.output.segment(making.listed("quick")[-1], "quick")
        assert making.kept[0] == number
        making.listed("slow")
        making.write(1)
    making.output.end()


@pytest.mark.parametrize(("gop_s", "list_s"), [(1, 6), (2, 8), (4, 16)])
def test_a_session_that_fetches_nothing_holds_a_segment_for_its_own_and_its_lists_duration(
    gop_s: int, list_s: int
) -> None:
    """RFC 8216 section 6.2.2."""
    making = Making(gop_s)
    making.write(20)
    first = making.listed("silent")[0]
    making.write(1)
    left = making.now
    while making.now < left + gop_s + list_s - gop_s:
        making.write(1)
        assert making.output.segment(making.listed("quick")[-1], "quick")
        assert making.kept[0] == first
    making.write(1)
    assert making.kept[0] > first
    making.output.end()


def test_over_http_a_session_finds_what_left_the_list_until_it_has_fetched_a_later_one(
    world: World, vendor: Vendor, eventually: Callable[..., None]
) -> None:
    vendor.cameras["garden"] = Camera(recording(gop_s=2), segment_s=2)
    quick, slow = (world.variant_url(world.master()) for _ in range(2))

    def listed(url: str) -> list[int]:
        return [int(number) for number in re.findall(r"^(\d+)\.ts$", world.request(url).text, re.MULTILINE)]

    def fetch(url: str, number: int) -> int:
        return world.request(url.replace("index.m3u8", f"{number}.ts")).status

    first = listed(slow)[0]
    eventually(lambda: listed(quick)[0] > first)
    newest = listed(quick)[-1]
    assert fetch(quick, newest) == 200
    assert fetch(slow, first) == 200
    assert fetch(slow, newest) == 200
    assert fetch(slow, first) == 404


@pytest.mark.proves("An HLS player that asks a little early gets the next segment")
def test_a_player_that_comes_a_little_early_waits_for_the_next_segment(
    world: World, vendor: Vendor, eventually: Callable[..., None]
) -> None:
    vendor.cameras["garden"] = Camera(recording(gop_s=2), segment_s=2)
    url = world.variant_url(world.master())

    def last() -> int:
        return max(int(found) for found in re.findall(r"^(\d+)\.ts$", world.request(url).text, re.MULTILINE))

    eventually(lambda: last() > 0)
    for _ in range(2):
        known = last()
        eventually(lambda known=known: last() > known)  # so the next one comes in two seconds
        assert last() == known + 1, "who asks again long before it is answered at once"
        time.sleep(1.5)
        assert last() == known + 2


def test_a_player_three_targets_behind_the_end_has_room_for_the_next_segment(
    world: World, vendor: Vendor, eventually: Callable[..., None]
) -> None:
    vendor.cameras["garden"] = Camera(recording(gop_s=2), segment_s=2)
    url = world.variant_url(world.master())
    eventually(lambda: "MEDIA-SEQUENCE:0" not in world.request(url).text)
    text = world.request(url).text
    target = number_in(r"TARGETDURATION:(\d+)", text)
    durations = [float(found) for found in re.findall(r"EXTINF:([\d.]+)", text)]
    assert sum(durations[1:]) >= 3 * target - 0.1


def test_a_heavy_camera_keeps_no_more_than_its_bound() -> None:
    output = HlsOutput(silent_track=False, changed=lambda: None)
    output.begin(Format(WIDTH, HEIGHT, "avc1.42c01e"))
    picture = b"\x00\x00\x00\x01\x65" + b"\x55" * 4_000_000
    for second in range(20):
        output.write(Unit("video", picture, second * CLOCK, second * CLOCK, True))
        listed = [int(number) for number in re.findall(r"^(\d+)\.ts$", output.playlist(), re.MULTILINE)]
        kept = [segment for segment in output.segments if segment.number not in listed]
        assert sum(len(segment.data) for segment in kept) <= 16 * 1024 * 1024
    assert len(listed) == 6
    assert len(kept) == 4, "of seven that would be due"
    output.end()


class Latest:
    """A player that is never early: it asks for a list each target duration, and for a segment when the last is over.

    It begins with the third segment from the end, as libav's does.
    """

    def __init__(self, output: HlsOutput, write_until: Callable[[float], None], at: float) -> None:
        self._output, self._write_until, self._at = output, write_until, at
        self._lasts: dict[int, float] = {}  # by number, of the segments that it knows
        self._looks_at, self._next, self._oldest = at, 0, 0
        self._look(at)
        self.played = 0

    def play(self) -> None:
        """The next segment, to its end."""
        while self._next not in self._lasts:
            self._at = max(self._at, self._looks_at)
            self._look(self._at)
        self._write_until(self._at)
        assert self._output.segment(self._next) is not None, "it is fetched in time"
        ends = self._at + self._lasts[self._next]
        self._next, self.played = self._next + 1, self.played + 1
        while self._looks_at <= ends:
            self._look(self._looks_at)
        self._at = ends

    def _look(self, at: float) -> None:
        self._write_until(at)
        text = self._output.playlist()
        first, target_s = number_in(r"MEDIA-SEQUENCE:(\d+)", text), number_in(r"TARGETDURATION:(\d+)", text)
        lasts = [float(length) for length in re.findall(r"EXTINF:([\d.]+)", text)]
        if not self._lasts:
            self._next, self._oldest = first + max(0, len(lasts) - 3), first
        assert first <= self._next, "what it needs next is not gone from the list"
        assert first == self._oldest or sum(lasts) >= 3 * target_s, "RFC 8216 section 6.2.2"
        self._lasts |= dict(enumerate(lasts, first))
        self._looks_at = at + target_s


@pytest.mark.proves(
    "A segment goes when it left the list and every viewer fetched a later one, and a late player finds every segment",
    leans_on="published: RFC 8216",
)
@pytest.mark.parametrize("joins_s", [4.1, 11.7, 23.2, 38.9])
@pytest.mark.parametrize(
    ("gops_s", "breaks_s"),
    [([1.0], 0.0), ([2.0], 0.0), ([4.0], 0.0), ([10.0], 0.0), ([2.0, 1.0, 2.0, 1.5], 0.0), ([4.0, 0.5, 0.5], 0.0),
     ([2.0], 0.7), ([4.0], 0.3)],
)  # fmt: skip
def test_no_segment_is_gone_for_a_player_that_asks_as_late_as_it_may(
    gops_s: list[float], breaks_s: float, joins_s: float
) -> None:
    """`breaks_s`: the source is opened again and again, from 12 s on for four seconds, each time after so long."""
    now = 0.0
    output = HlsOutput(silent_track=False, changed=lambda: None, clock=lambda: now)
    form = Format(WIDTH, HEIGHT, "avc1.42c01e")
    output.begin(form)
    keys = [0.0, *itertools.takewhile(lambda at: at < 100, itertools.accumulate(itertools.cycle(gops_s)))]
    again = [12 + number * breaks_s for number in range(round(4 / breaks_s))] if breaks_s else []
    keys = sorted({round(at, 2) for at in [*keys, *again]})
    pictures = deque(sorted({*keys, *(number / 10 for number in range(1000))}))

    def write_until(end: float) -> None:
        nonlocal now
        while pictures and pictures[0] <= end:
            now = pictures.popleft()
            if now in again:
                output.begin(form)
            time_, is_key = round(now * CLOCK), now in keys
            output.write(Unit("video", KEY if is_key else b"\x00\x00\x00\x01\x41\x55", time_, time_, is_key))
        now = end

    joins = max(joins_s, 2.5 * max(gops_s))
    write_until(joins)
    player = Latest(output, write_until, joins)
    start_id = output.start_id
    while now < 90:
        player.play()
    assert output.start_id == start_id
    assert player.played > 5
    output.end()


def written(output: HlsOutput, gops_s: list[float], *, begin_s: float = 0.0, read: bool = True) -> list[int]:
    """Keyframes so far apart, pictures every half second between them: each start id and the target of its lists."""
    seen: dict[str, int] = {}
    at = begin_s
    for gop_s in gops_s:
        for number in range(round(2 * gop_s)):
            time_ = round((at + number / 2) * CLOCK)
            picture = KEY if number == 0 else b"\x00\x00\x00\x01\x41\x55"
            output.write(Unit("video", picture, time_, time_, number == 0))
            if read and output.segments:
                target = number_in(r"TARGETDURATION:(\d+)", output.playlist())
                assert seen.setdefault(output.start_id, target) == target, (
                    "RFC 8216 section 4.3.3.1: it must not change"
                )
        at += gop_s
    output.write(Unit("video", KEY, round(at * CLOCK), round(at * CLOCK), True))
    return list(seen.values())


KEY = b"\x00\x00\x00\x01\x65\x55"


@pytest.mark.parametrize(
    ("gops_s", "target_s"),
    [
        ([2, 2, 2, 2], 2),
        ([2, 1, 2, 1.5], 2),
        ([4, 1, 4], 4),
        ([2, 2, 5, 2, 2], 2),
        ([1, 2, 4, 8], 1),
        ([10, 10, 10], 10),
        ([20, 20], 20),
        # smart codecs: one keyframe in 170 s was seen of an EZVIZ camera (rhanekom/hass-ezviz-stream, its notes)
        ([2, 20, 170, 2, 2], 2),
        # where a source changes, keyframes are near to one another once
        ([1, 1, 0.75, 1, 1], 1),
        ([1, 1, 0.25, 1, 1], 1),
        ([2, 2, 0.75, 2], 2),
        ([4, 0.75, 4, 0.25, 4], 4),
    ],
)
def test_a_list_goes_on_with_its_target_however_keyframes_come(gops_s: list[float], target_s: int) -> None:
    """Where no keyframe comes in time a segment begins without one, which RFC 8216 section 3 allows."""
    output = HlsOutput(silent_track=False, changed=lambda: None)
    output.begin(Format(WIDTH, HEIGHT, "avc1.42c01e"))
    start = output.start_id
    assert written(output, gops_s) == [target_s], "RFC 8216 section 6.2.1: the target must not change"
    assert (output.start_id, output.failure) == (start, None)
    text = output.playlist()
    assert "EXT-X-INDEPENDENT-SEGMENTS" not in text
    assert "EXT-X-DISCONTINUITY\n" not in text
    listed = [float(found) for found in re.findall(r"EXTINF:([\d.]+)", text)]
    assert listed
    assert max(listed) < target_s + 0.5
    output.end()


def test_a_player_that_comes_begins_with_a_keyframe_and_waits_for_one_where_the_newest_segment_has_none() -> None:
    output = HlsOutput(silent_track=False, changed=lambda: None)
    output.begin(Format(WIDTH, HEIGHT, "avc1.42c01e"))
    written(output, [2, 2])
    assert output.entry == 0, "all segments begin with one"
    for number in range(1, 11):
        time_ = (8 + number) * CLOCK // 2
        output.write(Unit("video", b"\x00\x00\x00\x01\x41\x55", time_, time_))
    assert output.entry is None
    written(output, [2, 2], begin_s=9.5)
    entry = list(output.segments)[-1].number
    assert output.entry == entry
    assert re.findall(r"^(\d+)\.ts$", output.playlist(entry=entry, is_first=True), re.MULTILINE) == [f"{entry}"]
    written(output, [2], begin_s=14)
    text = output.playlist(entry=entry)
    assert f"#EXT-X-MEDIA-SEQUENCE:{entry}\n" in text
    assert len(re.findall(r"^(\d+)\.ts$", text, re.MULTILINE)) > 1
    segments = list(output.segments)
    assert {segment.key for segment in segments} == {True, False}
    assert [segment.key for segment in segments] == [_marks_random_access(segment.data) for segment in segments]
    output.end()


def _marks_random_access(data: bytes) -> bool:
    """Whether a packet of the segment says that a decoder can begin with it (ISO 13818-1 section 2.4.3.5)."""
    packets = [data[at : at + 188] for at in range(0, len(data), 188)]
    return any([packet[3] & 0x20 and packet[4] and packet[5] & 0x40 for packet in packets])


@pytest.mark.parametrize(("gop_s", "offset_s"), [(1, 3), (2, 4), (4, 6), (10, 12)])
def test_a_display_begins_a_target_duration_and_two_seconds_before_the_end(gop_s: int, offset_s: int) -> None:
    output = HlsOutput(silent_track=False, changed=lambda: None)
    output.begin(Format(WIDTH, HEIGHT, "avc1.42c01e"))
    written(output, [gop_s] * 3)
    assert f"#EXT-X-START:TIME-OFFSET=-{offset_s}\n" in output.playlist(near=True)
    assert "EXT-X-START" not in output.playlist()
    output.end()


def test_pictures_that_are_missing_are_a_break_and_no_longer_segment() -> None:
    output = HlsOutput(silent_track=False, changed=lambda: None)
    output.begin(Format(WIDTH, HEIGHT, "avc1.42c01e"))
    written(output, [2, 2])
    start = output.start_id
    for number in range(1, 21):
        if number not in (2, 3):
            time_ = 4 * CLOCK + (number + 7 * (number > 3)) * CLOCK // 4
            is_key = number % 8 == 0
            output.write(Unit("video", KEY if is_key else b"\x00\x00\x00\x01\x41\x55", time_, time_, is_key))
    text = output.playlist()
    assert (output.start_id, output.target_s) == (start, 2)
    assert text.count("#EXT-X-DISCONTINUITY\n") == 1
    assert max(float(found) for found in re.findall(r"EXTINF:([\d.]+)", text)) < 2.5
    output.end()


def test_a_target_that_no_list_named_grows_with_what_is_seen() -> None:
    output = HlsOutput(silent_track=False, changed=lambda: None)
    output.begin(Format(WIDTH, HEIGHT, "avc1.42c01e"))
    start = output.start_id
    written(output, [1, 2, 5], read=False)
    assert (output.start_id, output.target_s) == (start, 5)
    assert len(output.segments) == 3
    output.end()


def test_keyframes_that_stay_away_are_a_refusal_until_they_come_again() -> None:
    output = HlsOutput(silent_track=False, changed=lambda: None)
    output.begin(Format(WIDTH, HEIGHT, "avc1.42c01e"))
    written(output, [2, 2, 30], read=False)
    assert output.failure is not None
    assert output.failure.reason == "no_common_protocol"
    assert len(output.segments) == 0
    assert written(output, [2, 2], begin_s=36.0) == [2]
    assert output.failure is None
    output.end()


@pytest.mark.proves(
    "The counters of packets go on from segment to segment: no program takes the last picture for damaged",
    leans_on="published: ISO 13818-1 section 2.4.3.3",
)
def test_the_counters_of_packets_go_on_from_segment_to_segment() -> None:
    making = Making(1)
    making.write(6)
    latest: dict[int, int] = {}
    for segment in making.output.segments:
        data = making.output.segment(segment.number, "one")
        assert data is not None
        packets = [data[at : at + 188] for at in range(0, len(data), 188)]
        assert [number_of(packet) for packet in packets if number_of(packet) in (0, 4096)] == [0, 4096]
        for packet in packets:
            if packet[3] & 0x10:  # it has a payload
                assert packet[3] & 15 == (latest.get(number_of(packet), (packet[3] & 15) - 1) + 1) % 16
                latest[number_of(packet)] = packet[3] & 15
    making.output.end()


def number_of(packet: bytes) -> int:
    """The packet's PID."""
    return (packet[1] & 31) << 8 | packet[2]
