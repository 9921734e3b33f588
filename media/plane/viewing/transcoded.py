"""A camera's picture as it is transcoded, once for all viewers who can't be shown it as it comes."""

import contextlib
from collections.abc import Iterable

import structlog

from media.plane.outputs.hls import HlsOutput
from media.plane.outputs.transcoder import DISPLAY, SOON, Shape, Transcoder
from media.plane.units import Format, SourceFailed, Unit
from media.plane.viewing.fanout import Fanout

_log = structlog.get_logger()

UNUSED_S = 30.0  # it ends so long after its last viewer
LEFT_S = 6.0  # a viewer by HLS who has fetched nothing for so long holds up nobody else
BEHIND_S = 10.0  # it counts as behind for so long after it left out a picture


class Transcoded(Fanout):
    """Takes the pull's units on the pull's own timeline. `failure` says why it ended, to its own viewers alone.

    `gives_way`: it ends where another picture needs its room. It is for HLS alone, and takes what HLS is made of: where
    units come in clumps, before viewers by WebRTC get them. `is_soon`: as of HlsOutput; what gives way is.
    """

    def __init__(self, form: Format, since: Iterable[Unit], *, gives_way: bool = False, is_soon: bool = False) -> None:
        super().__init__()
        self.gives_way, self._renditions.is_soon = gives_way, gives_way or is_soon
        self._used = self._loop.time()
        self._waiting = 0  # viewers by HLS, for a first segment
        self._left_out = self._counted = 0
        self._behind: float | None = None  # when it last left out a picture
        self._work = self._begun(form, since, SOON if self._renditions.is_soon else DISPLAY)

    @property
    def displaces(self) -> bool:
        return not self.gives_way

    def need(self) -> None:
        self._used = self._loop.time()

    @property
    def is_over(self) -> bool:
        return self.failure is not None

    @property
    def is_watched(self) -> bool:
        return bool(self._viewers) or self._waiting > 0 or self._loop.time() - self._used < LEFT_S

    @property
    def load(self) -> float | None:
        """The part of a core that it takes; None until that is known."""
        return self._work.load

    @property
    def is_behind(self) -> bool:
        """Whether there was no time for some of the latest pictures, as far as `tidy` was called."""
        return self._behind is not None and self._loop.time() - self._behind < BEHIND_S

    @property
    def left_out(self) -> int:
        return self._left_out + self._work.left_out

    def open(self, form: Format) -> None:
        """The source was opened, again, or time passed without a picture."""
        if self.failure:
            return
        if self._work.decodes(form):
            self._work.go_on_as(form)
            return
        self._work.stop()
        self._left_out += self._work.left_out
        # players have segments already: no picture is repeated
        self._work = self._begun(form, (), SOON._replace(begins_with=0) if self._renditions.is_soon else DISPLAY)

    def sync(self) -> bool:
        self._work.sync()
        return True

    def take(self, unit: Unit) -> None:
        self._work.put(unit)

    def close(self, reason: str = "media_down") -> None:
        self._end_work(SourceFailed(reason, again=True))

    async def first_segment(self, *, silent_track: bool, timeout_s: float, tv: bool = False) -> HlsOutput:
        """As Fanout's; who waits for it watches."""
        self._waiting += 1
        try:
            return await super().first_segment(silent_track=silent_track, timeout_s=timeout_s, tv=tv)
        finally:
            self._waiting -= 1
            self.need()

    def _end_work(self, failure: SourceFailed) -> None:
        self._work.stop()
        self.end(failure)

    def _begun(self, form: Format, since: Iterable[Unit], shape: Shape) -> Transcoder:
        def made(begins: Format | None, unit: Unit) -> None:
            # a loop that is gone took everybody who watched with it
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._show, work, begins, unit)

        def broke() -> None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._broke, work)

        work = Transcoder(form, since, made, broke, shape)
        work.start()
        return work

    def _show(self, work: Transcoder, begins: Format | None, unit: Unit) -> None:
        if work is not self._work or self.failure:
            return
        try:
            if begins is not None:
                self.begin(begins)
            self.to_hls(unit)
            self.to_viewers(unit)
        except Exception as error:
            _log.warning("a transcoded picture could not be shown", error=type(error).__name__)
            self._broke(work)

    def _broke(self, work: Transcoder) -> None:
        if work is self._work:
            self._end_work(SourceFailed("media_down", again=True))

    def tidy(self) -> None:
        """Ends it when nobody has needed it for long; logs, once for as long as it lasts, that there is no time."""
        super().tidy()
        if not self._viewers and not self._waiting and self._loop.time() - self._used > UNUSED_S:
            self.close()
        if self.left_out > self._counted:
            now = self._loop.time()
            if self._behind is None or now - self._behind > BEHIND_S:
                _log.warning("there is no time to transcode every picture", left_out=self.left_out, load=self.load)
            self._counted, self._behind = self.left_out, now
