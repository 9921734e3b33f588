"""What a WebRTC viewer hears: the camera's sound as Opus or G.711, or silence."""

import asyncio
import contextlib
from collections import deque
from fractions import Fraction
from typing import Any, Protocol

import av
from aiortc.mediastreams import MediaStreamError

from media.plane.codec.sound import OPUS_CLOCK, OPUS_STEP, SILENT_OPUS
from media.plane.codec.units import CLOCK, Listen
from media.plane.outputs.track import Track


class Sounding(Protocol):
    def listen(self, listener: Listen) -> None: ...

    def unlisten(self, listener: Listen) -> None: ...

    def now(self) -> int:
        """On the picture's own timeline, in ticks of media.plane.codec.units.CLOCK."""
        ...


class OpusTrack(Track):
    """`is_late`: the camera's sound may come after its picture was shown; silence is sent until then."""

    kind = "audio"

    def __init__(self, picture: Sounding, *, is_late: bool = False) -> None:
        super().__init__()
        self._picture = picture
        self._queue: deque[tuple[bytes, int]] = deque(maxlen=100)
        self._joined = False
        self._is_silent, self._sent_until = is_late, 0

    async def recv(self) -> Any:
        if not self._joined:
            self._joined = True
            self._picture.listen(self._take)
        while not self._queue:
            if not self._is_silent:
                await self._sleep()
            elif self._sent_until <= self._now():
                return self._silence()
            else:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._sleep(), (self._sent_until - self._now()) / OPUS_CLOCK)
        return _opus(*self._queue.popleft())

    def _now(self) -> int:
        return self._picture.now() * OPUS_CLOCK // CLOCK

    def _silence(self) -> Any:
        pts = self._sent_until or self._now()
        self._sent_until = pts + OPUS_STEP
        return _opus(SILENT_OPUS, pts)

    def _take(self, data: bytes, pts: int) -> None:
        self._is_silent = False
        if pts >= self._sent_until:
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


class G711Track(Track):
    """What another track sends, as samples, which aiortc makes G.711 of: for displays that take no Opus."""

    kind = "audio"

    def __init__(self, opus: OpusTrack | SilentTrack) -> None:
        super().__init__()
        self._opus, self.epoch_s = opus, opus.epoch_s
        self._decoder = av.CodecContext.create("libopus", "r")
        self._decoder.sample_rate, self._decoder.layout = OPUS_CLOCK, "stereo"
        self._resampler = av.AudioResampler("s16", "mono", OPUS_CLOCK)

    async def recv(self) -> Any:
        while True:
            packet = await self._opus.recv()
            for decoded in self._decoder.decode(packet):
                decoded.pts = None
                for frame in self._resampler.resample(decoded):
                    frame.pts, frame.time_base = packet.pts, packet.time_base
                    return frame

    def stop(self) -> None:
        self._opus.stop()
        super().stop()


def _opus(data: bytes, pts: int) -> Any:
    packet = av.Packet(data)
    packet.pts = packet.dts = pts
    packet.time_base = Fraction(1, OPUS_CLOCK)
    return packet
