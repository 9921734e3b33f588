"""A picture process in a thread: the real MediaServer on a free port, for tests that need one beside them."""

import asyncio
import threading
import time
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from showcam.engine.client import MediaClient
from showcam.engine.grants import Grants
from showcam.engine.member import Web
from showcam.engine.players.connection import Programs
from showcam.engine.server import MediaServer
from showcam.engine.settings import PlaneSettings
from showcam.engine.source import Sources
from tests.doubles.loop_end import let_go
from tests.doubles.waiting import LONG_S

# Loopback only, and no limit that a test meets by accident.
SETTINGS = PlaneSettings(
    port=0,
    ice_addresses=("127.0.0.1",),
    allow_loopback_sources=True,
    gate_check_s=0.3,
)


class PlaneThread:
    """`with PlaneThread(grants, sources) as plane: plane.url, plane.client()`. `sources` is called in its loop."""

    def __init__(
        self,
        grants: Grants,
        sources: Sources,
        settings: PlaneSettings = SETTINGS,
        loop: asyncio.AbstractEventLoop | None = None,
        *,
        bind: str = "127.0.0.1",
        web: Web | None = None,
        players: Programs | None = None,
    ) -> None:
        self._web, self._players = web, players
        self._grants, self._sources = grants, sources
        self._settings = replace(settings, bind=bind)
        self._loop = loop or asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="plane", daemon=True)
        self.plane: MediaServer | None = None
        self.port = 0
        self._clients: list[MediaClient] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, timeout_s: float = LONG_S) -> MediaClient:
        """A client that is closed with the plane."""
        client = MediaClient(self.url, self._grants.proof(), timeout_s)
        self._clients.append(client)
        return client

    def stall(self, seconds: float) -> None:
        """From now on it gets no time for so long."""
        self._loop.call_soon_threadsafe(time.sleep, seconds)

    def __enter__(self) -> "PlaneThread":
        self._thread.start()
        self.plane = self.run(self._started())
        self.port = self.plane.port
        return self

    def __exit__(self, *_: object) -> None:
        assert self.plane is not None
        for client in self._clients:
            client.close()
        self.run(self._stopped())
        self.run(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LONG_S)
        self._loop.close()

    async def _started(self) -> MediaServer:
        plane = MediaServer(self._settings, self._grants, self._sources, web=self._web, players=self._players)
        await plane.start()
        return plane

    async def _stopped(self) -> None:
        assert self.plane is not None
        await self.plane.stop()
        await let_go()

    def run[T](self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(LONG_S)
