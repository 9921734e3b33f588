"""Login with Amazon, as far as a skill that sends events meets it: one-time codes, tokens and their lives."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from simulator.assistants import cloud_faults
from simulator.assistants.alexa_endpoints import Endpoints
from simulator.state import Settings

CLIENT, SECRET = "amzn1.application-oa2-client.demo", "demo-lwa-secret"
CODE_S = 300


@dataclass(slots=True)
class Customer:
    """Whose Alexa it is. `enabled`: whether the skill is; `endpoints`: what Alexa knows of the customer's devices."""

    endpoints: Endpoints = field(default_factory=Endpoints)
    enabled: bool = True


@dataclass(slots=True)
class _Code:
    customer: Customer
    given: float
    used: bool = False


class LoginWithAmazon:
    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings, self._clock = settings, clock
        self._codes: dict[str, _Code] = {}
        self._access: dict[str, tuple[Customer, float]] = {}  # token: whose, until when
        self._refresh: dict[str, Customer] = {}

    def code(self, customer: Customer) -> str:
        """A code for AcceptGrant: valid once, for five minutes."""
        code = "A" + secrets.token_hex(9)
        self._codes[code] = _Code(customer, self._clock())
        return code

    def disable(self, customer: Customer) -> None:
        """The customer disables the skill: nothing is renewed any more."""
        customer.enabled = False
        self._refresh = {token: whose for token, whose in self._refresh.items() if whose is not customer}

    def refresh_tokens(self, customer: Customer) -> list[str]:
        return [token for token, whose in self._refresh.items() if whose is customer]

    def take_back(self, refresh_tokens: list[str], customer: Customer) -> None:
        """What was given to a customer before a restart is good again; an access token of that time is not."""
        self._refresh |= dict.fromkeys(refresh_tokens, customer)

    def customer(self, request: web.Request) -> Customer | None:
        """Whose access token the request carries, as long as it lives."""
        customer, until = self._access.get(bearer(request), (None, 0.0))
        return customer if until > self._clock() else None

    async def token(self, request: web.Request) -> web.StreamResponse:
        """RFC 6749 sections 4.1.3 and 6, as Login with Amazon has them."""
        fault = self._settings.lwa_fault if cloud_faults.meets(self._settings.lwa_fault, self._share) else ""
        if fault == "invalid_grant":
            return _refused("invalid_grant")
        if fault in cloud_faults.STATUS:
            return _refused("server_error", cloud_faults.STATUS[fault])
        if fault and fault != "cut":
            return await cloud_faults.spoiled(request, fault)
        form = {name: str(value) for name, value in (await request.post()).items()}
        answer = self._answered(form)
        return cloud_faults.hung_up(request, answer) if fault else answer

    @property
    def _share(self) -> float:
        return self._settings.cloud_fault_share

    def _answered(self, form: dict[str, str]) -> web.Response:
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
        access, life_s = "Atza|" + secrets.token_urlsafe(48), self._settings.lwa_access_s
        self._access[access] = customer, self._clock() + life_s
        tokens = {"access_token": access, "refresh_token": refresh, "token_type": "bearer", "expires_in": int(life_s)}
        return web.json_response(tokens, headers={"Cache-Control": "no-store"})


def bearer(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ").strip()


def _refused(error: str, status: int = 400) -> web.Response:
    return web.json_response({"error": error, "error_description": "The request was refused."}, status=status)
