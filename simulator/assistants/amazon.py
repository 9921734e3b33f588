"""Amazon's servers that a skill meets: Login with Amazon, the event gateway, the certificate chain of its signature."""

import base64
import json
import secrets
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from simulator import authority

CLIENT, SECRET = "amzn1.application-oa2-client.demo", "demo-lwa-secret"
SKILL_ID = "amzn1.ask.skill.demo"
SIGNER = "echo-api.amazon.com"
CODE_S = 300
ACCESS_S = 3600
CHAIN = "/echo.api/echo-api-cert-demo.pem"
_EVENTS = frozenset({"ChangeReport", "AddOrUpdateReport", "DeleteReport", "DoorbellPress", "Response", "ErrorResponse"})


@dataclass(slots=True)
class _Code:
    given: float
    used: bool = False


@dataclass(slots=True)
class Amazon:
    """`url` is its https address; `events` holds those it accepted, without their scope."""

    url: str
    data: Path
    events: list[dict[str, Any]] = field(default_factory=list)
    _codes: dict[str, _Code] = field(default_factory=dict)
    _access: dict[str, float] = field(default_factory=dict)  # token: until when
    _refresh: set[str] = field(default_factory=set)
    _signer: authority.Signer | None = None

    def add_routes(self, app: web.Application) -> None:
        app.router.add_post("/auth/o2/token", self.token)
        app.router.add_get("/v1/alexaApiEndpoint", self.endpoint)
        app.router.add_post("/v3/events", self.take)
        app.router.add_get(CHAIN, self.chain)

    def code(self) -> str:
        """A code for AcceptGrant: valid once, for five minutes."""
        code = "A" + secrets.token_hex(9)
        self._codes[code] = _Code(time.monotonic())
        return code

    async def token(self, request: web.Request) -> web.Response:
        """RFC 6749 sections 4.1.3 and 6, as Login with Amazon has them."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            return _refused("invalid_client", 401)
        grant = form.get("grant_type")
        if grant == "authorization_code":
            code = self._codes.get(form.get("code", ""))
            if code is None or code.used or time.monotonic() - code.given > CODE_S:
                return _refused("invalid_grant")
            code.used = True
            refresh = "Atzr|" + secrets.token_urlsafe(48)
            self._refresh.add(refresh)
        elif grant == "refresh_token":
            refresh = form.get("refresh_token", "")
            if refresh not in self._refresh:
                return _refused("invalid_grant")
        else:
            return _refused("unsupported_grant_type" if grant else "invalid_request")
        access = "Atza|" + secrets.token_urlsafe(48)
        self._access[access] = time.monotonic() + ACCESS_S
        tokens = {"access_token": access, "refresh_token": refresh, "token_type": "bearer", "expires_in": ACCESS_S}
        return web.json_response(tokens, headers={"Cache-Control": "no-store"})

    async def endpoint(self, request: web.Request) -> web.Response:
        """The region of the customer."""
        if not self._known(request):
            return _exception(401, "INVALID_ACCESS_TOKEN_EXCEPTION", "The access token is not valid.")
        return web.json_response({"endpoints": [self.url], "timestamp": int(time.time())})

    async def take(self, request: web.Request) -> web.Response:
        """The event gateway: 202 without a body for an event it accepts."""
        if not self._known(request):
            return _exception(401, "INVALID_ACCESS_TOKEN_EXCEPTION", "The access token is not valid.")
        try:
            event = (await request.json())["event"]
            header, payload = event["header"], event["payload"]
            scope = payload.pop("scope", None) or event["endpoint"].pop("scope")
            wrong = header["name"] not in _EVENTS or scope["token"] != _bearer(request)
        except (ValueError, KeyError, TypeError, AttributeError):
            wrong = True
        if wrong:
            return _exception(400, "INVALID_REQUEST_EXCEPTION", "The event is not one that the gateway takes.")
        self.events.append(event)
        return web.Response(status=202)

    async def chain(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._own_signer().chain, content_type="application/x-pem-file")

    def signed(self, body: bytes) -> dict[str, str]:
        """The headers that sign a custom-skill request."""
        key = self._own_signer().key
        signature = base64.b64encode(key.sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()
        return {"SignatureCertChainUrl": self.url + CHAIN, "Signature-256": signature}

    def _own_signer(self) -> authority.Signer:
        if self._signer is None:
            self._signer = authority.signer(self.data, SIGNER)
        return self._signer

    def _known(self, request: web.Request) -> bool:
        return self._access.get(_bearer(request), 0.0) > time.monotonic()


def _bearer(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ").strip()


def _refused(error: str, status: int = 400) -> web.Response:
    return web.json_response({"error": error, "error_description": "The request was refused."}, status=status)


def _exception(status: int, code: str, description: str) -> web.Response:
    header = {"namespace": "System", "name": "Exception", "messageId": str(uuid.uuid4())}
    body = {"header": header, "payload": {"code": code, "description": description}}
    return web.Response(status=status, text=json.dumps(body), content_type="application/json")
