"""A picture decoded, made smaller and encoded as what displays play: all video of a camera is encoded here."""

from dataclasses import replace
from fractions import Fraction
from typing import Any, NamedTuple

import av
import av.error
from av.video.frame import PictureType

from media.plane.codec import h264
from media.plane.codec.units import CLOCK, Format, Unit
from media.source import TRANSCODED, Codec, transcoded_size

SELDOM_S = 0.5  # a picture is due where none was shown for so long
_DECODERS: dict[Codec, str] = {"h264": "h264", "h265": "hevc", "mjpeg": "mjpeg"}
_REPEATED = CLOCK // 5  # ticks between the copies of a repeated picture
_LEAST_STEP = CLOCK // 45  # between two pictures: those of a faster camera are thinned out
_USUAL_FPS = 25  # by which the rate is kept: a camera of another gets more or fewer bits


class Shape(NamedTuple):
    """How large a picture is made, and how heavy: in bits a second, and in bits that may come at once.

    `gop_s`: between keyframes, and so the length of HLS segments, which players are given. `late_s`: a picture that has
    waited so long is left out, unless it is due: where time never suffices, some are. `shows_s`: of the pictures since
    the last keyframe, which are only decoded, those of so long are shown. `begins_with`: how many groups of pictures a
    player needs to begin. The first picture is repeated in front of itself for those that are missing.
    """

    width: int
    height: int
    rate: int  # 0: as many as the picture needs
    most: int
    burst: int
    gop_s: float = 2.0
    late_s: float = 0.3
    shows_s: float = 0.0
    begins_with: int = 0


DISPLAY = Shape(*TRANSCODED, 0, 2_000_000, 2_000_000)  # an Echo's offer asks for no more than 2.5 Mbit/s
# for HLS that begins soon, of what comes in clumps
SOON = DISPLAY._replace(gop_s=0.6, late_s=2.0, shows_s=3.2, begins_with=3)
THIN = Shape(640, 360, 400_000, 500_000, 250_000)  # for a connection of 1 Mbit/s, with room for sound and for losses


class Pipeline:
    """Decodes and encodes in one thread, in the order in which it is given both."""

    def __init__(self, form: Format, shape: Shape) -> None:
        self._size, self._shape = transcoded_size(form.width, form.height, shape[:2]), shape
        self._decoder: Any = av.CodecContext.create(_DECODERS[form.kind], "r")
        self._decoder.thread_count = 1
        self._encoder = _encoder(*self._size, shape)
        self._last: int | None = None
        self._last_key: int | None = None

    def renew(self) -> None:
        """The next picture is a keyframe."""
        self._last_key = None

    def form_of(self, keyframe: Unit, form: Format) -> Format:
        width, height = self._size
        return replace(form, width=width, height=height, codec=h264.codec_name(keyframe.data), b_frames=False)

    def decode(self, unit: Unit) -> list[Any]:
        """None of a picture that does not decode: what was shown last stands still."""
        packet = av.Packet(unit.data)
        packet.pts, packet.dts, packet.time_base = unit.pts, unit.dts, Fraction(1, CLOCK)
        try:
            frames: list[Any] = self._decoder.decode(packet)
        except (av.error.FFmpegError, ValueError):
            return []
        return [frame for frame in frames if frame.pts is not None and not frame.is_corrupt]

    def is_due(self, frame: Any) -> bool:
        return self._last is None or frame.pts - self._last >= SELDOM_S * CLOCK

    def encode(self, frame: Any) -> list[Unit]:
        return self._encoded(frame, frame.pts)

    def repeated(self, frame: Any, groups: int) -> list[Unit]:
        """The picture over and over, for so many groups of pictures before its time."""
        due, ticks = frame.pts, round(groups * self._shape.gop_s * CLOCK)
        units = [unit for early in range(ticks, 0, -_REPEATED) for unit in self._encoded(frame, due - early)]
        frame.pts = due  # a frame that needs no scaling is encoded itself, and had the time of its last copy
        return units

    def _encoded(self, frame: Any, at: int) -> list[Unit]:
        if self._last is not None and at - self._last < _LEAST_STEP:
            return []
        due = self._is_key_due(at)
        self._last = at
        width, height = self._size
        small = frame.reformat(width=width, height=height, format="yuv420p")
        small.pts, small.time_base = at, Fraction(1, CLOCK)
        small.pict_type = PictureType.I if due else PictureType.NONE
        if due:
            self._last_key = at
        return [
            Unit("video", bytes(packet), packet.pts, packet.dts, bool(packet.is_keyframe))
            for packet in self._encoder.encode(small)
        ]

    def _is_key_due(self, pts: int) -> bool:
        """Whether this is, of the pictures there are, the one nearest to the time of the next keyframe."""
        if self._last_key is None or self._last is None:
            return True
        return pts + (pts - self._last) // 2 - self._last_key >= self._shape.gop_s * CLOCK


def _encoder(width: int, height: int, shape: Shape) -> Any:
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, CLOCK), Fraction(_USUAL_FPS)
    encoder.options = {
        "preset": "superfast",
        "tune": "zerolatency",
        "profile": "main",
        "level": "3.2",  # 1280×720 at up to 60 pictures a second
        "threads": "1",
        "g": "600",  # keyframes are forced, by time
        "sc_threshold": "0",
        "maxrate": str(shape.most),
        "bufsize": str(shape.burst),
    }
    if shape.rate:
        encoder.bit_rate = shape.rate
    else:
        encoder.options |= {"crf": "24"}
    return encoder
