"""The simulator's HomeGraph and token endpoint over TLS, in a thread of the test's own process."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from scripts.deploy_local.emulator import free_ports
from showcam.simulator import authority
from showcam.simulator.assistants.homegraph import FILE, HomeGraph, User
from tests.doubles.loop_end import let_go, shut
from tests.doubles.troubled.cloud_faults import GoogleTrouble, spoiling


class GoogleCloud:
    """`settings` has its faults; `host` is "127.0.0.1:port", `key_file` the key of its service account.

    `syncs` counts the Request Syncs; `fetched` is called at each, and answers the devices of the next SYNC.
    """

    def __init__(self, folder: Path) -> None:
        self.settings, self.folder, self.ca_file = GoogleTrouble(), folder, folder / "ca.pem"
        self.key_file = folder / FILE
        self.fetched: Callable[[], dict[str, dict[str, Any]]] = dict
        self.deleted: list[str] = []
        self.calls: list[tuple[str, str, Any]] = []  # method, path, body
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.homegraph: HomeGraph
        self.host = self._do(self._serve())

    def link(self, agent_user: str) -> User:
        """From here on Google knows the user; its devices are those of `fetched`."""
        user = User(
            self.fetched(), lambda: self._sync(user), lambda given: None, lambda: self.deleted.append(agent_user)
        )
        self.homegraph.users[agent_user] = user
        return user

    def reports(self, agent_user: str) -> list[dict[str, Any]]:
        """Those that were taken since the last call."""
        user = self.homegraph.users[agent_user]
        taken = list(user.reports)
        user.reports.clear()
        return taken

    def end(self) -> None:
        self._do(self._ended())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _ended(self) -> None:
        for server in self._servers:
            await shut(server)
        await self._runner.cleanup()
        await let_go()

    async def _sync(self, user: User) -> None:
        user.devices = self.fetched()

    async def _serve(self) -> str:
        @web.middleware
        async def noted(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            self.calls.append((request.method, request.path, await request.read()))
            self.homegraph.account.access_s = self.settings.google_access_s
            return await handler(request)

        app = web.Application(middlewares=[noted, spoiling(self.settings.fault_of)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        context = authority.server_context(self.folder)
        port = free_ports(1)
        host = f"127.0.0.1:{port}"
        self.homegraph = HomeGraph(f"https://{host}", self.folder, lambda: time.time() + self.settings.google_skew_s)
        self.homegraph.add_routes(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port, ssl_context=context)
        await site.start()
        self._servers = [server for server in (site._server,) if isinstance(server, asyncio.Server)]
        return host

    def _do[T](self, what: Awaitable[T]) -> T:
        async def done() -> T:
            return await what

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result(30)
