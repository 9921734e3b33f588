"""The media process's requests to the web process (showcam.app.edge.internal), over loopback or https."""

import base64
import ssl
import time
from collections.abc import Mapping

import aiohttp
import msgspec

from showcam.engine.grants import HEADER, Claims, ProcessAuth
from showcam.engine.messages import (
    Admits,
    Admitted,
    Check,
    Checked,
    Closed,
    Judged,
    Learnt,
    NotOpened,
    Open,
    Opened,
    Still,
)
from showcam.engine.source import UNASKED, Codec, Denied, Ending, Lease, SourceSpec, as_text, read_source

OPEN_S = 6.0  # two calls of a slow vendor, and the round trip to the web process


class WebSources:
    """Implements showcam.engine.source.Sources."""

    def __init__(
        self, web_url: str, proof: ProcessAuth, context: ssl.SSLContext | None = None, timeout_s: float = 4.0
    ) -> None:
        """`context` verifies an https address. `timeout_s`: a check asks no vendor, but a busy machine may be slow."""
        self._url, self._proof = web_url, proof
        self._context, self._timeout_s = context, timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def open(self, claims: Claims) -> SourceSpec | Denied:
        body: Open = {"claims": claims.as_json()}
        text = await self._post("open", body, OPEN_S)
        if opened := _read(text, Opened):
            return read_source(opened["source"])
        if refused := _read(text, NotOpened):
            return refused["denied"]
        return Denied("vendor_down", again=True)

    async def still(self, claims: Claims) -> bytes | Denied | None:
        body: Open = {"claims": claims.as_json()}
        text = await self._post("still", body, OPEN_S)
        if refused := _read(text, NotOpened):
            return refused["denied"]
        made = _read(text, Still)
        return base64.b64decode(made["still"]) if made and made["still"] else None

    async def check(self, claims: list[Claims]) -> list[Denied | None]:
        body: Check = {"claims": [claim.as_json() for claim in claims]}
        checked = _read(await self._post("check", body), Checked)
        if checked is None or len(checked["denied"]) != len(claims):
            return [Denied(UNASKED, again=True) for _ in claims]
        return list(checked["denied"])

    async def admits(self, claims: Claims, bearer: str) -> bool:
        body: Admits = {"claims": claims.as_json(), "bearer": bearer}
        admitted = _read(await self._post("admits", body), Admitted)
        return admitted is not None and admitted["admitted"]

    async def learnt(
        self, claims: Claims, width: int, height: int, *, codec: Codec, b_frames: bool, lacks_sub: bool
    ) -> None:
        body: Learnt = {"claims": claims.as_json(), "width": width, "height": height, "codec": codec}
        body["b_frames"], body["lacks_sub"] = b_frames, lacks_sub
        await self._post("learnt", body)

    async def judged(self, claims: Claims, mark: str, *, fits: bool) -> None:
        body: Judged = {"claims": claims.as_json(), "mark": mark, "fits": fits}
        await self._post("judged", body)

    async def closed(self, claims: Claims, lease: Lease, ending: Ending) -> None:
        text = as_text(lease, ending)
        body: Closed = {"claims": claims.as_json(), "release": text, "lease": lease, "ending": ending}
        await self._post("closed", body)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _post(self, what: str, body: Mapping[str, object], timeout_s: float | None = None) -> bytes:
        """The answer of the web process; b"" if the web process can't be asked just now."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._context or True, limit=16), cookie_jar=aiohttp.DummyCookieJar()
            )
        timeout = aiohttp.ClientTimeout(total=self._timeout_s if timeout_s is None else timeout_s)
        path, payload = f"/internal/sources/{what}", msgspec.json.encode(body)
        headers = {"Content-Type": "application/json", HEADER: self._proof.make(path, payload, time.time())}
        try:
            url = f"{self._url}{path}"
            async with self._session.post(
                url, data=payload, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                return await response.read() if response.status == 200 else b""
        except (aiohttp.ClientError, TimeoutError):
            return b""


def _read[T](text: bytes, shape: type[T]) -> T | None:
    """The decoded answer; None if it has another shape."""
    try:
        return msgspec.json.decode(text, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
