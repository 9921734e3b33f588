"""Requests to the assistants' pages: who may send them, and what they carry."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def guarded(handler: Handler) -> Handler:
    """Serves this machine only: no other name in Host, no other site's scripts."""

    async def guard(request: web.Request) -> web.StreamResponse:
        name, _, port = request.host.rpartition(":")
        host = name if port.isdigit() else request.host
        if host not in _LOOPBACK:
            raise problem(421, "Misdirected request", "The simulator answers on this machine's loopback address only.")
        sender = request.headers.get("Origin")
        if request.method != "GET" and sender is not None and sender != origin(request):
            raise problem(403, "Forbidden", "Another site's page may not speak through these screens.")
        return await handler(request)

    return guard


def origin(request: web.Request) -> str:
    return f"http://{request.host}"


def redirect_uri(request: web.Request) -> str:
    assert request.transport is not None
    return f"http://127.0.0.1:{request.transport.get_extra_info('sockname')[1]}/callback"


def via(body: dict[str, Any]) -> str:
    wanted = body.get("via") or ""
    if wanted not in ("", "webrtc", "hls"):
        raise problem(400, "Bad request", "“via” is “webrtc” or “hls”, or left out.")
    return str(wanted)


async def body_of(request: web.Request, *texts: str) -> dict[str, Any]:
    """The JSON object in the body, in which these keys must be texts."""
    try:
        body = await request.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise problem(400, "Bad request", "The body is no JSON.") from None
    if not isinstance(body, dict) or not all(isinstance(body.get(key), str) and body[key] for key in texts):
        raise problem(400, "Bad request", f"The body is an object with {' and '.join(texts)}.")
    return body


def problem(status: int, title: str, detail: str) -> web.HTTPException:
    """A problem document, RFC 9457."""
    kinds = {400: web.HTTPBadRequest, 403: web.HTTPForbidden, 404: web.HTTPNotFound, 421: web.HTTPMisdirectedRequest}
    text = json.dumps({"title": title, "status": status, "detail": detail})
    return kinds[status](text=text, content_type="application/problem+json")
