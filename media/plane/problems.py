"""How the picture process answers what fails: problem documents (RFC 9457) that show no more than their kind."""

import json
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from media.grants import BadGrant, ExpiredGrant
from media.plane.codec.units import SourceFailed
from media.plane.outputs.peer import NotGathered
from media.plane.outputs.sdp import NoOffer
from media.plane.viewing.endings import Ended
from media.plane.viewing.fanout import NotYet
from media.plane.viewing.pull import RESTS
from media.plane.viewing.pulls import TooMany
from net.problem import problem_of

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

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def answer_everything(request: web.Request, handler: Handler) -> web.StreamResponse:
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
        return problem(403, "This address was not given out by us for this use.")
    except ExpiredGrant:
        return problem(410, "This address is over; ask for the camera again.")
    except Ended as ended:
        return problem(410, _OVER.get(ended.reason, "This stream is over; ask for the camera again."), ended.reason)
    except TooMany as busy:
        return problem(
            429,
            "As many streams are live as may be.",
            "full" if busy.full else "busy",
            {"Retry-After": str(busy.retry_s)},
        )
    except NotYet:
        return problem(
            503, "The camera sends, and its next keyframe is waited for; ask again.", headers={"Retry-After": "1"}
        )
    except SourceFailed as failed:
        return problem(502, "The camera's picture could not be had.", failed.reason or "media_down")
    except NoOffer:
        return problem(400, "This is no SDP offer that H.264 video could answer.")
    except NotGathered:
        return problem(503, "No address for WebRTC was found in time.", "media_down", {"Retry-After": "1"})
    except web.HTTPException as error:
        return problem(
            error.status,
            error.reason,
            headers={name: value for name, value in error.headers.items() if name == "Allow"},
        )
    except Exception as error:
        _log.error("request broke", route=_route(request), error=type(error).__name__)
        return problem(500, "Something went wrong here.")


def _route(request: web.Request) -> str:
    """The pattern, which holds no grant."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else ""


def problem(status: int, detail: str, reason: str = "", headers: dict[str, str] | None = None) -> web.Response:
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
