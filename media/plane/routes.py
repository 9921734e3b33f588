"""The picture process's HTTP: what displays ask for under /s/, and what the other processes ask on loopback."""

import json
import re
import time
from collections.abc import Awaitable, Callable
from typing import Literal

import msgspec
import structlog
from aiohttp import web

from media.grants import BadGrant, Claims, ExpiredGrant, Grants, Protocol
from media.messages import Answered, End, Keep, Live, LiveOf, Nothing, Offer, Warm
from media.plane.codec.units import SourceFailed
from media.plane.outputs.hls import HlsOutput, is_start_id
from media.plane.outputs.offers import OFFER_CAP, NoOffer
from media.plane.outputs.peer import NotGathered
from media.plane.viewing.endings import Ended
from media.plane.viewing.pull import RESTS
from media.plane.viewing.pulls import TooMany
from media.plane.viewing.session import Session
from media.plane.viewing.sessions import ANSWER_S, Sessions
from media.process_auth import HEADER, holds
from media.source import SourceSpec
from net.problem import problem_of

_log = structlog.get_logger()

OPEN_WAIT_S = 10.0
SEGMENT_WAIT_S = 10.0  # from its opening on: of a picture whose keyframes are seconds apart it takes as long
SNAPSHOT_WAIT_S = 8.0
MOST_STARTS = 16  # that a session answers to
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
_BEARER = {"WWW-Authenticate": "Bearer"}
_PLAYLIST = {"Content-Type": "application/vnd.apple.mpegurl", "Cache-Control": "no-store"}
# Surfaces whose picture may be 1280×720 at most, and what is done about a larger one.
_FIT: dict[str, Literal["any", "small", "scaled"]] = {"video": "small", "video_scaled": "scaled"}
_SEGMENT = re.compile(r"(\d{1,9})\.ts")

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Routes:
    def __init__(self, grants: Grants, sessions: Sessions) -> None:
        self._sessions = sessions
        self._proof = grants.proof()

    def application(self) -> web.Application:
        app = web.Application(middlewares=[_answer_everything], client_max_size=4 * OFFER_CAP)
        app.add_routes(
            [
                web.get("/healthz", self.healthz),
                web.get("/s/{grant}/master.m3u8", self.master),
                web.get("/s/{grant}/snapshot.jpg", self.snapshot),
                web.post("/s/{grant}/whep", self.whep),
                web.delete("/s/{grant}/whep", self.end),
                web.delete("/s/{grant}", self.end),
                web.get("/s/{grant}/{start}/index.m3u8", self.index),
                web.get("/s/{grant}/{start}/{name}", self.segment),
                web.post("/internal/warm", self._internal(Warm, self.warm)),
                web.post("/internal/keep", self._internal(Keep, self.keep)),
                web.post("/internal/answer", self._internal(Offer, self.answer)),
                web.post("/internal/end", self._internal(End, self.end_session)),
                web.post("/internal/live", self._internal(LiveOf, self.live)),
                web.get("/internal/stats", self._internal(Nothing, self.stats)),
            ]
        )
        return app

    async def healthz(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    # HLS

    async def master(self, request: web.Request) -> web.Response:
        session = self._sessions.open(self._verify(request, "hls", "session"))
        output = await self._output(session)
        session.starts[output.start_id] = output.start_id
        form = output.format
        assert form is not None
        text = (
            "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-INDEPENDENT-SEGMENTS\n"
            f'#EXT-X-STREAM-INF:BANDWIDTH={output.bandwidth()},CODECS="{output.codecs()}",'
            f"RESOLUTION={form.width}x{form.height}\n"
            f"../{session.grant}/{output.start_id}/index.m3u8\n"
        )
        return web.Response(body=text.encode(), headers=_PLAYLIST)

    async def index(self, request: web.Request) -> web.Response:
        """Under a start id of a process before too: players ask it again and again, and for the master never."""
        claims, start = self._verify(request, "session"), request.match_info["start"]
        if not is_start_id(start):
            raise Ended
        session = self._sessions.resume(claims)
        output = await self._output(session)
        if start not in session.starts and (len(session.starts) >= MOST_STARTS or not output.follows(start)):
            raise Ended
        # one that showed another picture's format stays over: the master that led to it no longer tells the truth
        if session.starts.setdefault(start, output.start_id) != output.start_id:
            raise Ended
        body = output.playlist(after="" if start == output.start_id else start)
        return web.Response(body=body.encode(), headers=_PLAYLIST)

    async def segment(self, request: web.Request) -> web.Response:
        output = await self._rendition(request)
        asked = _SEGMENT.fullmatch(request.match_info["name"])
        data = output.segment(int(asked[1])) if asked else None
        if data is None:
            return _problem(404, "There is no such segment, or no longer.")
        return web.Response(body=data, headers={"Content-Type": "video/mp2t", "Cache-Control": "private, max-age=60"})

    async def _rendition(self, request: web.Request) -> HlsOutput:
        """What the start id in the address names, if it is still that. Raises Ended."""
        session = self._sessions.find(self._verify(request, "session"))
        output = await self._output(session)
        if request.match_info["start"] != output.start_id:
            raise Ended
        return output

    @staticmethod
    async def _output(session: Session) -> HlsOutput:
        pull, surface = session.pull, session.claims.surface
        # Alexa's VideoApp wants a sound track whatever the camera; Google where its microphone is not switched off
        if not await pull.opened(OPEN_WAIT_S):
            raise SourceFailed("media_down", again=True)
        silent = surface in _FIT or (surface == "google" and pull.sound != "off")
        fit = _FIT.get(surface, "any")
        output = await pull.first_segment(silent_track=silent, timeout_s=SEGMENT_WAIT_S, fit=fit)
        session.check("hls")
        return output

    # WebRTC

    async def whep(self, request: web.Request) -> web.Response:
        claims = self._verify(request, "webrtc", "webrtc_session")
        if request.content_type != "application/sdp":
            return _problem(415, "An offer has the content type application/sdp.")
        if (request.content_length or 0) > OFFER_CAP:
            return _problem(413, "The offer is too long.")
        sdp = (await request.read()).decode("utf-8", "replace")
        answer, grant = await self._sessions.answer(claims, sdp)
        headers = {"Content-Type": "application/sdp", "Location": f"../{grant}/whep", "Cache-Control": "no-store"}
        return web.Response(status=201, body=answer.encode(), headers=headers)

    async def end(self, request: web.Request) -> web.Response:
        self._sessions.end(self._verify(request, "session", "webrtc_session"))
        return web.Response(status=200)

    # a still picture

    async def snapshot(self, request: web.Request) -> web.Response:
        claims = self._verify(request, "snapshot", "still")
        if claims.protocol == "still" and not await self._sessions.guard.admits(claims, _bearer(request)):
            return _problem(401, "A bearer token of the link this was made for is needed.", headers=_BEARER)
        data = await self._sessions.warming.still(claims, SNAPSHOT_WAIT_S)
        return web.Response(body=data, headers={"Content-Type": "image/jpeg", "Cache-Control": "no-store"})

    # from the other processes

    async def warm(self, body: Warm) -> web.Response:
        claims = Claims(**body["claims"])
        if claims.protocol == "snapshot":
            self._sessions.warming.look(claims, SourceSpec.from_json(body["source"]))
            return web.json_response(Nothing(), status=202)
        pull = self._sessions.warming.expect(claims, SourceSpec.from_json(body["source"]))
        if _FIT.get(claims.surface) == "scaled":
            pull.scale()
        return web.json_response(Nothing(), status=202)

    async def keep(self, body: Keep) -> web.Response:
        self._sessions.warming.keep(Claims(**body["claims"]))
        return web.json_response(Nothing(), status=202)

    async def answer(self, body: Offer) -> web.Response:
        source = SourceSpec.from_json(body["source"]) if body["source"] else None
        answer, grant = await self._sessions.answer(
            Claims(**body["claims"]), body["sdp"], source, body["replaces"], body.get("within_s", ANSWER_S)
        )
        return web.json_response(Answered(sdp=answer, session=grant))

    async def end_session(self, body: End) -> web.Response:
        if body["name"]:
            self._sessions.end_named(body["link"], body["name"])
        else:
            self._sessions.end_link(body["link"])
        return web.json_response(Nothing())

    async def live(self, body: LiveOf) -> web.Response:
        return web.json_response(Live(live=self._sessions.live(body["account"])))

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
                body = read(data or b"{}")
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                return _problem(422, "The request is not as this door expects it.")
            return await handler(body)

        return handle

    def _verify(self, request: web.Request, *protocols: Protocol) -> Claims:
        return self._sessions.verified(request.match_info["grant"], *protocols)


@web.middleware
async def _answer_everything(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every answer under /s/ may be read by any page, refusals too; nothing that fails shows more than its kind."""
    if request.method == "OPTIONS" and request.path.startswith("/s/"):
        response: web.StreamResponse = web.Response(status=204)
    else:
        response = await _guarded(request, handler)
    if request.path.startswith("/s/"):
        response.headers.update(_CORS)
    response.headers["Server"] = "showcam"
    return response


async def _guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except BadGrant:
        return _problem(403, "This address was not given out by us for this use.")
    except ExpiredGrant:
        return _problem(410, "This address is over; ask for the camera again.")
    except Ended as ended:
        return _problem(410, _OVER.get(ended.reason, "This stream is over; ask for the camera again."), ended.reason)
    except TooMany as busy:
        return _problem(
            429,
            "As many streams are live as may be.",
            "full" if busy.full else "busy",
            {"Retry-After": str(busy.retry_s)},
        )
    except SourceFailed as failed:
        return _problem(502, "The camera's picture could not be had.", failed.reason)
    except NoOffer:
        return _problem(400, "This is no SDP offer that H.264 video could answer.")
    except NotGathered:
        return _problem(503, "No address for WebRTC was found in time.", "media_down", {"Retry-After": "1"})
    except web.HTTPException as error:
        return _problem(error.status, error.reason, headers={k: v for k, v in error.headers.items() if k == "Allow"})
    except Exception as error:
        _log.error("request broke", route=_route(request), error=type(error).__name__)
        return _problem(500, "Something went wrong here.")


def _bearer(request: web.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _route(request: web.Request) -> str:
    """The pattern, which holds no grant."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else ""


def _problem(status: int, detail: str, reason: str = "", headers: dict[str, str] | None = None) -> web.Response:
    """RFC 9457; `reason` is the registry's word, or "full": of this process, where another may have room."""
    body = problem_of(status, _TITLES.get(status, "Refused"), detail)
    if reason:
        body["reason"] = reason
    return web.Response(
        status=status,
        body=json.dumps(body).encode(),
        headers={"Content-Type": "application/problem+json", "Cache-Control": "no-store", **(headers or {})},
    )


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
