"""Watches a camera at home for a moment, to report to its owner what it sends."""

import asyncio
import contextlib
import time
from itertools import pairwise

from showcam.engine.codec.nal import NoPicture
from showcam.engine.keyframe import jpeg
from showcam.engine.source import CLOCK, Format, Rtsp, SourceFailed, Unit, Watched
from showcam.engine.sources.rtsp import RtspSource

ENOUGH_S = 0.8  # of video, to measure the picture rate, once the distance of keyframes is known


class Probed:
    """The figures that a watched camera shows: a showcam.engine.sources.screen.Screen without viewers.

    It keeps the last keyframe and the times of all pictures.
    """

    form: Format  # as soon as there is a keyframe

    def __init__(self) -> None:
        self.keyframe = b""
        self._times: list[int] = []
        self._keys: list[int] = []
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
        self._times.append(unit.dts)
        if unit.key:
            self._keys.append(unit.dts)
            self.keyframe = unit.data
        if len(self._keys) > 1 and unit.dts - self._times[0] > ENOUGH_S * CLOCK:
            self.enough.set()

    def now(self) -> int:
        return int(time.monotonic() * CLOCK)

    @property
    def watched_s(self) -> float:
        """Seconds from the first keyframe on."""
        return (self._times[-1] - self._times[0]) / CLOCK

    @property
    def rate(self) -> float:
        """Pictures a second."""
        return (len(self._times) - 1) / self.watched_s if self.watched_s > 0 else 0.0

    @property
    def gop_s(self) -> float:
        """The longest time from one keyframe to the next; 0.0 if no second keyframe came."""
        return max((later - earlier for earlier, later in pairwise(self._keys)), default=0) / CLOCK

    def watched(self, *, small: bool) -> Watched:
        """The measured figures and a still; `small` fits a page. Raises SourceFailed if no keyframe decodes."""
        form = self.form
        try:
            still = jpeg(self.keyframe, small=small)
        except NoPicture:
            raise SourceFailed("media_down", again=True) from None
        return Watched(form.kind, form.width, form.height, self.rate, self.gop_s, self.watched_s, still)


async def probe(spec: Rtsp, *, loopback: bool, within_s: float) -> Probed:
    """Watches the camera for `within_s` at most. Raises SourceFailed, also if no whole picture came in time."""
    probed = Probed()
    source = RtspSource(probed, spec, loopback=loopback, open_s=within_s)
    running = asyncio.create_task(source.last())
    waiting = asyncio.create_task(probed.enough.wait())
    try:
        await asyncio.wait((running, waiting), timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        if not probed.keyframe:
            if running.done():
                running.result()
            raise SourceFailed("media_down", again=True)
        return probed
    finally:
        source.close()
        for task in (running, waiting):
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError, SourceFailed):
            await running
