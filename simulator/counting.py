"""Counts the vendor's calls, so that a client that calls too often is found."""

from aiohttp import web
from aiohttp.typedefs import Handler

from simulator.state import World


def counting(world: World) -> web.Application:
    """An application whose calls are counted by path, in `world.calls`."""

    @web.middleware
    async def counted(request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        known = resource.canonical if resource is not None else ""
        world.calls[request.path if known.endswith("{operation}") else known] += 1
        return await handler(request)

    return web.Application(client_max_size=256 * 1024, middlewares=[counted])
