"""What sessions bring, as units of one clock: from the first keyframe on, however often a camera begins again."""

import asyncio
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showcam.engine.codec import nal
from showcam.engine.ezviz.address import SUB
from showcam.engine.ezviz.node import NodeSession
from showcam.engine.source import CLOCK, SourceFailed, Unit
from showcam.engine.sources.ezviz_picture import HELD_CAP, Showing
from showcam.engine.sources.footage import MOST_UNITS, UNFOUND, Footage, transport
from showcam.engine.sources.screen import STEP, Joined
from showcam.net.addresses import OnLoopback
from showcam.simulator.pictures.garbler import Garbler
from showcam.simulator.pictures.garbler import split as split_units
from tests.doubles.odd_streams import HIKVISION_HEADER, ProgramStream
from tests.media.test_mpegps import film


def units(footage: Footage, data: bytes, size: int = 1300) -> list[Unit]:
    return [unit for at in range(0, len(data), size) for unit in footage.feed(data[at : at + size])]


def why(data: bytes, size: int = 1300) -> tuple[str, bool]:
    with pytest.raises(SourceFailed) as failed:
        units(Footage(), data, size)
    return failed.value.reason, failed.value.again


def test_a_session_begins_with_a_keyframe_that_has_its_parameter_sets() -> None:
    made = film()
    sent = made.sent()
    found = units(Footage(), sent[7000:] + made.sent(begin=1_000_000))
    assert (found[0].kind, found[0].key, found[0].dts) == ("video", True, 20 * 6000)
    assert found[0].data == made.pictures[0]
    assert {unit.kind for unit in found} == {"video", "audio"}


def test_a_keyframe_whose_parameter_sets_came_before_it_gets_them() -> None:
    """A viewer who comes with it has not had them."""
    stream, picture = ProgramStream("h264"), film().pictures[0]
    sets = nal.parameters(picture, "h264")
    bare = b"".join(start + unit for start, unit in split_units(picture) if unit[0] & 0x1F not in (7, 8))
    assert sets
    assert nal.is_key(bare, "h264")
    sent = [sets, bare, film().pictures[1], bare, film().pictures[1]]
    found = units(Footage(), b"".join(stream.picture(data, n * 6000, key=False) for n, data in enumerate(sent)))
    assert [unit.data for unit in found] == [sets + bare, film().pictures[1], sets + bare]


def test_the_clock_goes_on_where_its_33_bits_begin_again() -> None:
    begin = (1 << 33) - 5 * 6000
    found = [unit.dts for unit in units(Footage(), film().sent(begin=begin)) if unit.kind == "video"]
    assert found == [begin + number * 6000 for number in range(20)]


def test_a_flood_whose_clock_hardly_moves_waits_for_sound_in_bounded_memory() -> None:
    async def held() -> list[int]:
        showing, stream = Showing(SUB, NodeSession(OnLoopback())), ProgramStream("h264")
        picture, sizes = film().pictures[0] + b"\xff" * 100_000, [0]
        while not showing.may_lack_sound and len(sizes) < 1000:
            showing.keep([stream.picture(picture, len(sizes), key=True)])
            sizes.append(sum(len(unit.data) for unit in showing.held))
        return sizes

    sizes = asyncio.run(held())
    assert sizes[-2] <= HELD_CAP < sizes[-1]


def hidden() -> bytes:
    """Encrypted by a camera that leaves the headers of NAL units no clearer than the rest."""
    garbler, stream = Garbler("ABCDEF", "h264"), ProgramStream("h264")
    pictures = [b"\0\0\0\1" + garbler.audio(picture) for picture in film().pictures * 30]
    return b"".join(stream.picture(picture, number * 6000, key=False) for number, picture in enumerate(pictures))


@pytest.mark.parametrize(
    ("data", "reason", "again"),
    [
        (lambda: (b"\x47" + bytes(187)) * 8, "media_down", False),
        (lambda: bytes(UNFOUND + 2000), "media_down", True),
        (lambda: film().sent()[:3000] + bytes(1_000_000), "media_down", True),
    ],
    ids=["TS", "nothing", "stops"],
)
def test_what_is_no_picture_is_distinguished(data: Callable[[], bytes], reason: str, again: bool) -> None:
    assert why(data()) == (reason, again)


def test_pictures_without_a_clear_byte_are_encrypted() -> None:
    assert why(hidden()) == ("encryption_on", False)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (HIKVISION_HEADER, "ps"),
        (b"\xff" * 40 + b"\0\0\1\xba", "ps"),
        (b"\0\0\1\xe0" + bytes(90), None),
        ((b"\x47" + bytes(187)) * 7, "ts"),
        (b"\x47" + bytes(1300), None),  # one body of a program stream in 256 begins so
        ((b"\x47" + bytes(187)) * 2 + bytes(900), None),
        (b"\x80\xf0\0\1\0\0\0\0\x55\x66\x77\x88\0", "rtp"),
        (b"\x80\xf0\0\1\0\0\0\0\x55\x66\x77\x89\0", None),
        (b"", None),
    ],
)
def test_the_form_is_found_by_looking(body: bytes, expected: str | None) -> None:
    assert transport(body) == expected


@pytest.mark.parametrize(
    ("before", "body", "expected"),
    [
        ("8060 0007 00000000 01020304 00", "8060 0008 00000000 01020304 00", "rtp"),
        ("8060 ffff 00000000 01020304 00", "8068 0000 00000000 01020304 00", "rtp"),
        ("8060 0007 00000000 01020304 00", "8060 0009 00000000 01020304 00", None),
        ("8060 0007 00000000 01020304 00", "8060 0008 00000000 01020305 00", None),
        ("8061 0007 00000000 01020304 00", "8060 0008 00000000 01020304 00", None),
        ("4060 0007 00000000 01020304 00", "8060 0008 00000000 01020304 00", None),
        ("", "8060 0008 00000000 01020304 00", None),
    ],
)
def test_rtp_of_a_source_that_nobody_knows_is_known_by_two_packets(
    before: str, body: str, expected: str | None
) -> None:
    assert transport(bytes.fromhex(body), bytes.fromhex(before)) == expected


@given(st.integers(0, 20_000), st.binary(max_size=40), st.integers(1, 5000))
@settings(max_examples=60, deadline=None)
def test_damage_costs_pictures_and_nothing_else(at: int, damage: bytes, size: int) -> None:
    """What follows is whole, and begins with a keyframe wherever something was lost."""
    made = film()
    after = b"".join(made.sent(begin=turn * 10_000_000) for turn in range(1, 4 + 70_000 // len(made.sent())))
    sent = made.sent()
    found = units(Footage(), sent[:at] + damage + sent[at + len(damage) + 3 :] + after, size)
    assert [unit.data for unit in found if unit.kind == "video"][-20:] == list(made.pictures)
    assert found[0].key


class Clock:
    now = 100.0


def picture(dts: int, *, key: bool = False) -> Unit:
    return Unit("video", b"p", dts, dts, key)


def sound(dts: int) -> Unit:
    return Unit("audio", b"s", dts, dts, True)


def put(joined: Joined, *given: Unit) -> list[int]:
    return [done.dts for unit in given if (done := joined.put(unit)) is not None]


def ticks(clock: Clock) -> int:
    return round(clock.now * CLOCK)


def test_sessions_go_on_from_each_other_by_what_was_missed() -> None:
    clock = Clock()
    joined = Joined(lambda: clock.now)
    assert put(joined, picture(7_000_000), sound(7_000_100), picture(7_006_000)) == [0, 100, 6000]
    clock.now += 2.0
    joined.part(ticks(clock) - 6055)
    assert put(joined, picture(55), sound(155), picture(6055)) == [180_000, 180_100, 186_000]


def test_what_a_session_repeats_is_shown_at_double_speed_until_it_is_made_good() -> None:
    clock = Clock()
    joined = Joined(lambda: clock.now)
    put(joined, *[picture(number * 6000) for number in range(10)])
    joined.part(ticks(clock) - 90_000)
    shown = put(joined, *[picture(72_000 + number * 6000) for number in range(10)])
    assert shown == [57_000, 60_000, 63_000, 66_000, 69_000, 72_000, 75_000, 78_000, 84_000, 90_000]
    clock.now += 1.0
    assert put(joined, picture(180_000)) == [144_000], "where it belongs"


@pytest.mark.parametrize("leap", [-10 * CLOCK, -1, -6000, 6 * CLOCK, 10_000 * CLOCK])
def test_a_clock_that_leaps_takes_nothing_with_it(leap: int) -> None:
    joined = Joined(lambda: 0.0)
    found = put(joined, picture(0), picture(6000), picture(6000 + leap), picture(12_000 + leap))
    assert found == [0, 6000, 6000 + STEP, 12_000 + STEP]


def test_sound_that_steps_back_or_is_far_away_is_left_out() -> None:
    joined = Joined(lambda: 0.0)
    found = put(joined, picture(0), sound(100), sound(90), sound(100), sound(20 * CLOCK), sound(200))
    assert found == [0, 100, 200]


@pytest.mark.parametrize(
    ("times_s", "pauses"),
    [
        ((0, 0.1, 0.2), []),
        ((0, 0.1, 1.0), []),
        ((0, 0.1, 2.1, 2.2), [2]),
        ((0, 2, 4, 6), [1]),
        ((0, 0.1, 600.0, 600.1), []),
        ((600.0, 600.1, 0, 0.1), []),
    ],
    ids=["as ever", "less than a second", "two seconds without one", "one in two seconds", "set on", "set back"],
)
def test_time_without_pictures_is_a_pause_unless_they_are_that_rare(
    times_s: tuple[float, ...], pauses: list[int]
) -> None:
    joined, found = Joined(lambda: 0.0), []
    for number, time_s in enumerate(times_s):
        joined.put(picture(round(time_s * CLOCK)))
        if joined.paused:
            found.append(number)
    assert found == pauses


@pytest.mark.parametrize("leap_s", [600, -600, 3, -3])
def test_sound_goes_on_beside_its_picture_whichever_of_them_shows_a_clock_that_was_set(leap_s: int) -> None:
    for sound_first in (True, False):
        joined, placed = Joined(lambda: 0.0), list[tuple[int, int]]()
        for number in range(100):
            at = number * 9000 + (leap_s * CLOCK if number >= 50 else 0) + 1_000 * CLOCK
            shown = picture(at), sound(at + 10)
            for unit in reversed(shown) if sound_first and number else shown:
                put_unit = joined.put(unit)
                if unit.kind == "audio" and put_unit is not None:
                    placed.append((number, put_unit.dts))
        missed = leap_s if leap_s == 3 else 0  # so short a time may as well have gone by
        for number, at in placed:
            expected = number * 9000 + (missed * CLOCK if number >= 50 else 0)
            assert abs(at - expected) < CLOCK // 10, (number, sound_first)
        assert len(placed) >= 98


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 1 << 40), st.booleans()), max_size=60))
@settings(deadline=None)
def test_times_never_go_back(given_units: list[tuple[bool, int, bool]]) -> None:
    joined = Joined(lambda: 0.0)
    last = {"video": -1, "audio": -10 * CLOCK}
    joined.put(picture(0))
    last["video"] = 0
    for is_video, dts, parts in given_units:
        if parts and is_video:
            joined.part(7 * dts)
        done = joined.put(picture(dts) if is_video else sound(dts))
        if done is not None:
            assert done.dts > last[done.kind]
            last[done.kind] = done.dts


@pytest.mark.parametrize("key", [b"", b"ABCDEF".ljust(16, b"\0")], ids=["clear", "with a key"])
def test_a_picture_in_shreds_is_left_out_and_holds_nothing_up(key: bytes) -> None:
    made, stream = film(), ProgramStream("h264")
    shreds = b"\0\0\1\x67" * 700_000
    footage = Footage(key)
    shown = units(footage, made.sent())
    began = time.process_time()
    sent = stream.picture(shreds, 20 * 6000, key=True) + made.sent(begin=21 * 6000)
    after = [unit for unit in units(footage, sent, 60_000) if unit.kind == "video"]
    assert time.process_time() - began < 5
    assert (shown[0].key, after[0].key) == (True, True)
    assert not any(unit.data.count(b"\0\0\1") > MOST_UNITS for unit in after)
