"""Image Encryption undone: every layout, length and damage, and streams that are not encrypted."""

import asyncio
import itertools
import random
import time
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Literal

import av
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st

from showcam.engine.codec import nal
from showcam.engine.ezviz.address import SUB
from showcam.engine.ezviz.decipher import Decipherer
from showcam.engine.ezviz.encryption import FIRST
from showcam.engine.ezviz.node import NodeSession
from showcam.engine.source import EzvizCloud, Format, SourceFailed, Unit, read_source
from showcam.engine.sources.ezviz_picture import EzvizPicture, Showing
from showcam.engine.sources.footage import Footage, Sets
from showcam.engine.sources.screen import Doubt
from showcam.net.addresses import OnLoopback
from showcam.simulator.pictures.garbler import LAYOUTS, Garbler, Layout, split
from tests.doubles.floating_point import apart
from tests.doubles.made_once import made_once
from tests.doubles.odd_streams import LONGEST, Habits, ProgramStream, RtpHabits, RtpStream
from tests.doubles.waiting import LONG_S
from tests.media.test_mpegps import film
from tests.media.test_rtp import pictures

pytestmark = pytest.mark.proves(
    "Encrypted video is shown with its key, and clear video is never deciphered",
    leans_on="second stack: x264, x265 and libav; published: the cipher of public clients, one vector",
    also=("tests/media/test_ezviz_encryption.py",),
)

type Codec = Literal["h264", "h265"]

CODE = "ABCDEF"
KEY, WRONG = (code.ljust(16, b"\0") for code in (CODE.encode(), b"GHIJKL"))
CODECS: tuple[Codec, ...] = ("h264", "h265")
ENCODERS = {"h264": "libx264", "h265": "libx265"}
STEP = 6000


def made(codec: Codec) -> tuple[bytes, ...]:
    """Thirty pictures of several NAL units, the first and the sixteenth of them keyframes."""
    return pictures(ENCODERS[codec])


def units(codec: Codec) -> list[bytes]:
    return [unit for picture in made(codec) for _, unit in split(picture)]


def is_key(number: int) -> bool:
    return number % 15 == 0


def test_the_cipher_is_the_one_that_public_clients_agree_on() -> None:
    """A vector of the code ABCDEF, in the order in which a camera encrypts."""
    hidden = bytes.fromhex("0f6f7a708c03156a6cc446075eeef887")
    assert Decipherer(KEY).samples(hidden) == bytes(range(16))
    assert Garbler(CODE, "h264").audio(bytes(range(16))) == hidden


# units of any length

# all lengths near both ends of what is encrypted; between them each remainder of a block comes again and again
SIZES = (*range(3, 400), *range(400, FIRST - 60, 7), *range(FIRST - 60, FIRST + 120))


def slice_of(codec: Codec, size: int, *, is_first: bool = False) -> bytes:
    """A unit that begins as a slice of the second picture, with the bytes that keep start codes out of it."""
    head = [unit for _, unit in split(made(codec)[1])][-1][:12]  # of H.264 a later slice, of H.265 the only one
    if codec == "h265" and not is_first:
        head = head[:2] + bytes((head[2] & 0x7F,)) + head[3:]
    noise = random.Random(size)
    body = noise.randbytes(size).replace(b"\0\0", b"\0\xff")
    at = noise.randrange(12, max(13, size))
    made_up = (head + body[12:at] + b"\0\0\3\1" + body[at + 4 :])[:size]
    return made_up[:-1] + b"\x80"


def begun(codec: Codec, garbler: Garbler) -> Decipherer:
    """One that knows how the stream is encrypted, up to its first slice between keyframes."""
    decipherer = Decipherer(KEY)
    first, second = made(codec)[0], made(codec)[1]
    assert decipherer.picture(garbler.video(first)) == first
    assert decipherer.picture(garbler.video(second)) == second
    return decipherer


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("codec", CODECS)
def test_a_unit_of_any_length_comes_out_as_it_went_in(codec: Codec, layout: Layout) -> None:
    garbler = Garbler(CODE, codec, layout)
    decipherer = begun(codec, garbler)
    for size in SIZES:
        unit = slice_of(codec, size)
        assert decipherer.unit(garbler.unit(unit)) == unit, size
        picture = b"\0\0\0\1" + unit
        assert decipherer.picture(garbler.video(picture)) == picture, size


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("codec", CODECS)
def test_a_start_code_in_ciphertext_is_none(codec: Codec, layout: Layout) -> None:
    """At each place in a block, with and without another unit behind it."""
    garbler = Garbler(CODE, codec, layout)
    decipherer = begun(codec, garbler)
    opener = Cipher(algorithms.AES(KEY), modes.ECB()).decryptor()  # noqa: S305
    noise = random.Random(7)
    header = 0 if layout == "whole" else 1 if codec == "h264" else 2
    if layout == "copied":
        header = 0
    for at, block in itertools.product(range(13), (1, 5, 200)):
        hidden = noise.randbytes(at) + b"\0\0\1" + noise.randbytes(13 - at)
        unit = bytearray(slice_of(codec, 4003, is_first=True))
        unit[header + 16 * block : header + 16 * block + 16] = opener.update(hidden)
        for rest in (b"", b"\0\0\0\1" + slice_of(codec, 500), b"\0\0\1" + slice_of(codec, 77)):
            picture = b"\0\0\0\1" + bytes(unit) + rest
            sent = garbler.video(picture)
            assert sent.count(b"\0\0\1") > picture.count(b"\0\0\1"), "the ciphertext looks like a start"
            assert decipherer.picture(sent) == picture, (at, block, len(rest))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("codec", CODECS)
def test_the_cipher_begins_again_behind_other_packets(codec: Codec, layout: Layout) -> None:
    garbler, picture = Garbler(CODE, codec, layout), made(codec)[0]
    for step in (333, 1000, 4095, 5000):
        breaks = range(step, len(picture) + 200, step)
        sent = garbler.video(picture, breaks)
        assert Decipherer(KEY).picture(sent, [at for at in breaks if at < len(sent)]) == picture, step


# whole streams


def streamed(codec: Codec, garbler: Garbler | None, transport: str, shown: tuple[bytes, ...] = ()) -> Iterator[bytes]:
    """Bodies of a session."""
    shown = shown or made(codec)
    if transport.startswith("rtp"):
        habits = {
            "rtp": RtpHabits(),
            "rtp, bare": RtpHabits(fragments="bare", together=False),
            "rtp, unit": RtpHabits(fragments="unit", own_numbers=True),
        }
        rtp = RtpStream(codec, habits[transport])
        for number, picture in enumerate(shown):
            data = garbler.video(picture) if garbler else picture
            yield from rtp.picture(data, number * STEP, key=is_key(number))
        return
    is_interrupted = transport == "ps, interrupted"
    stream, sent = ProgramStream(codec, "aac", Habits(private=True, interrupted=is_interrupted)), b""
    for number, picture in enumerate((*shown, shown[-1])):
        breaks = range(LONGEST, len(picture) + 500, LONGEST) if is_interrupted else ()
        data = garbler.video(picture, breaks) if garbler else picture
        sent += stream.picture(data, number * STEP, key=is_key(number))
    for at in range(0, len(sent), 1300):
        yield sent[at : at + 1300]


def read(bodies: Iterator[bytes], key: bytes = KEY) -> tuple[list[Unit], Footage]:
    clock = itertools.count()
    footage = Footage(key, now=lambda: next(clock) / 100)
    return [unit for body in bodies for unit in footage.feed(body)], footage


def same(found: list[Unit], sent: tuple[bytes, ...]) -> bool:
    def parts(picture: bytes) -> list[bytes]:
        return [unit for _, unit in split(picture)]

    return [parts(unit.data) for unit in found] == [parts(picture) for picture in sent]


def frames(codec: Codec, found: list[Unit]) -> int:
    """How many a strict decoder makes of them."""
    decoder = av.CodecContext.create("h264" if codec == "h264" else "hevc", "r")
    decoder.thread_count, decoder.options = 1, {"err_detect": "explode"}
    return sum(len(decoder.decode(packet)) for packet in [*(av.Packet(unit.data) for unit in found), None])


TRANSPORTS = ("ps", "ps, interrupted", "rtp")


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("is_selective", [False, True], ids=["all", "keyframes alone"])
@pytest.mark.parametrize("layout", [None, *LAYOUTS])
@pytest.mark.parametrize("codec", CODECS)
def test_a_stream_is_read_however_it_is_encrypted(
    codec: Codec, layout: Layout | None, is_selective: bool, transport: str
) -> None:
    garbler = Garbler(CODE, codec, layout, selective=is_selective) if layout else None
    found, footage = read(streamed(codec, garbler, transport))
    assert footage.codec == codec
    assert same(found, made(codec))
    assert frames(codec, found) == 30
    assert [unit.key for unit in found] == [is_key(number) for number in range(30)]


@pytest.mark.parametrize("transport", ["rtp, bare", "rtp, unit"])
@pytest.mark.parametrize("layout", [None, "body", "copied"])
def test_h265_fragments_of_these_cameras_are_read(layout: Layout | None, transport: str) -> None:
    garbler = Garbler(CODE, "h265", layout) if layout else None
    found, _ = read(streamed("h265", garbler, transport))
    assert same(found, made("h265"))


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("codec", CODECS)
def test_a_session_that_begins_in_the_middle_begins_with_a_keyframe(codec: Codec, transport: str) -> None:
    for layout in LAYOUTS:
        bodies = list(streamed(codec, Garbler(CODE, codec, layout), transport))
        found, _ = read(iter(bodies[len(bodies) // 6 :]))
        assert same(found, made(codec)[15:]), layout


@pytest.mark.parametrize("transport", ["ps", "rtp"])
def test_an_encrypted_slice_that_looks_like_a_keyframe_is_none(transport: str) -> None:
    """A session that begins between two keyframes, and knows the parameter sets of the session before."""
    lent = Sets("h264", nal.parameters(made("h264")[0], "h264"))
    garbler = Garbler(CODE, "h264", "whole")
    noise = random.Random(7)
    for header in (b"\x45", b"\x65", b"\x48", b"\x67"):  # slices of keyframes and parameter sets, by their first byte
        alike = b"\0\0\0\1" + header + noise.randbytes(400).replace(b"\0\0", b"\1\1")
        shown = (alike, *[garbler.video(picture) for picture in made("h264")])
        footage = Footage(KEY, lent=lent)
        found = [unit for body in streamed("h264", None, transport, shown) for unit in footage.feed(body)]
        assert same(found, made("h264")), header


@pytest.mark.parametrize("transport", ["ps", "rtp"])
@pytest.mark.parametrize("order", ["on, off", "off, on"])
@pytest.mark.parametrize("codec", CODECS)
def test_encryption_that_is_switched_while_it_streams_is_followed(codec: Codec, order: str, transport: str) -> None:
    garbler = Garbler(CODE, codec)
    halves = made(codec)[:15], made(codec)[15:]
    shown = tuple(
        garbler.video(picture) if word == "on" else picture
        for word, half in zip(order.split(", "), halves, strict=True)
        for picture in half
    )
    found, _ = read(streamed(codec, None, transport, shown))
    assert same(found, made(codec))


def outcome(bodies: Iterator[bytes], key: bytes) -> str:
    """Why it can't be shown, as the stream itself tells or keyframes that do not decode."""
    try:
        found, footage = read(bodies, key)
    except SourceFailed as failed:
        return failed.reason
    with pytest.raises(av.error.FFmpegError):
        frames(footage.codec, found[:1])
    doubt = Doubt(encrypts=True, deciphers=bool(key))
    doubt.add(0.0)
    with pytest.raises(SourceFailed) as refused:
        doubt.add(1.0)
    return refused.value.reason


@pytest.mark.parametrize(("is_selective", "transport"), [(False, "ps"), (True, "rtp")], ids=["all", "keyframes alone"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize(("key", "reason"), [(WRONG, "code_wrong"), (b"", "encryption_on")], ids=["wrong", "none"])
def test_what_no_key_opens_is_no_picture(
    codec: Codec, layout: Layout, is_selective: bool, transport: str, key: bytes, reason: str
) -> None:
    garbler = Garbler(CODE, codec, layout, selective=is_selective)
    # six keyframes: two refute a key, and any may look like something by accident
    assert outcome(streamed(codec, garbler, transport, made(codec) * 3), key) == reason


@pytest.mark.parametrize(("codec", "transport"), [("h264", "ps"), ("h264", "rtp"), ("h265", "rtp")])
@pytest.mark.parametrize(
    ("layout", "misread"), [("body", "clear"), ("body", "copied"), ("copied", "clear"), ("copied", "body")]
)
def test_a_keyframe_whose_layout_was_taken_for_another_is_read_under_each(
    codec: Codec, layout: Layout, misread: Any, transport: str
) -> None:
    """A slice may make sense in a wrong layout by accident; then the decoder refuses it, and the others are tried."""
    clock = itertools.count()
    footage = Footage(KEY, now=lambda: next(clock) / 100)
    found: list[Unit] = []
    for body in streamed(codec, Garbler(CODE, codec, layout), transport):
        found += footage.feed(body)
        if len(found) == 1:
            footage.force(misread)
    first, keyframe = [unit for unit in found if unit.key]
    assert (same([first], made(codec)[:1]), same([keyframe], made(codec)[15:16])) == (True, False)
    read_again = dict(footage.otherwise(keyframe.data))
    assert same([keyframe._replace(data=read_again[layout])], made(codec)[15:16])


class Shown:
    """A screen that keeps the keyframes that came to it."""

    def __init__(self) -> None:
        self.keyframes: list[Unit] = []

    has_time = False

    def begin(self, form: Format) -> None:
        """Its viewers need no more than the units."""

    def wait_for_key(self) -> None:
        """None is waited for."""

    def to_hls(self, unit: Unit) -> None:
        """Only live viewers are looked at."""

    def to_viewers(self, unit: Unit) -> None:
        if unit.key:
            self.keyframes.append(unit)

    def now(self) -> int:
        return 0


@pytest.mark.parametrize(
    ("layout", "misread"), [("body", "clear"), ("body", "copied"), ("copied", "clear"), ("copied", "body")]
)
def test_a_right_key_shows_video_whose_keyframes_were_taken_for_another_layout(layout: Layout, misread: Any) -> None:
    """Two of them refute a key, but a keyframe counts only if it decodes under no layout."""

    async def scene() -> list[Unit]:
        screen, showing = Shown(), Showing(SUB, NodeSession(OnLoopback()), KEY)
        picture = EzvizPicture(screen, "off", deciphers=True)
        showing.footage.force(misread)
        showing.keep([*streamed("h264", Garbler(CODE, "h264", layout), "ps")])
        await picture.take(showing)
        deadline = time.monotonic() + LONG_S
        while not screen.keyframes and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        picture.close()
        return screen.keyframes

    assert same(asyncio.run(scene())[:1], made("h264")[:1])


# streams that are not encrypted

X264 = {
    "baseline": {"profile": "baseline"},
    "B-frames": {"bf": "3", "x264-params": "b-pyramid=normal"},
    "several slices": {"x264-params": "slices=5"},
    "interlaced": {"x264-params": "interlaced=1"},
    "column refresh": {"x264-params": "intra-refresh=1"},
    "scaling lists": {"x264-params": "cqm=jvt"},
    "4:4:4": {"profile": "high444"},
}
X265 = {
    "no B-frames": "bframes=0",
    "B-frames": "bframes=4",
    "open GOP": "open-gop=1:bframes=3",
    "temporal layers": "temporal-layers=2:bframes=4:b-adapt=0",
    "several slices": "slices=3",
}


@made_once
@apart
def encoded(codec: Codec, name: str) -> tuple[bytes, ...]:
    encoder: Any = av.CodecContext.create(ENCODERS[codec], "w")
    encoder.width, encoder.height, encoder.time_base = 320, 192, Fraction(1, 15)
    encoder.pix_fmt, encoder.gop_size = "yuv444p" if name == "4:4:4" else "yuv420p", 12
    if codec == "h264":
        encoder.options = {"preset": "fast", **X264[name]}
    else:
        encoder.options = {"preset": "ultrafast", "x265-params": f"{X265[name]}:keyint=12:repeat-headers=1:log-level=0"}
    noise, out = random.Random(3), []
    for number in range(30):
        frame = av.VideoFrame(320, 192, encoder.pix_fmt)
        for plane in frame.planes:
            line = bytes(noise.choices(range(40, 90), k=512))
            plane.update((line * (plane.buffer_size // 512 + 1))[: plane.buffer_size])
        frame.pts = number
        out += encoder.encode(frame)
    return tuple(bytes(packet) for packet in [*out, *encoder.encode(None)])


@pytest.mark.parametrize(("codec", "name"), [*(("h264", name) for name in X264), *(("h265", name) for name in X265)])
def test_a_clear_stream_stays_as_it_is(codec: Codec, name: str) -> None:
    by_picture, by_unit = Decipherer(KEY), Decipherer(KEY)
    for picture in encoded(codec, name):
        assert by_picture.picture(picture) == picture
        assert [by_unit.unit(unit) for _, unit in split(picture)] == [unit for _, unit in split(picture)]
    assert by_picture.encryption.codec == by_unit.encryption.codec == codec


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("codec", "name"), [*(("h264", name) for name in X264), *(("h265", name) for name in X265)])
def test_what_encoders_write_is_read_from_every_layout(codec: Codec, name: str, layout: Layout) -> None:
    garbler, decipherer = Garbler(CODE, codec, layout), Decipherer(KEY)
    for number, picture in enumerate(encoded(codec, name)):
        assert decipherer.picture(garbler.video(picture)) == picture, number


# sound


@pytest.mark.parametrize("is_encrypted", [True, False])
@pytest.mark.parametrize("transport", ["ps", "ps with checksums", "rtp"])
def test_sound_is_deciphered_where_it_is_encrypted(transport: str, is_encrypted: bool) -> None:
    """Beside a picture that is; behind its header, which a checksum makes longer."""
    garbler, shown, sounds = Garbler(CODE, "h264"), made("h264")[:20], film().sounds
    bodies, program, rtp = list[bytes](), ProgramStream("h264"), RtpStream("h264")
    for number, (picture, heard) in enumerate(zip(shown, sounds, strict=True)):
        data, body = garbler.video(picture), garbler.audio(heard[7:]) if is_encrypted else heard[7:]
        if transport.startswith("ps"):
            head = heard[:7] if transport == "ps" else with_checksum(heard)
            bodies += [program.picture(data, number * STEP, key=number == 0), program.sound(head + body, number * 5760)]
        else:
            bodies += [*rtp.picture(data, number * STEP, key=number == 0), *rtp.sound(body, number * 5760)]
    found, footage = read(iter(bodies))
    heard_data = [unit.data for unit in found if unit.kind == "audio"]
    assert (footage.sound or ())[:2] == ("aac", 16_000)
    assert len(heard_data) >= 17
    size = 9 if transport == "ps with checksums" else 7
    assert [sound[size:] for sound in heard_data] == [sound[7:] for sound in sounds[-len(heard_data) :]]


def with_checksum(frame: bytes) -> bytes:
    """The frame's ADTS header, two bytes longer (ISO 14496-3 1.A.2.2.1)."""
    size = len(frame) + 2
    return bytes(
        (0xFF, 0xF0, frame[2], frame[3] & 0xFC | size >> 11, size >> 3 & 0xFF, (size & 7) << 5 | 0x1F, 0xFC, 1, 2)
    )


# damage


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("transport", "filler", "step"), [("ps", 4000, 83), ("rtp", 0, 31)])
def test_every_byte_may_be_missing_or_another(transport: str, filler: int, step: int, layout: Layout) -> None:
    """A sample of the bytes of the first pictures is; those behind are whole.

    A packet that lies swallows 64 KiB of its stream.
    """
    shown = film().pictures
    garbler = Garbler(CODE, "h264", layout)
    before = list(streamed("h264", garbler, transport, shown[:4]))
    swallowed = tuple(b"\0\0\0\1\x0c" + b"\xff" * filler + b"\x80" + picture for picture in shown if filler)
    behind = (*swallowed, *shown)
    if transport == "ps":
        after = list(streamed("h264", garbler, transport, behind))
    else:
        # the beginning of a picture ends the one before
        after = list(streamed("h264", garbler, transport, (*behind, shown[1])))[:-1]
    for body, data in enumerate(before):
        for at in range(body % step, len(data), step):
            flipped = data[:at] + bytes((data[at] ^ 0xFF,)) + data[at + 1 :]
            for damaged in (data[:at] + data[at + 1 :], flipped, data[:at]):
                found, _ = read(iter([*before[:body], damaged, *before[body + 1 :], *after]))
                assert same(found[-19:], shown[-19:]), (body, at)


@given(st.lists(st.binary(max_size=80), max_size=12), st.sampled_from(CODECS))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_taken(parts: list[bytes], codec: Codec) -> None:
    decipherer = begun(codec, Garbler(CODE, codec))
    for part in (*parts, *(units(codec)[0] + body for body in parts)):
        decipherer.unit(part)
        decipherer.sound(part)
        for data in (part, b"\0\0\1" + part, part + b"\0\0\0\1" + part):
            decipherer.picture(data, [at for at in (1, 9, 20) if at < len(data)])


@given(st.lists(st.binary(max_size=60), max_size=40))
@settings(max_examples=100, deadline=None)
def test_any_first_bytes_are_taken(parts: list[bytes]) -> None:
    decipherer = Decipherer(KEY)
    for part in parts:
        decipherer.unit(part)


# the key


def test_a_key_is_handed_on_and_never_shown() -> None:
    spec = EzvizCloud(url="ysproto://h:1/live", hosts=("h:1",), sound="on", key=KEY)
    assert read_source(spec.as_json()) == spec
    assert read_source({"kind": "hls", "url": "", "hosts": (), "sound": "on"}).key == b""
    assert not any(
        text in repr(holder) for text in (CODE, "QUJDREVG") for holder in (spec, Decipherer(KEY), Footage(KEY))
    )
