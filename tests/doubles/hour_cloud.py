"""EZVIZ's stream cloud at life's timing, a camera in it and those who watch, by the clock of their loop."""

import asyncio
import contextlib
import itertools
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from showcam.engine.ezviz.address import Stream, live
from showcam.engine.grants import Claims
from showcam.engine.outputs.tracks import VideoTrack
from showcam.engine.sessions.pull import Pull
from showcam.engine.sessions.session import View
from showcam.engine.sessions.transcodes import Transcodes
from showcam.engine.settings import PlaneSettings
from showcam.engine.source import CLOCK, Codec, Denied, EzvizCloud, SourceSpec
from showcam.engine.sources.opener import Opener
from showcam.net.addresses import OnLoopback
from showcam.simulator.camera import Camera
from showcam.simulator.pictures.encoder import STEP_S
from showcam.simulator.state import Account
from tests.doubles.hour import pictures
from tests.doubles.open_gate import OpenGate
from tests.doubles.troubled.stream import TroubledCloud
from tests.doubles.troubled.trouble import TroubledWorld

USER, SERIAL = "demo@example.com", "F00497201"
SETTINGS = PlaneSettings()
FPS = 4
LOOK_S = 0.5  # between two looks at a playlist
SEGMENT = re.compile(r"#EXTINF:([\d.]+),\n(\d+)\.ts")


class _Player:
    """Pictures of a camera, once somebody has taken them. `key_s`: between keyframes; `padding`: of bytes."""

    def __init__(self, loop: asyncio.AbstractEventLoop, key_s: int, padding: int, fps: int) -> None:
        self._loop, self._key_s, self._fps = loop, key_s, fps
        self.keyframe, self._other = (picture + bytes(padding) for picture in pictures())
        self._wants_key = False
        self._listeners: set[Callable[[Literal["video"], bytes, float], None]] = set()
        self._task: asyncio.Task[None] | None = None

    def listen(self, listener: Callable[[Literal["video"], bytes, float], None], *, key: bool = True) -> None:
        self._listeners.add(listener)
        self._wants_key |= key
        self._task = self._task or asyncio.create_task(self._play())

    def unlisten(self, listener: Callable[[Literal["video"], bytes, float], None]) -> None:
        self._listeners.discard(listener)

    def stop(self) -> None:
        if self._task:
            self._task.cancel()

    async def _play(self) -> None:
        began = self._loop.time()
        for number in itertools.count():
            at = began + number / self._fps
            await asyncio.sleep(max(0.0, at - self._loop.time()))
            is_key, self._wants_key = self._wants_key or number % (self._fps * self._key_s) == 0, False
            for listener in list(self._listeners):
                listener("video", self.keyframe if is_key else self._other, at)


class Studio:
    def __init__(self, loop: asyncio.AbstractEventLoop, fps: int = FPS) -> None:
        self._loop, self._fps, self.padding = loop, fps, 0
        self._players: dict[int, _Player] = {}

    def running(self, camera: Camera, quality: int, *, key_s: int = STEP_S) -> _Player:
        return self._players.setdefault(quality, _Player(self._loop, key_s, self.padding, self._fps))

    async def encoder(self, camera: Camera, quality: int) -> _Player:
        return self.running(camera, quality)

    def close(self) -> None:
        for player in self._players.values():
            player.stop()


class HourCloud(OpenGate):
    """Call `close` after use. `most`: of sessions that were open at once. `state`: as the vendor's list has it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, **settings: Any) -> None:
        self.camera = Camera(SERIAL, "Garden", USER, "ABCDEF", "garden", audio=False)
        self.world = TroubledWorld({USER: Account(USER, "")}, {SERIAL: self.camera}, now=loop.time)
        for name, value in settings.items():
            setattr(self.world.settings, name, value)
        self.studio = Studio(loop)
        self.cloud = TroubledCloud(self.world, self.studio)  # type: ignore[arg-type]
        self._loop = loop
        self.minted = self.most = 0
        self.lacks_sub: bool | None = None
        self.asks: Stream = 2
        self.state = ""

    async def open(self, claims: Claims) -> SourceSpec | Denied:
        self.minted += 1
        place = f"127.0.0.1:{self.world.ports.at('vtm')}"
        token = self.cloud.tokens.made(USER)[0]
        url = live(place, SERIAL, 1, self.asks, token, "biz=1", round(self._loop.time() * 1000))
        dozes = self.camera.battery is not None
        return EzvizCloud(url=url, hosts=(place,), sound="off", dozes=dozes, alone=True, state=self.state)

    async def learnt(
        self,
        claims: Claims,
        width: int,
        height: int,
        *,
        codec: Codec,
        b_frames: bool,
        lacks_sub: bool,
        first_s: float | None,
    ) -> None:
        self.lacks_sub = lacks_sub

    async def count(self) -> None:
        while True:
            self.most = max(self.most, self.cloud.node.sessions(self.camera))
            await asyncio.sleep(0.5)

    async def close(self) -> None:
        self.studio.close()
        await self.cloud.close()
        await asyncio.sleep(0.2)


@dataclass
class Watcher:
    """What one viewer was shown: when something new came, how much picture it was, and the times of the pictures."""

    came: list[tuple[float, float]] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    reloads: int = 0

    def gap_s(self) -> float:
        """The longest time without anything to show."""
        return max(self._gaps_s())

    def ends_s(self) -> list[float]:
        """How long each last frame stayed while the next session was opened, of one who watches by WebRTC."""
        waits = [later - before for (before, _), (later, _) in itertools.pairwise(self.came)]
        steps = [(later - earlier) / CLOCK for earlier, later in itertools.pairwise(self.times)]
        return [max(wait, step) for wait, step in zip(waits, steps, strict=True) if step > 0.6]

    def _gaps_s(self) -> list[float]:
        """By the pictures' times, and by when they came."""
        steps = [(later - earlier) / CLOCK for earlier, later in itertools.pairwise(self.times)]
        waits = [later - before - length for (before, _), (later, length) in itertools.pairwise(self.came)]
        return [*steps, *waits]

    @property
    def shown_s(self) -> float:
        """How much picture came, from the first to the last."""
        return self.came[-1][0] - self.came[0][0] if self.came else 0.0

    @property
    def is_monotonic(self) -> bool:
        return all(earlier < later for earlier, later in itertools.pairwise(self.times))


async def by_webrtc(loop: asyncio.AbstractEventLoop, pull: Pull, seen: Watcher) -> None:
    track = VideoTrack(View(pull, "alexa"), again_s=SETTINGS.again_s)
    try:
        while True:
            packet = await track.recv()
            seen.came.append((loop.time(), 0.0))
            seen.times.append(packet.pts)
    finally:
        track.stop()


async def by_hls(loop: asyncio.AbstractEventLoop, pull: Pull, seen: Watcher, *, keep: bool) -> None:
    """`keep`: whether the pictures' times are read from the segments."""
    view = View(pull, "google")
    output = await view.output(silent_track=False, timeout_s=120)
    start, last = output.start_id, -1
    while True:
        for seconds, number in SEGMENT.findall(output.playlist()):
            if int(number) > last:
                last = int(number)
                seen.came.append((loop.time(), float(seconds)))
                data = output.segment(last)
                assert data
                if keep:
                    seen.times += times_of(data)
        await asyncio.sleep(LOOK_S)
        output = await view.output(silent_track=False, timeout_s=120)
        seen.reloads += output.start_id != start
        start = output.start_id


def times_of(segment: bytes) -> list[int]:
    """Presentation times in its PES headers of pictures (ISO 13818-1)."""
    found = []
    for at in range(0, len(segment), 188):
        packet = segment[at : at + 188]
        body = 4 + (1 + packet[4] if packet[3] & 0x20 else 0)
        if packet[1] & 0x40 and packet[body : body + 4] == b"\0\0\1\xe0":
            pts = packet[body + 9 : body + 14]
            found.append((pts[0] >> 1 & 7) << 30 | pts[1] << 22 | (pts[2] >> 1) << 15 | pts[3] << 7 | pts[4] >> 1)
    return found


def claims(account: str = "home") -> Claims:
    return Claims(account, "link-1", "garden", "hls", "alexa", 0, "n")


async def pulled(cloud: HourCloud, vtm: int = 0) -> Pull:
    """`vtm`: the port of another dispatcher, in place of the cloud's own."""
    opener = await opened(cloud)
    if vtm:
        cloud.world.ports.chosen["vtm"] = vtm
    return pull_of(cloud, opener)


async def opened(cloud: HourCloud) -> Opener:
    await cloud.cloud.open("127.0.0.1")
    return Opener(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), OnLoopback(every=True), SETTINGS.open_s)


def pull_of(cloud: HourCloud, opener: Opener, account: str = "home") -> Pull:
    return Pull(
        claims(account),
        None,
        cloud,
        opener,
        Transcodes(0),
        sub=lambda _: None,
        has_answered=lambda _: False,
        viewer=lambda _: None,
        refused=lambda *_: False,
        connect_s=SETTINGS.connect_s,
    )


async def closed(pull: Pull, cloud: HourCloud) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        await pull.stop()
    await cloud.close()


async def watched(
    loop: asyncio.AbstractEventLoop, cloud: HourCloud, seconds: float, viewers: int
) -> tuple[Pull, list[Watcher]]:
    """So many viewers of one camera, half of them by HLS, for so long."""
    pull = await pulled(cloud)
    seen = [Watcher() for _ in range(viewers)]
    half = viewers // 2
    tasks = [asyncio.create_task(by_webrtc(loop, pull, viewer)) for viewer in seen[:half]]
    tasks += [asyncio.create_task(by_hls(loop, pull, viewer, keep=n == 0)) for n, viewer in enumerate(seen[half:])]
    await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    for task in tasks:
        task.cancel()
    for done in await asyncio.gather(*tasks, return_exceptions=True):
        if not isinstance(done, asyncio.CancelledError):
            raise AssertionError from done
    await closed(pull, cloud)
    return pull, seen
