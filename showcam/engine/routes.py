"""Answers displays, which ask for HLS, WebRTC and stills under /s/, and our other processes, under /internal/.

Failures are answered by problem documents (RFC 9457) that show only the kind of failure. Our other processes ask by
requests on loopback, which carry a header made from the grant key.
"""

import asyncio
import json
import re
import time
import typing
from collections.abc import Awaitable, Callable, Mapping

import msgspec
import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from showcam.engine.client import LONGEST_S
from showcam.engine.grants import HEADER, BadGrant, Claims, ExpiredGrant, Grants, Protocol, holds
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
from showcam.engine.outputs.hls import HlsOutput, is_start_id
from showcam.engine.outputs.ice import NoFreePort
from showcam.engine.outputs.peer import NotGathered
from showcam.engine.outputs.sdp import OFFER_CAP, NoOffer
from showcam.engine.sessions.fanout import NotYet
from showcam.engine.sessions.pull import RESTS
from showcam.engine.sessions.pulls import Ended, TooMany
from showcam.engine.sessions.session import Session
from showcam.engine.sessions.sessions import Sessions
from showcam.engine.source import Rtsp, SourceFailed, Watched, read_source
from showcam.engine.sources.probe import probe
from showcam.net.text import problem_of

_log = structlog.get_logger()
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, POST, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "Range, Content-Type, Accept-Encoding",
    "Access-Control-Expose-Headers": "Content-Length, Content-Range, Location, Retry-After",
    "Access-Control-Max-Age": "600",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_OVER = {RESTS: "The camera runs on battery, so its picture ends after a while; ask for it again to go on watching."}
_TITLES = {
    400: "Bad offer",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    410: "Gone",
    413: "Too long",
    415: "Wrong content type",
    422: "Not understood",
    429: "Too many streams",
    500: "Internal error",
    502: "No picture",
    503: "Not ready",
}
_SOON = {"Retry-After": "1"}
_FAILURES: dict[type[Exception], tuple[int, str, str, dict[str, str]]] = {
    BadGrant: (403, "This address was not given out by us for this use.", "", {}),
    ExpiredGrant: (410, "This address is over; ask for the camera again.", "", {}),
    NotYet: (503, "The camera sends, and its next keyframe is waited for; ask again.", "", _SOON),
    NoOffer: (400, "This is no SDP offer that H.264 video could answer.", "", {}),
    NotGathered: (503, "No address for WebRTC was found in time.", "media_down", _SOON),
}
# If hls.js has nothing left to play, it joins the list of a new process at once, else a target duration later. The
# player asks a little before its last segment ends.
DRY_S = 0.3
PROBES = 4  # at once: a household tries the two streams of one camera
MOST_STARTS = 16  # start ids that a session answers to
_BEARER = {"WWW-Authenticate": "Bearer"}
_PLAYLIST = {"Content-Type": "application/vnd.apple.mpegurl", "Cache-Control": "no-store"}
_PICTURE = re.compile(r"(/p/[^/]+)?/s/")

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class NotLent(Exception):
    """No door was opened; the text says why."""


def application(*middlewares: Middleware) -> web.Application:
    """An application without routes. `middlewares` run behind the middleware that answers failures."""
    return web.Application(middlewares=[answer_everything, *middlewares], client_max_size=4 * OFFER_CAP)


@web.middleware
async def answer_everything(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Lets any page read every answer under /s/, refusals too. A failure shows only its kind."""
    is_picture = _PICTURE.match(request.path)
    if request.method == "OPTIONS" and is_picture:
        response: web.StreamResponse = web.Response(status=204)
    else:
        response = await _guarded(request, handler)
    if is_picture:
        response.headers.update(_CORS)
    response.headers["Server"] = "showcam"
    return response


async def _guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Ended as ended:
        return problem(410, _OVER.get(ended.reason, "This stream is over; ask for the camera again."), ended.reason)
    except TooMany as busy:
        return problem(
            429,
            "As many streams are live as may be.",
            "full" if busy.full else "busy",
            {"Retry-After": str(busy.retry_s)},
        )
    except SourceFailed as failed:
        return problem(502, "The camera's picture could not be had.", failed.reason or "media_down")
    except NotLent as failed:
        return problem(503, str(failed))
    except NoFreePort:
        _log.warning("no port of webrtc_ports is free for another viewer", reason="full")
        return problem(429, "Each port of webrtc_ports is in use.", "full")
    except tuple(_FAILURES) as failed:
        return problem(*_FAILURES[type(failed)])
    except web.HTTPException as error:
        allowed = {name: value for name, value in error.headers.items() if name == "Allow"}
        return problem(error.status, error.reason, headers=allowed)
    except Exception as error:
        _log.error("request broke", route=_route(request), error=type(error).__name__)
        return problem(500, "Something went wrong here.")


def _route(request: web.Request) -> str:
    """The pattern of the route, which holds no grant."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else ""


def problem(status: int, detail: str, reason: str = "", headers: dict[str, str] | None = None) -> web.Response:
    """A problem document (RFC 9457). `reason` is the registry's word, or "full": another process may have room."""
    body = problem_of(status, _TITLES.get(status, "Refused"), detail)
    if reason:
        body["reason"] = reason
    return web.Response(
        status=status,
        body=json.dumps(body).encode(),
        headers={"Content-Type": "application/problem+json", "Cache-Control": "no-store", **(headers or {})},
    )


class Routes:
    def __init__(self, sessions: Sessions, picture_wait_s: float) -> None:
        self._sessions = sessions
        self._picture_wait_s = picture_wait_s

    def add_to(self, app: web.Application) -> None:
        app.add_routes([web.get("/healthz", self.healthz), *self.of_pictures()])

    def of_pictures(self) -> list[web.RouteDef]:
        return [
            web.get("/s/{grant}/master.m3u8", self.master),
            web.get("/s/{grant}/snapshot.jpg", self.snapshot),
            web.post("/s/{grant}/whep", self.whep),
            web.delete("/s/{grant}/whep", self.end),
            web.delete("/s/{grant}", self.end),
            web.get("/s/{grant}/{start}/index.m3u8", self.index),
            web.get("/s/{grant}/{start}/{name}", self.segment),
        ]

    async def healthz(self, _request: web.Request) -> web.Response:
        """A load balancer must take 429 (full) for healthy: a full process shows more than any other."""
        if self._sessions.pulls.is_draining:
            return web.json_response({"status": "draining"}, status=503)
        is_full = self._sessions.pulls.places() == 0
        return web.json_response({"status": "full" if is_full else "ok"}, status=429 if is_full else 200)

    # HLS

    async def master(self, request: web.Request) -> web.Response:
        session = self._sessions.open(self._verify(request, "hls", "session"))
        session.view.takes_h265 = "hvc1" in request.query.get("codecs", "").split(",")
        output = await self._output(session)
        session.starts[output.start_id] = output.start_id
        form = output.format
        assert form is not None
        text = (
            "#EXTM3U\n#EXT-X-VERSION:6\n"
            f'#EXT-X-STREAM-INF:BANDWIDTH={output.bandwidth()},CODECS="{output.codecs()}",'
            f"RESOLUTION={form.width}x{form.height}\n"
            f"../{session.grant}/{output.start_id}/index.m3u8\n"
        )
        return web.Response(body=text.encode(), headers=_PLAYLIST)

    async def index(self, request: web.Request) -> web.Response:
        """The list of segments.

        An earlier process's start id works too, since players never ask for the master again.
        """
        claims, start = self._verify(request, "session"), request.match_info["start"]
        if not is_start_id(start):
            raise Ended
        session = self._sessions.resume(claims)
        if await session.news():
            session = self._sessions.resume(claims)  # it may be over by now
        if start in session.starts and not session.pull.shows(session.starts[start]):
            raise Ended
        output = await self._output(session)
        if start not in session.starts and (len(session.starts) >= MOST_STARTS or not output.follows(start)):
            raise Ended
        # a start id that showed another video format stays over: its master list is no longer true
        if session.starts.setdefault(start, output.start_id) != output.start_id:
            raise Ended
        if start != output.start_id and session.listed is None:
            await asyncio.sleep(DRY_S)
        # our own pages let hls.js begin at a point nearer still: too near for a camera that sends in clumps
        near = session.claims.surface != "page" or output.is_soon
        after = "" if start == output.start_id else start
        is_first = session.listed is None or session.listed[0] is not output
        player, entry = session.claims.nonce, session.view.entry
        body = output.playlist(after, near=near, player=player, entry=entry, is_first=is_first)
        session.hand_list(output)
        return web.Response(body=body.encode(), headers=_PLAYLIST)

    async def segment(self, request: web.Request) -> web.Response:
        output, player = await self._rendition(request)
        found = output.named(request.match_info["name"], player)
        if found is None:
            return problem(404, "There is no such segment, or no longer.")
        headers = {"Content-Type": found[1], "Cache-Control": "private, max-age=60"}
        return web.Response(body=found[0], headers=headers)

    async def _rendition(self, request: web.Request) -> tuple[HlsOutput, str]:
        """The output of the start id in the address, if it is still current, and the session's id. Raises Ended."""
        session = self._sessions.find(self._verify(request, "session"))
        output = await self._output(session)
        if request.match_info["start"] != output.start_id:
            raise Ended
        return output, session.claims.nonce

    async def _output(self, session: Session) -> HlsOutput:
        """Waits for the first video and returns its output. Raises SourceFailed, NotYet."""
        pull, surface = session.pull, session.claims.surface
        began = time.monotonic()
        with session.fetching():
            if not await pull.opened(self._picture_wait_s):
                raise NotYet if pull.is_arriving else pull.not_yet
            # Alexa's VideoApp wants a sound track from every camera; Google and TVs do if the microphone is not
            # switched off
            silent = surface == "video" or (surface in ("google", "tv") and pull.sound != "off")
            left_s = began + self._picture_wait_s - time.monotonic()
            return await session.view.output(silent_track=silent, timeout_s=left_s)

    # WebRTC

    async def whep(self, request: web.Request) -> web.Response:
        claims = self._verify(request, "webrtc", "webrtc_session")
        if request.content_type != "application/sdp":
            return problem(415, "An offer has the content type application/sdp.")
        if (request.content_length or 0) > OFFER_CAP:
            return problem(413, "The offer is too long.")
        sdp = (await request.read()).decode("utf-8", "replace")
        answer, grant = await self._sessions.answer(claims, sdp)
        headers = {"Content-Type": "application/sdp", "Location": f"../{grant}/whep", "Cache-Control": "no-store"}
        return web.Response(status=201, body=answer.encode(), headers=headers)

    async def end(self, request: web.Request) -> web.Response:
        self._sessions.endings.by_viewer(self._verify(request, "session", "webrtc_session"))
        return web.Response(status=200)

    # a still picture

    async def snapshot(self, request: web.Request) -> web.Response:
        claims = self._verify(request, "snapshot", "still")
        if claims.protocol == "still" and not await self._sessions.gate.admits(claims, _bearer(request)):
            return problem(401, "A bearer token of the link this was made for is needed.", headers=_BEARER)
        data = await self._sessions.warming.still(claims)
        return web.Response(body=data, headers={"Content-Type": "image/jpeg", "Cache-Control": "no-store"})

    def _verify(self, request: web.Request, *protocols: Protocol) -> Claims:
        return self._sessions.verified(request.match_info["grant"], *protocols)


def _bearer(request: web.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


class Doors(typing.Protocol):
    """Lends doors to devices of the house, as LentDoors of showcam.engine.doors does. `lend` may raise NotLent."""

    async def lend(self, link: str, device: str) -> str: ...
    async def close_of(self, link: str) -> None: ...


class InternalRoutes:
    """The routes under /internal/. `loopback`: cameras may be on this machine, for the demo."""

    def __init__(self, grants: Grants, sessions: Sessions, doors: Doors, *, loopback: bool) -> None:
        self._sessions, self._doors, self._loopback = sessions, doors, loopback
        self._probes = asyncio.Semaphore(PROBES)
        self._proof = grants.proof()

    def routes(self) -> list[web.RouteDef]:
        return [
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
        return _json(Lent(at=await self._doors.lend(body["link"], body["device"])))

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
        return _json(Flows(pictures=self._sessions.pulls.flows(body["account"], body["camera"])))

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
