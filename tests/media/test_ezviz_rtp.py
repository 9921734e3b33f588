"""RTP as cameras send it by EZVIZ's cloud: codecs and clocks inferred from the bytes, and what is missing."""

import itertools
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showcam.engine.ezviz.h265 import EzvizH265Depacketizer
from showcam.engine.mpegps import Piece
from showcam.engine.rtp.packets import read
from showcam.engine.source import CLOCK
from showcam.engine.sources.footage import EzvizRtp, Footage
from showcam.simulator.pictures.garbler import split
from tests.doubles.odd_streams import RtpHabits, RtpStream
from tests.media.test_mpegps import SOUNDS, adts, film, law
from tests.media.test_rtp import pictures

pytestmark = pytest.mark.proves(
    "A camera that sends RTP by the cloud is shown, and damage costs only its own video",
    leans_on="second stack: libav's packetizer; double: EZVIZ's cloud",
)

STEP = 6000
KEY = b"ABCDEF".ljust(16, b"\0")


class Clock:
    """The time of arrival, as life has it: a picture each fifteenth of a second."""

    now = 50.0


def sent(codec: str = "libx264", habits: RtpHabits = RtpHabits(), begin: int = 0) -> list[list[bytes]]:  # noqa: B008
    """The packets of each picture."""
    stream = RtpStream("h265" if codec == "libx265" else "h264", habits)
    return [
        stream.picture(picture, begin + number * STEP, key=number % 15 == 0)
        for number, picture in enumerate(pictures(codec))
    ]


def read_all(packets: list[list[bytes]], rtp: EzvizRtp | None = None) -> list[Piece]:
    clock = Clock()
    rtp = rtp or EzvizRtp(b"", lambda: clock.now)
    found = []
    for those in packets:
        clock.now += STEP / CLOCK
        found += [piece for body in those for piece in rtp.feed(body)]
    return found


def units(picture: bytes) -> list[bytes]:
    return [unit for _, unit in split(picture)]


HABITS = {
    "together": RtpHabits(),
    "apart": RtpHabits(together=False),
    "a sequence for each kind": RtpHabits(own_numbers=True),
    "no metadata": RtpHabits(metadata=False),
}


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
@pytest.mark.parametrize("habits", HABITS.values(), ids=HABITS)
def test_pictures_come_out_as_they_went_in(habits: RtpHabits, codec: str) -> None:
    found = read_all(sent(codec, habits))
    assert [units(unit.data) for unit in found] == [units(unit) for unit in pictures(codec)]
    assert [unit.pts for unit in found] == [number * STEP for number in range(30)]


def fragment(kind: int, data: bytes, *, first: bool = False, last: bool = False) -> bytes:
    return b"\x62\x01" + bytes((first << 7 | last << 6 | kind,)) + data


SLICE, REST, NEXT = b"\xafslice", b"rest", b"\x2fmore"  # the first begins a picture; a later one does not
OPEN = (fragment(19, SLICE, first=True), fragment(19, REST))
WHOLE = b"\x26\x01" + SLICE + REST
SUFFIX = b"\x50\x01message"  # SEI behind a picture's slices


@pytest.mark.parametrize(
    ("payloads", "units_of_it"),
    [
        ([OPEN[0], fragment(19, REST, last=True)], [WHOLE]),
        (OPEN, [WHOLE]),
        ([*OPEN, SUFFIX], [WHOLE, SUFFIX]),
        ([*OPEN, fragment(19, NEXT, first=True), fragment(19, REST)], [WHOLE, b"\x26\x01" + NEXT + REST]),
        ([*OPEN, b"\x26\x01" + NEXT], [WHOLE, b"\x26\x01" + NEXT]),
    ],
    ids=["as it should be", "by the marker", "by another unit", "by fragments of another", "by another slice"],
)
@pytest.mark.parametrize("is_marked", [True, False])
def test_a_unit_of_h265_in_fragments_ends_with_or_without_its_last_flag(
    payloads: list[bytes], units_of_it: list[bytes], is_marked: bool
) -> None:
    """Its picture ends with the marker, or with a packet of the next one."""
    taker, found = EzvizH265Depacketizer(), []
    for number, payload in enumerate(payloads):
        found += taker.feed(payload, 100, marker=is_marked and number == len(payloads) - 1)
    found += taker.feed(b"\x02\x01\xd0next", 200, marker=True)
    assert [(units(each.data), each.damaged, each.timestamp) for each in found] == [
        (units_of_it, False, 100),
        ([b"\x02\x01\xd0next"], False, 200),
    ]


def test_one_whose_end_is_missing_is_damaged() -> None:
    taker = EzvizH265Depacketizer()
    found = [each for payload in OPEN for each in taker.feed(payload, 100, marker=False)]
    found += taker.feed(b"\x02\x01\xd0next", 200, marker=True, lost=True)
    assert [each.damaged for each in found if each.timestamp == 100] == [True]


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_sound_that_is_numbered_by_itself_may_come_between_the_parts_of_a_picture(codec: str) -> None:
    stream = RtpStream("h265" if codec == "libx265" else "h264", RtpHabits(own_numbers=True))
    packets = [
        [each for body in stream.picture(picture, number * STEP, key=False) for each in (body, *stream.sound(b"s", 0))]
        for number, picture in enumerate(pictures(codec))
    ]
    assert max(map(len, packets)) > 6
    assert [units(unit.data) for unit in read_all(packets) if unit.kind == "video"] == [
        units(picture) for picture in pictures(codec)
    ]


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_stream_of_another_source_is_shown_from_its_first_packet(codec: str) -> None:
    footage = Footage(now=itertools.count().__next__)
    bodies = [body[:8] + b"\1\2\3\4" + body[12:] for those in sent(codec) for body in those if body[1] & 0x7F == 96]
    shown = [unit.data for body in bodies for unit in footage.feed(body)]
    assert [units(data) for data in shown] == [units(picture) for picture in pictures(codec)]


def test_a_clock_that_begins_again_at_zero_goes_on() -> None:
    found = read_all(sent(begin=(1 << 32) - 4 * STEP))
    assert [unit.pts for unit in found] == [number * STEP for number in range(30)]


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_packet_that_is_missing_costs_its_picture_and_after_a_keyframe_all_up_to_the_next(codec: str) -> None:
    packets, wanted = sent(codec, RtpHabits(metadata=False)), pictures(codec)
    for gone in (0, 3, 15, 22):
        for at in {len(packets[gone]) // 2, len(packets[gone]) - 1}:
            damaged = [
                [body for n, body in enumerate(those) if (number, n) != (gone, at)]
                for number, those in enumerate(packets)
            ]
            footage = Footage(now=itertools.count().__next__)
            shown = [unit.data for those in damaged for body in those for unit in footage.feed(body)]
            left = [
                number for number in range(30) if number != gone and not (gone % 15 == 0 and gone <= number < gone + 15)
            ]
            assert [units(picture) for picture in shown] == [units(wanted[number]) for number in left], (gone, at)


def heard(packets: list[bytes], step_s: float) -> tuple[Footage, list[tuple[bytes, int]]]:
    """Sound between pictures, and the time of each unit of it since the first picture."""
    clock, shown = Clock(), RtpStream("h264")
    footage, found = Footage(now=lambda: clock.now), []
    frames = itertools.cycle(pictures("libx264"))
    due = 0.0
    for number, packet in enumerate(packets):
        clock.now = 50.0 + number * step_s
        while due <= number * step_s:
            for body in shown.picture(next(frames), round(due * CLOCK), key=False):
                found += footage.feed(body)
            due += STEP / CLOCK
        found += footage.feed(packet)
    return footage, [(unit.data, unit.pts) for unit in found if unit.kind == "audio"]


def aac(hz: int, kind: int, *, is_headed: bool) -> list[bytes]:
    stream, out = RtpStream("h264"), []
    for number, frame in enumerate(film().sounds):
        raw = frame[7:]
        payload = struct.pack(">HH", 16, len(raw) << 3) + raw if is_headed else frame
        out.append(stream.plain(kind, payload, 900 + number * 1024 * hz // 16_000))
    return out


@pytest.mark.parametrize("is_headed", [True, False], ids=["AU headers", "ADTS"])
@pytest.mark.parametrize("kind", [104, 100, 14])
@pytest.mark.parametrize("hz", [16_000, 90_000])
def test_aac_is_known_by_its_bytes_and_its_clock_by_its_steps(hz: int, kind: int, is_headed: bool) -> None:
    footage, found = heard(aac(hz, kind, is_headed=is_headed), 1024 / 16_000)
    assert (footage.sound or ())[:2] == ("aac", 16_000)
    assert [data for data, _ in found] == [adts(sound[7:]) for sound in film().sounds[-len(found) :]]
    assert len(found) >= 18
    assert {round((b - a) / 576) for (_, a), (_, b) in itertools.pairwise(found)} == {10}, "a frame's 64 ms"


@pytest.mark.parametrize(("kind", "name"), [(0, "pcm_mulaw"), (8, "pcm_alaw")])
def test_g711_is_known_by_its_bytes(kind: int, name: str) -> None:
    data, stream = law(name, SOUNDS["speech"]), RtpStream("h264")
    parts = [data[at : at + 320] for at in range(0, len(data), 320)]
    footage, found = heard([stream.plain(kind, part, number * 320) for number, part in enumerate(parts)], 0.04)
    assert (footage.sound or ())[:2] == (name, 8000)
    assert [part for part, _ in found] == parts[-len(found) :]


def test_what_is_neither_picture_nor_sound_is_left_out() -> None:
    stream = RtpStream("h264")
    odd = [stream.plain(kind, bytes(range(60)), 5) for kind in (104, 112, 115, 33, 127)]
    _, found = heard(odd * 10, 0.02)
    assert found == []


def test_every_byte_may_be_missing_or_another() -> None:
    """Each byte of the first two pictures is; from the third keyframe on all is whole."""
    wanted, stream = pictures("libx265"), RtpStream("h265")
    shown = (*wanted, *wanted, wanted[1])
    packets = [stream.picture(picture, number * STEP, key=number % 15 == 0) for number, picture in enumerate(shown)]
    flat = [body for those in packets for body in those][:-1]  # the beginning of a picture ends the one before
    for number, body in enumerate(body for those in packets[:2] for body in those):
        for at in range(0, len(body), 19 if len(body) < 200 else 97):
            flipped = body[:at] + bytes((body[at] ^ 0xFF,)) + body[at + 1 :]
            for damaged in (body[:at] + body[at + 1 :], flipped, body[:at]):
                footage = Footage(now=itertools.count().__next__)
                bodies = [*flat[:number], damaged, *flat[number + 1 :]]
                found = [unit.data for sent in bodies for unit in footage.feed(sent)]
                assert [units(picture) for picture in found[-30:]] == [units(picture) for picture in wanted], (
                    number,
                    at,
                )


@given(
    st.lists(st.tuples(st.integers(0, 127), st.binary(max_size=60), st.integers(0, 0xFFFF), st.booleans()), max_size=60)
)
@settings(max_examples=150, deadline=None)
def test_any_packets_are_taken(parts: list[tuple[int, bytes, int, bool]]) -> None:
    for key in (b"", KEY):
        rtp, clock = EzvizRtp(key, lambda: 1.0), 0
        for those in sent()[:2]:
            for body in those:
                rtp.feed(body)
        for kind, payload, number, marker in parts:
            clock += 700
            rtp.feed(struct.pack(">BBHII", 0x80, kind | marker << 7, number, clock, 1) + payload)
            rtp.feed(payload)


def test_the_doubles_rtp_is_rtp() -> None:
    """The reader of libav's packets reads it too; the last packet of a picture has the marker."""
    for those in sent("libx265"):
        marks = [packet.marker for packet in map(read, those) if packet.kind == 96]
        assert marks == [False] * (len(marks) - 1) + [True]
