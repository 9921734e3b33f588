"""RTP taken apart: what libav's packetizer makes of real pictures and sound, and everything a network does to it."""

import contextlib
import io
import itertools
import random
import tracemalloc
from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import cache

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.ezviz.h265 import EzvizH265Depacketizer
from media.plane.codec.sound import adts
from media.rtp import reports
from media.rtp.aac import AacDepacketizer, LatmDepacketizer, NoAac, read_config, read_mux_config
from media.rtp.h264 import H264Depacketizer
from media.rtp.h265 import H265Depacketizer
from media.rtp.mp2t import TransportDepacketizer
from media.rtp.nal import START
from media.rtp.order import Order
from media.rtp.packet import NotRtp, Packet, read
from media.rtp.plain import PlainDepacketizer
from media.rtp.unit import UNIT_CAP, AccessUnit, Depacketizer
from tests.doubles.floating_point import apart
from tests.doubles.hls_camera import LENGTH_S, recording
from tests.doubles.made_once import made_once
from tests.doubles.rtsp_camera import slope, tone

TICKS = 6_000


class _Wire:
    """What libav writes RTP into, a packet at a time."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []

    def write(self, data: bytes) -> int:
        if data[1] not in range(200, 205):  # RTCP
            self.packets.append(read(bytes(data)))
        return len(data)


@made_once
@apart
def pictures(codec: str) -> tuple[bytes, ...]:
    """Thirty, a keyframe in fifteen, noisy enough for many packets."""
    encoder = av.CodecContext.create(codec, "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 320, 180, "yuv420p", Fraction(1, 15)
    params = "keyint=15:min-keyint=15:scenecut=0:qp=12"
    if codec == "libx264":
        encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "x264-params": params + ":slices=3"}
    else:
        encoder.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "x265-params": params.partition(":qp")[0] + ":repeat-headers=1:log-level=none",
        }
    noise = random.Random(1)
    made = []
    for number in range(30):
        frame = slope(number, 320, 180)
        plane = frame.planes[0]
        plane.update(bytes(noise.choices(range(256), k=4096)) + bytes(plane)[4096:])
        made += [bytes(packet) for packet in encoder.encode(frame)]
    return tuple(made + [bytes(packet) for packet in encoder.encode(None)])


@cache
def packed(codec: str) -> tuple[Packet, ...]:
    """By libav's packetizer."""
    wire = _Wire()
    options = {"packetsize": "1200", "payload_type": "96"}
    with av.open(wire, "w", format="rtp", options=options) as out:
        stream = out.add_mux_stream("h264" if codec == "libx264" else "hevc", width=320, height=180)
        stream.time_base = Fraction(1, 90_000)
        for number, data in enumerate(pictures(codec)):
            packet = av.Packet(data)
            packet.pts = packet.dts = number * TICKS
            packet.time_base, packet.stream = Fraction(1, 90_000), stream
            out.mux(packet)
    return tuple(wire.packets)


def units(data: bytes) -> list[bytes]:
    return [each.rstrip(b"\0") for each in data.replace(START, START[1:]).split(START[1:]) if each]


CODECS: dict[str, Callable[[], Depacketizer]] = {"libx264": H264Depacketizer, "libx265": H265Depacketizer}


# whether a unit stands before the slices
HEADS: dict[str, Callable[[bytes], bool]] = {
    "libx264": lambda unit: (unit[0] & 0x1F) >= 6,
    "libx265": lambda unit: unit[0] >> 1 >= 32,
}


def fed(
    depacketizer: Depacketizer, packets: Iterable[Packet], *, missing: frozenset[int] = frozenset()
) -> list[AccessUnit]:
    out: list[AccessUnit] = []
    lost = False
    for number, each in enumerate(packets):
        if number in missing:
            lost = True
            continue
        out += depacketizer.feed(each.payload, each.timestamp, marker=each.marker, lost=lost)
        lost = False
    return out


@pytest.mark.parametrize("codec", CODECS)
def test_what_was_packed_comes_out(codec: str) -> None:
    out = fed(CODECS[codec](), packed(codec))
    assert [units(each.data) for each in out] == [units(each) for each in pictures(codec)]
    assert [number for number, each in enumerate(out) if each.key] == [0, 15]
    assert not any(each.damaged for each in out)
    assert {b.timestamp - a.timestamp & 0xFFFFFFFF for a, b in itertools.pairwise(out)} == {TICKS}


@pytest.mark.parametrize("codec", CODECS)
def test_without_markers_a_picture_ends_where_another_begins(codec: str) -> None:
    out = fed(CODECS[codec](), [each._replace(marker=False) for each in packed(codec)])
    assert [units(each.data) for each in out] == [units(each) for each in pictures(codec)[:-1]]
    assert not any(each.damaged for each in out)


@pytest.mark.parametrize("codec", CODECS)
def test_each_packet_that_is_lost_damages_its_own_picture_alone(codec: str) -> None:
    """Where what stands before the slices is lost, the picture may be told as whole without it."""
    packets, sent = packed(codec), pictures(codec)
    first = packets[0].timestamp
    for number, gone in enumerate(packets):
        out = fed(CODECS[codec](), packets, missing=frozenset({number}))
        told = {(each.timestamp - first & 0xFFFFFFFF) // TICKS: each for each in out}
        hit = told.pop((gone.timestamp - first & 0xFFFFFFFF) // TICKS, None)
        assert {index for index, each in told.items() if each.damaged} == set(), number
        assert {index for index, each in told.items() if units(each.data) != units(sent[index])} == set(), number
        kept = [] if hit is None or hit.damaged else [unit for unit in units(hit.data) if not HEADS[codec](unit)]
        whole = [unit for unit in units(sent[(gone.timestamp - first & 0xFFFFFFFF) // TICKS]) if not HEADS[codec](unit)]
        assert kept == (whole if kept else []), number


def h264(*payloads: bytes, timestamp: int = 1, markers: tuple[bool, ...] = ()) -> list[Packet]:
    return [
        Packet(96, markers[at] if markers else at == len(payloads) - 1, at, timestamp, 1, each)
        for at, each in enumerate(payloads)
    ]


SPS, PPS, IDR, MORE, LATER = b"\x67sps", b"\x68pps", b"\x65\x88idr", b"\x65\x20more", b"\x41\x9apic"
WHOLE = (SPS, PPS, IDR, MORE)


@pytest.mark.parametrize(
    ("packets", "expected"),
    [
        (h264(*WHOLE), [(WHOLE, True, False)]),
        (h264(b"\x78" + b"".join(len(each).to_bytes(2) + each for each in WHOLE)), [(WHOLE, True, False)]),
        (h264(*WHOLE, markers=(False, True, False, True)), [(WHOLE, True, False)]),
        (h264(SPS, PPS, timestamp=1) + h264(IDR, MORE, timestamp=2), [(WHOLE, True, False)]),
        (h264(b"\x7c\x85\x88i", b"\x7c\x05dr", b"\x7c\x45!"), [((b"\x65\x88idr!",), True, False)]),
        (h264(b"\x7c\x85\x88i", b"\x7c\x05dr"), [((), True, True)]),
        (h264(b"\x7c\x05dr", b"\x7c\x45!"), [((), True, True)]),
        (h264(MORE), [((MORE,), True, False)]),
        (h264(b"\x06\x06\x01\x80\x80", LATER), [((b"\x06\x06\x01\x80\x80", LATER), True, False)]),
        (h264(b"\x06\x05\x01\x80\x80", LATER), [((b"\x06\x05\x01\x80\x80", LATER), False, False)]),
        (h264(b"\x79\0\0", LATER), [((LATER,), False, True)]),
        (h264(b"\x7a\0\0\0", LATER), [((LATER,), False, True)]),
        (h264(b"\x78\xff\xffx", LATER), [((LATER,), False, True)]),
        (h264(b"", LATER), [((LATER,), False, False)]),
    ],
    ids=[
        "single",
        "STAP-A",
        "a marker after the parameter sets",
        "parameter sets with a time of their own",
        "FU-A",
        "FU-A without its end",
        "FU-A without its start",
        "a slice alone",
        "a recovery point",
        "another message",
        "STAP-B",
        "MTAP",
        "a lie about length",
        "an empty packet",
    ],
)
def test_h264_is_read_as_the_rfc_has_it(
    packets: list[Packet], expected: list[tuple[tuple[bytes, ...], bool, bool]]
) -> None:
    out = fed(H264Depacketizer(), packets)
    assert [(tuple(each for each in x.data.split(START) if each), x.key, x.damaged) for x in out] == expected


def test_a_marker_that_ends_each_slice_is_not_believed_again() -> None:
    depacketizer = H264Depacketizer()
    out: list[AccessUnit] = []
    for timestamp in range(1, 4):
        out += fed(depacketizer, h264(IDR, MORE, timestamp=timestamp, markers=(True, True)))
    assert [(each.data.count(START), each.damaged) for each in out] == [(1, False), (1, True), (2, False)]


AAC = bytes.fromhex("1408")


def test_aac_comes_out_frame_by_frame() -> None:
    frames = [each.data for each in tone("aac")[0][:20]]
    one = [(16).to_bytes(2) + (len(each) << 3).to_bytes(2) + each for each in frames]
    assert [x.data for each in one for x in AacDepacketizer(13, 3).feed(each, 0, marker=True)] == frames
    several = (32).to_bytes(2) + b"".join((len(each) << 3).to_bytes(2) for each in frames[:2]) + b"".join(frames[:2])
    out = AacDepacketizer(13, 3).feed(several, 0xFFFFFE00, marker=True)
    assert [(each.data, each.timestamp) for each in out] == [(frames[0], 0xFFFFFE00), (frames[1], 0x200)]
    depacketizer = AacDepacketizer(13, 3)
    head, half = (16).to_bytes(2) + (len(frames[0]) << 3).to_bytes(2), len(frames[0]) // 2
    pieces = [frames[0][:half], frames[0][half:]]
    found = [depacketizer.feed(head + each, 7, marker=at == 1) for at, each in enumerate(pieces)]
    assert [[x.data for x in each] for each in found] == [[], [frames[0]]]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("1408", (2, 16_000, 1)),
        ("1190", (2, 48_000, 2)),
        ("2b920800", (2, 22_050, 2)),  # SBR told ahead, over AAC-LC
        ("", None),
        ("ff", None),
        ("1780", None),  # a rate of its own
        ("b800", None),  # object type 23
    ],
)
def test_what_aac_is_like_is_told_ahead(config: str, expected: tuple[int, int, int] | None) -> None:
    try:
        found = read_config(bytes.fromhex(config))
    except NoAac:
        assert expected is None
    else:
        assert (found.kind, found.rate, found.channels) == expected
        assert read_config(found.encode()) == found


def test_latm_has_its_length_before_it() -> None:
    assert read_mux_config(bytes.fromhex("400026203fc0")).rate == 24_000
    frame = bytes(300)
    data = b"\xff\x2d" + frame
    assert [each.data for each in LatmDepacketizer().feed(data, 1, marker=True)] == [frame]
    depacketizer = LatmDepacketizer()
    assert depacketizer.feed(data[:100], 1, marker=False) == []
    assert [each.data for each in depacketizer.feed(data[100:], 1, marker=True)] == [frame]
    assert depacketizer.feed(data[100:], 2, marker=True, lost=True) == []
    assert depacketizer.feed(data[:50], 3, marker=True) == []


# numbers, and what comes of them over UDP


def numbered(*numbers: int, source: int = 1) -> list[Packet]:
    return [Packet(96, False, each & 0xFFFF, each, source, b"x") for each in numbers]


def ordered(order: Order, packets: list[Packet], step_s: float = 0.001) -> list[tuple[int, bool]]:
    out = [told for at, each in enumerate(packets) for told in order.take(each, at * step_s)]
    return [(packet.timestamp, lost) for packet, lost in [*out, *order.due(99)]]


@pytest.mark.parametrize(
    ("wait_s", "came", "expected"),
    [
        (0, (1, 2, 4, 5), [(1, False), (2, False), (4, True), (5, False)]),
        (0, (1, 2, 2, 3), [(1, False), (2, False), (3, False)]),
        (0, (0xFFFF, 0x10000), [(0xFFFF, False), (0x10000, False)]),
        (0, (1, 30_000, 30_001), [(1, False), (30_000, True), (30_001, False)]),
        (0.1, (1, 3, 2, 4), [(1, False), (2, False), (3, False), (4, False)]),
        (0.1, (1, 4, 3, 2, 5), [(1, False), (2, False), (3, False), (4, False), (5, False)]),
        (0.1, (1, 3, 4), [(1, False), (3, True), (4, False)]),
        (
            0.1,
            (0xFFFE, 0x10001, 0xFFFF, 0x10000),
            [(0xFFFE, False), (0xFFFF, False), (0x10000, False), (0x10001, False)],
        ),
    ],
    ids=["gap", "twice", "round", "another line", "swapped", "turned round", "lost", "swapped where it goes round"],
)
def test_packets_come_out_in_their_order(
    wait_s: float, came: tuple[int, ...], expected: list[tuple[int, bool]]
) -> None:
    assert ordered(Order(wait_s), numbered(*came)) == expected


def test_a_packet_that_is_lost_holds_up_others_no_longer_than_said() -> None:
    order = Order(0.1)
    list(order.take(numbered(1)[0], 0.0))
    assert list(order.take(numbered(3)[0], 1.0)) == []
    assert list(order.take(numbered(4)[0], 1.09)) == []
    assert [packet.number for packet, _ in order.due(1.1)] == [3, 4]


def test_another_source_is_another_stream() -> None:
    out = ordered(Order(), numbered(1, 2) + numbered(7, 8, source=2))
    assert out == [(1, False), (2, False), (7, True), (8, False)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\x80\xe0\0\1\0\0\0\2\0\0\0\3abc", Packet(96, True, 1, 2, 3, b"abc")),
        (b"\x81\x60\0\1\0\0\0\2\0\0\0\3CSRCabc", Packet(96, False, 1, 2, 3, b"abc")),
        (b"\x90\x60\0\1\0\0\0\2\0\0\0\3\xab\xac\0\1moreabc", Packet(96, False, 1, 2, 3, b"abc")),
        (b"\xa0\x60\0\1\0\0\0\2\0\0\0\3abc\0\0\3", Packet(96, False, 1, 2, 3, b"abc")),
        (b"\xa0\x60\0\1\0\0\0\2\0\0\0\3abc\x10", None),
        (b"\xa0\x60\0\1\0\0\0\2\0\0\0\3abc\0", None),
        (b"\x9f\x60\0\1\0\0\0\2\0\0\0\3abc", None),
        (b"\x90\x60\0\1\0\0\0\2\0\0\0\3\xab\xac\xff\xffabc", None),
        (b"\x40\x60\0\1\0\0\0\2\0\0\0\3abc", None),
        (b"\x80\x60\0\1", None),
    ],
)
def test_a_packets_head_is_read_and_its_lies_are_refused(data: bytes, expected: Packet | None) -> None:
    if expected is None:
        with pytest.raises(NotRtp):
            read(data)
    else:
        assert read(data) == expected


def test_a_sender_report_ties_two_clocks() -> None:
    """RFC 3550 section 6.4.1, with a name and a good-bye behind it."""
    report = bytes.fromhex("80c80006 0000002a ee100000 80000000 00015f90 00000001 00000002".replace(" ", ""))
    told = reports.read(report + bytes.fromhex("80cb0000"))
    assert told.reports == (reports.SenderReport(42, 0xEE100000 - 2208988800 + 0.5, 90_000),)
    assert told.is_over
    with pytest.raises(NotRtp):
        reports.read(report[:-1])


def test_the_report_that_a_sender_is_owed_is_one() -> None:
    told = reports.receiver_report(7, 42, 0x12345, 3)
    assert (told[1], int.from_bytes(told[2:4]), told[8:12]) == (201, 7, (42).to_bytes(4))
    assert reports.read(told) == ((), False)


def packed_stream() -> bytes:
    """A transport stream with a picture and a tone, of libav's muxer."""
    return b"".join(recording())


def test_a_transport_stream_is_taken_apart_as_libav_does_it() -> None:
    data = packed_stream()
    depacketizer = TransportDepacketizer()
    out = [
        unit
        for at in range(0, len(data), 7 * 188)
        for unit in depacketizer.feed(data[at : at + 7 * 188], 0, marker=False)
    ]
    with av.open(io.BytesIO(data), "r", format="mpegts") as container:
        sent = []
        for packet in container.demux():
            if packet.size:
                assert packet.pts is not None
                sent.append((packet.stream.type == "audio", packet.pts & 0xFFFFFFFF, bytes(packet)))
    assert depacketizer.config is not None
    config = depacketizer.config.encode()
    for is_sound in (False, True):
        found = [(each.timestamp, each.data) for each in out if each.is_sound == is_sound]
        wanted = [(time, body) for kind, time, body in sent if kind == is_sound]
        if is_sound:
            found = [(time, adts(body, config)) for time, body in found]
        # the last of each ends with the next, which does not come
        assert len(wanted) - len(found) < 16
        assert found == wanted[: len(found)]
    assert sum(each.key for each in out if not each.is_sound) == LENGTH_S
    assert not any(each.damaged for each in out)


def test_a_map_that_names_the_sound_later_costs_no_picture() -> None:
    """As of a muxer whose sound begins late."""
    packets = [packed_stream()[at : at + 188] for at in range(0, len(packed_stream()), 188)]
    kept = TransportDepacketizer()
    wanted = [unit for packet in packets for unit in kept.feed(packet, 0, marker=False)]
    depacketizer = TransportDepacketizer()
    out = []
    for number, packet in enumerate(packets):
        told = _without_sound(packet) if number < len(packets) // 2 else packet
        out += depacketizer.feed(told, 0, marker=False)
    assert [each for each in out if not each.is_sound] == [each for each in wanted if not each.is_sound]
    heard = [each for each in out if each.is_sound]
    assert heard
    assert heard == [each for each in wanted if each.is_sound][-len(heard) :]


def _without_sound(packet: bytes) -> bytes:
    """A map's packet as if there were no sound; any other as it is."""
    begins = 5 + (1 + packet[4] if packet[3] & 0x20 else 0)
    if not packet[1] & 0x40 or packet[begins : begins + 2] == b"\0\0" or packet[begins] != 2:
        return packet
    table = bytearray(packet[begins:])
    at = 12 + ((table[10] & 0x0F) << 8 | table[11])
    while table[at] != 0x0F:
        at += 5 + ((table[at + 3] & 0x0F) << 8 | table[at + 4])
    size = 5 + ((table[at + 3] & 0x0F) << 8 | table[at + 4])
    del table[at : at + size]
    table[2] -= size
    return packet[:begins] + bytes(table) + b"\xff" * size


def test_what_a_transport_stream_lost_is_damage() -> None:
    data = packed_stream()
    whole = len(data) // (7 * 188)
    for gone in range(1, whole, 9):
        depacketizer = TransportDepacketizer()
        out = [
            unit
            for at in range(whole)
            if at != gone
            for unit in depacketizer.feed(data[at * 1316 : (at + 1) * 1316], 0, marker=False, lost=at == gone + 1)
        ]
        told = {each.data for each in out if not each.is_sound and not each.damaged}
        assert told <= set(_pictures_of(data)), gone


@cache
def _pictures_of(data: bytes) -> tuple[bytes, ...]:
    with av.open(io.BytesIO(data), "r", format="mpegts") as container:
        return tuple(bytes(packet) for packet in container.demux(video=0) if packet.size)


# malice

FED: dict[str, tuple[Callable[[], Depacketizer], Callable[[], list[bytes]]]] = {
    "H.264": (H264Depacketizer, lambda: [each.payload for each in packed("libx264")[:40]]),
    "H.265": (H265Depacketizer, lambda: [each.payload for each in packed("libx265")[:40]]),
    "H.265 of EZVIZ": (EzvizH265Depacketizer, lambda: [each.payload for each in packed("libx265")[:40]]),
    "AAC": (lambda: AacDepacketizer(13, 3), lambda: [b"\0\x10\0\x20abcd", b"\0\x20\0\x10\0\x10abcd"]),
    "LATM": (LatmDepacketizer, lambda: [b"\x04abcd", b"\xff\x05abcd"]),
    "MP2T": (TransportDepacketizer, lambda: [packed_stream()[at : at + 1316] for at in range(0, 20 * 1316, 1316)]),
    "plain": (PlainDepacketizer, lambda: [b"abcd"]),
}


@pytest.mark.parametrize("name", FED)
def test_whatever_is_cut_or_flipped_at_any_byte_is_at_most_damage(name: str) -> None:
    """Of the longest payload each byte, of all others those that say what they are."""
    made, sent = FED[name]
    payloads = sent()
    longest = max(payloads, key=len)
    for payload in payloads:
        for at in range(len(payload) if payload is longest else min(len(payload), 64)):
            for bent in (payload[:at], payload[:at] + bytes((payload[at] ^ 0xFF,)) + payload[at + 1 :]):
                depacketizer = made()
                for timestamp, each in enumerate((bent, payload, bent)):
                    for unit in depacketizer.feed(each, timestamp, marker=True):
                        assert len(unit.data) <= 3 * (len(payload) + 4)
                    depacketizer.feed(each, timestamp, marker=False, lost=True)


@pytest.mark.parametrize("name", FED)
@settings(deadline=None, max_examples=150)
@given(fed=st.lists(st.tuples(st.binary(max_size=60), st.integers(0, 3), st.booleans(), st.booleans()), max_size=30))
def test_no_bytes_whatever_make_it_raise(name: str, fed: list[tuple[bytes, int, bool, bool]]) -> None:
    depacketizer = FED[name][0]()
    for payload, timestamp, marker, lost in fed:
        for unit in depacketizer.feed(payload, timestamp, marker=marker, lost=lost):
            assert isinstance(unit, AccessUnit)


@settings(deadline=None, max_examples=300)
@given(data=st.binary(max_size=80))
def test_no_bytes_whatever_make_a_head_raise_anything_else(data: bytes) -> None:
    for each in (read, reports.read):
        with contextlib.suppress(NotRtp):
            each(data)
    for config in (read_config, read_mux_config):
        with contextlib.suppress(NoAac):
            config(data)


@pytest.mark.parametrize(
    ("made", "payload"),
    [
        (H264Depacketizer, b"\x65\x88" + bytes(14_000)),
        (H264Depacketizer, b"\x7c\x05" + bytes(14_000)),
        (H264Depacketizer, b"\x06\x05" + bytes(14_000)),
        (H264Depacketizer, b"\x06\x05"),
        (H264Depacketizer, b"\x78" + b"\0\2\x06\x05" * 300),
        (H265Depacketizer, b"\x26\x01\x80" + bytes(14_000)),
        (EzvizH265Depacketizer, b"\x62\x01\x81" + bytes(14_000)),
        (LatmDepacketizer, bytes(14_000)),
        (lambda: AacDepacketizer(13, 3), b"\0\x10\xff\xf8" + bytes(1000)),
    ],
    ids=["slices", "fragments", "messages", "small ones", "many at once", "H.265", "EZVIZ", "LATM", "AAC"],
)
@pytest.mark.parametrize("turns", [False, True], ids=["of one time", "of ever another"])
def test_what_never_ends_takes_no_more_than_a_picture_may(
    made: Callable[[], Depacketizer], payload: bytes, turns: bool
) -> None:
    depacketizer = made()
    if payload[:1] == b"\x7c":
        depacketizer.feed(b"\x7c\x85" + bytes(100), 1, marker=False)
    tracemalloc.start()
    try:
        for number in range(3000):
            depacketizer.feed(bytes(bytearray(payload)), number if turns else 1, marker=False)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < UNIT_CAP + 2 * 1024 * 1024


@pytest.mark.parametrize(
    ("made", "first", "last"),
    [
        (H264Depacketizer, b"\x7c\x81" + bytes(14_000), b"\x7c\x41" + bytes(10)),
        (H265Depacketizer, b"\x62\x01\x81" + bytes(14_000), b"\x62\x01\x41" + bytes(10)),
        (EzvizH265Depacketizer, b"\x62\x01\x81" + bytes(14_000), b"\x62\x01\x41" + bytes(10)),
    ],
    ids=["H.264", "H.265", "EZVIZ"],
)
def test_units_of_two_fragments_that_never_end_a_picture_take_no_more_either(
    made: Callable[[], Depacketizer], first: bytes, last: bytes
) -> None:
    depacketizer = made()
    tracemalloc.start()
    try:
        for _ in range(1500):
            depacketizer.feed(bytes(bytearray(first)), 1, marker=False)
            depacketizer.feed(last, 1, marker=False)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < UNIT_CAP + 2 * 1024 * 1024
