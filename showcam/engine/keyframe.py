"""Checks whether a single keyframe decodes at all, and makes a still from it."""

from dataclasses import dataclass
from fractions import Fraction

import av
import av.error
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange

from showcam.engine.codec import nal
from showcam.engine.codec.bitstream import Bitstream
from showcam.engine.codec.nal import NoPicture

_LEAST, _MOST = 360, 540
MOST_SMALL = 60 * 1024  # bytes of a small still: what Alexa.SmartVision.SnapshotProvider names for a doorbell
_SCALES = ("5", "10", "20", "31")  # finest first
_TICK = Fraction(1, 25)
_JPEG = b"\xff\xd8"
_LAST_PIXELS = 8  # less than any block of a picture has
# Pixels of a decoded picture: H.264 and H.265 have no more up to level 6.2. libav makes room for the size that a camera
# claims before it reads the picture. A hostile camera that claims 16,384 × 16,384 pixels would cost 400 MB.
MOST_DECODED = 8192 * 4352
# Bytes of the pictures that a decoder keeps, as the parameter sets say: 15 pictures of 3840×2160 pixels, 10 of
# 4000×3000, or 3 of 8192×4352. Cameras need one to five. Levels up to 5.2 of H.264 allow 70 MB, level 6.2 allows
# 270 MB. A stream of a few bytes a picture may ask for 16 pictures of 8192×4352: they took 1.2 GB.
MOST_KEPT = 192 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Measured:
    """The properties of a stream, measured from a keyframe and its parameter sets."""

    width: int
    height: int
    codec: str  # RFC 6381
    b_frames: bool


def measure(codec: Bitstream, keyframe: bytes) -> Measured:
    """Measures a keyframe. Raises NoPicture if the keyframe does not decode, or its video needs too much memory."""
    context = decoder(codec.DECODER)
    frame = decoded(context, keyframe)
    if codec.DECODER == "hevc" and _lacks_its_end(frame):
        raise NoPicture
    if codec.buffers(keyframe) * sum(plane.buffer_size for plane in frame.planes) > MOST_KEPT:
        raise NoPicture
    return Measured(frame.width, frame.height, codec.codec_name(keyframe), bool(context.has_b_frames))


def _lacks_its_end(frame: VideoFrame) -> bool:
    """True if the end of the frame is missing: noise mostly decodes as a slice that ends early, and the rest stays
    zero.

    libav reports nothing in this case.
    """
    lines = [(bytes(plane)[-plane.line_size :], plane.width) for plane in frame.planes]
    return not any([any(line[max(0, width - _LAST_PIXELS) : width]) for line, width in lines])


def decoder(name: str) -> VideoCodecContext:
    made = av.CodecContext.create(name, "r")
    assert isinstance(made, VideoCodecContext)
    made.thread_count, made.options = 1, {"max_pixels": str(MOST_DECODED)}
    return made


def decoded(codec: VideoCodecContext, keyframe: bytes) -> VideoFrame:
    """Decodes a keyframe strictly: encrypted bytes must not pass as a grey image. Raises NoPicture."""
    codec.options |= {"err_detect": "explode"}
    try:
        frames = [*codec.decode(av.Packet(keyframe)), *codec.decode(None)]
    except (av.error.FFmpegError, ValueError, EOFError):
        raise NoPicture from None
    if not frames or any([frame.is_corrupt for frame in frames]):
        raise NoPicture
    return frames[0]


def jpeg(keyframe: bytes, *, small: bool = False) -> bytes:
    """A still as JPEG. Raises NoPicture.

    `small`: between 360 and 540 px on the shorter side, and at most MOST_SMALL, for any video but noise.
    """
    if keyframe.startswith(_JPEG):
        return resized(keyframe, small=small)
    return _jpeg(decoded(decoder("hevc" if nal.codec(keyframe) == "h265" else "h264"), keyframe), small=small)


def resized(jpeg: bytes, *, small: bool) -> bytes:
    """Makes a foreign JPEG again, so that only the image is left of it. Raises NoPicture."""
    return _jpeg(decoded(decoder("mjpeg"), jpeg), small=small)


def _jpeg(frame: VideoFrame, *, small: bool) -> bytes:
    width, height = _thumbnail(frame.width, frame.height) if small else (frame.width, frame.height)
    frame = frame.reformat(width, height, "yuvj420p", src_color_range=ColorRange.MPEG, dst_color_range=ColorRange.JPEG)
    frame.pts, frame.time_base, frame.pict_type = 0, _TICK, 0
    encoded = b""
    for scale in _SCALES if small else ("",):
        encoded = _encoded(frame, scale)
        if len(encoded) <= MOST_SMALL:
            break
    return encoded


def _encoded(frame: VideoFrame, scale: str) -> bytes:
    """The frame as JPEG. `scale`: how coarse its quantizer is; "": as the encoder chooses."""
    encoder = av.CodecContext.create("mjpeg", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = frame.width, frame.height, "yuvj420p", _TICK
    encoder.options = {"qmin": scale, "qmax": scale} if scale else {}
    return b"".join([bytes(packet) for packet in (*encoder.encode(frame), *encoder.encode(None))])


def _thumbnail(width: int, height: int) -> tuple[int, int]:
    short = min(width, height)
    scale = min(max(short, _LEAST), _MOST) / short
    return round(width * scale / 2) * 2, round(height * scale / 2) * 2
