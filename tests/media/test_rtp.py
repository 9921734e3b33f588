"""RTP taken apart: what libav's packetizer makes of real pictures and sound, and everything a network does to it."""

import itertools
import random
from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import cache

import av
import pytest

from showcam.engine.codec.nal import START
from showcam.engine.codec.sound import NoAac, read_config, read_mux_config
from showcam.engine.rtp.nal import H264Depacketizer, H265Depacketizer
from showcam.engine.rtp.packets import AccessUnit, Depacketizer, Packet, read
from showcam.engine.rtp.sound import AacDepacketizer, LatmDepacketizer
from tests.doubles.floating_point import apart
from tests.doubles.made_once import made_once
from tests.doubles.rtsp_recording import slope, tone

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
    """The pictures as libav's packetizer sends them."""
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
    return [unit.rstrip(b"\0") for unit in data.replace(START, START[1:]).split(START[1:]) if unit]


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
    for number, packet in enumerate(packets):
        if number in missing:
            lost = True
            continue
        out += depacketizer.feed(packet.payload, packet.timestamp, marker=packet.marker, lost=lost)
        lost = False
    return out


@pytest.mark.parametrize("codec", CODECS)
def test_what_was_packed_comes_out(codec: str) -> None:
    out = fed(CODECS[codec](), packed(codec))
    assert [units(unit.data) for unit in out] == [units(picture) for picture in pictures(codec)]
    assert [number for number, unit in enumerate(out) if unit.key] == [0, 15]
    assert not any(unit.damaged for unit in out)
    assert {b.timestamp - a.timestamp & 0xFFFFFFFF for a, b in itertools.pairwise(out)} == {TICKS}


@pytest.mark.parametrize("codec", CODECS)
def test_without_markers_a_picture_ends_where_another_begins(codec: str) -> None:
    out = fed(CODECS[codec](), [packet._replace(marker=False) for packet in packed(codec)])
    assert [units(unit.data) for unit in out] == [units(picture) for picture in pictures(codec)[:-1]]
    assert not any(unit.damaged for unit in out)


@pytest.mark.parametrize("codec", CODECS)
def test_each_packet_that_is_lost_damages_its_own_picture_alone(codec: str) -> None:
    """Where what stands before the slices is lost, the picture may be given out as whole without it."""
    packets, sent = packed(codec), pictures(codec)
    first = packets[0].timestamp
    for number, gone in enumerate(packets):
        out = fed(CODECS[codec](), packets, missing=frozenset({number}))
        found = {(picture.timestamp - first & 0xFFFFFFFF) // TICKS: picture for picture in out}
        hit = found.pop((gone.timestamp - first & 0xFFFFFFFF) // TICKS, None)
        assert {index for index, picture in found.items() if picture.damaged} == set(), number
        assert {index for index, picture in found.items() if units(picture.data) != units(sent[index])} == set(), number
        kept = [] if hit is None or hit.damaged else [unit for unit in units(hit.data) if not HEADS[codec](unit)]
        whole = [unit for unit in units(sent[(gone.timestamp - first & 0xFFFFFFFF) // TICKS]) if not HEADS[codec](unit)]
        assert kept == (whole if kept else []), number


def h264(*payloads: bytes, timestamp: int = 1, markers: tuple[bool, ...] = ()) -> list[Packet]:
    return [
        Packet(96, markers[at] if markers else at == len(payloads) - 1, at, timestamp, 1, payload)
        for at, payload in enumerate(payloads)
    ]


SPS, PPS, IDR, MORE, LATER = b"\x67sps", b"\x68pps", b"\x65\x88idr", b"\x65\x20more", b"\x41\x9apic"
WHOLE = (SPS, PPS, IDR, MORE)


@pytest.mark.parametrize(
    ("packets", "expected"),
    [
        (h264(*WHOLE), [(WHOLE, True, False)]),
        (h264(b"\x78" + b"".join(len(unit).to_bytes(2) + unit for unit in WHOLE)), [(WHOLE, True, False)]),
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
    assert [
        (tuple(part for part in unit.data.split(START) if part), unit.key, unit.damaged) for unit in out
    ] == expected


def test_a_marker_that_ends_each_slice_is_not_believed_again() -> None:
    depacketizer = H264Depacketizer()
    out: list[AccessUnit] = []
    for timestamp in range(1, 4):
        out += fed(depacketizer, h264(IDR, MORE, timestamp=timestamp, markers=(True, True)))
    assert [(unit.data.count(START), unit.damaged) for unit in out] == [(1, False), (1, True), (2, False)]


AAC = bytes.fromhex("1408")


def test_aac_comes_out_frame_by_frame() -> None:
    frames = [packet.data for packet in tone("aac")[0][:20]]
    one = [(16).to_bytes(2) + (len(frame) << 3).to_bytes(2) + frame for frame in frames]
    assert [unit.data for payload in one for unit in AacDepacketizer(13, 3).feed(payload, 0, marker=True)] == frames
    several = (32).to_bytes(2) + b"".join((len(frame) << 3).to_bytes(2) for frame in frames[:2]) + b"".join(frames[:2])
    out = AacDepacketizer(13, 3).feed(several, 0xFFFFFE00, marker=True)
    assert [(unit.data, unit.timestamp) for unit in out] == [(frames[0], 0xFFFFFE00), (frames[1], 0x200)]
    depacketizer = AacDepacketizer(13, 3)
    head, half = (16).to_bytes(2) + (len(frames[0]) << 3).to_bytes(2), len(frames[0]) // 2
    pieces = [frames[0][:half], frames[0][half:]]
    found = [depacketizer.feed(head + piece, 7, marker=at == 1) for at, piece in enumerate(pieces)]
    assert [[unit.data for unit in made] for made in found] == [[], [frames[0]]]


@pytest.mark.parametrize(("size_bits", "index_bits"), [(13, -13), (13, -1), (13, 9), (3, 3), (17, 3), (-13, 13)])
def test_aac_whose_headers_have_a_size_that_no_sender_uses_is_refused(size_bits: int, index_bits: int) -> None:
    with pytest.raises(NoAac):
        AacDepacketizer(size_bits, index_bits)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("1408", (2, 16_000, 1)),
        ("1190", (2, 48_000, 2)),
        ("2b920800", (2, 22_050, 2)),  # SBR announced, over AAC-LC
        ("", None),
        ("ff", None),
        ("1780", None),  # a rate of its own
        ("b800", None),  # object type 23
    ],
)
def test_what_aac_is_like_is_announced(config: str, expected: tuple[int, int, int] | None) -> None:
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
    assert [unit.data for unit in LatmDepacketizer().feed(data, 1, marker=True)] == [frame]
    depacketizer = LatmDepacketizer()
    assert depacketizer.feed(data[:100], 1, marker=False) == []
    assert [unit.data for unit in depacketizer.feed(data[100:], 1, marker=True)] == [frame]
    assert depacketizer.feed(data[100:], 2, marker=True, lost=True) == []
    assert depacketizer.feed(data[:50], 3, marker=True) == []
