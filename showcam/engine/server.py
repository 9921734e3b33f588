"""The media process does all work on video, in one event loop.

Other processes ask it by requests on loopback, which carry a header made from the grant key.
"""

import asyncio
import contextlib
import ctypes
import socket
import time
from collections.abc import Awaitable, Callable, Mapping

import msgspec
import structlog
from aiohttp import web

from showcam.engine.client import LONGEST_S
from showcam.engine.doors import AcceptFailures, Door, LentDoors, NotLent, Serving
from showcam.engine.grants import HEADER, Claims, Grants, holds
from showcam.engine.messages import (
    Answered,
    End,
    Flows,
    FlowsOf,
    Keep,
    Lend,
    Lent,
    Live,
    LiveOf,
    Nothing,
    Offer,
    Probe,
    Warm,
)
from showcam.engine.outputs import peer
from showcam.engine.routes import Handler, Routes, application, problem
from showcam.engine.sessions.sessions import Sessions
from showcam.engine.settings import PlaneSettings, tls_context
from showcam.engine.source import Rtsp, Sources, Watched, read_source
from showcam.engine.sources.probe import probe

PROBES = 4  # at once: a household tries the two streams of one camera


class InternalRoutes:
    """The routes under /internal/. `loopback`: cameras may be on this machine, for the demo."""

    def __init__(self, grants: Grants, sessions: Sessions, doors: LentDoors, *, loopback: bool) -> None:
        self._sessions, self._doors, self._loopback = sessions, doors, loopback
        self._probes = asyncio.Semaphore(PROBES)
        self._proof = grants.proof()

    def add_to(self, app: web.Application) -> None:
        post = app.router.add_post
        post("/internal/warm", self._internal(Warm, self.warm))
        post("/internal/keep", self._internal(Keep, self.keep))
        post("/internal/answer", self._internal(Offer, self.answer))
        post("/internal/lend", self._internal(Lend, self.lend))
        post("/internal/probe", self._internal(Probe, self.probe))
        post("/internal/end", self._internal(End, self.end_session))
        post("/internal/flows", self._internal(FlowsOf, self.flows))
        post("/internal/live", self._internal(LiveOf, self.live))
        app.router.add_get("/internal/stats", self._internal(Nothing, self.stats))

    async def warm(self, body: Warm) -> web.Response:
        claims = Claims(**body["claims"])
        source = read_source(body["source"]) if body["source"] else None
        if claims.protocol == "snapshot":
            self._sessions.warming.measure(claims, source)
        else:
            self._sessions.warming.expect(claims, source)
        return _json(Nothing(), 202)

    async def keep(self, body: Keep) -> web.Response:
        self._sessions.warming.keep(Claims(**body["claims"]))
        return _json(Nothing(), 202)

    async def answer(self, body: Offer) -> web.Response:
        source = read_source(body["source"]) if body["source"] else None
        answer, grant = await self._sessions.answer(
            Claims(**body["claims"]), body["sdp"], source, body["replaces"], body.get("within_s", LONGEST_S)
        )
        return _json(Answered(sdp=answer, session=grant))

    async def lend(self, body: Lend) -> web.Response:
        try:
            at = await self._doors.lend(body["link"], body["device"])
        except NotLent as error:
            return problem(503, str(error))
        return _json(Lent(at=at))

    async def probe(self, body: Probe) -> web.Response:
        source = read_source(body["source"])
        if not isinstance(source, Rtsp):
            return problem(422, "Only cameras at home are watched for a moment.")
        if self._probes.locked():
            return problem(429, "As many cameras are watched as may be.", "busy", {"Retry-After": "3"})
        async with self._probes:
            found = await probe(source, loopback=self._loopback, within_s=min(body["within_s"], LONGEST_S))
        return _json(await asyncio.to_thread(found.watched, small=True))

    async def end_session(self, body: End) -> web.Response:
        if body["name"]:
            self._sessions.endings.by_name(body["link"], body["name"])
        else:
            self._sessions.endings.by_link(body["link"])
            await self._doors.close_of(body["link"])
        return _json(Nothing())

    async def flows(self, body: FlowsOf) -> web.Response:
        return _json(Flows(pictures=self._sessions.flows(body["account"], body["camera"])))

    async def live(self, body: LiveOf) -> web.Response:
        return _json(Live(live=self._sessions.live(body["account"] or None)))

    async def stats(self, _body: Nothing) -> web.Response:
        return _json(self._sessions.stats())

    def _internal[T](self, shape: type[T], handler: Callable[[T], Awaitable[web.Response]]) -> Handler:
        read = msgspec.json.Decoder(shape).decode

        async def handle(request: web.Request) -> web.StreamResponse:
            shown = request.headers.get(HEADER, "")
            if not self._proof.opens(shown, request.path, time.time()):
                raise web.HTTPNotFound
            data = await request.read()
            if not holds(shown, data):
                raise web.HTTPNotFound
            try:
                return await handler(read(data or b"{}"))
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                return problem(422, "The request is not as this door expects it.")

        return handle


def _json(body: Mapping[str, object] | Watched, status: int = 200) -> web.Response:
    return web.Response(status=status, body=msgspec.json.encode(body), content_type="application/json")


_MMAP_THRESHOLD, _ARENA_MAX = -3, -8  # glibc's malloc.h
_LARGE = 64 * 1024
_log = structlog.get_logger()


class MediaServer:
    """The media process's server. `sources` opens cameras; a key is enough to verify a grant, also of an earlier
    process.

    `listener`: the socket that is served; without it a socket is opened at the address of the settings.
    """

    def __init__(
        self, settings: PlaneSettings, grants: Grants, sources: Sources, listener: socket.socket | None = None
    ) -> None:
        self._settings, self._grants, self._sources, self._listener = settings, grants, sources, listener
        self._serving = Serving()
        self._sessions: Sessions | None = None
        self._lent: LentDoors | None = None
        self._watching: asyncio.Task[None] | None = None
        self.port = settings.port

    async def serve(self) -> None:
        """Serves until cancelled. Raises OSError when the port can't be had."""
        await self.start()
        try:
            await asyncio.Event().wait()
        finally:
            await self.stop()

    async def start(self) -> None:
        loop, settings = asyncio.get_running_loop(), self._settings
        loop.set_exception_handler(AcceptFailures())
        _settle_memory()
        peer.amend(settings.ice_addresses)
        context = await asyncio.to_thread(tls_context, settings.ca_file)
        self._sessions = Sessions(settings, self._grants, self._sources, context)
        app = application()
        routes = Routes(self._sessions, settings.picture_wait_s)
        routes.add_to(app)
        self._lent = LentDoors(
            self._grants, self._sessions.watched_by, routes.of_pictures, practice=settings.allow_loopback_sources
        )
        loopback = settings.allow_loopback_sources
        InternalRoutes(self._grants, self._sessions, self._lent, loopback=loopback).add_to(app)

        def door(server: web.Server) -> Door:
            most, most_of_one = settings.connections, settings.connections_of_one
            return Door(server, most=most, most_of_one=most_of_one, shared=settings.trusted_proxies)

        at = {"sock": self._listener} if self._listener else {"host": settings.bind, "port": settings.port}
        try:
            self.port = await self._serving.open(app, door, **at)
        except OSError:
            await self.stop()
            raise
        self._watching = asyncio.create_task(self._lent.watch())
        _log.info("pictures are served", bind=settings.bind, port=self.port)

    async def stop(self) -> None:
        if self._watching:
            self._watching.cancel()
        self._serving.close_door()
        if self._lent:
            await self._lent.close()
        if self._sessions:
            await self._sessions.close()
        await self._serving.close()


def _settle_memory() -> None:
    """Limits the memory that glibc keeps: sixteen cameras in full HD take a third less. Does nothing with another libc.

    There are two arenas, instead of one for each reader. Every large piece has its own mapping, which is given back as
    soon as it is free.
    """
    with contextlib.suppress(AttributeError, OSError):
        library = ctypes.CDLL(None)
        library.mallopt(_ARENA_MAX, 2)
        library.mallopt(_MMAP_THRESHOLD, _LARGE)
