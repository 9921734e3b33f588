"""The practice page's view of the television, and a person's actions at the television."""

import asyncio

from aiohttp import web

from showcam.simulator.assistants.linking_page import guarded
from showcam.simulator.television.receiver import Television

_NO_STORE = {"Cache-Control": "no-store"}


def add_routes(app: web.Application, television: Television) -> None:
    async def facts(_request: web.Request) -> web.StreamResponse:
        return web.json_response(television.facts() | {"loads": television.loads[-1:]}, headers=_NO_STORE)

    async def picture(_request: web.Request) -> web.StreamResponse:
        on = television.application
        data = await asyncio.to_thread(on.player.jpeg) if on and on.player else None
        if data is None:
            raise web.HTTPNotFound
        return web.Response(body=data, content_type="image/jpeg", headers=_NO_STORE)

    async def press(request: web.Request) -> web.StreamResponse:
        match request.match_info["what"]:
            case "home":
                television.press_home()
            case "youtube":
                television.take_over()
            case _:
                raise web.HTTPNotFound
        return web.json_response(television.facts(), headers=_NO_STORE)

    app.router.add_route("GET", "/_television", guarded(facts))
    app.router.add_route("GET", "/_television/picture.jpg", guarded(picture))
    app.router.add_route("POST", "/_television/{what}", guarded(press))
