"""Barn: the owner's own camera, which no vendor knows. It speaks RTSP and ONVIF at two given ports.

Its whole picture is H.265, its smaller one H.264, its sound G.711. User and password are published.
"""

import asyncio
import contextlib
import functools
import io
import math
import socket
import time
from collections.abc import Callable
from typing import Literal

from aiohttp import web

from showcam.simulator.camera import Camera
from showcam.simulator.lan.onvif import TOPICS, OnvifDevice, Picture
from showcam.simulator.lan.server import CameraServer, Take, Tracks
from showcam.simulator.pictures.encoder import STEP_S, Encoder, Listener
from showcam.simulator.pictures.painter import Painter
from showcam.simulator.pictures.studio import Studio
from showcam.simulator.state import HANG_S

SERIAL = "BARN00417"
PASSWORD = "barn-demo"  # noqa: S105  (published)
MAIN, SUB = "/Streaming/Channels/101", "/Streaming/Channels/102"
PULL_S = 10.0  # the Timeout that showcam asks for
_KINDS = {
    "motion": "RuleEngine/CellMotionDetector/Motion",
    "person": "RuleEngine/MyRuleDetector/PeopleDetect",
    "tamper": "RuleEngine/TamperDetector/Tamper",
}
SOUND_HZ = 8000
_CHUNK = 160  # samples in a packet, 20 ms
_CHUNKS = SOUND_HZ // _CHUNK  # in a second


def barn() -> Camera:
    return Camera(
        SERIAL,
        "Barn",
        "",
        PASSWORD,
        "barn",
        codec="h265",
        sub_codec="h264",
        pitch_hz=247,
    )


class Barn:
    """Serves while the camera is online."""

    def __init__(self, camera: Camera, studio: Studio, *, rtsp: int, onvif: int) -> None:
        self.camera = camera
        self.device = OnvifDevice(
            SERIAL,
            [
                Picture("whole", MAIN, "h265", *camera.size, rate=10, gop=10 * STEP_S, turns=True),
                Picture("smaller", SUB, "h264", *(camera.sub_size or camera.size), gop=15 * STEP_S, turns=True),
            ],
            f"127.0.0.1:{onvif}",
            f"127.0.0.1:{rtsp}",
            password=PASSWORD,
            still=self._still,
            topics={topic: TOPICS[topic] for topic in _KINDS.values()},
            on_keyframe=lambda token: self._lenses[token].want_keyframe(),
        )
        self._lenses = {"whole": _Lens(camera, studio, 1), "smaller": _Lens(camera, studio, 2)}
        self._server = CameraServer(
            self._lenses["whole"],
            lambda: PASSWORD,
            smaller=self._lenses["smaller"],
            reachable=lambda: camera.online,
            speaker=lambda _sound: None,  # nobody is in the barn
        )

    async def open(self, at: socket.socket) -> asyncio.Server:
        return await self._server.start(at=at)

    async def close(self) -> None:
        await self._server.stop()

    def app(self) -> web.Application:
        """Makes the app of the ONVIF services and the still picture."""
        app = web.Application(client_max_size=64 * 1024)
        app.router.add_route("POST", "/onvif/{service}", self._answered)
        app.router.add_route("GET", "/onvif/still.jpg", self._pictured)
        return app

    async def _answered(self, request: web.Request) -> web.StreamResponse:
        if not self.camera.online:
            await asyncio.sleep(HANG_S)
        body = await request.read()
        if b"PullMessages" in body:
            await self._until_something_happened()
        reply = self.device.answer(body)
        return web.Response(status=reply.status, body=reply.body, headers={"Content-Type": reply.kind})

    async def _until_something_happened(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PULL_S):
                while not self.device.happened:
                    await asyncio.sleep(0.05)  # a camera reports motion at once

    def happen(self, kind: str) -> None:
        """Reports "motion", "person" or "tamper" to whoever listens."""
        self.device.happen(_KINDS[kind])

    async def _pictured(self, request: web.Request) -> web.StreamResponse:
        if not self.camera.online:
            await asyncio.sleep(HANG_S)
        reply = self.device.pictured("GET", request.headers.get("Authorization", ""))
        if reply.status == 401:
            return web.Response(status=401, headers={"WWW-Authenticate": reply.kind})
        return web.Response(body=reply.body, content_type=reply.kind)

    def _still(self) -> bytes:
        written = io.BytesIO()
        Painter(self.camera.scene, *self.camera.size).still(self.camera.name, time.time()).save(written, "JPEG")
        return written.getvalue()


class _Lens:
    """A studio's picture with its own sound, since the cloud's cameras send AAC."""

    def __init__(self, camera: Camera, studio: Studio, quality: int) -> None:
        self._camera, self._studio, self._quality = camera, studio, quality
        self._listening: dict[Take, tuple[Encoder, Listener]] = {}

    async def tracks(self) -> Tracks | None:
        picture = self._camera.picture(self._quality)
        if picture is None:
            return None
        encoder = await self._studio.encoder(self._camera, self._quality)
        return Tracks(picture[0], encoder.keyframe, "pcmu" if self._camera.audio else None, SOUND_HZ)

    def watch(self, take: Take, over: Callable[[], None]) -> None:
        loop, tone = asyncio.get_running_loop(), _mulaw_second(self._camera.pitch_hz)
        heard = 0

        def forward(kind: Literal["video", "audio"], data: bytes, at: float) -> None:
            nonlocal heard
            if kind != "video":
                return
            with contextlib.suppress(RuntimeError):  # the loop has closed
                loop.call_soon_threadsafe(take, kind, data, at)
                until = int(at * _CHUNKS)
                for number in range(max(heard, until - _CHUNKS) + 1, until + 1):
                    begin = number % _CHUNKS * _CHUNK
                    sound = tone[begin : begin + _CHUNK]
                    loop.call_soon_threadsafe(take, "audio", sound, number / _CHUNKS)
                heard = until

        encoder = self._studio.running(self._camera, self._quality)
        encoder.listen(forward, key=False)  # a new viewer gets the stream from now on, and keyframes when they are due
        self._listening[take] = (encoder, forward)

    def want_keyframe(self) -> None:
        for encoder, _ in self._listening.values():
            encoder.want_key()

    def unwatch(self, take: Take) -> None:
        found = self._listening.pop(take, None)
        if found:
            found[0].unlisten(found[1])


@functools.cache
def _mulaw_second(pitch_hz: int) -> bytes:
    """Returns a second of a tone that joins onto itself, in G.711's µ-law (ITU-T G.711)."""
    turn = 2 * math.pi / SOUND_HZ
    return bytes(_mulaw(round(6000 * math.sin(turn * pitch_hz * at))) for at in range(SOUND_HZ))


def _mulaw(sample: int) -> int:
    sign, level = (0x80, -sample) if sample < 0 else (0, sample)
    level = min(level, 32635) + 132
    exponent = level.bit_length() - 8
    return ~(sign | exponent << 4 | level >> exponent + 3 & 0x0F) & 0xFF
