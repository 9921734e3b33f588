"""Doors for single devices in the house: a TV that fetches pictures over the LAN, while nothing else there can.

A door listens on this machine's address towards the device, on a port that the system chooses. It takes connections
from the device's address alone, opens grants of one link alone, and is closed once that link watches nothing.
"""

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Protocol

import structlog
from aiohttp import web

from media.grants import START_S, BadGrant, ExpiredGrant, Grants
from media.grants import Protocol as GrantProtocol
from media.plane.door import Door
from media.plane.problems import Handler, problem
from media.plane.routes import application
from net.addresses import is_in_house

_log = structlog.get_logger()

MOST = 8  # doors at once
CONNECTIONS = 16  # of a device at once
UNUSED_S = START_S + 5.0  # after this a door through which nothing is watched is closed
EVERY_S = 2.0


class NotLent(Exception):
    """No door was opened; the text says why."""


class Watching(Protocol):
    def watched_by(self, link: str) -> bool:
        """Whether the link has a live session."""
        ...


class LentDoors:
    """`practice`: whether a device may be on this machine."""

    def __init__(
        self,
        grants: Grants,
        watching: Watching,
        pictures: Callable[[], list[web.RouteDef]],
        *,
        practice: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._grants, self._watching, self._pictures, self._practice = grants, watching, pictures, practice
        self._clock = clock
        self._doors: dict[tuple[str, str], LentDoor] = {}
        self._changing = asyncio.Lock()  # a door is known by its address, which it has once it is open

    async def lend(self, link: str, device: str) -> str:
        """Where that device fetches what is granted to the link, as "http://192.168.1.5:40123". Raises NotLent."""
        if not is_in_house(device, loopback=self._practice):
            raise NotLent("A door is opened for a device in the house alone.")
        async with self._changing:
            if door := self._doors.get((link, device)):
                return door.at
            if len(self._doors) >= MOST:
                raise NotLent("As many devices fetch pictures as may.")
            door = LentDoor(link, device, self._grants, self._clock())
            try:
                at = await door.open(self._pictures())
            except OSError as error:
                await door.close()
                raise NotLent("This machine has no address at which the device could reach it.") from error
            self._doors[link, device] = door
            return at

    async def close_of(self, link: str) -> None:
        for key in [key for key in self._doors if key[0] == link]:
            await self._doors.pop(key).close()

    async def watch(self) -> None:
        """Until cancelled: closes the doors that are not used."""
        while True:
            await asyncio.sleep(EVERY_S)
            await self.tidy()

    async def tidy(self) -> None:
        now = self._clock()
        for key, door in list(self._doors.items()):
            if self._watching.watched_by(door.link):
                door.used = now
            elif now - door.used > UNUSED_S:
                del self._doors[key]
                await door.close()

    async def close(self) -> None:
        for door in self._doors.values():
            await door.close()
        self._doors.clear()


class LentDoor:
    """`used`: when somebody watched through it, by the clock of its doors."""

    def __init__(self, link: str, device: str, grants: Grants, now: float) -> None:
        self.link, self.used, self.at = link, now, ""
        self._device, self._grants = device, grants
        self._runner: web.AppRunner | None = None
        self._server: asyncio.Server | None = None
        self._watch: asyncio.Task[None] | None = None

    async def open(self, pictures: list[web.RouteDef]) -> str:
        """Raises OSError."""
        app = application(self._guard)
        app.add_routes(pictures)
        # no access log: paths under /s/ hold grants
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        await self._runner.setup()
        assert self._runner.server is not None
        door = Door(self._runner.server, most=CONNECTIONS, most_of_one=CONNECTIONS)
        own = address_towards(self._device)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _FromDevice(self._device, door), own, 0)
        self._watch = asyncio.create_task(door.watch())
        port = self._server.sockets[0].getsockname()[1]
        self.at = f"http://[{own}]:{port}" if ":" in own else f"http://{own}:{port}"
        _log.info("a door is open for a device in the house", link=self.link)
        return self.at

    async def close(self) -> None:
        if self._watch:
            self._watch.cancel()
        if self._server:
            self._server.close()
        if self._runner:
            await self._runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuses grants of other links; whether a grant of this one still opens is judged behind it."""
        try:
            claims = self._grants.verify(request.match_info.get("grant", ""), _PICTURES, time.time())
        except ExpiredGrant as over:
            claims = over.claims
        except BadGrant:
            if request.method == "OPTIONS":
                return await handler(request)
            raise
        if claims.link != self.link:
            return problem(404, "There is nothing here.")
        return await handler(request)


_PICTURES: tuple[GrantProtocol, ...] = ("hls", "session", "webrtc", "webrtc_session", "snapshot")


class _FromDevice(asyncio.Protocol):
    """Ends a connection that comes from elsewhere before a byte of it is read."""

    def __init__(self, device: str, door: Door) -> None:
        self._device, self._door = device, door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        peer = transport.get_extra_info("peername")
        if not peer or peer[0] != self._device:
            transport.abort()
            return
        self._door.enter(transport)


def address_towards(device: str) -> str:
    """This machine's address by which the device is reached; nothing is sent. Raises OSError without a route."""
    family = socket.AF_INET6 if ":" in device else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((device, 9))
        return str(probe.getsockname()[0])
