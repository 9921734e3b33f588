"""A track of a WebRTC viewer: packets as they come, which aiortc asks for once the connection stands."""

import asyncio

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError


class Track(MediaStreamTrack):
    """`epoch_s`: the Unix time at its time 0, by which sound and picture of one moment are shown together; None where
    there is nothing to be shown with it.
    """

    epoch_s: float | None = None

    def __init__(self) -> None:
        super().__init__()
        self._arrival: asyncio.Future[None] | None = None

    def _wake(self) -> None:
        if self._arrival and not self._arrival.done():
            self._arrival.set_result(None)

    async def _sleep(self) -> None:
        """Until something may have come. Raises MediaStreamError once the track is stopped."""
        if self.readyState != "live":
            raise MediaStreamError
        self._arrival = asyncio.get_running_loop().create_future()
        await self._arrival

    def stop(self) -> None:
        super().stop()
        self._wake()
