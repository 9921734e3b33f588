"""Alexa's event gateway: takes what a skill reports by itself, by the rules that Amazon has for it.

A message that is well formed is answered 202 before Alexa knows whether it means anything.
"""

import json
import uuid
from typing import Any

from aiohttp import web

from simulator.assistants import alexa_event_rules, cloud_faults
from simulator.assistants.login_with_amazon import LoginWithAmazon, bearer
from simulator.state import Settings

LONGEST = 256 * 1024
_CODES = {
    400: "INVALID_REQUEST_EXCEPTION",
    401: "INVALID_ACCESS_TOKEN_EXCEPTION",
    403: "INSUFFICIENT_PERMISSION_EXCEPTION",
    413: "REQUEST_ENTITY_TOO_LARGE_EXCEPTION",
    429: "THROTTLING_EXCEPTION",
    500: "INTERNAL_SERVICE_EXCEPTION",
    503: "SERVICE_UNAVAILABLE_EXCEPTION",
}
DISABLED = "SKILL_DISABLED_EXCEPTION"


class EventGateway:
    def __init__(self, login: LoginWithAmazon, settings: Settings) -> None:
        self._login, self._settings = login, settings

    async def take(self, request: web.Request) -> web.StreamResponse:
        fault, share = self._settings.gateway_fault, self._settings.cloud_fault_share
        if not cloud_faults.meets(fault, share):
            fault = ""
        if fault in cloud_faults.STATUS:
            return _exception(cloud_faults.STATUS[fault], "As it was set.", DISABLED if fault == "disabled" else "")
        if fault and fault != "cut":
            return await cloud_faults.spoiled(request, fault)
        answer = await self._answered(request)
        return cloud_faults.hung_up(request, answer) if fault else answer

    async def _answered(self, request: web.Request) -> web.Response:
        customer = self._login.customer(request)
        if customer is None:
            return _exception(401, "The access token is not valid.")
        if not customer.enabled:
            return _exception(403, "The customer has disabled the skill.", DISABLED)
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            body = b" " * (LONGEST + 1)
        if len(body) > LONGEST:
            return _exception(413, "The event is too large.")
        if request.content_type != "application/json":
            return _exception(400, "The event is not application/json.")
        try:
            message = json.loads(body)
        except ValueError:
            return _exception(400, "The event is no JSON.")
        if broken := alexa_event_rules.check(message, bearer(request)):
            return _exception(400, "; ".join(broken))
        event: dict[str, Any] = message["event"]
        (event["endpoint"] if "endpoint" in event else event["payload"]).pop("scope")
        customer.endpoints.take(event, message.get("context", {}).get("properties", []))
        return web.Response(status=202)


def _exception(status: int, description: str, code: str = "") -> web.Response:
    header = {"namespace": "System", "name": "Exception", "messageId": str(uuid.uuid4())}
    body = {"header": header, "payload": {"code": code or _CODES[status], "description": description}}
    return web.Response(status=status, text=json.dumps(body), content_type="application/json")
