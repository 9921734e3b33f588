"""The cameras' RTSP servers in the house; doorbells and battery cameras have none."""

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial
from typing import Literal

from showcam.simulator.camera import Camera
from showcam.simulator.lan.server import CameraServer, Take, Tracks
from showcam.simulator.pictures.encoder import RATE_HZ, Encoder, Listener
from showcam.simulator.pictures.studio import Studio
from showcam.simulator.state import World

_CONFIG = b"\x14\x08"  # AAC-LC, 16 kHz, mono


class Lens:
    def __init__(self, world: World, camera: Camera, studio: Studio, quality: int) -> None:
        self._world, self._camera, self._studio, self._quality = world, camera, studio, quality
        self._listening: dict[Take, tuple[Encoder, Listener]] = {}

    async def tracks(self) -> Tracks | None:
        picture = self._camera.picture(self._quality)
        if picture is None:
            return None
        encoder = await self._studio.encoder(self._camera, self._quality)
        return Tracks(picture[0], encoder.keyframe, "aac" if self._camera.audio else None, RATE_HZ, _CONFIG)

    def watch(self, take: Take, over: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()

        def forward(kind: Literal["video", "audio"], data: bytes, at: float) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has closed
                loop.call_soon_threadsafe(take, kind, data, at)

        encoder = self._studio.running(self._camera, self._quality)
        encoder.listen(forward)
        self._listening[take] = (encoder, forward)

    def unwatch(self, take: Take) -> None:
        found = self._listening.pop(take, None)
        if found:
            found[0].unlisten(found[1])


class House:
    """A server for each camera with an open door, on a loopback port that the vendor's list names.

    At a shut door the connection is refused, as at a port without a server. `LENS` is the class of a server's pictures.
    """

    LENS = Lens

    def __init__(self, world: World, studio: Studio) -> None:
        self._world = world
        self._servers = {
            camera.serial: CameraServer(
                self.LENS(world, camera, studio, 1),
                partial(self._password, camera),
                smaller=self.LENS(world, camera, studio, 2),
                reachable=partial(_answers, camera),
            )
            for camera in world.cameras.values()
            if camera.has_door
        }
        self._turning: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()
        world.doors.append(self._turned)

    async def open(self) -> None:
        for serial in self._servers:
            await self._follow(serial)

    async def close(self) -> None:
        await asyncio.gather(*self._turning, return_exceptions=True)
        await asyncio.gather(*(server.stop() for server in self._servers.values()))

    def _turned(self, camera: Camera) -> None:
        if camera.serial in self._servers:
            task = asyncio.get_running_loop().create_task(self._follow(camera.serial))
            self._turning.add(task)
            task.add_done_callback(self._turning.discard)

    async def _follow(self, serial: str) -> None:
        """Listens if the camera's door is open, else stops."""
        camera, server, ports = self._world.cameras[serial], self._servers[serial], self._world.ports
        async with self._turn:
            if camera.rtsp and not ports.rtsp(serial):
                await server.start()
                ports.open_rtsp(serial, server.port)
            elif not camera.rtsp and ports.rtsp(serial):
                ports.close_rtsp(serial)
                await server.stop()

    def _password(self, camera: Camera) -> str:
        """Returns the encryption password while Image Encryption is on, as in newer firmware. Pictures stay clear."""
        return camera.secret if camera.encrypted(self._world.now()) else camera.code


def _answers(camera: Camera) -> bool:
    return camera.online and not camera.asleep
