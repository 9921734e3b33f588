"""Who may be connected to the picture process: so many in all and of one address, and nobody who says nothing."""

import asyncio
from collections import Counter

import structlog
from aiohttp import web

from media.silence import Silence, silence
from net.addresses import unmapped
from net.visitors import Network, counted_as, within

_log = structlog.get_logger()

SILENT_S = 5.0  # until somebody who has connected says something
UNANSWERED_S = 20.0  # until the first answer: nothing takes so long
QUIET_S = 75.0  # later: a load balancer keeps what is idle for a minute, and must be the one who ends it
EVERY_S = 1.0
LOG_EVERY_S = 60.0
_HERE = ("127.0.0.1", "::1")


class Door:
    """Makes each connection's protocol. `shared`: networks of proxies, each of which comes for many viewers."""

    def __init__(
        self,
        server: web.Server,
        *,
        most: int,
        most_of_one: int,
        shared: tuple[Network, ...] = (),
        silent_s: float = SILENT_S,
        unanswered_s: float = UNANSWERED_S,
        quiet_s: float = QUIET_S,
    ) -> None:
        self._server, self._shared = server, shared
        self._silent_s, self._unanswered_s, self._quiet_s = silent_s, unanswered_s, quiet_s
        self._most, self._most_of_one = most, most_of_one
        self._of_one: Counter[str] = Counter()
        self._refused = 0
        self._logged = float("-inf")

    def __call__(self) -> asyncio.Protocol:
        return _Arriving(self)

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
        """Until cancelled: ends who is silent, and counts those who are there."""
        while True:
            await asyncio.sleep(EVERY_S)
            self._of_one = Counter(
                counted_as(_address(transport)) for transport in self._there() if not self._ended(transport)
            )
            self._log_refused()

    def _ended(self, transport: asyncio.Transport) -> bool:
        """Whether it was silent for too long, and so is no more."""
        quiet = _quiet(transport)
        if quiet is None:
            return False
        unsent_s = self._unanswered_s if quiet.ever_received else self._silent_s
        may_s = self._quiet_s if quiet.ever_sent else unsent_s
        if quiet.sent_s > may_s:
            transport.abort()
        return quiet.sent_s > may_s

    def _makes_room(self, mine: int) -> bool:
        """Where all is full, who has most gives up the one that was silent longest: a few can't keep all others out."""
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
    """A connection whose address is not known yet."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._door.enter(transport)


class AcceptFailures:
    """Where no descriptor is left the loop tries again every second, and reports it a hundred times each time."""

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
