"""Amazon's servers for a skill: Login with Amazon (one-time codes, tokens), event gateway, certificate chain.

The gateway answers 202 to a well-formed message before Alexa knows whether the message means anything.
"""

import base64
import hashlib
import json
import re
import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from showcam.simulator import authority
from showcam.simulator.assistants.alexa_endpoints import Endpoints
from showcam.simulator.assistants.alexa_rules import ENDPOINT_ID, MESSAGE_ID, TIME, check_one, context_of, properties
from showcam.simulator.assistants.rules import Rules
from showcam.simulator.state import HOUR_S

CLIENT, SECRET = "amzn1.application-oa2-client.demo", "demo-lwa-secret"
CODE_S = 300  # life of Login with Amazon's authorization code


@dataclass(slots=True)
class Customer:
    """The owner of an Alexa. `enabled`: the skill is enabled.

    `endpoints`: what Alexa knows of the customer's devices.
    """

    endpoints: Endpoints = field(default_factory=Endpoints)
    enabled: bool = True


@dataclass(slots=True)
class _Code:
    customer: Customer
    given: float
    used: bool = False


class LoginWithAmazon:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._codes: dict[str, _Code] = {}
        self._access: dict[str, tuple[Customer, float]] = {}  # by token: its customer, and until when
        self._refresh: dict[str, Customer] = {}

    def code(self, customer: Customer) -> str:
        """Makes a code for AcceptGrant, which is valid once and for five minutes."""
        code = "A" + secrets.token_hex(9)
        self._codes[code] = _Code(customer, self._clock())
        return code

    def disable(self, customer: Customer) -> None:
        """Disables the skill for the customer: no token is renewed any more."""
        customer.enabled = False
        self._refresh = {token: whose for token, whose in self._refresh.items() if whose is not customer}

    def refresh_tokens(self, customer: Customer) -> list[str]:
        return [token for token, whose in self._refresh.items() if whose is customer]

    def take_back(self, refresh_tokens: list[str], customer: Customer) -> None:
        """Makes a customer's refresh tokens from before a restart valid again.

        Access tokens of that time stay invalid.
        """
        self._refresh |= dict.fromkeys(refresh_tokens, customer)

    def customer(self, request: web.Request) -> Customer | None:
        """Returns the customer of the request's access token, while the token lives."""
        customer, until = self._access.get(bearer(request), (None, 0.0))
        return customer if until > self._clock() else None

    async def token(self, request: web.Request) -> web.Response:
        """Answers RFC 6749 sections 4.1.3 and 6, as Login with Amazon has them."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            return _refused("invalid_client", 401)
        grant, customer = form.get("grant_type"), None
        if grant == "authorization_code":
            code = self._codes.get(form.get("code", ""))
            if code is None or code.used or self._clock() - code.given > CODE_S:
                return _refused("invalid_grant")
            code.used, customer = True, code.customer
            refresh = "Atzr|" + secrets.token_urlsafe(48)
            self._refresh[refresh] = customer
        elif grant == "refresh_token":
            refresh = form.get("refresh_token", "")
            customer = self._refresh.get(refresh)
            if customer is None:
                return _refused("invalid_grant")
        else:
            return _refused("unsupported_grant_type" if grant else "invalid_request")
        access = "Atza|" + secrets.token_urlsafe(48)
        self._access[access] = customer, self._clock() + HOUR_S
        tokens = {"access_token": access, "refresh_token": refresh, "token_type": "bearer", "expires_in": int(HOUR_S)}
        return web.json_response(tokens, headers={"Cache-Control": "no-store"})


def bearer(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ").strip()


def _refused(error: str, status: int = 400) -> web.Response:
    return web.json_response({"error": error, "error_description": "The request was refused."}, status=status)


OBJECTS = "Alexa.SmartVision.ObjectDetectionSensor"
CAUSES = {
    "APP_INTERACTION", "PHYSICAL_INTERACTION", "PERIODIC_POLL", "RULE_TRIGGER", "VOICE_INTERACTION",
    "INVALID_CREDENTIALS", "SUBSCRIPTION_EXPIRED",
}  # fmt: skip
PRESSES = CAUSES - {"INVALID_CREDENTIALS", "SUBSCRIPTION_EXPIRED"}
_SECOND = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def check(message: Any, token: str) -> list[str]:
    """Returns every rule that the message broke; `token` is the bearer token of its request."""
    rules = Rules()
    if not rules.keys(message, "the message", {"event"}, {"context"}):
        return rules.broken
    event = message["event"]
    if not rules.keys(event, "event", {"header", "payload"}, {"endpoint"}):
        return rules.broken
    header, payload = event["header"], event["payload"]
    if not rules.keys(header, "header", {"namespace", "name", "payloadVersion", "messageId"}):
        return rules.broken
    if not rules.must(isinstance(payload, dict), "payload is no object"):
        return rules.broken
    rules.must(MESSAGE_ID.fullmatch(str(header["messageId"])), "messageId is not 1–127 of a–z, 0–9 and -")
    kind = _KINDS.get((str(header["namespace"]), str(header["name"])))
    if not rules.must(kind, f"{header['namespace']} {header['name']} is no event that the gateway takes"):
        return rules.broken
    assert kind is not None
    version, of_endpoint, has_context, hold = kind
    rules.must(header["payloadVersion"] == version, f"payloadVersion is not “{version}”")
    scope = _scope(rules, event, payload, of_endpoint)
    if scope is not None and rules.keys(scope, "scope", {"type", "token"}):
        rules.must(scope["type"] == "BearerToken", "the scope is no BearerToken")
        rules.must(scope["token"] == token, "the scope has another token than the header")
    rules.must(has_context or "context" not in message, f"{header['name']} has no context")
    unchanged = context_of(rules, message.get("context", {}))
    hold(rules, payload, unchanged)
    return rules.broken


def _scope(rules: Rules, event: dict[str, Any], payload: dict[str, Any], of_endpoint: bool) -> Any:
    if not of_endpoint:
        rules.must("endpoint" not in event, "an event about several endpoints has no endpoint")
        rules.must("scope" in payload, "the payload has no scope")
        return payload.get("scope")
    endpoint = event.get("endpoint")
    if not rules.keys(endpoint, "endpoint", {"scope", "endpointId"}, {"cookie"}):
        return None
    assert isinstance(endpoint, dict)
    rules.must(ENDPOINT_ID.fullmatch(str(endpoint["endpointId"])), "endpointId has a character it may not have")
    return endpoint["scope"]


def _change(rules: Rules, payload: Any, unchanged: list[dict[str, Any]]) -> None:
    if not rules.keys(payload, "the payload", {"change"}):
        return
    change = payload["change"]
    if not rules.keys(change, "change", {"cause", "properties"}):
        return
    if rules.keys(change["cause"], "cause", {"type"}):
        rules.must(change["cause"]["type"] in CAUSES, f"{change['cause']['type']} is no cause")
    changed = properties(rules, change["properties"])
    rules.must(changed, "nothing has changed")
    keys = [_key(state) for state in (*changed, *unchanged)]
    rules.must(len(set(keys)) == len(keys), "a property comes twice")
    health = any(state["namespace"] == "Alexa.EndpointHealth" for state in (*changed, *unchanged))
    rules.must(health, "the report lacks connectivity")


def _key(state: dict[str, Any]) -> tuple[str, str, str]:
    return state["namespace"], state["name"], str(state.get("instance"))


def _added(rules: Rules, payload: Any, _unchanged: list[dict[str, Any]]) -> None:
    for given in _endpoints(rules, payload):
        check_one(rules, given)


def _deleted(rules: Rules, payload: Any, _unchanged: list[dict[str, Any]]) -> None:
    for given in _endpoints(rules, payload):
        rules.keys(given, "an endpoint", {"endpointId"})


def _endpoints(rules: Rules, payload: Any) -> list[Any]:
    if not rules.keys(payload, "the payload", {"endpoints", "scope"}):
        return []
    endpoints = payload["endpoints"]
    if not rules.must(isinstance(endpoints, list) and 0 < len(endpoints) <= 300, "endpoints is no list of 1–300"):
        return []
    ids = [given.get("endpointId") for given in endpoints if isinstance(given, dict)]
    rules.must(len(set(ids)) == len(endpoints), "an endpointId comes twice or is missing")
    return list(endpoints)


def _press(rules: Rules, payload: Any, _unchanged: list[dict[str, Any]]) -> None:
    if not rules.keys(payload, "the payload", {"cause", "timestamp"}):
        return
    rules.must(_SECOND.fullmatch(str(payload["timestamp"])), "the timestamp is no UTC time in whole seconds")
    if rules.keys(payload["cause"], "cause", {"type"}):
        rules.must(payload["cause"]["type"] in PRESSES, f"{payload['cause']['type']} is no cause of a press")


def _objects(rules: Rules, payload: Any, _unchanged: list[dict[str, Any]]) -> None:
    if not rules.keys(payload, "the payload", {"events"}):
        return
    events = payload["events"]
    rules.must(isinstance(events, list) and events, "events is no list with an event")
    needed = {"eventIdentifier", "imageNetClass", "timeOfSample", "uncertaintyInMilliseconds"}
    for seen in events if isinstance(events, list) else []:
        optional = {"objectIdentifier", "frameImageUri", "croppedImageUri"}
        if rules.keys(seen, "an event", needed, optional):
            rules.text(seen["eventIdentifier"], "eventIdentifier", 256)
            rules.text(seen["imageNetClass"], "imageNetClass", 64)
            rules.must(TIME.fullmatch(str(seen["timeOfSample"])), "timeOfSample is no UTC time")


type _Hold = Callable[[Rules, Any, list[dict[str, Any]]], None]
# payloadVersion, whether the event is about one endpoint, whether it may have a context, the check of its payload
_KINDS: dict[tuple[str, str], tuple[str, bool, bool, _Hold]] = {
    ("Alexa", "ChangeReport"): ("3", True, True, _change),
    ("Alexa.Discovery", "AddOrUpdateReport"): ("3", False, False, _added),
    ("Alexa.Discovery", "DeleteReport"): ("3", False, False, _deleted),
    ("Alexa.DoorbellEventSource", "DoorbellPress"): ("3", True, True, _press),
    (OBJECTS, "ObjectDetection"): ("1.0", True, True, _objects),
}


LONGEST = 256 * 1024
_CODES = {
    400: "INVALID_REQUEST_EXCEPTION",
    401: "INVALID_ACCESS_TOKEN_EXCEPTION",
    403: "INSUFFICIENT_PERMISSION_EXCEPTION",
    413: "REQUEST_ENTITY_TOO_LARGE_EXCEPTION",
}
DISABLED = "SKILL_DISABLED_EXCEPTION"


class EventGateway:
    def __init__(self, login: LoginWithAmazon) -> None:
        self._login = login

    async def take(self, request: web.Request) -> web.Response:
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
        if broken := check(message, bearer(request)):
            return _exception(400, "; ".join(broken))
        event: dict[str, Any] = message["event"]
        (event["endpoint"] if "endpoint" in event else event["payload"]).pop("scope")
        customer.endpoints.take(event, message.get("context", {}).get("properties", []))
        return web.Response(status=202)


def _exception(status: int, description: str, code: str = "") -> web.Response:
    header = {"namespace": "System", "name": "Exception", "messageId": str(uuid.uuid4())}
    body = {"header": header, "payload": {"code": code or _CODES[status], "description": description}}
    return web.Response(status=status, text=json.dumps(body), content_type="application/json")


SKILL_ID = "amzn1.ask.skill.demo"
SIGNER = "echo-api.amazon.com"
CHAIN = "/echo.api/echo-api-cert-{key}.pem"  # each key's chain has a separate address


@dataclass(slots=True)
class Amazon:
    """`url` is its https address."""

    url: str
    data: Path
    login: LoginWithAmazon = field(default_factory=LoginWithAmazon)
    _signer: authority.Signer | None = None

    def add_routes(self, app: web.Application) -> None:
        app.router.add_post("/auth/o2/token", self.login.token)
        app.router.add_get("/v1/alexaApiEndpoint", self.endpoint)
        app.router.add_post("/v3/events", EventGateway(self.login).take)
        app.router.add_get(CHAIN, self.chain)

    async def endpoint(self, request: web.Request) -> web.Response:
        """Returns the endpoint of the customer's region."""
        if self.login.customer(request) is None:
            return web.json_response({"message": "The access token is not valid."}, status=401)
        return web.json_response({"endpoints": [self.url], "timestamp": int(time.time())})

    async def chain(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._own_signer().chain, content_type="application/x-pem-file")

    def signed(self, body: bytes) -> dict[str, str]:
        """Returns the headers that sign a custom-skill request."""
        key = self._own_signer().key
        signature = base64.b64encode(key.sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()
        return {"SignatureCertChainUrl": self.url + self._address(), "Signature-256": signature}

    def _address(self) -> str:
        return CHAIN.format(key=hashlib.sha256(self._own_signer().chain).hexdigest()[:12])

    def _own_signer(self) -> authority.Signer:
        if self._signer is None:
            self._signer = authority.signer(self.data, SIGNER)
        return self._signer
