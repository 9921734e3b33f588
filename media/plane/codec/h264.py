"""H.264 as far as a relay must understand it: parameter sets, and whether a keyframe is a picture at all."""

import io
from dataclasses import dataclass
from fractions import Fraction

import av
import av.error
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange

START = b"\x00\x00\x00\x01"
_SHORT = START[1:]
_IDR, _SPS, _PPS = 5, 7, 8
_SLICES = frozenset({1, 2, 5})
_B = frozenset({1, 6})
_LEAST, _MOST = 360, 540


class NoPicture(Exception):
    """The bytes do not decode."""


def nal_types(data: bytes) -> list[int]:
    found, at = [], data.find(b"\x00\x00\x01")
    while at != -1 and at + 3 < len(data):
        found.append(data[at + 3] & 0x1F)
        at = data.find(b"\x00\x00\x01", at + 3)
    return found


def is_idr(data: bytes) -> bool:
    return _IDR in nal_types(data)


def parameter_sets(data: bytes) -> bytes:
    """The sets that stand before the slices, where an SPS is among them, else b""."""
    at = data.find(_SHORT)
    found, has_sps = [], False
    while at != -1 and at + 3 < len(data):
        kind, end = data[at + 3] & 0x1F, data.find(_SHORT, at + 3)
        if kind in (_SPS, _PPS):
            has_sps |= kind == _SPS
            found.append(START + data[at + 3 : end if end != -1 else None].rstrip(b"\0"))
        elif kind in _SLICES:
            break
        at = end
    return b"".join(found) if has_sps else b""


def sps(sets: bytes) -> list[bytes]:
    """Those of Annex B's bytes that tell what a stream is like."""
    return [each for each in sets.split(START) if each and each[0] & 0x1F == _SPS]


def is_bidirectional(data: bytes) -> bool:
    """Whether the first slice is a B slice (H.264 section 7.4.3): what it refers to may be shown after it."""
    at = data.find(_SHORT)
    while at != -1 and at + 4 < len(data):
        if data[at + 3] & 0x1F in _SLICES:
            return _slice_type(data[at + 4 : at + 14]) in _B
        at = data.find(_SHORT, at + 3)
    return False


def _slice_type(head: bytes) -> int:
    """The second of a slice header's Exp-Golomb numbers; the first says where the slice begins."""
    number, left = int.from_bytes(head), 8 * len(head)
    for _ in range(2):
        zeros = left - (number & (1 << left) - 1).bit_length()
        left -= 2 * zeros + 1
        if left < 0:
            return -1
    return (number >> left & (1 << zeros + 1) - 1) - 1


def with_parameters(keyframe: bytes, extradata: bytes) -> bytes:
    """A keyframe that a decoder can start on: the stream's SPS and PPS before it when it has none."""
    return keyframe if _SPS in nal_types(keyframe) else extradata + keyframe


def codec_name(keyframe: bytes) -> str:
    """RFC 6381 section 3.3: profile, constraints and level are the three bytes after the SPS's header."""
    at = keyframe.find(b"\x00\x00\x01")
    while at != -1:
        if at + 6 < len(keyframe) and keyframe[at + 3] & 0x1F == _SPS:
            return "avc1." + keyframe[at + 4 : at + 7].hex()
        at = keyframe.find(b"\x00\x00\x01", at + 3)
    raise NoPicture


@dataclass(frozen=True, slots=True)
class Look:
    """What a keyframe and its parameter sets tell of a stream."""

    width: int
    height: int
    codec: str  # RFC 6381
    b_frames: bool


def look(keyframe: bytes) -> Look:
    """Raises NoPicture."""
    decoder = av.CodecContext.create("h264", "r")
    frame = _decoded(decoder, keyframe)
    return Look(frame.width, frame.height, codec_name(keyframe), bool(decoder.has_b_frames))


def picture(keyframe: bytes) -> VideoFrame:
    """Raises NoPicture."""
    return _decoded(av.CodecContext.create("h264", "r"), keyframe)


def _decoded(decoder: VideoCodecContext, keyframe: bytes) -> VideoFrame:
    """One keyframe by itself, strictly: encrypted bytes must not pass as a grey picture."""
    decoder.thread_count = 1
    decoder.options = {"err_detect": "explode"}
    try:
        frames = [*decoder.decode(av.Packet(keyframe)), *decoder.decode(None)]
    except (av.error.FFmpegError, ValueError, EOFError):
        raise NoPicture from None
    if not frames or any([frame.is_corrupt for frame in frames]):
        raise NoPicture
    return frames[0]


def jpeg(keyframe: bytes, *, small: bool = False) -> bytes:
    """`small`: between 360 and 540 px on the shorter side, whatever the camera sends. Raises NoPicture."""
    frame = picture(keyframe)
    width, height = _thumbnail(frame.width, frame.height) if small else (frame.width, frame.height)
    frame = frame.reformat(width, height, "yuvj420p", src_color_range=ColorRange.MPEG, dst_color_range=ColorRange.JPEG)
    frame.pts, frame.time_base, frame.pict_type = 0, Fraction(1, 25), 0
    out = io.BytesIO()
    with av.open(out, "w", format="mjpeg") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "yuvj420p"
        if small:
            stream.options = {"qmin": "5", "qmax": "5"}
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


def _thumbnail(width: int, height: int) -> tuple[int, int]:
    short = min(width, height)
    scale = min(max(short, _LEAST), _MOST) / short
    return round(width * scale / 2) * 2, round(height * scale / 2) * 2
