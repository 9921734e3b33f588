"""Both assistants on free ports, before a showcam with faults."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web

from showcam.simulator.assistants.door import add_routes
from tests.doubles.showcam_endpoints import Endpoints

type Steps = Callable[["Bench"], Awaitable[None]]


class Bench:
    """The double of showcam, and JSON requests to the assistants' door."""

    def __init__(self, showcam: Endpoints, url: str, http: ClientSession) -> None:
        self.showcam, self.url, self.http = showcam, url, http

    async def get(self, path: str) -> dict[str, Any]:
        async with self.http.get(self.url + path) as response:
            return dict(await response.json())

    async def post(self, path: str, body: dict[str, Any] | None = None, status: int = 200) -> dict[str, Any]:
        async with self.http.post(self.url + path, json=body or {}) as response:
            text = await response.text()
            assert response.status == status, text
            return dict(await response.json(content_type=None))

    async def link(self, assistant: str, user: str = "demo@example.com", **more: str) -> dict[str, Any]:
        body = {"user": user, "password": "showcam-demo", **more}
        return await self.post(f"/assistants/{assistant}/link", body)


@asynccontextmanager
async def _served(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture
def bench(tmp_path: Path) -> Callable[[Steps], None]:
    """Runs a coroutine with a Bench in a new event loop."""

    async def run(steps: Steps) -> None:
        showcam = Endpoints()
        async with _served(showcam.app()) as app_url:
            showcam.url = app_url
            showcam.hls_folder = tmp_path
            app = web.Application()
            add_routes(app, app_url, tmp_path)
            async with _served(app) as url, ClientSession() as http:
                await steps(Bench(showcam, url, http))

    return lambda steps: asyncio.run(run(steps))
