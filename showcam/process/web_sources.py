"""The media process's requests to the web process (showcam.edge.internal), over loopback or https."""

import json
import ssl
import time
from typing import Any

import aiohttp

from media.grants import Claims
from media.process_auth import HEADER, Proof
from media.source import UNASKED, Denied, SourceSpec

OPEN_S = 6.0  # two calls of a slow vendor, and the round trip to the web process


class WebSources:
    """Implements media.source.Sources."""

    def __init__(
        self, web_url: str, proof: Proof, context: ssl.SSLContext | None = None, timeout_s: float = 4.0
    ) -> None:
        """`context` verifies an https address."""
        self._url, self._proof = web_url, proof
        self._context, self._timeout_s = context, timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def open(self, claims: Claims) -> SourceSpec | Denied:
        data = await self._post("open", {"claims": claims._asdict()}, OPEN_S)
        if data is None:
            return Denied("vendor_down", again=True)
        if "source" in data:
            return SourceSpec.from_json(data["source"])
        return Denied(**data["denied"])

    async def check(self, claims: list[Claims]) -> list[Denied | None]:
        data = await self._post("check", {"claims": [viewed._asdict() for viewed in claims]})
        if data is None:
            return [Denied(UNASKED, again=True) for _ in claims]
        return [Denied(**denied) if denied else None for denied in data["denied"]]

    async def admits(self, claims: Claims, bearer: str) -> bool:
        data = await self._post("admits", {"claims": claims._asdict(), "bearer": bearer})
        return data is not None and data.get("admitted") is True

    async def learnt(self, claims: Claims, width: int, height: int, *, b_frames: bool) -> None:
        learnt = {"claims": claims._asdict(), "width": width, "height": height, "b_frames": b_frames}
        await self._post("learnt", learnt)

    async def closed(self, claims: Claims, release: str) -> None:
        await self._post("closed", {"claims": claims._asdict(), "release": release})

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _post(self, what: str, body: dict[str, Any], timeout_s: float | None = None) -> dict[str, Any] | None:
        """The answer; None when the web process can't be reached or refuses."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._context or True, limit=16),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        timeout = aiohttp.ClientTimeout(total=self._timeout_s if timeout_s is None else timeout_s)
        path, payload = f"/internal/sources/{what}", json.dumps(body).encode()
        headers = {"Content-Type": "application/json", HEADER: self._proof.make(path, payload, time.time())}
        try:
            url = f"{self._url}{path}"
            async with self._session.post(
                url, data=payload, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                return dict(await response.json()) if response.status == 200 else None
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return None
