"""Fulfillment over a real registry and store, the intents Google sends, and the official schemas of the answers."""

import json
import time
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft7Validator

from actions.fulfillment import Fulfillment
from scripts.schemas import GOOGLE
from showcam.accounts import households
from showcam.accounts.links import authenticate
from showcam.accounts.pins import Pins
from showcam.store.records import Link
from tests.doubles.google_cloud import GoogleCloud
from tests.doubles.household import Household, household
from tests.doubles.needs import GOOGLE_SCHEMAS, GOOGLES

PUBLIC = "https://home.example"

# official codes newer than the schemas of 2021; docs/integrator/google-home.md names them
NEWER_CODES = ["deviceOffline", "deviceTurnedOff", "challengeNeeded", "noIssuesReported"]

type Check = Callable[[str, dict[str, Any]], None]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Household]:
    home = household(tmp_path, assistant="google")
    yield home
    home.store.close()


@pytest.fixture
def make_fulfillment() -> Callable[[Household], Fulfillment]:
    return fulfillment_of


def fulfillment_of(home: Household) -> Fulfillment:
    def end_link(link: Link) -> None:
        households.end(home.store, home.pictures, link)

    return Fulfillment(
        partial(authenticate, home.store, assistant="google"),
        home.registry,
        end_link,
        PUBLIC,
        Pins(home.store),
    )


@pytest.fixture
def fulfillment(home: Household) -> Fulfillment:
    return fulfillment_of(home)


@pytest.fixture
def send(home: Household, fulfillment: Fulfillment) -> Callable[..., dict[str, Any]]:
    """Sends an intent with a good token, unless another is given, and returns the answer's payload.

    `waited_s`: how long ago the request arrived.
    """

    def send_intent(intent: str, payload: Any = None, *, token: str = "", waited_s: float = 0.0) -> dict[str, Any]:
        inputs = [{"intent": f"action.devices.{intent}"} | ({} if payload is None else {"payload": payload})]
        body = json.dumps({"requestId": "6894439706274654512", "inputs": inputs}).encode()
        status, answered = fulfillment.answer(body, token or home.token(), time.monotonic() - waited_s)
        assert status == 200
        answer = json.loads(answered)
        assert answer["requestId"] == "6894439706274654512"
        return dict(answer["payload"])

    return send_intent


@pytest.fixture(params=GOOGLES.held_to())
def valid_if_known(request: pytest.FixtureRequest) -> Check:
    """Checks against the official schemas; without them this part of the test is skipped."""
    return checker() if request.param == "official" else lambda intent, answer: None


# the folder of a trait's schemas: the trait's states
TRAITS: dict[str, tuple[str, ...]] = {
    "camerastream": (),
    "onoff": ("on",),
    "toggles": ("currentToggleSettings",),
    "modes": ("currentModeSettings",),
    "statusreport": ("currentStatusReport",),
    "energystorage": ("descriptiveCapacityRemaining", "capacityRemaining", "isCharging"),
    "objectdetection": (),
    "reboot": (),
    "scene": (),
}
NO_STATES = {"online", "status", "errorCode", "debugString"}


@cache
def checker() -> Check:
    """`check(intent, answer)` by the official schemas of the intent, trait and error codes."""
    intents = {name: Draft7Validator(_intent(name)) for name in ("sync", "query", "execute", "disconnect")}
    codes = {*_schema("platform/errors.schema.json")["enum"], *NEWER_CODES}
    attributes = {trait: _of_trait(trait, f"{trait}.attributes") for trait in TRAITS}
    states = {trait: _of_trait(trait, f"{trait}.states") for trait in TRAITS}
    results = _of_trait("camerastream", "getcamerastream.results")

    def check_states(reported: dict[str, Any]) -> None:
        """Validates the states of the traits; no other key is allowed."""
        left = {key for key in reported if not key.startswith("cameraStream")} - NO_STATES
        for trait, keys in TRAITS.items():
            if left & set(keys):
                states[trait].validate(reported)
                left -= set(keys)
        assert left == set()
        for status in reported.get("currentStatusReport", []):
            assert status["statusCode"] in codes

    def check(intent: str, answer: dict[str, Any]) -> None:
        intents[intent.lower()].validate(answer)
        assert set(_codes(answer)) <= codes
        payload = answer.get("payload", {})
        if intent == "SYNC" and "devices" in payload:
            for device in payload["devices"]:
                for trait in device["traits"]:
                    attributes[trait.rpartition(".")[2].lower()].validate(device["attributes"])
                assert len(device["name"]["name"]) <= 60
                assert len(json.dumps(device.get("customData", {}))) <= 512
        if intent == "QUERY":
            for device in payload.get("devices", {}).values():
                check_states(device)
        if intent == "EXECUTE":
            for command in payload.get("commands", []):
                if command["status"] != "SUCCESS":
                    continue
                check_states(command["states"])
                if any(key.startswith("cameraStream") for key in command["states"]):
                    results.validate(command["states"])

    return check


def _of_trait(trait: str, name: str) -> Draft7Validator:
    """The trait's schema; of a trait for which Google publishes none, one that accepts anything."""
    path = f"traits/{trait}/{name}.schema.json"
    return Draft7Validator(_schema(path) if path in GOOGLE.files else {})


def _schema(path: str) -> dict[str, Any]:
    return dict(json.loads((GOOGLE_SCHEMAS / path).read_text()))


def _intent(name: str) -> dict[str, Any]:
    """The schema of 2021 with later additions of the documentation."""
    schema = _schema(f"intents/{name}/{name}.response.schema.json")
    if name in ("sync", "query"):
        payload = schema["properties"]["payload"]
        needed = payload.pop("required")
        payload["anyOf"] = [{"required": needed}, {"required": ["errorCode"]}]  # an error comes without a list
    if name == "execute":
        command = schema["properties"]["payload"]["properties"]["commands"]["items"]
        command["properties"]["debugString"] = {"type": "string"}
        kind = {"enum": ["ackNeeded", "pinNeeded", "challengeFailedPinNeeded"]}
        command["properties"]["challengeNeeded"] = {
            "type": "object", "properties": {"type": kind}, "required": ["type"], "additionalProperties": False
        }  # fmt: skip
    return schema


def _codes(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "errorCode" in node:
            yield node["errorCode"]
        for value in node.values():
            yield from _codes(value)
    elif isinstance(node, list):
        for item in node:
            yield from _codes(item)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GoogleCloud]:
    cloud = GoogleCloud(tmp_path_factory.mktemp("google"))
    yield cloud
    cloud.end()
