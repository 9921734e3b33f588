"""The faults of Amazon's and Google's clouds, as a middleware before their servers."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from showcam.simulator.state import HANG_S, HOUR_S

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
STATUS |= {"invalid_grant": 400}
_HTML = "<!DOCTYPE html><html><body><h1>We will be back soon</h1></body></html>"
_HALF = b'{"header":{"namespace":"System","na'
_GATEWAY = {
    "rate": "THROTTLING_EXCEPTION",
    "http500": "INTERNAL_SERVICE_EXCEPTION",
    "http503": "SERVICE_UNAVAILABLE_EXCEPTION",
    "expired": "INVALID_ACCESS_TOKEN_EXCEPTION",
    "forbidden": "INSUFFICIENT_PERMISSION_EXCEPTION",
    "disabled": "SKILL_DISABLED_EXCEPTION",
}
_HOMEGRAPH = {
    "rate": "RESOURCE_EXHAUSTED",
    "http500": "INTERNAL",
    "http503": "UNAVAILABLE",
    "expired": "UNAUTHENTICATED",
    "forbidden": "PERMISSION_DENIED",
}
# by the beginning of a server's paths: the name of its fault among the settings
SERVERS = {
    "/auth/o2/token": "lwa_fault",
    "/v3/events": "gateway_fault",
    "/google/token": "google_login_fault",
    "/v1/devices": "homegraph_fault",
    "/v1/agentUsers": "homegraph_fault",
}


@dataclass(slots=True)
class GoogleTrouble:
    homegraph_fault: CloudFault | Literal[""] = ""
    google_login_fault: CloudFault | Literal[""] = ""  # of the token endpoint for service accounts
    google_access_s: float = HOUR_S
    google_skew_s: float = 0.0  # Google's clock runs ahead by this
    homegraph_quota: int = 6000  # requests in a minute

    def fault_of(self, server: str) -> str:
        if server == "homegraph_fault" and not self.homegraph_quota:
            return "rate"
        return str(getattr(self, server, ""))


def spoiling(fault_of: Callable[[str], str]) -> Middleware:
    """Makes the middleware. `fault_of` returns the fault of a server, by its name among the settings; "": none."""

    @web.middleware
    async def spoils(request: web.Request, handler: Handler) -> web.StreamResponse:
        name = next((name for path, name in SERVERS.items() if request.path.startswith(path)), "")
        fault = fault_of(name) if name else ""
        if not fault:
            return await handler(request)
        if fault in STATUS:
            return web.json_response(_body(name, fault), status=STATUS[fault])
        if fault == "cut":
            return _hung_up(request, await handler(request))
        return await _spoiled(request, fault)

    return spoils


def _body(name: str, fault: str) -> Mapping[str, object]:
    if name == "gateway_fault":
        return {"header": {"name": "Exception"}, "payload": {"code": _GATEWAY[fault], "description": "As it was set."}}
    if name == "homegraph_fault":
        return {"error": {"code": STATUS[fault], "message": "As it was set.", "status": _HOMEGRAPH[fault]}}
    if fault == "invalid_grant":
        return {"error": fault, "error_description": "Invalid grant: account not found"}
    error = "server_error" if name == "lwa_fault" else "internal_failure"
    return {"error": error, "error_description": "As it was set."}


async def _spoiled(request: web.Request, fault: str) -> web.StreamResponse:
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
        return _hung_up(request, answer)
    return _hung_up(request, web.StreamResponse())


def _hung_up(request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return answer
