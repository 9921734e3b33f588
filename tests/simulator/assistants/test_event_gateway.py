"""The simulated event gateway: an event, changed at one place, and the answer by Amazon's rules."""

import asyncio
import copy
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from showcam.simulator.assistants.amazon import CLIENT, SECRET, Amazon, Customer
from tests.doubles.troubled.cloud_faults import spoiling

TOKEN = "TOKEN"
HEALTH = {"type": "AlexaInterface", "interface": "Alexa.EndpointHealth", "version": "3.1", "properties": {
    "supported": [{"name": "connectivity"}], "proactivelyReported": True, "retrievable": True}}  # fmt: skip
BELL = {
    "type": "AlexaInterface",
    "interface": "Alexa.DoorbellEventSource",
    "version": "3",
    "proactivelyReported": True,
}
ENDPOINT = {
    "endpointId": "lan-1",
    "manufacturerName": "M",
    "friendlyName": "Gate",
    "description": "M camera",
    "displayCategories": ["CAMERA", "DOORBELL"],
    "capabilities": [{"type": "AlexaInterface", "interface": "Alexa", "version": "3"}, HEALTH, BELL],
}


def state(value: str, at: str = "2026-11-26T10:00:00.000Z") -> dict[str, Any]:
    return {
        "namespace": "Alexa.EndpointHealth",
        "name": "connectivity",
        "value": {"value": value},
        "timeOfSample": at,
        "uncertaintyInMilliseconds": 1000,
    }


def event(namespace: str, name: str, payload: dict[str, Any], *, of: str = "lan-1", id: str = "m-1") -> dict[str, Any]:  # noqa: A002
    header = {"namespace": namespace, "name": name, "payloadVersion": "3", "messageId": id}
    scope = {"type": "BearerToken", "token": TOKEN}
    if not of:
        return {"event": {"header": header, "payload": payload | {"scope": scope}}}
    return {"event": {"header": header, "endpoint": {"endpointId": of, "scope": scope}, "payload": payload}}


def added(**more: Any) -> dict[str, Any]:
    return event("Alexa.Discovery", "AddOrUpdateReport", {"endpoints": [ENDPOINT | more]}, of="", id="m-0")


def changed(value: str = "OK", *, id: str = "m-1", at: str = "2026-11-26T10:00:00.000Z") -> dict[str, Any]:  # noqa: A002
    change = {"cause": {"type": "PERIODIC_POLL"}, "properties": [state(value, at)]}
    return event("Alexa", "ChangeReport", {"change": change}, id=id)


def deleted(*ids: str) -> dict[str, Any]:
    gone = [{"endpointId": its_id} for its_id in ids]
    return event("Alexa.Discovery", "DeleteReport", {"endpoints": gone}, of="", id="m-9")


def pressed(timestamp: str = "2026-11-26T10:00:00Z") -> dict[str, Any]:
    payload = {"cause": {"type": "PHYSICAL_INTERACTION"}, "timestamp": timestamp}
    return event("Alexa.DoorbellEventSource", "DoorbellPress", payload) | {"context": {}}


class Gate:
    """`faults`: of Amazon's servers, by their names."""

    def __init__(
        self, amazon: Amazon, customer: Customer, client: TestClient[Any, Any], token: str, faults: dict[str, str]
    ) -> None:
        self.amazon, self.customer, self._client, self.token = amazon, customer, client, token
        self.faults = faults

    async def send(self, message: Any, *, bearer: str | None = None) -> tuple[int, str]:
        """Status and code; the scope gets the valid token."""
        message = _with_token(copy.deepcopy(message), self.token)
        headers = {"Authorization": f"Bearer {self.token if bearer is None else bearer}"}
        async with self._client.post("/v3/events", json=message, headers=headers) as answer:
            if answer.status == 202:
                return 202, await answer.text()
            return answer.status, str((await answer.json())["payload"]["code"])


def _with_token(value: Any, token: str) -> Any:
    if isinstance(value, dict):
        return {key: _with_token(inner, token) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_token(inner, token) for inner in value]
    return token if value == TOKEN else value


type Scene = Callable[[Gate], Awaitable[None]]
type Play = Callable[[Scene], None]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    async def run(scene: Scene) -> None:
        amazon, faults = Amazon("https://127.0.0.1:1", tmp_path), dict[str, str]()
        spoils = spoiling(lambda server: faults.get(server, ""))
        app = web.Application(client_max_size=300 * 1024, middlewares=[spoils])
        amazon.add_routes(app)
        async with TestClient(TestServer(app)) as client:
            customer = Customer()
            form = {"grant_type": "authorization_code", "client_id": CLIENT, "client_secret": SECRET}
            form["code"] = amazon.login.code(customer)
            async with client.post("/auth/o2/token", data=form) as answer:
                token = (await answer.json())["access_token"]
            await scene(Gate(amazon, customer, client, token, faults))

    return lambda scene: asyncio.run(run(scene))


def test_a_camera_is_added_changed_rung_and_deleted(play: Play) -> None:
    async def scene(gate: Gate) -> None:
        for message in (added(), changed("UNREACHABLE"), pressed() | {}, deleted("lan-1")):
            message["event"]["header"]["messageId"] = message["event"]["header"]["name"]
            assert await gate.send(message) == (202, "")
        endpoints = gate.customer.endpoints
        names = ["AddOrUpdateReport", "ChangeReport", "DoorbellPress", "DeleteReport"]
        assert [taken["header"]["name"] for taken in endpoints.events] == names
        assert (endpoints.by_id, list(endpoints.dropped), endpoints.repeated) == ({}, [], 0)
        assert gate.token not in str(endpoints.events)

    play(scene)


def _without(path: str) -> Callable[[dict[str, Any]], None]:
    def change(message: dict[str, Any]) -> None:
        *way, last = path.split(".")
        for step in way:
            message = message[step]
        del message[last]

    return change


def _with(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(message: dict[str, Any]) -> None:
        *way, last = path.split(".")
        for step in way:
            message = message[step]
        message[last] = value

    return change


BAD: dict[str, tuple[dict[str, Any], Callable[[dict[str, Any]], None]]] = {
    "no scope": (changed(), _without("event.endpoint.scope")),
    "another token in the scope": (changed(), _with("event.endpoint.scope.token", "x")),
    "a correlation token": (changed(), _with("event.header.correlationToken", "c")),
    "an unknown event": (changed(), _with("event.header.name", "StateReport")),
    "another version": (changed(), _with("event.header.payloadVersion", "2")),
    "a message id with a dot": (changed(), _with("event.header.messageId", "a.b")),
    "no cause": (changed(), _without("event.payload.change.cause")),
    "a cause of nobody's": (changed(), _with("event.payload.change.cause.type", "WIND")),
    "nothing changed": (changed(), _with("event.payload.change.properties", [])),
    "a property twice": (changed() | {"context": {"properties": [state("OK")]}}, lambda message: None),
    "no time": (changed(), _without("event.payload.change")),
    "context beside an added endpoint": (added() | {"context": {}}, lambda message: None),
    "a name with punctuation": (added(friendlyName="Gate!"), lambda message: None),
    "no capabilities": (added(capabilities=[]), lambda message: None),
    "no endpoint deleted": (deleted(), lambda message: None),
    "an endpoint deleted twice": (deleted("a", "a"), lambda message: None),
    "a press with fractions of a second": (pressed("2026-11-26T10:00:00.123Z"), lambda message: None),
    "a press without cause": (pressed(), _without("event.payload.cause")),
}


@pytest.mark.parametrize("what", BAD)
def test_an_event_against_the_rules_is_refused_and_changes_nothing(what: str, play: Play) -> None:
    async def scene(gate: Gate) -> None:
        message = copy.deepcopy(BAD[what][0])
        BAD[what][1](message)
        assert await gate.send(message) == (400, "INVALID_REQUEST_EXCEPTION")
        assert list(gate.customer.endpoints.events) == []

    play(scene)


def test_who_may_send(play: Play) -> None:
    async def scene(gate: Gate) -> None:
        assert await gate.send(added(), bearer="x") == (401, "INVALID_ACCESS_TOKEN_EXCEPTION")
        assert await gate.send(added(cookie={"a": "x" * 260 * 1024})) == (413, "REQUEST_ENTITY_TOO_LARGE_EXCEPTION")
        gate.amazon.login.disable(gate.customer)
        assert await gate.send(added()) == (403, "SKILL_DISABLED_EXCEPTION")

    play(scene)


def test_an_access_token_ends(play: Play) -> None:
    async def scene(gate: Gate) -> None:
        gate.amazon.login._clock = lambda: 1e12
        assert await gate.send(added()) == (401, "INVALID_ACCESS_TOKEN_EXCEPTION")

    play(scene)


@pytest.mark.parametrize(
    ("messages", "dropped"),
    [
        ([changed()], "ChangeReport is about an endpoint that Alexa does not know"),
        ([deleted("lan-1")], "DeleteReport deletes 1 endpoints that Alexa does not know"),
        (
            [added(), changed(at="2026-11-26T10:00:01.000Z"), changed(id="m-2")],
            "ChangeReport has connectivity older than what Alexa knows",
        ),
        (
            [added(capabilities=ENDPOINT["capabilities"][:1]), pressed()],
            "DoorbellPress is of Alexa.DoorbellEventSource, which the endpoint does not have",
        ),
        (
            [added(capabilities=[ENDPOINT["capabilities"][0], BELL | {"proactivelyReported": False}]), pressed()],
            "DoorbellPress comes from a doorbell that reports nothing by itself",
        ),
    ],
)
def test_an_event_that_means_nothing_is_answered_202_and_dropped(
    messages: list[dict[str, Any]], dropped: str, play: Play
) -> None:
    async def scene(gate: Gate) -> None:
        for message in messages:
            assert await gate.send(message) == (202, "")
        assert list(gate.customer.endpoints.dropped) == [dropped]

    play(scene)


def test_a_repeated_message_is_known_by_its_id(play: Play) -> None:
    async def scene(gate: Gate) -> None:
        for message in (added(), changed(), changed("UNREACHABLE")):
            assert await gate.send(message) == (202, "")
        endpoints = gate.customer.endpoints
        assert (len(endpoints.events), endpoints.repeated) == (2, 1)
        assert endpoints.values() == {"lan-1": {"connectivity": {"value": "OK"}}}

    play(scene)


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        ("rate", (429, "THROTTLING_EXCEPTION")),
        ("http500", (500, "INTERNAL_SERVICE_EXCEPTION")),
        ("http503", (503, "SERVICE_UNAVAILABLE_EXCEPTION")),
        ("expired", (401, "INVALID_ACCESS_TOKEN_EXCEPTION")),
        ("forbidden", (403, "INSUFFICIENT_PERMISSION_EXCEPTION")),
        ("disabled", (403, "SKILL_DISABLED_EXCEPTION")),
    ],
)
def test_a_fault_of_the_gateway(fault: Any, answer: tuple[int, str], play: Play) -> None:
    async def scene(gate: Gate) -> None:
        gate.faults["gateway_fault"] = fault
        assert await gate.send(added()) == answer
        assert list(gate.customer.endpoints.events) == []

    play(scene)
