"""Serves a household's own programs by RTSP over TCP, from the house only.

Connections are limited in all and for one address, and ended if they ask for nothing or read nothing. Wrong passwords
from an address are answered one a second, which delays nobody who has the right one.
"""

import asyncio
import socket
from collections import Counter
from collections.abc import Awaitable, Callable

import structlog

from showcam.engine.players.connection import Connection, Limits, Programs
from showcam.engine.sessions.sessions import Sessions
from showcam.net.addresses import Network, counted_as, is_in_house, unmapped, within

_log = structlog.get_logger()

EVERY_S = 1.0  # between two looks at all connections
LOG_EVERY_S = 60.0  # a flood of wrong passwords must not fill the log
WRONG_S = 1.0  # between two answers to wrong passwords of an address
LATEST_S = 10.0  # the longest wait of such an answer
MOST_WRONG = 1024  # addresses that are remembered for wrong passwords


class Wrong:
    """Slows down an address that tries passwords. `clock` is in seconds."""

    def __init__(self, clock: Callable[[], float], sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._clock, self._sleep = clock, sleep
        self._next: dict[str, float] = {}  # when the next wrong password of the address is answered
        self.count = 0
        self._logged, self._told = float("-inf"), 0

    async def answered(self, address: str) -> None:
        """Waits until a wrong password of this address may be answered."""
        now, client = self._clock(), counted_as(address)
        due = min(max(self._next.get(client, 0.0), now), now + LATEST_S)
        if len(self._next) >= MOST_WRONG:
            self._next = {known: at for known, at in self._next.items() if at > now}
        if len(self._next) < MOST_WRONG:
            self._next[client] = due + WRONG_S
        self.count += 1
        self._log(now)
        await self._sleep(due + WRONG_S - now)

    def _log(self, now: float) -> None:
        if now - self._logged >= LOG_EVERY_S:
            self._logged = now
            _log.warning("an RTSP client gave a wrong password", count=self.count - self._told)
            self._told = self.count


class RtspDoor:
    """`shared`: the networks of trusted proxies, which come for strangers too. `wait_s`: until a first picture.

    `exposed`: a public address leads here, so that a proxy on this machine may come for strangers by loopback.
    """

    def __init__(
        self,
        sessions: Sessions,
        players: Programs,
        *,
        wait_s: float,
        shared: tuple[Network, ...] = (),
        exposed: bool = False,
        limits: Limits = Limits(),  # noqa: B008
    ) -> None:
        self._sessions, self._players, self._wait_s, self._shared = sessions, players, wait_s, shared
        self._limits, self._exposed = limits, exposed
        self._wrong = Wrong(asyncio.get_running_loop().time)
        self._connections: dict[Connection, asyncio.Task[None]] = {}
        self._server: asyncio.Server | None = None
        self._watch: asyncio.Task[None] | None = None
        self.port = 0

    async def open(self, bind: str, port: int) -> None:
        """Listens at the address. Raises OSError."""
        self._server = await asyncio.start_server(self._come, bind, port)
        self.port = int(self._server.sockets[0].getsockname()[1])
        self._watch = asyncio.create_task(self._look())
        _log.info("programs of the house are served by RTSP", bind=bind, port=self.port)

    async def close(self) -> None:
        if self._watch:
            self._watch.cancel()
        if self._server:
            self._server.close()
        for connection, task in list(self._connections.items()):
            connection.abort()
            task.cancel()
        await asyncio.gather(*self._connections.values(), return_exceptions=True)

    async def _come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = unmapped(str((writer.get_extra_info("peername") or ("",))[0]))
        task = asyncio.current_task()
        if task is None or not self._may_enter(address):
            writer.transport.abort()
            return
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection = Connection(
            self._sessions,
            self._players,
            self._wrong.answered,
            reader,
            writer,
            address,
            wait_s=self._wait_s,
            limits=self._limits,
        )
        self._connections[connection] = task
        try:
            await connection.serve()
        finally:
            del self._connections[connection]

    def _may_enter(self, address: str) -> bool:
        if not is_in_house(address, loopback=not self._exposed) or within(address, self._shared):
            return False
        clients = Counter(counted_as(connection.address) for connection in self._connections)
        return clients.total() < self._limits.most and clients[counted_as(address)] < self._limits.most_of_one

    async def _look(self) -> None:
        """Ends the connections that ask for nothing or read nothing, until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            for connection in list(self._connections):
                try:
                    connection.look()
                except Exception as error:
                    _log.error("an RTSP connection could not be looked at", error=type(error).__name__)
