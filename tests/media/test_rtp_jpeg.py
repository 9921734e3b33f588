"""JPEG from RTP (RFC 2435): what libavformat packs comes out as it was, and what is broken does not."""

from fractions import Fraction
from typing import Any

import av
import pytest

from showcam.engine.codec.bitstream import BITSTREAMS
from showcam.engine.codec.nal import NoPicture
from showcam.engine.keyframe import decoded, decoder, measure
from showcam.engine.rtp.jpeg import JpegDepacketizer
from showcam.engine.rtp.packets import AccessUnit, Packet, read
from tests.doubles.rtsp_recording import slope

pytestmark = pytest.mark.proves(
    "Motion JPEG by RTSP is shown transcoded", leans_on="second stack: GStreamer and libavformat as the camera"
)

PIXELS = "yuvj420p"  # libavformat packs no other; tests/media/test_every_camera.py has 4:2:2


def packed(size: tuple[int, int]) -> list[Packet]:
    """Three pictures, as libavformat's RTP muxer packs them."""
    out: list[Packet] = []

    class Wire:
        def write(self, data: bytes) -> int:
            if data[1] & 0x7F == 26:
                out.append(read(bytes(data)))
            return len(data)

    container: Any = av.open(Wire(), "w", format="rtp", options={"packetsize": "1200"})
    stream = container.add_stream("mjpeg", rate=25, options={"huffman": "default"})
    stream.width, stream.height, stream.pix_fmt, stream.time_base = *size, PIXELS, Fraction(1, 25)
    stream.codec_context.thread_count = 1  # else there are restart markers, of which it says nothing
    for number in range(3):
        frame = slope(number * 9, *size).reformat(format=PIXELS)
        frame.pts, frame.time_base = number, Fraction(1, 25)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
    container.close()
    return out


def fed(packets: list[Packet], lost: frozenset[int] = frozenset()) -> list[AccessUnit]:
    made = JpegDepacketizer()
    return [
        unit
        for number, packet in enumerate(packets)
        if number not in lost
        for unit in made.feed(packet.payload, packet.timestamp, marker=packet.marker, lost=number - 1 in lost)
    ]


def test_pictures_come_out_as_they_were_packed() -> None:
    units = fed(packed((640, 360)))
    assert [unit.damaged for unit in units] == [False] * 3
    for number, unit in enumerate(units):
        frame = decoded(decoder("mjpeg"), unit.data)
        shown = bytes(frame.planes[0])
        wanted = bytes(slope(number * 9, 640, 360).reformat(format=PIXELS).planes[0])
        assert (frame.width, frame.height, frame.format.name) == (640, 360, PIXELS)
        assert sum(abs(a - b) for a, b in zip(shown[::97], wanted[::97], strict=False)) / len(shown[::97]) < 4


def test_a_picture_that_lost_a_packet_is_damaged_and_no_other() -> None:
    packets = packed((640, 360))
    ends = [number for number, packet in enumerate(packets) if packet.marker]
    for number in range(ends[0] + 1, ends[1]):
        assert [unit.damaged for unit in fed(packets, frozenset({number}))] == [False, True, False]


@pytest.mark.parametrize("at", range(12))
def test_a_head_that_lies_never_makes_a_picture_of_more_than_was_sent(at: int) -> None:
    packet = packed((64, 64))[0]
    for byte in (0, 1, 0x7F, 0x80, 0xFF):
        payload = packet.payload[:at] + bytes((byte,)) + packet.payload[at + 1 :]
        for unit in JpegDepacketizer().feed(payload, 1, marker=True):
            assert len(unit.data) < len(payload) + 700


def test_what_is_no_jpeg_is_no_picture() -> None:
    with pytest.raises(NoPicture):
        measure(BITSTREAMS["mjpeg"], b"\xff\xd8" + b"\0" * 500 + b"\xff\xd9")


@pytest.mark.parametrize(("quality", "first"), [(50, 16), (25, 32), (99, 1)])
def test_tables_of_a_quality_are_the_rfcs(quality: int, first: int) -> None:
    payload = bytes((0, 0, 0, 0, 1, quality, 8, 8)) + b"\x55" * 40
    (unit,) = JpegDepacketizer().feed(payload, 1, marker=True)
    at = unit.data.index(b"\xff\xdb")
    assert unit.data[at + 5] == first
