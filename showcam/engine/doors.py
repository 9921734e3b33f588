"""Limits the connections to the media process, and lends doors to devices of the house.

Everywhere the number of connections is limited, in all and for one address, and silent connections are closed. A lent
door is for a TV that fetches video over the LAN, while nothing else there can. It listens on this machine's address
towards the device, on a port that the system chooses. It takes connections only from the device's address, opens grants
of one link only, and is closed once that link watches nothing.
"""

import asyncio
import socket
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import structlog
from aiohttp import web

from showcam.engine.grants import START_S, BadGrant, ExpiredGrant, Grants, Protocol
from showcam.engine.routes import Handler, NotLent, application, problem
from showcam.net.addresses import Network, Silence, counted_as, is_in_house, silence, unmapped, within

_log = structlog.get_logger()
SILENT_S = 5.0  # until a new connection sends its first byte
UNANSWERED_S = 20.0  # until the first answer: no request takes longer
QUIET_S = 75.0  # later: a load balancer keeps idle connections for a minute, and must be the one who ends them
EVERY_S = 1.0  # between two checks for silent connections and for lent doors that are not in use
LOG_EVERY_S = 60.0  # a flood that is refused must not fill the log
_HERE = ("127.0.0.1", "::1")
MOST_LENT = 8  # doors at once
MOST_OF_DEVICE = 16  # connections of a device at once
UNUSED_S = START_S + 5.0  # after this a door through which nothing is watched is closed
_PICTURES: tuple[Protocol, ...] = ("hls", "session", "webrtc", "webrtc_session", "snapshot")


class Door:
    """Makes each connection's protocol. `shared`: networks of proxies; each proxy comes for many viewers.

    `device`: the only address that connections may come from.
    """

    def __init__(
        self,
        server: web.Server,
        *,
        most: int,
        most_of_one: int,
        shared: tuple[Network, ...] = (),
        device: str = "",
        silent_s: float = SILENT_S,
        unanswered_s: float = UNANSWERED_S,
        quiet_s: float = QUIET_S,
    ) -> None:
        self._server, self._shared, self._device = server, shared, device
        self._silent_s, self._unanswered_s, self._quiet_s = silent_s, unanswered_s, quiet_s
        self._most, self._most_of_one = most, most_of_one
        self._of_one: Counter[str] = Counter()
        self._refused = 0
        self._logged = float("-inf")

    def __call__(self) -> asyncio.Protocol:
        return _Arriving(self, self._device)

    def enter(self, transport: asyncio.Transport) -> None:
        """Hands the connection to the server, or ends it."""
        address = _address(transport)
        client = counted_as(address)
        mine = self._of_one[client] if not self._is_shared(address) else 0
        if mine >= self._most_of_one or (self._of_one.total() >= self._most and not self._makes_room(mine)):
            self._refused += 1
            transport.abort()
            return
        self._of_one[client] += 1
        protocol = self._server()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)

    async def watch(self) -> None:
        """Ends silent connections and counts the others, until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            self._of_one = Counter(
                counted_as(_address(transport)) for transport in self._there() if not self._ended(transport)
            )
            self._log_refused()

    def _ended(self, transport: asyncio.Transport) -> bool:
        """Ends the connection if it was silent for too long. True if it was ended."""
        quiet = _quiet(transport)
        if quiet is None:
            return False
        unsent_s = self._unanswered_s if quiet.ever_received else self._silent_s
        may_s = self._quiet_s if quiet.ever_sent else unsent_s
        if quiet.sent_s > may_s:
            transport.abort()
        return quiet.sent_s > may_s

    def _makes_room(self, mine: int) -> bool:
        """Makes room when all places are in use: the client with most connections loses the one that was silent
        longest.

        So a few clients can't keep all others out. False if no client has at least two more than the newcomer.
        """
        by_client: dict[str, list[asyncio.Transport]] = {}
        for transport in self._there():
            address = _address(transport)
            if not transport.is_closing() and not self._is_shared(address):
                by_client.setdefault(counted_as(address), []).append(transport)
        client = max(by_client, key=lambda address: len(by_client[address]), default="")
        if len(by_client.get(client, ())) <= mine + 1:
            return False
        max(by_client[client], key=_silent_s).abort()
        self._of_one[client] -= 1
        return True

    def _there(self) -> list[asyncio.Transport]:
        return [
            connection.transport
            for connection in self._server.connections
            if isinstance(connection.transport, asyncio.Transport)
        ]

    def _is_shared(self, address: str) -> bool:
        return address in _HERE or within(address, self._shared)

    def _log_refused(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._refused and now - self._logged >= LOG_EVERY_S:
            _log.warning("connections were refused, there are too many", count=self._refused)
            self._refused, self._logged = 0, now


class _Arriving(asyncio.Protocol):
    """A connection whose address is not known yet. From another address than `device`, if given, no byte is read."""

    def __init__(self, door: Door, device: str) -> None:
        self._door, self._device = door, device

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        peer = transport.get_extra_info("peername")
        if self._device and (not peer or peer[0] != self._device):
            transport.abort()
        else:
            self._door.enter(transport)


class Serving:
    """Serves an application behind a door until it is closed."""

    def __init__(self) -> None:
        self._runner: web.AppRunner | None = None
        self._server: asyncio.Server | None = None
        self._watch: asyncio.Task[None] | None = None

    async def open(self, app: web.Application, make: Callable[[web.Server], Door], **at: Any) -> int:
        """Listens `at` a socket or an address as asyncio's create_server does. Returns the port. Raises OSError."""
        # no access log: paths under /s/ hold grants
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        await self._runner.setup()
        assert self._runner.server is not None
        door = make(self._runner.server)
        self._server = await asyncio.get_running_loop().create_server(door, **at)
        self._watch = asyncio.create_task(door.watch())
        return int(self._server.sockets[0].getsockname()[1])

    def close_door(self) -> None:
        """Takes no further connection."""
        if self._watch:
            self._watch.cancel()
        if self._server:
            self._server.close()

    async def close(self) -> None:
        self.close_door()
        if self._runner:
            await self._runner.cleanup()


class AcceptFailures:
    """Logs rarely if no descriptor is left: the loop tries again every second and reports a hundred times each time."""

    def __init__(self) -> None:
        self._logged = float("-inf")

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        if not str(context.get("message")).startswith("socket.accept() out of system resource"):
            loop.default_exception_handler(context)
        elif loop.time() - self._logged >= LOG_EVERY_S:
            self._logged = loop.time()
            _log.error("connections can't be taken", error=str(context.get("exception")))


def _address(transport: asyncio.Transport) -> str:
    peer = transport.get_extra_info("peername")
    return unmapped(str(peer[0])) if peer else ""


def _quiet(transport: asyncio.Transport) -> Silence | None:
    connection = transport.get_extra_info("socket")
    return silence(connection) if connection is not None else None


def _silent_s(transport: asyncio.Transport) -> float:
    quiet = _quiet(transport)
    return quiet.sent_s if quiet is not None else 0.0


class LentDoors:
    """Opens and closes lent doors. `is_watching` says whether a link has a live session.

    `practice`: whether a device may be on this machine.
    """

    def __init__(
        self,
        grants: Grants,
        is_watching: Callable[[str], bool],
        pictures: Callable[[], list[web.RouteDef]],
        *,
        practice: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._grants, self._is_watching, self._pictures, self._practice = grants, is_watching, pictures, practice
        self._clock = clock
        self._doors: dict[tuple[str, str], LentDoor] = {}
        self._changing = asyncio.Lock()  # only an open door has an address

    async def lend(self, link: str, device: str) -> str:
        """Lends the device a door, as "http://192.168.1.5:40123", for all that is granted to the link.

        Raises NotLent.
        """
        if not is_in_house(device, loopback=self._practice):
            raise NotLent("A door is opened for a device in the house alone.")
        async with self._changing:
            if door := self._doors.get((link, device)):
                door.used = self._clock()
                return door.at
            if len(self._doors) >= MOST_LENT:
                raise NotLent("As many devices fetch pictures as may.")
            door = LentDoor(link, device, self._grants, self._clock())
            try:
                at = await door.open(self._pictures())
            except OSError as error:
                await door.serving.close()
                raise NotLent("This machine has no address at which the device could reach it.") from error
            self._doors[link, device] = door
            return at

    async def close_of(self, link: str) -> None:
        await self._close([door for (owner, _), door in self._doors.items() if owner == link])

    async def watch(self) -> None:
        """Closes the doors that are not in use, until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            await self.tidy()

    async def tidy(self) -> None:
        now = self._clock()
        for door in self._doors.values():
            if self._is_watching(door.link):
                door.used = now
        await self._close([door for door in self._doors.values() if now - door.used > UNUSED_S])

    async def close(self) -> None:
        await self._close(list(self._doors.values()))

    async def _close(self, doors: list["LentDoor"]) -> None:
        """Forgets the doors before it waits for any of them, since others close and lend doors meanwhile."""
        self._doors = {key: door for key, door in self._doors.items() if door not in doors}
        for door in doors:
            await door.serving.close()


class LentDoor:
    """A door for one device. `used`: the time when a viewer last watched through it, by the clock of LentDoors."""

    def __init__(self, link: str, device: str, grants: Grants, now: float) -> None:
        self.link, self.used, self.at = link, now, ""
        self._device, self._grants = device, grants
        self.serving = Serving()

    async def open(self, pictures: list[web.RouteDef]) -> str:
        """Opens the door and returns its address. Raises OSError."""
        app = application(self._guard)
        app.add_routes(pictures)
        own = address_towards(self._device)
        most = MOST_OF_DEVICE
        port = await self.serving.open(
            app, lambda server: Door(server, most=most, most_of_one=most, device=self._device), host=own, port=0
        )
        self.at = f"http://[{own}]:{port}" if ":" in own else f"http://{own}:{port}"
        _log.info("a door is open for a device in the house", link=self.link)
        return self.at

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuses grants of other links. The routes behind it judge whether a grant of this link still opens."""
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


def address_towards(device: str) -> str:
    """The local address of the route to the device; nothing is sent. Raises OSError without a route."""
    family = socket.AF_INET6 if ":" in device else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((device, 9))
        return str(probe.getsockname()[0])
