"""Transcodes a camera's video in a thread: makes it smaller, and encodes it as displays play it.

When time runs short, the thread leaves pictures out before encoding, never after.
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

from showcam.engine.codec import h264
from showcam.engine.keyframe import decoder
from showcam.engine.sound import silence
from showcam.engine.source import CLOCK, TRANSCODED, Codec, Format, Unit, transcoded_size

_log = structlog.get_logger()

SELDOM_S = 0.5  # a picture is due if none was shown for this time
_DECODERS: dict[Codec, str] = {"h264": "h264", "h265": "hevc", "mjpeg": "mjpeg"}
_REPEATED = CLOCK // 5  # ticks between the copies of a repeated picture
_LEAST_STEP = CLOCK // 45  # least time between two pictures: pictures of a faster camera are thinned out
_USUAL_FPS = 25  # the encoder's bit rate assumes this: a camera with another picture rate gets more or fewer bits
WAITING, WAITING_BYTES = 250, 16 * 1024 * 1024  # most units that wait; some five seconds of a camera
_WINDOW_S = 2.0  # the load is measured over this time
_EVER = -1 << 62  # a time before all others

type Made = Callable[[Format | None, Unit], None]


class Shape(NamedTuple):
    """The size of the transcoded video, and its weight: `most` bits a second, and `burst` bits at once.

    `gop_s` is the time between keyframes, and so the length of HLS segments. A picture that has waited for `late_s` is
    left out unless it is due: so some are shown even on a machine that is too slow. The pictures since the last
    keyframe are only decoded, except for the last `shows_s`, which are shown. A player needs `begins_with` groups of
    pictures to begin; the first picture is repeated before its time to fill missing groups.
    """

    width: int
    height: int
    rate: int  # bits a second; 0: as many as the video needs
    most: int
    burst: int
    gop_s: float = 2.0  # Alexa's and Google's players begin with a keyframe
    late_s: float = 0.3  # our own choice: more is seen as delay
    shows_s: float = 0.0
    begins_with: int = 0


DISPLAY = Shape(*TRANSCODED, 0, 2_000_000, 2_000_000)  # an Echo's offer asks for no more than 2.5 Mbit/s
# for HLS that begins soon although the video comes in clumps
SOON = DISPLAY._replace(gop_s=0.6, late_s=2.0, shows_s=3.2, begins_with=3)
THIN = Shape(640, 360, 400_000, 500_000, 250_000)  # for a connection of 1 Mbit/s, with room for sound and for losses


class _Waiting(NamedTuple):
    unit: Unit
    came: float
    form: Format | None  # the unit is the first picture of a new timeline of this format


class Pipeline:
    """Decodes and encodes units in the order of the calls. All calls come from the same thread."""

    def __init__(self, form: Format, shape: Shape) -> None:
        self._size, self._shape = transcoded_size(form.width, form.height, shape[:2]), shape
        self._decoder: Any = decoder(_DECODERS[form.kind])
        self._encoder = _encoder(*self._size, shape)
        self._last: int | None = None
        self._last_key: int | None = None

    def renew(self) -> None:
        """Makes the next picture a keyframe."""
        self._last_key = None

    def form_of(self, keyframe: Unit, form: Format) -> Format:
        width, height = self._size
        return replace(form, width=width, height=height, codec=h264.codec_name(keyframe.data), b_frames=False)

    def decode(self, unit: Unit) -> list[Any]:
        """The decoded frames; an empty list if the unit does not decode. The last picture then stands still."""
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
        """Copies of the picture that fill the given number of groups before the picture's time."""
        due, ticks = frame.pts, round(groups * self._shape.gop_s * CLOCK)
        units = [unit for early in range(ticks, 0, -_REPEATED) for unit in self._encoded(frame, due - early)]
        frame.pts = due  # a frame that needs no scaling was encoded itself and has the time of its last copy
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
        """True if this picture is the nearest to the time of the next keyframe."""
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


class Transcoder(threading.Thread):
    """The thread that transcodes. The thread calls `made` with each unit, and `broke` if transcoding fails.

    With the first unit of a timeline `made` also gets the format. `since` are the units since the last keyframe. They
    are decoded, and shown as far as `shape` says.
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
        self._units: queue.Queue[_Waiting | None] = queue.Queue(WAITING)
        self._put_bytes = self._taken_bytes = 0  # each is written by only one thread
        self._waits_for_key = not self._since
        self._stopped = self._is_begun = False
        self._goes_on_as: Format | None = None  # of a new timeline, until its first picture is handed over
        self._begins: Format | None = None  # the source's format, until its first picture is made
        self._silent_until = _EVER  # in ticks; older sound came too late
        self.load: float | None = None  # the part of a core that the thread takes; None until it was measured
        self._measured_since: tuple[float, float] | None = None  # wall clock, CPU
        self.left_out = 0  # number of pictures left out for lack of time

    def put(self, unit: Unit) -> None:
        """Hands a unit to the thread. Called from the event loop. Without room, units are left out up to a keyframe."""
        if unit.kind == "video" and self._waits_for_key and not (unit.key and self._has_room()):
            return
        if not self._has_room():
            # pictures refer to earlier ones: without them the decoder can use nothing before the next keyframe
            self._waits_for_key = True
            return
        form = self._goes_on_as
        if unit.kind == "video":
            self._waits_for_key, self._goes_on_as = False, None
        elif form is not None:
            return  # sound of a timeline without a picture
        self._units.put_nowait(_Waiting(unit, self._clock(), form))
        self._put_bytes += len(unit.data)

    def sync(self) -> None:
        """Makes the next picture a keyframe."""
        self._wants_key.set()

    def go_on_as(self, form: Format) -> None:
        """Begins a new timeline with the next picture, after the source was opened again or paused.

        The format goes with the picture: in the queue it could find no room, and the new timeline would be taken for
        the old one.
        """
        self._goes_on_as = form

    def decodes(self, form: Format) -> bool:
        """True if the transcoder can go on with a source of this format after a new opening."""
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
            # an error of libav may quote the data: only its type is logged
            _log.warning("transcoding broke", error=type(error).__name__)
            self._broke()

    def _has_room(self) -> bool:
        return not self._units.full() and self._put_bytes - self._taken_bytes < WAITING_BYTES

    def _run(self) -> None:
        pipeline = Pipeline(self._form, self._shape)
        self._begins = self._form
        self._catch_up(pipeline)
        while (waiting := self._units.get()) is not None and not self._stopped:
            unit, came, form = waiting
            self._taken_bytes += len(unit.data)
            if form is not None:
                self._begins, self._silent_until = form, _EVER
                if unit.key:
                    # Times may begin at 0 again, which x264 can't encode, and libav may still hold pictures of before.
                    pipeline = Pipeline(form, self._shape)
            if form is not None or self._wants_key.is_set():
                self._wants_key.clear()
                pipeline.renew()
            self._hand_over(pipeline, self._units_of(pipeline, unit, came))
            self._measure_load()

    def _catch_up(self, pipeline: Pipeline) -> None:
        since, self._since = self._since, []
        shows = self._shape.shows_s > 0
        shown = since[-1].dts - self._shape.shows_s * CLOCK if since else 0
        for at, unit in enumerate(since):
            if self._stopped:
                return
            if unit.kind == "audio":
                self._hand_over(pipeline, [unit] if shows and unit.pts >= shown else [])
                continue
            for frame in pipeline.decode(unit):
                if shows and frame.pts >= shown:
                    self._hand_over(pipeline, self._shown(pipeline, frame, since, at))

    def _shown(self, pipeline: Pipeline, frame: Any, since: list[Unit], at: int) -> list[Unit]:
        before = [] if self._is_begun else self._repeated(pipeline, frame, since, at)
        return [*before, *pipeline.encode(frame)]

    def _repeated(self, pipeline: Pipeline, frame: Any, since: list[Unit], at: int) -> list[Unit]:
        """Copies of the first picture, with silence, in place of video that a player would first have to wait for."""
        gop = round(self._shape.gop_s * CLOCK)
        pictures = [unit.dts for unit in since if unit.kind == "video"]
        there = max(pictures[-2:][0] - frame.pts, 0) // gop  # the decoder holds the last picture back
        groups = min(self._shape.begins_with - there, frame.pts // gop)  # times can't be negative
        if groups <= 0:
            return []
        sound = [unit for unit in since if unit.kind == "audio"]
        until = min(sound[0].dts, frame.pts + CLOCK) if sound else frame.pts  # a camera's clock may lie
        silent = silence(self._form.sound, frame.pts - groups * gop, until) if self._form.sound else []
        if self._form.sound and not silent:
            return []  # a player that meets sound later begins again
        self._silent_until = until
        heard = [unit for unit in since[:at] if unit.kind == "audio"]  # while the decoder had no picture yet
        return sorted([*pipeline.repeated(frame, groups), *silent, *heard], key=lambda unit: unit.dts)

    def _hand_over(self, pipeline: Pipeline, made: list[Unit]) -> None:
        for unit in made:
            if self._begins is None:
                self._made(None, unit)
            elif unit.kind == "video" and unit.key:
                self._made(pipeline.form_of(unit, self._begins), unit)
                self._begins, self._is_begun = None, True

    def _units_of(self, pipeline: Pipeline, unit: Unit, came: float) -> list[Unit]:
        if unit.kind == "audio":
            return [unit] if unit.dts >= self._silent_until else []
        made = []
        for frame in pipeline.decode(unit):
            if self._clock() - came > self._shape.late_s and not pipeline.is_due(frame):
                self.left_out += self._is_begun  # until then the thread catches up with `since`
            else:
                made += self._shown(pipeline, frame, [unit], 0)
        return made

    def _measure_load(self) -> None:
        now, cpu = time.monotonic(), time.thread_time()
        began, cpu_then = self._measured_since or (now, cpu)
        if now - began >= _WINDOW_S:
            self.load = (cpu - cpu_then) / (now - began)
        if self._measured_since is None or now - began >= _WINDOW_S:
            self._measured_since = now, cpu
