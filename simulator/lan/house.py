"""The cameras' RTSP servers in the house; doorbells and battery cameras have none."""

import asyncio
import contextlib
from functools import partial
from typing import Literal

from simulator.lan.description import Tracks
from simulator.lan.server import CameraServer, Take
from simulator.pictures.encoder import Encoder, Listener
from simulator.pictures.studio import Studio
from simulator.pictures.tone import RATE_HZ
from simulator.state import Camera, World

FIRST_S = 3.0
_CONFIG = b"\x14\x08"  # AAC-LC, 16 kHz, mono


class House:
    """A server for each camera, on a loopback port that the vendor's list names."""

    def __init__(self, world: World, studio: Studio) -> None:
        self._world = world
        self._servers = {
            camera.serial: CameraServer(
                _Lens(camera, studio, 1),
                partial(self._password, camera),
                smaller=_Lens(camera, studio, 2),
                reachable=partial(_is_online, camera),
            )
            for camera in world.cameras.values()
            if camera.kind == "camera" and camera.rtsp and camera.battery is None and camera.serial not in world.devices
        }

    async def open(self) -> None:
        for serial, server in self._servers.items():
            await server.start()
            self._world.rtsp_ports[serial] = server.port

    async def close(self) -> None:
        await asyncio.gather(*(server.stop() for server in self._servers.values()))

    def _password(self, camera: Camera) -> str:
        """The encryption password while Image Encryption is on, as in newer firmware; the pictures stay clear."""
        return camera.secret if camera.encrypted(self._world.now()) else camera.code


def _is_online(camera: Camera) -> bool:
    return camera.online


class _Lens:
    def __init__(self, camera: Camera, studio: Studio, quality: int) -> None:
        self._camera, self._studio, self._quality = camera, studio, quality
        self._listening: dict[Take, tuple[Encoder, Listener]] = {}

    async def tracks(self) -> Tracks | None:
        picture = self._camera.picture(self._quality)
        if picture is None:
            return None
        encoder = await self._studio.encoder(self._camera, self._quality, FIRST_S)
        return Tracks(picture[0], encoder.keyframe, "aac" if self._camera.audio else None, RATE_HZ, _CONFIG)

    def watch(self, take: Take) -> None:
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
