"""The level that a stream names, set against what its picture needs."""

import time
from fractions import Fraction
from typing import Any

import av
import pytest

from showcam.engine.codec import h264, h265, nal
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


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ("ref=1", 1),
        ("ref=16", 16),
        ("ref=4:bframes=3:b-pyramid=none", 4 + 1),
        ("ref=4:bframes=3:b-pyramid=normal", 4 + 2),
        ("ref=4:bframes=3:nal-hrd=vbr:vbv-maxrate=500:vbv-bufsize=500", 4 + 2),
        ("ref=2:interlaced=1", 2),
    ],
)
def test_parameter_sets_tell_how_many_pictures_of_h264_a_decoder_keeps(params: str, expected: int) -> None:
    assert h264.buffers(keyframe(640, 368, tune="psnr", **{"x264-params": f"{params}:level=6.2"})) == expected


@pytest.mark.parametrize(
    ("params", "expected"),
    [("ref=1:bframes=0", 3), ("ref=5:bframes=0", 6), ("ref=4", 5), ("ref=3:bframes=4:temporal-layers=3", 5)],
)
def test_parameter_sets_tell_how_many_pictures_of_h265_a_decoder_keeps(params: str, expected: int) -> None:
    encoder: Any = av.CodecContext.create("libx265", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 320, 192, "yuv420p", Fraction(1, 25)
    encoder.options = {"preset": "medium", "x265-params": f"{params}:log-level=none"}
    packets = [bytes(packet) for packet in [*encoder.encode(slope(0, 320, 192)), *encoder.encode(None)]]
    assert h265.buffers(packets[0]) == expected


@pytest.mark.parametrize("count", [0, 1, 33])
def test_parameter_sets_that_make_no_sense_may_need_the_most(count: int) -> None:
    assert h264.buffers(b"".join([nal.START + b"\x67" + bytes((1, number)) for number in range(count)])) == 32
    assert h265.buffers(b"".join([nal.START + b"\x42\x01" + bytes((1, number)) for number in range(count)])) == 16


@pytest.mark.parametrize(
    ("size", "references", "fits"),
    [((3840, 2160), 4, True), ((4000, 3008), 4, True), ((4000, 3008), 16, False), ((1920, 1088), 16, True)],
)
def test_video_that_would_cost_its_decoder_more_than_any_camera_s_is_no_picture(
    size: tuple[int, int], references: int, fits: bool
) -> None:
    sent = keyframe(size[0], size[1], **{"x264-params": f"ref={references}:level=6.2"})
    if fits:
        assert measure(h264, sent).width == size[0]
    else:
        with pytest.raises(nal.NoPicture):
            measure(h264, sent)
