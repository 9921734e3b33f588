"""A skill over a real registry and store, the directives Alexa sends, and the official schema of what it takes."""

import json
import time
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft4Validator

from showcam.accounts.links import authenticate
from showcam.alexa.smart_home import SmartHome
from showcam.simulator import authority
from tests.doubles import alexa_envelope, smart_vision
from tests.doubles.event_gateway import Reporting
from tests.doubles.household import Household, household
from tests.doubles.needs import AMAZON_SCHEMA, AMAZONS
from tests.doubles.ready_driver import camera
from tests.doubles.tls_vendor import Vendors

type Send = Callable[..., dict[str, Any]]
type Check = Callable[[dict[str, Any]], None]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Household]:
    home = household(tmp_path)
    yield home
    home.store.close()


@pytest.fixture
def skill(home: Household) -> SmartHome:
    return skill_of(home)


@pytest.fixture
def make_skill() -> Callable[[Household], SmartHome]:
    return skill_of


def skill_of(home: Household) -> SmartHome:
    return SmartHome(partial(authenticate, home.store, assistant="alexa"), home.registry)


@pytest.fixture
def directive(home: Household) -> Callable[..., dict[str, Any]]:
    """A directive as Alexa sends it. `camera` is a name, or an id where no camera has that name; None: no endpoint."""

    def build(
        namespace: str, name: str, payload: Any = None, *, camera: str | None = None, token: str = "", **header: Any
    ) -> dict[str, Any]:
        scope = {"type": "BearerToken", "token": token or home.token()}
        built: dict[str, Any] = {
            "header": {
                "namespace": namespace,
                "name": name,
                "payloadVersion": "3",
                "messageId": "question-1",
                "correlationToken": "c+/=1",
                **header,
            },
            "payload": {} if payload is None else payload,
        }
        if camera is not None:
            built["endpoint"] = {"scope": scope, "endpointId": named(home, camera), "cookie": {}}
        if name == "Discover":
            del built["header"]["correlationToken"]
            built["payload"] = {"scope": scope}
        return {"directive": built}

    return build


def named(home: Household, camera: str) -> str:
    listed = home.owner.cameras(home.account.id).cameras if home.driver.error is None else ()
    return next((listed_camera.id for listed_camera in listed if listed_camera.name == camera), camera)


@pytest.fixture
def send(skill: SmartHome, directive: Callable[..., dict[str, Any]]) -> Send:
    """Sends a directive and returns its answer. `waited_s`: how long ago the directive arrived."""

    def send_directive(*args: Any, waited_s: float = 0.0, **kwargs: Any) -> dict[str, Any]:
        body = json.dumps(directive(*args, **kwargs)).encode()
        return dict(json.loads(skill.answer(body, time.monotonic() - waited_s)))

    return send_directive


@pytest.fixture(params=AMAZONS.held_to())
def valid_if_known(request: pytest.FixtureRequest) -> Check:
    """By the rules of the envelope and the official schema; without the latter that part is skipped by name."""
    checks = [alexa_envelope.check, *([validator()] if request.param == "official" else [])]

    def check(message: dict[str, Any]) -> None:
        for check_message in checks:
            check_message(message)

    return check


@pytest.fixture(scope="session")
def official() -> Check:
    if not AMAZONS.there():
        AMAZONS.skip()
    return validator()


@cache
def validator() -> Check:
    """Checks a message against the one shape of the schema that has its namespace and name."""
    schema = json.loads(AMAZON_SCHEMA.read_text())
    _allow(schema, "protocols", "protocol", enum=["RTSP", "WEBRTC"], more="HLS")
    _newer_health(schema["definitions"]["endpoint.capabilities"])
    shapes = {}
    for leaf in _leaves(schema):
        header = leaf["properties"]["event"]["properties"]["header"]["properties"]
        key = header["namespace"]["enum"][0], header["name"]["enum"][0]
        shapes[key] = Draft4Validator({**leaf, "definitions": schema["definitions"]})

    def check(message: dict[str, Any]) -> None:
        header = message["event"]["header"]
        if header["namespace"].startswith("Alexa.SmartVision."):
            smart_vision.check_event(message)
            return
        known = smart_vision.without(message)
        shapes[header["namespace"], header["name"]].validate(known)

    return check


def _leaves(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "properties" in schema:
        yield schema
    else:
        for variant in schema["oneOf"]:
            yield from _leaves(variant)


def _allow(node: Any, *keys: str, enum: list[str], more: str) -> None:
    """HLS is not in the published list, and displays play it."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in keys and isinstance(value, dict):
                for holder in (value, value.get("items", {})):
                    if holder.get("enum") == enum:
                        holder["enum"] = [*enum, more]
            _allow(value, *keys, enum=enum, more=more)
    elif isinstance(node, list):
        for item in node:
            _allow(item, *keys, enum=enum, more=more)


def _newer_health(capabilities: dict[str, Any]) -> None:
    """The schema is of 2021 and knows EndpointHealth 3 only."""
    for shape in capabilities["items"]["anyOf"]:
        text = json.dumps(shape)
        if '"Alexa.EndpointHealth"' in text:
            newer = text.replace('{"type": "string", "enum": ["3"]}', '{"type": "string", "enum": ["3", "3.1"]}')
            shape.clear()
            shape.update(json.loads(newer))


@pytest.fixture(scope="module")
def vendors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vendors]:
    folder = tmp_path_factory.mktemp("amazon")
    vendors = Vendors(folder / "ca.pem", authority.server_context(folder))
    yield vendors
    vendors.end()


@pytest.fixture
def link(home: Household, vendors: Vendors) -> Reporting:
    home.driver.set(
        [
            camera("Garden", "F00000001", motion="off", person="off"),
            camera("Front Door", "F00000002", kind="doorbell", model="DB1", motion="off"),
            camera("Attic", "F00000005", online="off"),
        ]
    )
    return Reporting(home, vendors)
