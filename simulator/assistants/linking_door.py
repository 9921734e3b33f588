"""Linking at the assistants' door: in a browser, or by one request with a user name and a password."""

from collections.abc import Mapping

from aiohttp import web

from simulator.assistants.alexa import Alexa
from simulator.assistants.google import Google
from simulator.assistants.page_requests import HEADERS, Handler, body_of, chosen, redirect_uri
from simulator.assistants.person import LinkFailed, Person
from simulator.assistants.wire import NoAnswer

_LOCALES = {"de": "de-DE", "nb": "nb-NO"}


class LinkingDoor:
    """`clouds`: by their names in paths, and filled before the first request."""

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
