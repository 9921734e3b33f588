"""Login with Amazon and the event gateway as one TLS server, by the simulator's rules, and a link that reports."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from msgspec.structs import replace

from showcam.alexa.events import EventSender
from showcam.alexa.gateway import Amazon, Gateway
from showcam.alexa.interfaces import interfaces
from showcam.alexa.reports import Reports
from showcam.drivers.camera import State
from showcam.registry.reporting.reporter import Happened, Now, Tell, Told
from showcam.simulator.assistants import amazon
from showcam.simulator.assistants.alexa_endpoints import Endpoints
from tests.doubles.clock import Clock
from tests.doubles.household import Household
from tests.doubles.tls_vendor import Vendor, Vendors, answer
from tests.doubles.waiting import LONG_S

REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}


class EventGateway:
    """`answers`: the next ones of the gateway, (status, code) each; when they are used up, its rules decide.

    `tokens`: what Login with Amazon answers a refresh with, status first. `meanwhile` is called at each event.
    `cut`: so many of the next events are taken and get no answer, as their connection ends.
    """

    def __init__(self, vendors: Vendors) -> None:
        self.endpoints = Endpoints()
        self.answers: list[tuple[int, str]] = []
        self.headers: list[str] = []  # of the answers that are set
        self.tokens: tuple[int, dict[str, Any]] | None = None
        self.messages: list[dict[str, Any]] = []  # all that were accepted, with their tokens
        self.attempts = 0
        self.cut = 0
        self.refreshed = 0
        self.access = "Atza|0"
        self.meanwhile: Callable[[], object] = lambda: None
        self.vendor: Vendor = vendors.answering(self._reply)

    def names(self) -> list[str]:
        return [message["event"]["header"]["name"] for message in self.messages]

    def _reply(self, request_line: str, body: bytes, headers: dict[str, str]) -> bytes:
        if request_line == "POST /auth/o2/token":
            return self._token({name: values[0] for name, values in parse_qs(body.decode()).items()})
        if request_line == "GET /v1/alexaApiEndpoint":
            return answer(json.dumps({"endpoints": [self.vendor.url]}).encode())
        assert request_line == "POST /v3/events"
        assert headers["content-type"] == "application/json"
        self.attempts += 1
        self.meanwhile()
        bearer = headers["authorization"].removeprefix("Bearer ")
        if self.answers:
            status, code = self.answers.pop(0)
            if status == 202:
                return self._taken(json.loads(body), bearer)
            text = json.dumps({"header": {}, "payload": {"code": code, "description": "no"}}) if code else "<html>"
            return answer(text.encode(), f"{status} {REASONS.get(status, 'Oh')}", *self.headers)
        if bearer != self.access:
            return self._refused(401, "INVALID_ACCESS_TOKEN_EXCEPTION")
        message = json.loads(body)
        if amazon.check(message, bearer):
            return self._refused(400, "INVALID_REQUEST_EXCEPTION")
        return self._taken(message, bearer)

    def _taken(self, message: dict[str, Any], bearer: str) -> bytes:
        assert amazon.check(message, bearer) == []
        self.messages.append(message)
        self.endpoints.take(message["event"], message.get("context", {}).get("properties", []))
        if self.cut:
            self.cut -= 1
            raise ConnectionAbortedError
        return answer(b"", "202 Accepted")

    def _refused(self, status: int, code: str) -> bytes:
        text = json.dumps({"header": {}, "payload": {"code": code, "description": "no"}})
        return answer(text.encode(), f"{status} {REASONS[status]}")

    def _token(self, form: dict[str, str]) -> bytes:
        if form["grant_type"] == "refresh_token":
            self.refreshed += 1
            if self.tokens is not None:
                status, given = self.tokens
                return answer(json.dumps(given).encode(), f"{status} {REASONS.get(status, 'Oh')}")
            self.access = f"Atza|{self.refreshed}"
        tokens = {"access_token": self.access, "refresh_token": "Atzr|0", "token_type": "bearer", "expires_in": 3600}
        return answer(json.dumps(tokens).encode())


CLIENT = ("amzn1.application-oa2-client.x", "its-secret")


class Reporting:
    """Reports of one link, which begins with a grant. `told` is what the last call answered."""

    def __init__(self, home: Household, vendors: Vendors, clock: Clock | None = None) -> None:
        self.home, self.amazon, self.clock = home, EventGateway(vendors), clock or Clock()
        http = Amazon(self.amazon.vendor.host, self.amazon.vendor.ca_file)
        self.gateway = Gateway(home.store, http, *CLIENT, clock=self.clock)
        self.reports = Reports(
            EventSender(self.gateway, http),
            interfaces(home.registry, snapshots=True),
            self.gateway.works,
            scenes=True,
            clock=self.clock,
        )
        self.gateway.accept(home.link, "A1")
        self.told: Told | None = None
        self.turn = 0

    def now(self, **changes: Any) -> Now:
        """`changes`: of cameras, by name."""
        cameras = tuple(
            replace(known, **changes.get(known.name.replace(" ", "_"), {}))
            for known in self.home.registry.cameras(self.home.link).cameras
        )
        return Now(cameras, {known.id: State(known) for known in cameras})

    def tell(self, now: Now | None = None, *happened: Happened, deadline_s: float = LONG_S) -> Told:
        self.turn += 1
        tell = Tell(self.home.link, now or self.now(), self.told, happened, True, f"turn-{self.turn}", deadline_s)
        self.told = self.reports.tell(tell)
        return self.told

    def sent(self) -> list[dict[str, Any]]:
        """The events since the last call."""
        messages, self.amazon.messages = self.amazon.messages, []
        return messages
