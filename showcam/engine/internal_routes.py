"""Answers the other processes' requests on loopback, which carry a header made from the grant key."""

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web

from showcam.engine.doors import LentDoors, NotLent
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
    Probed,
    Warm,
)
from showcam.engine.routes import Handler, problem
from showcam.engine.sessions.sessions import ANSWER_S, Sessions
from showcam.engine.source import Rtsp, read_source
from showcam.engine.sources.probe import probe

PROBES = 4  # at once: a household tries the two streams of one camera


class InternalRoutes:
    """The routes under /internal/. `loopback`: cameras may be on this machine, for the demo."""

    def __init__(self, grants: Grants, sessions: Sessions, doors: LentDoors, *, loopback: bool) -> None:
        self._sessions, self._doors, self._loopback = sessions, doors, loopback
        self._probes = asyncio.Semaphore(PROBES)
        self._proof = grants.proof()

    def add_to(self, app: web.Application) -> None:
        app.add_routes(
            [
                web.post("/internal/warm", self._internal(Warm, self.warm)),
                web.post("/internal/keep", self._internal(Keep, self.keep)),
                web.post("/internal/answer", self._internal(Offer, self.answer)),
                web.post("/internal/lend", self._internal(Lend, self.lend)),
                web.post("/internal/probe", self._internal(Probe, self.probe)),
                web.post("/internal/end", self._internal(End, self.end_session)),
                web.post("/internal/flows", self._internal(FlowsOf, self.flows)),
                web.post("/internal/live", self._internal(LiveOf, self.live)),
                web.get("/internal/stats", self._internal(Nothing, self.stats)),
            ]
        )

    async def warm(self, body: Warm) -> web.Response:
        claims = Claims(**body["claims"])
        source = read_source(body["source"]) if body["source"] else None
        if claims.protocol == "snapshot":
            self._sessions.warming.measure(claims, source)
        else:
            self._sessions.warming.expect(claims, source)
        return web.json_response(Nothing(), status=202)

    async def keep(self, body: Keep) -> web.Response:
        self._sessions.warming.keep(Claims(**body["claims"]))
        return web.json_response(Nothing(), status=202)

    async def answer(self, body: Offer) -> web.Response:
        source = read_source(body["source"]) if body["source"] else None
        answer, grant = await self._sessions.answer(
            Claims(**body["claims"]), body["sdp"], source, body["replaces"], body.get("within_s", ANSWER_S)
        )
        return web.json_response(Answered(sdp=answer, session=grant))

    async def lend(self, body: Lend) -> web.Response:
        try:
            at = await self._doors.lend(body["link"], body["device"])
        except NotLent as error:
            return problem(503, str(error))
        return web.json_response(Lent(at=at))

    async def probe(self, body: Probe) -> web.Response:
        source = read_source(body["source"])
        if not isinstance(source, Rtsp):
            return problem(422, "Only cameras at home are watched for a moment.")
        if self._probes.locked():
            return problem(429, "As many cameras are watched as may be.", "busy", {"Retry-After": "3"})
        async with self._probes:
            found = await probe(source, loopback=self._loopback, within_s=min(body["within_s"], ANSWER_S))
        watched = await asyncio.to_thread(found.watched, small=True)
        answer: Probed = {
            "codec": watched.codec,
            "width": watched.width,
            "height": watched.height,
            "rate": watched.rate,
            "gop_s": watched.gop_s,
            "watched_s": watched.watched_s,
            "still": base64.b64encode(watched.still).decode(),
        }
        return web.json_response(answer)

    async def end_session(self, body: End) -> web.Response:
        if body["name"]:
            self._sessions.endings.by_name(body["link"], body["name"])
        else:
            self._sessions.endings.by_link(body["link"])
            await self._doors.close_of(body["link"])
        return web.json_response(Nothing())

    async def flows(self, body: FlowsOf) -> web.Response:
        return web.json_response(Flows(pictures=self._sessions.flows(body["account"], body["camera"])))

    async def live(self, body: LiveOf) -> web.Response:
        return web.json_response(Live(live=self._sessions.live(body["account"] or None)))

    async def stats(self, _body: Nothing) -> web.Response:
        return web.json_response(self._sessions.stats())

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
