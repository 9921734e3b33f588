"""Requests to the assistants' pages: who may send them, what they carry, and the headers of pages."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
# Pictures and signalling come from showcam's ports, which may be any on this machine.
_LOCAL = "http://127.0.0.1:* http://localhost:*"
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    f"connect-src 'self' {_LOCAL}; media-src 'self' blob: {_LOCAL}; img-src 'self' data: {_LOCAL}; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": _CSP,
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


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


def chosen[C](clouds: Mapping[str, C], request: web.Request) -> C:
    """The assistant that the path names."""
    try:
        return clouds[request.match_info["a"]]
    except KeyError:
        raise problem(404, "No such assistant", "There are “alexa” and “google”.") from None


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
