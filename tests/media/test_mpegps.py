"""Program streams as cameras write them, cut and damaged at any byte."""

import io
import math
from dataclasses import dataclass
from functools import cache, partial

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showcam.engine.codec import nal
from showcam.engine.codec.sound import read_adts
from showcam.engine.ezviz.decipher import Decipherer
from showcam.engine.mpegps import LONGEST, MOST_JUNK, NotMpegPs, Packet, Packets, Pictures, Sound
from showcam.simulator.pictures.garbler import Garbler
from tests.doubles.odd_streams import HIKVISION_HEADER, Habits, ProgramStream
from tests.doubles.rtsp_recording import recorded

STEP = 6000  # 15 pictures a second
HABITS = {
    "plain": Habits(),
    "no map": Habits(map="none"),
    "lying map": Habits(map="lies"),
    "open-ended": Habits(open_ended=True),
    "private packets": Habits(private=True, padding=True),
    "interrupted": Habits(interrupted=True),
}


@dataclass(frozen=True)
class Film:
    pictures: tuple[bytes, ...]
    keys: tuple[bool, ...]
    sounds: tuple[bytes, ...]

    def sent(self, codec: str = "h264", habits: Habits = Habits(), begin: int = 0) -> bytes:  # noqa: B008
        stream = ProgramStream(codec, "aac", habits)  # type: ignore[arg-type]
        out = b""
        for number, (picture, key) in enumerate(zip(self.pictures, self.keys, strict=True)):
            out += stream.picture(picture, begin + number * STEP, key=key)
            out += stream.sound(self.sounds[number], begin + number * STEP)
        return out + stream.picture(self.pictures[0], begin + len(self.pictures) * STEP, key=False) + b"\0\0\1\xb9"


@cache
def film(codec: str = "libx264") -> Film:
    samples = recorded(codec=codec).samples
    pictures = [sample for sample in samples if sample.kind == "video"][:20]
    sounds = [adts(sample.data) for sample in samples if sample.kind == "audio"][:20]
    return Film(tuple(picture.data for picture in pictures), tuple(picture.key for picture in pictures), tuple(sounds))


def adts(frame: bytes) -> bytes:
    size = len(frame) + 7
    return bytes((0xFF, 0xF1, 0x60, 0x40 | size >> 11, size >> 3 & 0xFF, (size & 7) << 5 | 0x1F, 0xFC)) + frame


def split(data: bytes, size: int) -> list[tuple[str, bytes, int]]:
    packets, pictures = Packets(), Pictures()
    return [
        (picture.kind, picture.data, picture.pts)
        for at in range(0, len(data), size)
        for picture in pictures.feed(packets.feed(data[at : at + size]))
    ]


def pictures(found: list[tuple[str, bytes, int]]) -> list[bytes]:
    return [data for kind, data, _ in found if kind == "video"]


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("habits", HABITS.values(), ids=HABITS)
def test_pictures_and_sound_come_out_as_they_went_in(habits: Habits, codec: str) -> None:
    made = film("libx265" if codec == "h265" else "libx264")
    found = split(made.sent(codec, habits), 1300)

    assert pictures(found) == list(made.pictures)
    assert [pts for kind, _, pts in found if kind == "video"] == [number * STEP for number in range(20)]
    assert [data for kind, data, _ in found if kind == "sound"] == list(made.sounds)
    assert nal.codec(made.pictures[0]) == codec


@pytest.mark.parametrize("size", [1, 2, 5, 17, 1000, 65536, 10_000_000])
@pytest.mark.parametrize("habits", [HABITS["plain"], HABITS["open-ended"]], ids=["plain", "open-ended"])
def test_cuts_are_no_matter(size: int, habits: Habits) -> None:
    assert split(film().sent(habits=habits), size) == split(film().sent(habits=habits), 777)


@pytest.mark.parametrize(
    "before", [HIKVISION_HEADER, b"\0\0\1\xe0\xff\xff" + bytes(5000), b"\0" * 1000, b"\0\0\1", b"\0\0\1\xba"]
)
def test_what_stands_before_the_first_pack_is_passed_over(before: bytes) -> None:
    found = split(before + film().sent(), 999)
    assert pictures(found)[-19:] == list(film().pictures)[1:]


def test_a_session_that_begins_in_the_middle_begins_with_a_whole_picture() -> None:
    sent = film().sent()
    for start in range(1, 4000, 131):
        found = pictures(split(sent[start:], 1400))
        assert found == list(film().pictures)[-len(found) :], start
        assert len(found) >= 15


def test_every_byte_may_be_missing_or_another() -> None:
    """Whatever is damaged: what comes long after it is whole, and what is lost is reported."""
    made = film()
    sent = made.sent()
    after = b"".join(made.sent(begin=turn * 10_000_000) for turn in range(1, 3 + 70_000 // len(sent)))
    for at in range(0, 6000, 11):
        for damaged in (sent[:at] + sent[at + 1 :], sent[:at] + bytes((sent[at] ^ 0xFF,)) + sent[at + 1 :]):
            found = split(damaged + after, 5000)
            assert pictures(found)[-20:] == list(made.pictures), at


def test_libavs_own_program_stream_is_read() -> None:
    made, out = film(), io.BytesIO()
    with av.open(out, "w", format="vob") as container:
        stream = container.add_mux_stream("h264", width=320, height=180)
        for number, data in enumerate(made.pictures):
            packet = av.Packet(data)
            packet.pts = packet.dts = number * STEP
            packet.time_base, packet.stream, packet.is_keyframe = stream.time_base, stream, made.keys[number]
            container.mux(packet)
    found = pictures(split(out.getvalue() + made.sent(begin=10_000_000), 1024))
    assert b"".join(found).startswith(b"".join(made.pictures))


def test_our_program_stream_is_read_by_libav() -> None:
    """The doubles write it, so that what they write is proven to be a program stream."""
    with av.open(io.BytesIO(film().sent()), "r", format="mpeg") as container:
        assert [stream.codec_context.name for stream in container.streams] == ["h264", "aac"]
        assert len(list(container.decode(video=0))) >= 20


TIME = b"\x21\x00\x01\x00\x03"  # 1, with its marker bits


@pytest.mark.parametrize(
    ("header", "pts", "data"),
    [
        (b"\x8c\x80\x05" + TIME, 1, b"picture"),
        (b"\x8c\x80\x07" + TIME + b"\xff\xff", 1, b"picture"),
        (b"\x8c\x00\x00", None, b"picture"),
        (b"\x8c\x80\x00", None, b"picture"),
        (b"\x8c\x80\x04" + TIME[:4], None, b"picture"),
        (b"\x8c\x80\x05\x20" + TIME[1:], None, b"picture"),
        (b"\x8c\x80\x05" + TIME[:2] + b"\0" + TIME[3:], None, b"picture"),
        (b"\x8c\x80\x05" + TIME[:4] + b"\2", None, b"picture"),
        (b"\x8c\x80\x00", None, b""),
        (b"\x8c\x80\x04\x21", "lost", b""),
        (b"\x0c\x80\x05" + TIME, "lost", b""),
        (b"\x8c", "lost", b""),
    ],
)
def test_the_header_of_a_packet_has_a_time_or_none(header: bytes, pts: int | str | None, data: bytes) -> None:
    body = header + data
    sent = ProgramStream("h264").picture(b"", 0, key=False) + b"\0\0\1\xe0" + len(body).to_bytes(2) + body
    (found,) = Packets().feed(sent + b"\0\0\1\xb9")[:1]
    assert found == (Packet("lost") if pts == "lost" else Packet("video", data, pts))  # type: ignore[arg-type]


def test_a_little_damage_every_now_and_then_is_passed_over_for_hours() -> None:
    packets, found = Packets(), 0
    good = ProgramStream("h264").picture(b"\0\0\1\x65" + b"\x11" * 100, 0, key=False)
    for _ in range(2 * MOST_JUNK // 1024):
        found += sum(packet.kind == "video" for packet in packets.feed(bytes(1024) + good * 2))
    assert found > 2 * MOST_JUNK // 1024


@pytest.mark.parametrize("noise", [b"\0" * 4096, b"\0\0\1\xe0" * 1024, b"\x47" * 4096, b"\0\0\1\xbb\0\0" * 700])
def test_noise_without_end_is_given_up(noise: bytes) -> None:
    assert fed_in_vain(Packets(), noise, 2 * MOST_JUNK) < len(noise)


def test_a_packet_without_an_end_is_given_up() -> None:
    packets = Packets()
    packets.feed(ProgramStream("h264").picture(b"", 0, key=False) + b"\0\0\1\xe0\0\0\x80\0\0")
    held = fed_in_vain(packets, b"\xaa" * 65536, 2 * LONGEST)
    assert LONGEST / 2 < held <= LONGEST + 65536


def fed_in_vain(packets: Packets, data: bytes, enough: int) -> int:
    """The most that was held until it was given up."""
    most = 0
    for _ in range(enough // len(data)):
        try:
            packets.feed(data)
        except NotMpegPs:
            return most
        most = max(most, len(packets._held))
    raise AssertionError("it was not given up")


V, S, P, LOST = (partial(Packet, kind) for kind in ("video", "sound", "private", "lost"))
SOUND = ("sound", b"s", 1, ())


@pytest.mark.parametrize(
    ("packets", "pieces"),
    [
        ([V(b"a", 1), V(b"b"), V(b"c", 2)], [("video", b"ab", 1, ())]),
        ([V(b"a", 1), V(b"b", 1), V(b"c", 2)], [("video", b"ab", 1, ())]),
        ([V(b"a"), V(b"b", 1), V(b"c", 2)], [("video", b"b", 1, ())]),
        ([V(b"a", 1), P(b""), V(b"b"), V(b"c", 2)], [("video", b"ab", 1, (1,))]),
        ([V(b"a", 1), S(b"s", 1), V(b"b"), P(b""), V(b"c"), V(b"d", 2)], [SOUND, ("video", b"abc", 1, (1, 2))]),
        ([P(b""), V(b"a", 1), V(b"b", 2)], [("video", b"a", 1, ())]),
        ([V(b"a", 1), P(b""), V(b"b", 2), V(b"c"), V(b"d", 3)], [("video", b"a", 1, ()), ("video", b"bc", 2, ())]),
        ([V(b"a", 1), LOST(b""), V(b"b"), V(b"c", 2), V(b"d", 3)], [("lost", b"", 0, ()), ("video", b"c", 2, ())]),
        ([V(b"", 1), V(b"c", 2)], []),
        ([S(b"s"), S(b"", 1)], []),
    ],
)
def test_packets_make_pictures(packets: list[Packet], pieces: list[tuple[str, bytes, int, tuple[int, ...]]]) -> None:
    """A piece of a picture with a hole in it is none; `breaks` are where the cipher begins again."""
    assert list(Pictures().feed(packets)) == pieces


def test_a_picture_without_an_end_is_reported_as_lost() -> None:
    pictures = Pictures()
    big = [Packet("video", bytes(60_000), 7)] + [Packet("video", bytes(60_000))] * 80
    assert [piece.kind for piece in pictures.feed(big)] == ["lost"]


@given(st.binary(max_size=300), st.integers(1, 50))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_taken(data: bytes, size: int) -> None:
    split(b"\0\0\1\xba\x44" + data, size)


def law(name: str, samples: list[float]) -> bytes:
    encoder = av.CodecContext.create(name, "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = 8000, "mono", "s16"
    frame = av.AudioFrame(format="s16", layout="mono", samples=len(samples))
    frame.sample_rate = 8000
    frame.planes[0].update(b"".join(int(value).to_bytes(2, "little", signed=True) for value in samples))
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])


SOUNDS: dict[str, list[float]] = {
    "silence": [0.0] * 4000,
    "murmur": [(number * 7919 % 13) - 6 for number in range(4000)],
    "tone": [9000 * math.sin(number / 4) for number in range(4000)],
    "speech": [9000 * math.sin(number / 9) * math.sin(number / 400) ** 2 for number in range(4000)],
}


@pytest.mark.parametrize("codec", ["pcm_alaw", "pcm_mulaw"])
@pytest.mark.parametrize("sound", SOUNDS.values(), ids=SOUNDS)
def test_g711_is_known_by_what_it_sounds_like(codec: str, sound: list[float]) -> None:
    data, heard = law(codec, sound), Sound()
    parts = [data[at : at + 320] for at in range(0, len(data), 320)]
    found = [frame for number, part in enumerate(parts) for frame in heard.feed(part, number * 3600)]
    assert (heard.codec, heard.rate) == (codec, 8000)
    assert b"".join(frame.data for frame in found) == data[-sum(len(frame.data) for frame in found) :]
    assert len(found) >= len(parts) - 6


def test_aac_is_known_by_its_headers() -> None:
    heard, frames = Sound(), film().sounds
    assert [frame.data for frame in heard.feed(frames[0], 90)] == [frames[0]]
    assert (heard.codec, heard.rate) == ("aac", 16000)
    assert heard.feed(frames[1] + frames[2] + frames[3][:9], 900) == [(frames[1], 900), (frames[2], 900 + 5760)]
    assert heard.feed(b"\xff\xf1" + bytes(20), 0) == []


@pytest.mark.parametrize(
    ("header", "rate"),
    [
        ("fff16040", 16000),
        ("fff96040", 16000),
        ("fff06040", 16000),
        ("fff86040", 16000),
        ("fff14c80", 48000),
        ("fff17c40", 0),
        ("fff36040", 0),
        ("fffd6040", 0),
        ("ffe16040", 0),
        ("fef16040", 0),
    ],
)
def test_headers_of_aac_are_of_either_mpeg_with_a_checksum_or_without(header: str, rate: int) -> None:
    found = read_adts(bytes.fromhex(header) + bytes(3))
    assert (found.config.rate if found else 0) == rate
    assert read_adts(bytes.fromhex(header) + bytes(2)) is None, "it is not whole"


@pytest.mark.parametrize("is_encrypted", [True, False])
@pytest.mark.parametrize("codec", ["pcm_alaw", "pcm_mulaw"])
@pytest.mark.parametrize("name", ["tone", "speech"])
def test_g711_is_deciphered_where_that_is_calmer(codec: str, name: str, is_encrypted: bool) -> None:
    data, decipherer = law(codec, SOUNDS[name]), Decipherer(b"ABCDEF".ljust(16, b"\0"))
    parts = [data[at : at + 320] for at in range(0, len(data), 320)]
    heard, garbler = Sound(decipherer.samples), Garbler("ABCDEF", "h264")
    sent = [garbler.audio(part) if is_encrypted else part for part in parts]
    found = [frame.data for number, part in enumerate(sent) for frame in heard.feed(part, number * 3600)]
    assert (heard.codec, found) == (codec, parts[-len(found) :])


def test_other_sound_is_left_alone() -> None:
    heard = Sound()
    assert [frame for _ in range(40) for frame in heard.feed(b"\xff\xfd\x84\xc4" + bytes(500), 0)] == []
    assert heard.codec == ""
    assert Sound().feed(b"", 0) == []


@given(st.lists(st.binary(max_size=60), max_size=30))
@settings(deadline=None)
def test_any_sound_is_taken(parts: list[bytes]) -> None:
    heard = Sound()
    for part in parts:
        heard.feed(part, 0)
    assert (heard.rate > 0) is bool(heard.codec)


@pytest.mark.parametrize(
    ("picture", "codec", "is_key"),
    [
        (b"\0\0\0\1\x67\x42\0\0\1\x68\xce\0\0\1\x65\x88", "h264", True),
        (b"\0\0\0\1\x41\x9a", None, False),
        (b"\0\0\0\1\x40\x01\x0c\0\0\1\x42\x01", "h265", False),
        (b"\0\0\0\1\x02\x01", None, False),
        (b"", None, False),
        (b"\0\0\1", None, False),
    ],
)
def test_codecs_are_known_by_certain_bytes_alone(picture: bytes, codec: str | None, is_key: bool) -> None:
    assert nal.codec(picture) == codec
    assert nal.is_key(picture, codec or "h264") is is_key
