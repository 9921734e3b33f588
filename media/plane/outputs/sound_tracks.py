"""What a WebRTC viewer hears: the camera's sound as Opus, or silence."""

import asyncio
from collections import deque
from fractions import Fraction
from typing import Any, Protocol

import av
from aiortc.mediastreams import MediaStreamError

from media.plane.codec.sound import OPUS_CLOCK, OPUS_STEP, SILENT_OPUS
from media.plane.codec.units import Listen
from media.plane.outputs.track import Track


class Sounding(Protocol):
    def listen(self, listener: Listen) -> None: ...

    def unlisten(self, listener: Listen) -> None: ...


class OpusTrack(Track):
    kind = "audio"

    def __init__(self, picture: Sounding) -> None:
        super().__init__()
        self._picture = picture
        self._queue: deque[tuple[bytes, int]] = deque(maxlen=100)
        self._joined = False

    async def recv(self) -> Any:
        if not self._joined:
            self._joined = True
            self._picture.listen(self._take)
        while not self._queue:
            await self._sleep()
        return _opus(*self._queue.popleft())

    def _take(self, data: bytes, pts: int) -> None:
        self._queue.append((data, pts))
        self._wake()

    def stop(self) -> None:
        self._picture.unlisten(self._take)
        super().stop()


class SilentTrack(Track):
    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._sent = 0
        self._began: float | None = None

    async def recv(self) -> Any:
        loop = asyncio.get_running_loop()
        if self._began is None:
            self._began = loop.time()
        await asyncio.sleep(max(0.0, self._began + self._sent * OPUS_STEP / OPUS_CLOCK - loop.time()))
        if self.readyState != "live":
            raise MediaStreamError
        self._sent += 1
        return _opus(SILENT_OPUS, (self._sent - 1) * OPUS_STEP)


def _opus(data: bytes, pts: int) -> Any:
    packet = av.Packet(data)
    packet.pts = packet.dts = pts
    packet.time_base = Fraction(1, OPUS_CLOCK)
    return packet
