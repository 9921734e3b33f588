"""One media process among several behind one address: it reports itself, and hands on what is meant for another.

A load balancer sends each request to any of the processes. The path begins with the id of the process that is meant,
`/p/{id}/s/…` or `/p/{id}/internal/…`. Another process hands the request on to it, at the address that the web process
names. If that process is gone, a request under /s/ goes to the process that has the camera now: a player of HLS goes on
there under the same address.
"""

import asyncio
import contextlib
import secrets
import socket
import time
from dataclasses import dataclass
from functools import partial
from typing import Protocol
from urllib.parse import urlsplit

import aiohttp
import structlog
from aiohttp import web

from showcam.engine import grants
from showcam.engine.client import CONNECT_S
from showcam.engine.doors import UNANSWERED_S, address_towards
from showcam.engine.grants import HEADER, Claims, ExpiredGrant, Grants
from showcam.engine.messages import Beat, Beaten, Find, Found
from showcam.engine.routes import Handler
from showcam.engine.sessions.sessions import Sessions
from showcam.engine.settings import BEAT_S, PlaneSettings

_log = structlog.get_logger()
TOLD_S = 60.0  # between two lines in the log about what is live; the stack's autoscaling counts them
MOST_FOUND = 4096
HANDED_ON = "X-Showcam-Handed-On"  # such a request is never handed on again
MISDIRECTED = 421  # another process has the camera of this request by now
_THERE = ("Authorization", "Accept", "Content-Type", "Range", HEADER)
_BACK = ("Content-Type", "Cache-Control", "Location", "Retry-After", "WWW-Authenticate")
_ANY: tuple[grants.Protocol, ...] = ("hls", "session", "webrtc", "webrtc_session", "snapshot", "still")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


class Web(Protocol):
    """The web process at `url`, as a member asks it. `process`: the id in the member's questions to the gate."""

    url: str
    process: str

    async def beat(self, body: Beat) -> Beaten | None: ...
    async def find(self, body: Find) -> Found | None: ...


@dataclass(frozen=True, slots=True)
class _Known:
    process: str  # "": none has it
    at: str
    until: float  # by the loop's time


class Member:
    """`id` is random. It is replaced if another living process has the same id."""

    def __init__(self, web_process: Web, settings: PlaneSettings, issuer: Grants, sessions: Sessions) -> None:
        self._web, self._settings, self._grants, self._sessions = web_process, settings, issuer, sessions
        self._proof = issuer.proof()
        self._born = secrets.token_hex(8)
        self._at = ""
        self._known: dict[tuple[str, str, str], _Known] = {}  # by process, account, camera
        self._client: aiohttp.ClientSession | None = None
        self._beating: asyncio.Task[None] | None = None
        self._told = float("-inf")
        self.id = self._web.process = _new_id()

    # reports

    def start(self, port: int) -> None:
        self._client = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=UNANSWERED_S, sock_connect=CONNECT_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )
        self._beating = asyncio.create_task(self._beat(port))

    async def _beat(self, port: int) -> None:
        """Reports this process again and again, until cancelled."""
        while True:
            try:
                if not self._at:
                    own = await asyncio.to_thread(own_address, self._settings.bind, self._web.url)
                    self._at = f"[{own}]:{port}" if ":" in own else f"{own}:{port}"
                await self.report()
            except Exception as error:
                _log.warning("this media process could not be reported", error=type(error).__name__)
            await asyncio.sleep(BEAT_S)

    async def report(self) -> None:
        if not self._at:
            return
        beaten = await self._web.beat(self._report(self._at))
        if beaten is None:
            _log.warning("the web app took no report of this media process: see its log, and both clocks")
        elif beaten["taken"]:
            self.id = self._web.process = _new_id()
            _log.warning("another media process had the same id, so this one has taken a new id")
        now = asyncio.get_running_loop().time()
        if now - self._told >= TOLD_S and not self._sessions.pulls.is_draining:
            self._told, places = now, self._places()
            _log.info("pictures are shown", live=self._most - places, places=places)

    async def leave(self) -> None:
        """Reports that this process ends now."""
        if self._beating:
            self._beating.cancel()
        if self._at:
            await self._web.beat(self._report(""))
        if self._client:
            await self._client.close()

    def _report(self, at: str) -> Beat:
        draining = self._sessions.pulls.is_draining
        return Beat(process=self.id, born=self._born, at=at, places=self._places(), draining=draining)

    def _places(self) -> int:
        places = self._sessions.pulls.places()
        return self._most if places is None else places

    @property
    def _most(self) -> int:
        return self._settings.live_per_process or 0

    # requests that are meant for another process

    def behind_one_address(self, routes: list[web.RouteDef]) -> list[web.RouteDef]:
        """The same routes below the ids of all processes."""
        return [
            web.RouteDef(
                route.method, f"/p/{{process}}{route.path}", partial(self._answer, route.handler), route.kwargs
            )
            for route in routes
        ]

    async def _answer(self, own: Handler, request: web.Request) -> web.StreamResponse:
        process, is_handed_on = request.match_info["process"], HANDED_ON in request.headers
        claims = self._claims(request)
        if process == self.id and (claims is None or not self._is_moved(claims)):
            return await own(request)
        if is_handed_on:
            return _gone() if process != self.id else web.Response(status=MISDIRECTED)
        if claims is None and not self._proof.opens(request.headers.get(HEADER, ""), request.path, time.time()):
            raise web.HTTPNotFound
        body = await request.read()
        asked = "" if process == self.id else process
        found = await self._find(asked, claims, lost=False)
        for is_last in (False, True):
            if found is None:
                break
            if found.process == self.id:
                if claims is not None:
                    self._sessions.endings.moved.discard((claims.account, claims.camera))
                return await own(request)
            is_moved = False
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                answer = await self._hand_on(request, body, found)
                is_moved = answer.status == MISDIRECTED
                if not is_moved:
                    return answer
            if claims is None or is_last:
                break
            found = await self._find("" if is_moved else found.process, claims, lost=not is_moved)
        return _gone()

    def _claims(self, request: web.Request) -> Claims | None:
        """The claims of a request under /s/; the process that answers judges them. Raises BadGrant."""
        grant = request.match_info.get("grant")
        if grant is None:
            return None
        try:
            return self._grants.verify(grant, _ANY, time.time())
        except ExpiredGrant as over:
            return over.claims

    def _is_moved(self, claims: Claims) -> bool:
        return (claims.account, claims.camera) in self._sessions.endings.moved

    async def _find(self, process: str, claims: Claims | None, *, lost: bool) -> _Known | None:
        """The process, or the present process of the camera; None if the web process knows none.

        A grant that has expired can be asked about again and again: the answer that there is none is kept too.
        """
        now = asyncio.get_running_loop().time()
        key = (process, claims.account, claims.camera) if claims else (process, "", "")
        known = self._known.get(key)
        if known is not None and known.until > now and not lost:
            return known if known.process else None
        found = await self._web.find(Find(process=process, lost=lost, claims=claims.as_json() if claims else None))
        if found is None:
            return None
        if len(self._known) >= MOST_FOUND:
            self._known.clear()
        self._known[key] = known = _Known(found["process"], found["at"], now + self._settings.found_s)
        return known if known.process else None

    async def _hand_on(self, request: web.Request, body: bytes, to: _Known) -> web.StreamResponse:
        """Raises errors of aiohttp, or TimeoutError, if the process does not answer."""
        assert self._client is not None
        path = request.rel_url.raw_path.removeprefix(f"/p/{request.match_info['process']}")
        headers = {name: request.headers[name] for name in _THERE if name in request.headers} | {HANDED_ON: "1"}
        url = f"http://{to.at}/p/{to.process}{path}"
        async with self._client.request(
            request.method, url, data=body or None, headers=headers, allow_redirects=False
        ) as answer:
            back = {name: answer.headers[name] for name in _BACK if name in answer.headers}
            return web.Response(status=answer.status, body=await answer.read(), headers=back)


def own_address(bind: str, web_url: str) -> str:
    """The address of this process for other processes of its network. Raises OSError."""
    if bind not in ("0.0.0.0", "::"):  # noqa: S104
        return bind
    parts = urlsplit(web_url)
    found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    return address_towards(str(found[0][4][0]))


def _gone() -> web.Response:
    """The answer for a process that is gone, in the form of a proxy that finds nobody behind it."""
    return web.Response(status=502, text="The media process is gone.", headers={"Cache-Control": "no-store"})


def _new_id() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(16))
