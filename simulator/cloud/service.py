"""Both servers of the app's cloud stream, on ports that the system chooses."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from simulator.cloud.dispatcher import Dispatcher
from simulator.cloud.node import Node
from simulator.cloud.tokens import Tokens
from simulator.cloud.wire import Line, NotOurs
from simulator.pictures.studio import Studio
from simulator.ports import VTDU, VTM
from simulator.state import World

_ENDINGS = (OSError, NotOurs, TimeoutError, asyncio.IncompleteReadError)


class Cloud:
    def __init__(self, world: World, studio: Studio) -> None:
        self.tokens = Tokens(world)
        self.node = Node(world, self.tokens, studio)
        self._world = world
        self._dispatcher = Dispatcher(world, self.tokens)
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
                await serve(Line(reader, writer))
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
