"""A camera's picture and sound encoders."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.frame import PictureType
from av.video.stream import VideoStream

from simulator.pictures.tone import FRAME, RATE_HZ, Tone

CLOCK_HZ = 90000
_GLOBAL_HEADER = 0x400000
_X264 = {
    "preset": "ultrafast",
    "tune": "zerolatency",
    "profile": "baseline",
    "crf": "25",
    "forced-idr": "1",
    "threads": "1",
    "x264-params": "scenecut=0:keyint=infinite",
}
_X265 = {
    "preset": "ultrafast",
    "tune": "zerolatency",
    "forced-idr": "1",
    "x265-params": "log-level=none:pools=none:frame-threads=1:bframes=0:scenecut=0:keyint=-1:repeat-headers=1",
}


@dataclass(frozen=True, slots=True)
class Shape:
    codec: str
    rate: int  # frames per s
    options: dict[str, str]


SHAPES = {
    "h264": Shape("libx264", 15, _X264),
    # H.265 costs several times as much: fewer frames, so that watching the pond stays cheap
    "h265": Shape("libx265", 10, _X265),
}


class Codecs:
    """Both encoders belong to a container that nobody reads: it fixes their parameters, which segments copy."""

    def __init__(self, shape: Shape, size: tuple[int, int]) -> None:
        self._holder = av.open(io.BytesIO(), "w", format="mpegts")
        video: Any = self._holder.add_stream(shape.codec, rate=shape.rate, options=shape.options)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.codec_context.time_base = Fraction(1, CLOCK_HZ)
        audio: Any = self._holder.add_stream("aac", rate=RATE_HZ, layout="mono", bit_rate=32000)
        audio.codec_context.flags |= _GLOBAL_HEADER
        self._holder.start_encoding()
        self.video: VideoStream = video
        self.audio: AudioStream = audio
        self._sample = 0

    def encode_picture(self, frame: av.VideoFrame, at: float, *, key: bool) -> "list[Packet[Any]]":
        """`at` in s since the stream's origin."""
        frame.pts, frame.time_base = round(at * CLOCK_HZ), Fraction(1, CLOCK_HZ)
        # a drawn frame asks to be coded as a keyframe
        frame.pict_type = PictureType.I if key else PictureType.NONE
        return list(self.video.codec_context.encode(frame))

    def encode_sound(self, tone: Tone, start: float, until: float) -> "Iterator[Packet[Any]]":
        """The sound before `until`; after a silence it continues at `start`. Both in s since the origin."""
        self._sample = max(self._sample, round(start * RATE_HZ) - FRAME)
        while self._sample < until * RATE_HZ:
            frame = av.AudioFrame(format="fltp", layout="mono", samples=FRAME)
            frame.planes[0].update(tone.frame(self._sample))
            frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, self._sample, Fraction(1, RATE_HZ)
            self._sample += FRAME
            yield from self.audio.codec_context.encode(frame)
