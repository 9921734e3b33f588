"""A stream node: one session for each redeemed token; and both servers of the app's cloud stream."""

import asyncio
import contextlib
import random
import secrets
from collections import deque
from collections.abc import Awaitable, Callable

from showcam.simulator.camera import Camera
from showcam.simulator.cloud.dispatcher import Dispatcher, Tokens, camera_of, is_as_given, parameters_of
from showcam.simulator.cloud.feed import Feed
from showcam.simulator.cloud.wire import (
    ANSWER,
    ASK,
    KEEP_ALIVE,
    KEPT_ALIVE,
    LINK_INFO,
    STOP,
    STOPPED,
    UNHEARD,
    Line,
    NotOurs,
    fields_of,
    message,
    text_of,
)
from showcam.simulator.pictures.studio import Studio
from showcam.simulator.state import VTDU, VTM, World

ASKS_S, ANSWERED_S = 15.0, 10.0  # the node asks for a sign of life after the first time, and wants it within the second
OPENS = 6  # the node opens at most this many sessions within a second
UNKEPT = 18  # packets of RTP that are sent before the first keep-alive


class Node:
    """`SESSION` is the class of its sessions."""

    SESSION: "type[Session]"

    def __init__(self, world: World, tokens: Tokens, studio: Studio) -> None:
        self._world, self._tokens, self._studio = world, tokens, studio
        self._sessions: dict[str, Session] = {}
        self._opens: deque[float] = deque(maxlen=OPENS)

    def sessions(self, camera: Camera) -> int:
        """Counts the camera's open sessions."""
        return len(self._of(camera))

    def _of(self, camera: Camera) -> list["Session"]:
        return [session for session in self._sessions.values() if session.camera is camera and not session.is_over]

    async def serve(self, line: Line) -> None:
        code, body = await asyncio.wait_for(line.receive(), 10)
        if code != ASK:
            return
        await asyncio.sleep(self._world.settings.node_s)
        requested = fields_of(body)
        url, key = text_of(requested, 1), text_of(requested, 2)
        result, user, camera, quality = self._judge(url, key)
        if result == 5405:
            await asyncio.sleep(10)  # as long as a real node waits for a camera
        if result or camera is None:
            await line.tell(ANSWER, message({1: result}))
            return
        self._make_room(camera)
        ssn = secrets.token_hex(25) + "x"
        session = self._sessions[ssn] = self.SESSION(self._world, self._studio, line, ssn, user, camera, quality)
        try:
            await line.tell(ANSWER, self._accepted(ssn))
            await session.last()
        finally:
            del self._sessions[ssn]

    def _accepted(self, ssn: str) -> bytes:
        return message({1: 0, 2: 7, 3: "SU1LSA==", 4: ssn, 6: "ys7-vtdu"})

    def _make_room(self, camera: Camera) -> None:
        """Ends a camera's first session when the second begins, as two clients of real cameras report.

        They are rhanekom/hass-ezviz-stream, camera.py; Dead96/ezviz-stream-ha-integration, CHANGELOG 0.2.3.
        """
        for older in self._of(camera):
            older.end()

    def _judge(self, url: str, key: str) -> tuple[int, str, Camera | None, int]:
        requested = parameters_of(url)
        if not key:
            return 6110, "", None, 0
        ticket = self._tokens.redeem(requested.get("ssn", ""))
        if ticket is None:
            return 5406, "", None, 0
        if key != ticket.key or not is_as_given(url, ticket.url):
            return 6001, "", None, 0
        camera, quality = camera_of(self._world, requested), 2 if requested.get("stream") == "2" else 1
        if camera is None:
            return 5415, "", None, 0
        return self._state(camera, quality, ticket.user), ticket.user, camera, quality

    def _state(self, camera: Camera, quality: int, user: str) -> int:
        if not camera.online:
            return 5404
        if camera.privacy or camera.asleep:
            return 5409
        if camera.picture(quality) is None:
            return 5451
        others = [
            session for session in self._sessions.values() if session.user == user and session.camera is not camera
        ]
        if len(others) >= self._world.settings.streams:
            return 5504
        now = _now()
        crowded = len(self._opens) == OPENS and now - self._opens[0] < 1
        self._opens.append(now)
        return 5405 if crowded else 0


class Session:
    def __init__(
        self, world: World, studio: Studio, line: Line, ssn: str, user: str, camera: Camera, quality: int
    ) -> None:
        self._world, self._studio, self._line, self._ssn = world, studio, line, ssn
        self.user, self.camera, self._quality = user, camera, quality
        self._preempted = asyncio.Event()
        self._began = self._kept = _now()
        self._unkept = UNKEPT if camera.transport == "rtp" else None  # bodies left until a keep-alive; None: any
        self._asked: float | None = None  # when the node asked for a sign of life that is still missing
        self._next_ask = self._began + ASKS_S

    @property
    def is_over(self) -> bool:
        return self._preempted.is_set()

    def end(self) -> None:
        """Ends this session, since another session of the camera has begun."""
        self._preempted.set()

    async def last(self) -> None:
        """Sends the stream. Returns when the client or the node has closed the connection."""
        self._line.say(LINK_INFO, b"\x08\x01")  # no client needs this message
        self._line.say(UNHEARD, secrets.token_bytes(9))
        sending = asyncio.create_task(self._send())
        hearing = asyncio.create_task(self._hear())
        preempted = asyncio.create_task(self._preempted.wait())
        tasks = (sending, hearing, preempted)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _hear(self) -> None:
        while True:
            code, body = await self._line.receive()
            if code == STOP:
                self._line.say(STOPPED, b"")
                return
            if code == KEPT_ALIVE and body == message({1: self._ssn}):
                self._asked = None
            elif code == KEEP_ALIVE and body == message({1: self._ssn}):
                self._kept, self._unkept = _now(), None
                self._line.say(KEPT_ALIVE, b"")
            elif code == KEEP_ALIVE:
                # seen in a capture of a keep-alive in the wrong form (rhanekom/hass-ezviz-stream)
                await asyncio.sleep(0.2)
                return

    async def _send(self) -> None:
        camera = self.camera
        if camera.battery is not None and not self._world.awake(camera):
            self._world.wake(camera)
            camera.is_half_awake = camera.wakes_slowly
            await self._watch(None)
        sets_alone, camera.is_half_awake = camera.is_half_awake, False
        feed = self._feed(sets_alone)
        try:
            await self._watch(feed)
        finally:
            feed.close()

    def _feed(self, sets_alone: bool) -> Feed:
        return Feed(self._world, self.camera, self._studio, self._quality, sets_alone=sets_alone)

    async def _watch(self, feed: Feed | None) -> None:
        """Sends the stream in clumps, until this session's time has passed."""
        while True:
            clump_s = self._world.settings.clump_s
            await asyncio.sleep(random.uniform(clump_s / 4, clump_s) if clump_s else 0.02)
            if self._over():
                break  # the bytes that were due now are lost
            for body in feed.take_bodies() if feed and self.camera.streaming and not self._is_mute else ():
                self._pass_on(body)
            self._ask()
            await self._line.writer.drain()

    def _pass_on(self, body: bytes) -> None:
        if self._unkept is not None:
            if not self._unkept:
                return
            self._unkept -= 1
        self._line.stream(body)

    def _ask(self) -> None:
        now = _now()
        if now >= self._next_ask:
            self._line.say(KEEP_ALIVE, message({1: self._ssn}))
            self._asked, self._next_ask = now, now + ASKS_S

    @property
    def _is_mute(self) -> bool:
        return not self._world.awake(self.camera)

    def _over(self) -> bool:
        now = _now()
        unanswered = self._asked is not None and now - self._asked > ANSWERED_S
        return unanswered or now - self._kept > self._world.settings.unkept_s


Node.SESSION = Session


def _now() -> float:
    return asyncio.get_running_loop().time()


_ENDINGS = (OSError, NotOurs, TimeoutError, asyncio.IncompleteReadError)


class Cloud:
    """Both servers; the first three names are the classes of the parts."""

    NODE, DISPATCHER, LINE = Node, Dispatcher, Line

    def __init__(self, world: World, studio: Studio) -> None:
        self.tokens = Tokens(world)
        self.node = self.NODE(world, self.tokens, studio)
        self._world = world
        self._dispatcher = self.DISPATCHER(world, self.tokens)
        self._servers: list[asyncio.Server] = []
        self._clients: set[asyncio.Task[None]] = set()

    async def open(self, host: str) -> None:
        chosen = self._world.ports.chosen
        chosen[VTDU] = self._dispatcher.node_port = await self._listen(host, self.node.serve)
        chosen[VTM] = await self._listen(host, self._dispatcher.serve)

    async def close(self) -> None:
        for server in self._servers:
            server.close()
        for task in list(self._clients):
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    async def _listen(self, host: str, serve: Callable[[Line], Awaitable[None]]) -> int:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._clients.add(task)
            try:
                await serve(self.LINE(reader, writer))
            except _ENDINGS:
                pass
            finally:
                self._clients.discard(task)
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()

        server = await asyncio.start_server(connected, host, 0)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])
