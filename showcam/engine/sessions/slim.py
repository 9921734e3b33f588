"""A smaller picture for slow connections: the camera's own smaller picture, or one that is transcoded here.

The transcoded picture is there at once. It bridges the time until the camera's smaller picture comes, and returns when
that ends. Both last while there is a viewer.
"""

import asyncio
from collections.abc import Callable

from showcam.engine.outputs.transcoder import THIN
from showcam.engine.sessions.fanout import Fanout, Gop
from showcam.engine.sessions.transcodes import Transcode, Transcodes
from showcam.engine.sound import as_sent
from showcam.engine.source import Format, SourceFailed, Unit, Watch

READY_S = 3.0  # limit for the first smaller picture: the viewer gets no video meanwhile


class Slim(Fanout):
    """The smaller picture of a camera. `sub` opens the camera's own, or returns None if there is none."""

    def __init__(self, whole: Fanout, sub: Callable[[], Fanout | None], transcodes: Transcodes) -> None:
        super().__init__()
        self._whole, self._sub, self._transcodes = whole, sub, transcodes
        self._waiting = 0  # number of viewers that wait for a first keyframe
        self._work: Transcode | None = None
        self._own: Fanout | None = None  # the camera's own smaller picture
        self._shift = 0  # from the smaller picture's timeline to the whole picture's
        self._following: asyncio.Task[None] | None = None

    # called for viewers

    async def ready(self) -> "Slim | None":
        """Waits for a first keyframe and returns itself. None if no keyframe came in time, or none can come.

        The caller must then call `watch`, or `unwatch` at once.
        """
        if self._following is None:
            self._make()
            self._following = asyncio.create_task(self._follow())
            self._following.add_done_callback(lambda _: self.signal.ring())
        is_ready = False
        self._waiting += 1
        try:
            await self.signal.until(lambda: self._gop.units or self._is_vain, READY_S)
            is_ready = bool(self._gop.units)
        finally:
            self._waiting -= 1
            if not is_ready:
                self._end_unwatched()
        return self if is_ready else None

    @property
    def _is_vain(self) -> bool:
        return self._work is None and (self._following is None or self._following.done())

    def unwatch(self, viewer: Watch) -> None:
        super().unwatch(viewer)
        self._end_unwatched()

    def sync(self) -> bool:
        if self._work is not None:
            self._work.sync()
        return self._work is not None

    def close(self) -> None:
        self._stop_making()
        following, self._following = self._following, None
        if following is not None:
            following.cancel()
        if self._own is not None:
            self._own.unwatch(self._take_own)
        self._own, self._gop = None, Gop()

    def _end_unwatched(self) -> None:
        if not self._viewers and not self._waiting:
            self.close()

    # transcoding

    def _make(self) -> None:
        form = self._whole.format
        if form is None:
            return
        units = self._whole.watch(self._feed)
        try:
            self._work = self._transcodes.begin(as_sent(form), units[:-1], "machine_full", shape=THIN)
        except SourceFailed:
            self._whole.unwatch(self._feed)
            return
        self._work.watch(self.to_viewers)
        for unit in units[-1:]:
            self._work.take(unit)

    def _feed(self, unit: Unit) -> None:
        if self._work is not None:
            self._work.take(unit)

    def _stop_making(self) -> None:
        self._whole.unwatch(self._feed)
        work, self._work = self._work, None
        if work is not None:
            work.unwatch(self.to_viewers)
            work.close()

    # the camera's own smaller picture

    async def _follow(self) -> None:
        own = self._sub()
        if own is None:
            return
        try:
            if not await own.opened() or not _is_smaller(own.format, self._whole.format):
                return
        except SourceFailed:
            return
        self._own, self._shift = own, self._whole.now() - own.now()
        own.watch(self._take_own)
        await own.signal.until(lambda: own.failure, float("inf"))
        self._own = None
        if self._work is None:
            self._make()

    def _take_own(self, unit: Unit) -> None:
        own = self._own
        if own is None or (self._work is not None and not unit.key):
            return
        if unit.key:
            own.need()
            self._stop_making()
        self.to_viewers(unit.later(self._shift))


def _is_smaller(form: Format | None, whole: Format | None) -> bool:
    if form is None or form.kind != "h264" or form.b_frames:
        return False  # WebRTC viewers can't be sent these
    return whole is not None and form.width * form.height < whole.width * whole.height
