"""The encoders of the watched cameras, one for each picture."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from functools import partial

from showcam.simulator.camera import TICK_S, Camera
from showcam.simulator.pictures.encoder import STEP_S, Encoder

FIRST_S = 3.0  # an encoder makes a keyframe within a part of a second; a busy machine takes longer


class Studio:
    ENCODER: type[Encoder] = Encoder

    def __init__(self) -> None:
        self._encoders: dict[tuple[str, int, int], Encoder] = {}  # by camera, quality, seconds between keyframes
        self._news = asyncio.Event()

    async def encoder(self, camera: Camera, quality: int) -> Encoder:
        """Returns the camera's encoder, once it has made a keyframe or FIRST_S have passed."""
        encoder = self.running(camera, quality)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_S):
                while not encoder.keyframe and not encoder.ended:
                    await self._news.wait()
        return encoder

    def watched(self, camera: Camera) -> bool:
        return any(key[0] == camera.key and not encoder.ended for key, encoder in self._encoders.items())

    def close(self) -> None:
        for encoder in self._encoders.values():
            encoder.stop()
        for encoder in self._encoders.values():
            encoder.join(TICK_S)

    def running(self, camera: Camera, quality: int, *, key_s: int = STEP_S) -> Encoder:
        key = camera.key, quality, key_s
        encoder = self._encoders.get(key)
        if encoder is None or encoder.ended:
            loop = asyncio.get_running_loop()
            encoder = self._encoders[key] = self.ENCODER(camera, partial(_notify, loop, self._wake), quality, key_s)
            encoder.start()
        encoder.touched = time.monotonic()
        return encoder

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


def _notify(loop: asyncio.AbstractEventLoop, wake: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has closed, and nobody waits
        loop.call_soon_threadsafe(wake)
