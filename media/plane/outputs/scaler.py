"""A picture made smaller, for a display that plays no larger one: the one place where video is encoded for cameras.

Decoding, scaling and encoding have a thread of their own; what it can't keep up with is left out up to a keyframe.
"""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, NamedTuple

import av
import av.error
import structlog
from av.video.frame import PictureType

from media.plane.codec import h264
from media.plane.codec.units import CLOCK, Format, Unit
from media.plane.outputs.hls import HlsOutput

_log = structlog.get_logger()

WIDEST, HIGHEST = 1280, 720


class Shape(NamedTuple):
    """How large a picture is made, and how heavy: bits a second, at most, and how many may come at once."""

    width: int
    height: int
    rate: int
    most: int
    burst: int


DISPLAY = Shape(WIDEST, HIGHEST, 1_800_000, 3_600_000, 3_600_000)
THIN = Shape(640, 360, 400_000, 500_000, 250_000)  # for a connection of 1 Mbit/s, with room for sound and for losses
GOP_S = 2
FPS = 25  # that a camera is taken to send; by another rate a picture gets more or fewer bits
UNUSED_S = 30.0
_WAITING = 250  # units; some five seconds of a camera


def fits(form: Format) -> bool:
    return form.width <= WIDEST and form.height <= HIGHEST


def size(width: int, height: int, shape: Shape = DISPLAY) -> tuple[int, int]:
    """As large as may be, in the same proportions, with even sides as 4:2:0 wants them."""
    scale = min(shape.width / width, shape.height / height, 1.0)
    return max(2, int(width * scale) // 2 * 2), max(2, int(height * scale) // 2 * 2)


class Scaler:
    """Lives as long as somebody asks for `output`; made and used in the event loop."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._changed = changed
        self._needed = self._loop.time()
        self._work: Work | None = None
        self.output: HlsOutput | None = None

    def need(self) -> None:
        self._needed = self._loop.time()

    @property
    def is_needed(self) -> bool:
        return self._loop.time() - self._needed < UNUSED_S

    def begin(self, form: Format) -> None:
        """A source was opened; None of what comes now is of the one before."""
        self._end_work()
        if self.output is None or self.output.has_audio is not form.audio:
            self.output = HlsOutput(silent_track=not form.audio, changed=self._changed)
        work = Work(form, lambda made, unit: self._post(work, made, unit))
        self._work = work
        work.start()

    def write(self, unit: Unit) -> None:
        if self._work is not None:
            self._work.put(unit)

    def close(self) -> None:
        self._end_work()
        if self.output is not None:
            self.output.end()

    def _end_work(self) -> None:
        work, self._work = self._work, None
        if work is not None:
            work.stop()

    def _post(self, work: "Work", made: Format | None, unit: Unit) -> None:
        """From the work's thread into the loop."""

        def take() -> None:
            if self._work is not work or self.output is None:
                return
            if made is not None:
                self.output.begin(made)
            self.output.write(unit)

        # a loop that is gone took everybody who watched with it
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(take)


class Work(threading.Thread):
    """`made` is called with each unit, and with its format where a timeline begins.

    `before`: pictures that those which are put depend on, and that are not made.
    """

    def __init__(
        self,
        form: Format,
        made: Callable[[Format | None, Unit], None],
        shape: Shape = DISPLAY,
        before: Sequence[Unit] = (),
    ) -> None:
        super().__init__(name="scaling", daemon=True)
        self._form, self._made, self._shape, self._before = form, made, shape, before
        self._wants_key = threading.Event()
        self._units: queue.Queue[Unit | None] = queue.Queue(_WAITING)
        self._behind = False
        self._stopped = False

    def put(self, unit: Unit) -> None:
        if self._behind and unit.kind == "video" and unit.key and self._units.qsize() < _WAITING // 2:
            self._behind = False
        if self._behind and unit.kind == "video":
            return
        try:
            self._units.put_nowait(unit)
        except queue.Full:
            self._behind = True

    def sync(self) -> None:
        """The next picture is a keyframe."""
        self._wants_key.set()

    def stop(self) -> None:
        self._stopped = True
        with contextlib.suppress(queue.Full):
            self._units.put_nowait(None)

    def run(self) -> None:
        try:
            self._run()
        except Exception as error:
            _log.warning("scaling broke", error=type(error).__name__)

    def _run(self) -> None:
        encoder = _Encoder(self._form, self._shape)
        encoder.skip(self._before)
        begun = False
        while not self._stopped:
            unit = self._units.get()
            if unit is None:
                return
            if self._wants_key.is_set():
                self._wants_key.clear()
                encoder.sync()
            for each in encoder.feed(unit) if unit.kind == "video" else (unit,):
                if begun:
                    self._made(None, each)
                elif each.kind == "video" and each.key:
                    begun = True
                    width, height = encoder.size
                    form = replace(self._form, width=width, height=height, codec=h264.codec_name(each.data))
                    self._made(form, each)


class _Encoder:
    def __init__(self, form: Format, shape: Shape) -> None:
        self.size = size(form.width, form.height, shape)
        self._decoder = av.CodecContext.create("h264", "r")
        self._decoder.thread_count = 1
        self._encoder: Any = av.CodecContext.create("libx264", "w")
        self._encoder.width, self._encoder.height = self.size
        self._encoder.pix_fmt, self._encoder.time_base = "yuv420p", Fraction(1, CLOCK)
        self._encoder.framerate = Fraction(FPS)  # by which the rate is kept
        self._encoder.bit_rate = shape.rate
        self._encoder.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "profile": "main",
            "threads": "1",
            "g": "600",  # keyframes are forced below, by time
            "maxrate": str(shape.most),
            "bufsize": str(shape.burst),
        }
        self._last_key: int | None = None

    def sync(self) -> None:
        """The next picture is a keyframe."""
        self._last_key = None

    def skip(self, units: Sequence[Unit]) -> None:
        """Decode them alone."""
        for unit in units:
            self._decoded(unit)

    def feed(self, unit: Unit) -> list[Unit]:
        frames = self._decoded(unit)
        return [each for frame in frames if frame.pts is not None for each in self._encoded(frame)]

    def _decoded(self, unit: Unit) -> list[Any]:
        packet = av.Packet(unit.data)
        packet.pts, packet.dts, packet.time_base = unit.pts, unit.dts, Fraction(1, CLOCK)
        try:
            return list(self._decoder.decode(packet))
        except (av.error.FFmpegError, ValueError):
            return []

    def _encoded(self, frame: Any) -> list[Unit]:
        width, height = self.size
        small = frame.reformat(width=width, height=height, format="yuv420p")
        small.pts, small.time_base = frame.pts, Fraction(1, CLOCK)
        due = self._last_key is None or frame.pts - self._last_key >= GOP_S * CLOCK
        small.pict_type = PictureType.I if due else PictureType.NONE
        if due:
            self._last_key = frame.pts
        return [
            Unit("video", bytes(packet), packet.pts, packet.dts, bool(packet.is_keyframe))
            for packet in self._encoder.encode(small)
        ]
