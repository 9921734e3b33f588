"""Linking at the assistants' door, in a browser or by a request with a password; decides who may send such requests."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from showcam.simulator.assistants.alexa import Alexa
from showcam.simulator.assistants.google import Google
from showcam.simulator.assistants.person import LinkFailed, Person
from showcam.simulator.assistants.wire import NoAnswer

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
    """Serves only this machine: refuses other names in Host and other sites' scripts."""

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
    """Returns the assistant that the path names."""
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
    """Returns the body's JSON object. The values of the keys `texts` must be texts."""
    try:
        body = await request.json()
    except (ValueError, LookupError, RecursionError):
        raise problem(400, "Bad request", "The body is no JSON.") from None
    except web.HTTPRequestEntityTooLarge:
        raise problem(413, "Too large", "A request is a few words.") from None
    if not isinstance(body, dict) or not all(isinstance(body.get(key), str) and body[key] for key in texts):
        wanted = f"an object with {' and '.join(texts)}" if texts else "a JSON object"
        raise problem(400, "Bad request", f"The body is {wanted}.")
    return body


class TooLarge(web.HTTPClientError):
    status_code = 413


def problem(status: int, title: str, detail: str) -> web.HTTPException:
    """Makes a problem document, RFC 9457."""
    kinds = {400: web.HTTPBadRequest, 403: web.HTTPForbidden, 404: web.HTTPNotFound, 421: web.HTTPMisdirectedRequest}
    kinds |= {413: TooLarge, 415: web.HTTPUnsupportedMediaType}
    text = json.dumps({"title": title, "status": status, "detail": detail})
    return kinds[status](text=text, content_type="application/problem+json")


_LOCALES = {"de": "de-DE", "nb": "nb-NO"}


class LinkingDoor:
    """`clouds`: by their names in paths; filled before the first request."""

    def __init__(self, clouds: Mapping[str, Alexa | Google]) -> None:
        self._clouds = clouds

    def routes(self) -> list[tuple[str, str, Handler]]:
        return [
            ("GET", "/callback", self.callback),
            ("GET", "/assistants/{a}/link", self.begin_link),
            ("POST", "/assistants/{a}/link", self.link),
            ("POST", "/assistants/{a}/unlink", self.unlink),
        ]

    async def begin_link(self, request: web.Request) -> web.StreamResponse:
        cloud = chosen(self._clouds, request)
        locale = _LOCALES.get(request.query.get("language", ""), "")
        url = cloud.linking.begin(redirect_uri(request), locale)
        cloud.wire().note("Browser: opens the sign-in", "GET", url, request=None, status=302, response="a page", ms=0)
        raise web.HTTPFound(url)

    async def callback(self, request: web.Request) -> web.StreamResponse:
        answered = dict(request.query)
        cloud = next((known for known in self._clouds.values() if known.linking.knows(answered.get("state", ""))), None)
        if cloud is None:
            return web.Response(
                status=400,
                headers=HEADERS,
                content_type="text/plain",
                text="This answer belongs to no linking begun here. Open the practice page and press Link again.",
            )
        wire = cloud.wire()
        wire.note("Browser: comes back", "GET", str(request.url), request=None, status=303, response=None, ms=0)
        try:
            await cloud.finish_link(wire, answered)
        except LinkFailed:
            raise web.HTTPSeeOther("/") from None  # the page shows it as the link's problem
        raise web.HTTPSeeOther(f"/#{cloud.name}-linked")

    async def link(self, request: web.Request) -> web.StreamResponse:
        cloud, body = chosen(self._clouds, request), await body_of(request, "user", "password")
        person = Person(*(str(body.get(key) or "") for key in ("user", "password", "code", "label")))
        wire = cloud.wire()
        try:
            await cloud.link_as(wire, person, redirect_uri(request))
        except LinkFailed as error:
            return web.json_response(cloud.about() | {"error": str(error), "trace": wire.trace}, status=502)
        return web.json_response(cloud.about() | {"trace": wire.trace})

    async def unlink(self, request: web.Request) -> web.StreamResponse:
        cloud = chosen(self._clouds, request)
        wire = cloud.wire()
        if cloud.state.tokens is not None:
            try:
                await cloud.unlink(wire)
            except NoAnswer as error:
                return web.json_response(cloud.about() | {"problem": str(error), "trace": wire.trace})
        return web.json_response(cloud.about() | {"trace": wire.trace})
