"""The faults of Amazon's and Google's clouds; the control door sets a fault for each of their servers."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection
from typing import Literal, get_args

from aiohttp import web

type CloudFault = Literal[
    "rate",  # 429
    "http500",
    "http503",
    "expired",  # 401: the access token has expired
    "forbidden",  # 403: the right to send is missing
    "disabled",  # 403: the customer has disabled the skill; only at the event gateway
    "invalid_grant",  # only at the token endpoints
    "timeout",
    "html",
    "empty",
    "half",  # the answer ends in its middle
    "cut",  # the message is taken, and the connection ends without an answer
]
FAULTS: tuple[str, ...] = get_args(CloudFault.__value__)
STATUS = {"rate": 429, "http500": 500, "http503": 503, "expired": 401, "forbidden": 403, "disabled": 403}
OF_TOKENS = frozenset({*STATUS, "invalid_grant"})  # refused by a token endpoint
HANG_S = 600.0  # the pause of a server that never answers: longer than any client waits
_HTML = "<!DOCTYPE html><html><body><h1>We will be back soon</h1></body></html>"
_HALF = b'{"header":{"namespace":"System","na'


def meets(fault: str, share: float) -> bool:
    """Tells whether a call meets the fault, which happens to `share` of all calls."""
    return bool(fault) and (share >= 1 or random.random() < share)


async def answered(
    request: web.Request,
    fault: str,
    share: float,
    refuse: Callable[[str], web.Response],
    answer: Callable[[web.Request], Awaitable[web.Response]],
    *,
    refused: Collection[str] = STATUS.keys(),
) -> web.StreamResponse:
    """Returns the server's answer, spoiled if the call meets the fault. `refuse` answers the faults in `refused`."""
    if not meets(fault, share):
        return await answer(request)
    if fault in refused:
        return refuse(fault)
    if fault == "cut":
        return hung_up(request, await answer(request))
    return await spoiled(request, fault)


async def spoiled(request: web.Request, fault: str) -> web.StreamResponse:
    """Returns the answer of a fault that is the same at every server."""
    if fault == "timeout":
        await asyncio.sleep(HANG_S)
    if fault == "html":
        return web.Response(text=_HTML, content_type="text/html")
    if fault == "empty":
        return web.Response()
    if fault == "half":
        answer = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "400"})
        await answer.prepare(request)
        await answer.write(_HALF)
        return hung_up(request, answer)
    return hung_up(request, web.StreamResponse())


def hung_up(request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return answer
