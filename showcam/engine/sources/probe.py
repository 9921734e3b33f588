"""Watches a camera at home for a moment, to report to its owner what it sends."""

import asyncio
import contextlib
import time
from dataclasses import dataclass
from itertools import pairwise

from showcam.engine.codec.nal import NoPicture
from showcam.engine.keyframe import jpeg
from showcam.engine.source import CLOCK, Format, Rtsp, SourceFailed, Unit, Watched
from showcam.engine.sources.rtsp import RtspSource

ENOUGH_S = 0.8  # of video, to measure the picture rate, once the distance of keyframes is known


@dataclass(frozen=True, slots=True)
class Probed:
    """The figures that a watched camera showed. `rate` is in pictures a second.

    `gop_s` is the time from one keyframe to the next; 0.0 if no second keyframe came. `watched_s` counts from the first
    keyframe on.
    """

    form: Format
    rate: float
    gop_s: float
    watched_s: float
    keyframe: bytes

    def watched(self, *, small: bool) -> Watched:
        """The measured figures and a still; `small` fits a page. Raises SourceFailed if no keyframe decodes."""
        form = self.form
        try:
            still = jpeg(self.keyframe, small=small)
        except NoPicture:
            raise SourceFailed("media_down", again=True) from None
        return Watched(form.kind, form.width, form.height, self.rate, self.gop_s, self.watched_s, still)


class _Screen:
    """A showcam.engine.sources.screen.Screen that keeps the last keyframe and the times of all pictures."""

    def __init__(self) -> None:
        self.form: Format | None = None
        self.keyframe = b""
        self.times: list[int] = []
        self.keys: list[int] = []
        self.enough = asyncio.Event()
        self.has_time = False

    def begin(self, form: Format) -> None:
        self.form = form

    def wait_for_key(self) -> None:
        pass

    def to_hls(self, unit: Unit) -> None:
        pass

    def to_viewers(self, unit: Unit) -> None:
        if unit.kind != "video":
            return
        self.times.append(unit.dts)
        if unit.key:
            self.keys.append(unit.dts)
            self.keyframe = unit.data
        if len(self.keys) > 1 and unit.dts - self.times[0] > ENOUGH_S * CLOCK:
            self.enough.set()

    def now(self) -> int:
        return int(time.monotonic() * CLOCK)


async def probe(spec: Rtsp, *, loopback: bool, within_s: float) -> Probed:
    """Watches the camera for `within_s` at most. Raises SourceFailed, also if no whole picture came in time."""
    screen = _Screen()
    source = RtspSource(screen, spec, loopback=loopback, open_s=within_s)
    running = asyncio.create_task(source.last())
    waiting = asyncio.create_task(screen.enough.wait())
    try:
        await asyncio.wait((running, waiting), timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        if screen.form is None or not screen.keyframe:
            if running.done():
                running.result()
            raise SourceFailed("media_down", again=True)
        watched_s = (screen.times[-1] - screen.times[0]) / CLOCK
        return Probed(screen.form, _rate(screen.times), _longest(screen.keys), watched_s, screen.keyframe)
    finally:
        source.close()
        for task in (running, waiting):
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError, SourceFailed):
            await running


def _rate(times: list[int]) -> float:
    spent = times[-1] - times[0]
    return (len(times) - 1) * CLOCK / spent if spent > 0 else 0.0


def _longest(keys: list[int]) -> float:
    return max((later - earlier for earlier, later in pairwise(keys)), default=0) / CLOCK
