"""Streams of cameras that are made from traces: in the cloud's sessions, and by RTSP in the house."""

import asyncio
from collections.abc import Callable
from typing import Literal

from showcam.simulator.camera import Camera
from showcam.simulator.cloud.feed import Feed, is_key
from showcam.simulator.lan.house import House, Lens
from showcam.simulator.lan.server import Take
from showcam.simulator.pictures.encoder import STEP_S
from showcam.simulator.pictures.studio import Studio
from showcam.simulator.state import World
from tests.doubles.troubled.replay import Shape, TracedCamera

type Unit = tuple[Literal["video", "audio"], bytes, float]  # of the video or a frame of sound, and its epoch s


class ShapedFeed(Feed):
    """`at_home_key_s`: seconds between keyframes in the house, which always gets a program stream.

    `shape`: the distance between keyframes, and their units, from a real camera's trace. `in_units`: `units` returns
    the units that came, in the clear in spite of Image Encryption, as RTSP sends them in the house.
    """

    def __init__(
        self,
        world: World,
        camera: Camera,
        studio: Studio,
        quality: int,
        *,
        shape: Shape | None = None,
        at_home_key_s: float = 0.0,
        in_units: bool = False,
    ) -> None:
        self._shape, self._keys = shape, 0
        self._units: list[Unit] | None = [] if in_units else None
        # units from the first keyframe on, until the keyframe is due
        self._early: list[Unit] | None = [] if shape else None
        self._late_s, self._opened = 0.0, asyncio.get_running_loop().time()
        key_s = (shape.key_ms / 1000 if shape else 0) or at_home_key_s
        super().__init__(world, camera, studio, quality, key_s=key_s)
        if at_home_key_s:
            self._rtp = None
        if shape and at_home_key_s:
            # the trace's first keyframe is soon: the encoder makes one now, which is held until it is due
            self._encoder.listen(self._receive, key=True)

    def _held_back(self, kind: Literal["video", "audio"], data: bytes, at: float) -> float | None:
        """Keeps units from the first keyframe on. Returns the time of a unit that is sent meanwhile.

        Units after a keyframe are sent before the keyframe is due, as to a client that joins in between.
        """
        assert self._early is not None
        assert self._shape is not None
        begins = kind == "video" and is_key(data, self._codec)
        if not self._early and not begins:
            return at
        if not self._early:
            self._late_s = max(0.0, self._shape.first_key_ms / 1000 - (self._loop.time() - self._opened))
        self._early.append((kind, data, at))
        return None if begins else at - self._late_s

    def release(self) -> None:
        """Sends the units since the first keyframe, which is now due."""
        early, self._early = self._early or [], None
        for kind, data, at in early:
            self._take(kind, data, at)

    def units(self) -> list[Unit]:
        """Returns access units of the video and frames of sound since the last call."""
        taken, self._units = self._units or [], []
        return taken

    def _take(self, kind: Literal["video", "audio"], data: bytes, at: float) -> None:
        if self._early is not None:
            sent = self._held_back(kind, data, at)
            if sent is None:
                return
            at = sent
        if self._shape and kind == "video" and is_key(data, self._codec):
            data, self._keys = self._shape.dressed(data, self._codec, self._keys), self._keys + 1
        if self._units is not None:
            self._units.append((kind, data, at))
        else:
            super()._take(kind, data, at)

    def _first(self, made: bytes, *, key: bool) -> bytes:
        return made if self._shape and key else super()._first(made, key=key)


class TracedLens(Lens):
    def __init__(self, world: World, camera: Camera, studio: Studio, quality: int) -> None:
        super().__init__(world, camera, studio, quality)
        self._replaying: dict[Take, asyncio.Task[None]] = {}

    def watch(self, take: Take, over: Callable[[], None]) -> None:
        camera = self._camera
        if isinstance(camera, TracedCamera) and (shape := camera.replay.next_at_home("rtsp")):
            self._replaying[take] = asyncio.get_running_loop().create_task(self._replay(shape, take, over))
        else:
            super().watch(take, over)

    async def _replay(self, shape: Shape, take: Take, over: Callable[[], None]) -> None:
        """Sends as the trace of a real camera does."""
        world, camera = self._world, self._camera
        feed = ShapedFeed(world, camera, self._studio, self._quality, shape=shape, at_home_key_s=STEP_S, in_units=True)
        try:
            async for ms in shape.due(asyncio.get_running_loop().time()):
                if ms >= shape.first_key_ms:
                    feed.release()
                for unit in feed.units():
                    take(*unit)
        finally:
            feed.close()
        over()

    def unwatch(self, take: Take) -> None:
        if replaying := self._replaying.pop(take, None):
            replaying.cancel()
        super().unwatch(take)


class TracedHouse(House):
    LENS = TracedLens
