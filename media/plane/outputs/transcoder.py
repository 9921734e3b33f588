"""A picture decoded, made smaller and encoded as what displays play: the one place where a camera's video is encoded.

One thread of its own does all three. What it can't keep up with is left out before it is encoded, never after.
"""

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction
from typing import Any, NamedTuple

import av
import av.error
import structlog
from av.video.frame import PictureType

from media.plane.codec import h264
from media.plane.codec.units import CLOCK, Format, Unit
from media.source import TRANSCODED, transcoded_size

_log = structlog.get_logger()

GOP_S = 2  # between keyframes, and so the length of HLS segments, which players are told
LATE_S = 0.3  # a picture that has waited so long is left out,
SELDOM_S = 0.5  # unless none was shown for so long: where time never suffices, some are
WAITING, WAITING_BYTES = 250, 16 * 1024 * 1024  # units that wait; some five seconds of a camera
_LEAST_STEP = CLOCK // 45  # between two pictures: those of a faster camera are thinned out
_USUAL_FPS = 25  # by which the rate is kept: a camera of another gets more or fewer bits
_WINDOW_S = 2.0  # over which the load is measured


class Shape(NamedTuple):
    """How large a picture is made, and how heavy: in bits a second, and in bits that may come at once."""

    width: int
    height: int
    rate: int  # 0: as many as the picture needs
    most: int
    burst: int


DISPLAY = Shape(*TRANSCODED, 0, 2_000_000, 2_000_000)  # an Echo's offer asks for no more than 2.5 Mbit/s
THIN = Shape(640, 360, 400_000, 500_000, 250_000)  # for a connection of 1 Mbit/s, with room for sound and for losses

type Made = Callable[[Format | None, Unit], None]


class Transcoder(threading.Thread):
    """`made` is called in this thread with each unit, and with its format where a timeline begins; `broke` if it fails.

    `since`: the pictures since the last keyframe. They are decoded, and none of them is shown.
    """

    def __init__(
        self,
        form: Format,
        since: Iterable[Unit],
        made: Made,
        broke: Callable[[], None],
        shape: Shape = DISPLAY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(name="transcoding", daemon=True)
        self._shape, self._clock = shape, clock
        self._wants_key = threading.Event()
        self._form, self._since, self._made, self._broke = form, list(since), made, broke
        self._units: queue.Queue[tuple[Unit | Format, float] | None] = queue.Queue(WAITING)
        self._put_bytes = self._taken_bytes = 0  # each written by one thread alone
        self._waits_for_key = not self._since
        self._stopped = self._is_begun = False
        self._load = _Load()
        self.left_out = 0  # pictures for which there was no time

    @property
    def load(self) -> float | None:
        """The part of a core that it takes; None until that is known."""
        return self._load.value

    def put(self, unit: Unit) -> None:
        """Called from the event loop."""
        if unit.kind == "video" and self._waits_for_key and not (unit.key and self._has_room()):
            return
        if not self._has_room():
            # a decoder needs what a picture refers to: up to the next keyframe nothing makes sense to it
            self._waits_for_key = True
            return
        if unit.kind == "video":
            self._waits_for_key = False
        self._put(unit, len(unit.data))

    def sync(self) -> None:
        """The next picture is a keyframe."""
        self._wants_key.set()

    def go_on_as(self, form: Format) -> None:
        """Begin a new timeline with the next picture: the source was opened again, or time passed without a picture."""
        self._put(form, 0)

    def decodes(self, form: Format) -> bool:
        """Whether a source that was opened again goes on as what this one decodes."""
        mine = self._form
        return self.is_alive() and (mine.codec, mine.width, mine.height) == (form.codec, form.width, form.height)

    def stop(self) -> None:
        self._stopped = True
        with contextlib.suppress(queue.Full):
            self._units.put_nowait(None)

    def run(self) -> None:
        try:
            self._run()
        except Exception as error:
            # libav's error may quote what it read: only its type is logged
            _log.warning("transcoding broke", error=type(error).__name__)
            self._broke()

    def _put(self, what: Unit | Format, size: int) -> None:
        with contextlib.suppress(queue.Full):
            self._units.put_nowait((what, self._clock()))
            self._put_bytes += size

    def _has_room(self) -> bool:
        return not self._units.full() and self._put_bytes - self._taken_bytes < WAITING_BYTES

    def _run(self) -> None:
        pipeline = _Pipeline(self._form, self._shape)
        for unit in self._since:
            if self._stopped:
                return
            pipeline.decode(unit)
        self._since = []
        form: Format | None = self._form  # of what is made, until the first picture has told it
        while (item := self._units.get()) is not None and not self._stopped:
            what, came = item
            if isinstance(what, Format):
                form = what
                pipeline.renew()
                continue
            self._taken_bytes += len(what.data)
            if self._wants_key.is_set():
                self._wants_key.clear()
                pipeline.renew()
            for unit in self._units_of(pipeline, what, came):
                if form is None:
                    self._made(None, unit)
                elif unit.kind == "video" and unit.key:
                    self._made(pipeline.form_of(unit, form), unit)
                    form, self._is_begun = None, True
            self._load.measure()

    def _units_of(self, pipeline: "_Pipeline", unit: Unit, came: float) -> list[Unit]:
        if unit.kind == "audio":
            return [unit]
        made = []
        for frame in pipeline.decode(unit):
            if self._clock() - came > LATE_S and not pipeline.is_due(frame):
                self.left_out += self._is_begun  # before that it catches up with `since`
            else:
                made += pipeline.encode(frame)
        return made


class _Load:
    """How much of a core the thread that calls `measure` takes."""

    def __init__(self) -> None:
        self._began: tuple[float, float] | None = None  # wall clock, CPU
        self.value: float | None = None

    def measure(self) -> None:
        now, cpu = time.monotonic(), time.thread_time()
        if self._began is None:
            self._began = now, cpu
        elif now - self._began[0] >= _WINDOW_S:
            self.value = (cpu - self._began[1]) / (now - self._began[0])
            self._began = now, cpu


class _Pipeline:
    def __init__(self, form: Format, shape: Shape) -> None:
        self._size = transcoded_size(form.width, form.height, shape[:2])
        self._decoder = av.CodecContext.create("hevc" if form.is_h265 else "h264", "r")
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
        if self._last is not None and frame.pts - self._last < _LEAST_STEP:
            return []
        due = self._is_key_due(frame.pts)
        self._last = frame.pts
        width, height = self._size
        small = frame.reformat(width=width, height=height, format="yuv420p")
        small.pts, small.time_base = frame.pts, Fraction(1, CLOCK)
        small.pict_type = PictureType.I if due else PictureType.NONE
        if due:
            self._last_key = frame.pts
        return [
            Unit("video", bytes(packet), packet.pts, packet.dts, bool(packet.is_keyframe))
            for packet in self._encoder.encode(small)
        ]

    def _is_key_due(self, pts: int) -> bool:
        """Of the pictures there are the one that is nearest to its time."""
        if self._last_key is None or self._last is None:
            return True
        return pts + (pts - self._last) // 2 - self._last_key >= GOP_S * CLOCK


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
