"""A session at EZVIZ that opens beside the one that is shown, to go on where that one ends."""

import asyncio
from collections.abc import Callable

from media.ezviz.address import Stream
from media.plane.codec.units import SourceFailed
from media.plane.sources.ezviz_node import SaidNo, Unreached
from media.plane.sources.ezviz_openings import Openings
from media.plane.sources.ezviz_showing import Showing

SETTLE_S = 0.2  # of a clump's arrival
LATEST_S = 5.0  # a picture that stands by begins with a keyframe no older than this, or falls behind life


class Beside:
    """The session can be shown once its first keyframe has come. With `stands_by` it is kept back until `call`.

    `patience_s`: how long the keyframe is waited for; `is_lost`: whether the session is given up before that. Call
    `cancel` where the session is not needed.
    """

    def __init__(
        self,
        openings: Openings,
        stream: Stream,
        patience_s: float,
        is_lost: Callable[[Showing], bool],
        *,
        stands_by: bool = False,
    ) -> None:
        self._openings, self._is_lost, self._patience_s = openings, is_lost, patience_s
        self.stands_by, self.is_too_late = stands_by, False  # too late: keyframes are too far apart to stand by
        self._loop = asyncio.get_running_loop()
        self.began = self._loop.time()
        self._task = asyncio.create_task(self._last(stream))

    @property
    def is_over(self) -> bool:
        """Whether it has ended without a picture to show."""
        return self._task.done() and self._task.result() is None

    @property
    def there(self) -> Showing | None:
        return self._task.result() if self._task.done() else None

    def call(self) -> None:
        """The session that is shown has ended, or brings nothing."""
        self.stands_by = False

    async def awaited(self) -> Showing | None:
        self.call()
        return await self._task

    def cancel(self) -> None:
        self._task.cancel()

    async def _last(self, stream: Stream) -> Showing | None:
        showing = await self._openings.beside(stream)
        if showing is None:
            return None
        try:
            while not showing.held and showing.lasted_s < self._patience_s and not self._is_lost(showing):
                await showing.wait()
            settles = self._loop.time() + SETTLE_S
            while showing.held and self._loop.time() < settles:
                await showing.wait()
            while showing.held and self.stands_by:
                await showing.wait()
                self.is_too_late = showing.trim() > LATEST_S
                if self.is_too_late:
                    showing.taken()
        except (Unreached, SaidNo, SourceFailed):
            showing.taken()
        except asyncio.CancelledError:
            self._openings.end(showing)
            raise
        if showing.held:
            return showing
        self._openings.end(showing)
        return None
