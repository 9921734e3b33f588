"""One opening of a source: a reader in its thread, its units paced, until it is over."""

import asyncio
import contextlib
from collections.abc import Callable

import structlog

from media.plane.codec.units import SourceFailed, Unit
from media.plane.sources.pacing import Pacing
from media.plane.sources.reader import Origin, Reader
from media.plane.sources.screen import Screen

_log = structlog.get_logger()

FIRST_KEYFRAME_S = 8.0


class Run:
    """One reader, its pacing, and the watch over them."""

    def __init__(self, screen: Screen, source: Origin) -> None:
        self._source = source
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[SourceFailed] = self._loop.create_future()
        self._reader = Reader(
            source,
            deliver=self._post(self._deliver),
            done=self._post(self._done),
        )
        self._pacing = Pacing(screen, self._done, self._reader.room)
        self._heard = self._loop.time()
        self._is_open = False

    async def last(self) -> None:
        """Run until the source is over. Raises SourceFailed."""
        self._heard = self._loop.time()
        self._reader.start()
        while True:
            patience = max(8.0, 3 * self._source.target_s + 2) if self._is_open else FIRST_KEYFRAME_S
            done, _ = await asyncio.wait([self._over], timeout=0.5)
            if done:
                raise self._over.result()
            if self._source.failure:
                raise self._source.failure
            if self._loop.time() - self._heard > patience:
                raise SourceFailed("media_down", again=True)

    def close(self) -> None:
        self._reader.stop()
        self._pacing.close()
        if not self._over.done():
            self._over.cancel()

    def _post[T](self, call: Callable[[T], None]) -> Callable[[T], None]:
        """From the reader's thread into the loop."""
        guarded = self._guarded(call)

        def post(value: T) -> None:
            # a loop that is gone took everybody who watched with it
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(guarded, value)

        return post

    def _guarded[T](self, call: Callable[[T], None]) -> Callable[[T], None]:
        """What fails ends this opening, and nothing else."""

        def guarded(value: T) -> None:
            if self._over.done():
                return
            try:
                call(value)
            except SourceFailed as failed:
                self._done(failed)
            except Exception as error:
                _log.warning("opening broke", error=type(error).__name__)
                self._done(SourceFailed("media_down", again=True))

        return guarded

    def _deliver(self, unit: Unit) -> None:
        self._is_open = True
        if unit.kind == "video":
            self._heard = self._loop.time()
        self._pacing.push(unit)

    def _done(self, failure: SourceFailed) -> None:
        if not self._over.done():
            self._over.set_result(failure)
