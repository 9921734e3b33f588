"""The level that a stream names, set against what its picture needs."""

import time
from fractions import Fraction
from typing import Any

import av
import pytest

from showcam.engine.codec import h264, nal
from showcam.engine.keyframe import measure
from tests.doubles.rtsp_recording import slope

pytestmark = pytest.mark.proves("A level that claims too much is written over", leans_on="second stack: x264 and libav")


def keyframe(width: int, height: int, **options: str) -> bytes:
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = width, height, "yuv420p", Fraction(1, 25)
    encoder.framerate = Fraction(int(options.pop("fps", "25")))
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", **options}
    return b"".join([bytes(packet) for packet in [*encoder.encode(slope(0, width, height)), *encoder.encode(None)]])


@pytest.mark.parametrize(
    ("size", "options", "expected"),
    [
        ((640, 360), {"level": "5.1"}, 0x1F),
        ((640, 360), {"level": "5.1", "profile": "high", "preset": "medium"}, 0x1F),
        ((1280, 720), {"level": "5.2", "profile": "main"}, 0x1F),
        ((1280, 720), {"level": "5.1", "fps": "50"}, 0x20),
        ((1920, 1080), {"level": "5.1"}, 0x28),
        ((1920, 1080), {"level": "5.1", "fps": "50"}, 0x2A),
        ((1920, 1080), {"level": "5.1", "refs": "12", "preset": "medium"}, 0x32),
        ((3840, 2160), {"level": "5.1"}, 0x33),
        ((640, 360), {"level": "4.1"}, 0x29),
        ((640, 360), {"level": "3.0"}, 0x1E),
    ],
)
def test_a_claim_beyond_the_picture_is_rewritten(size: tuple[int, int], options: dict[str, str], expected: int) -> None:
    sent = keyframe(size[0], size[1], **options)
    mended = h264.relabelled(sent)
    assert int(h264.codec_name(mended)[-2:], 16) == expected
    assert len(mended) == len(sent)
    assert sum(a != b for a, b in zip(sent, mended, strict=True)) == (h264.codec_name(sent) != h264.codec_name(mended))
    assert (measure(h264, mended).width, measure(h264, mended).height) == size


@pytest.mark.parametrize("sps", [b"", b"\x67", b"\x67\x64\x00\x33", b"\x67" + bytes(40)])
def test_parameter_sets_that_make_no_sense_are_left_as_they_are(sps: bytes) -> None:
    whole = nal.START + sps + nal.START + b"\x65abc"
    assert h264.relabelled(whole) == whole


@pytest.mark.parametrize("count", [1, 20_000], ids=["one endless set", "many sets"])
def test_parameter_sets_without_end_are_read_no_further_than_they_may_tell(count: int) -> None:
    """A number written in millions of bits, or a copy of the picture for each set, would hold up all pictures."""
    h264.needed_level.cache_clear()
    sps = b"\x67\x42\x00\x33" + bytes(1_000_000 // count)
    began = time.process_time()
    whole = (nal.START + sps) * count + nal.START + b"\x65abc"
    assert h264.relabelled(whole) == whole
    assert time.process_time() - began < 5
