"""A vendor that hangs, and one whose session is dead: each directive answers in time, and never blames our token."""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from alexa.skill import SmartHome
from registry.errors import SignedOut, VendorDown
from registry.preferences import Preferences
from registry.registry import Registry
from tests.doubles.household import OFFER, Household

type Check = Callable[[dict[str, Any]], None]

# namespace, name, header, payload: what can't be answered without the vendor
DIRECTIVES: list[tuple[str, str, dict[str, str], Any]] = [
    ("Alexa.CameraStreamController", "InitializeCameraStreams", {}, {"cameraStreams": [{"protocol": "HLS"}]}),
    (
        "Alexa.RTCSessionController",
        "InitiateSessionWithOffer",
        {},
        {"sessionId": "s", "offer": {"format": "SDP", "value": OFFER}},
    ),
    ("Alexa.SmartVision.SnapshotProvider", "GetSnapshot", {}, {}),
    ("Alexa.PowerController", "TurnOff", {}, {}),
    ("Alexa.ToggleController", "TurnOn", {"instance": "Camera.StatusLight"}, {}),
    ("Alexa.ModeController", "SetMode", {"instance": "Camera.NightVision"}, {"mode": "NightVision.Smart"}),
]
EACH = pytest.mark.parametrize(
    ("namespace", "name", "more", "payload"), DIRECTIVES, ids=[each[1] for each in DIRECTIVES]
)


@pytest.fixture
def allowed(home: Household) -> tuple[str, str]:
    """The Garden's id and a token; a voice may change what there is."""
    home.driver.change("Garden", status_light="off", night_vision="colour")
    voice_may = ("sleep", "status_light", "night_vision")
    home.registry.prefer(home.account.id, home.id("Garden"), Preferences(voice_may=voice_may))
    return home.id("Garden"), home.token()


def ask(skill: SmartHome, allowed: tuple[str, str], namespace: str, name: str, more: Any, payload: Any) -> Any:
    camera, token = allowed
    header = {"namespace": namespace, "name": name, "messageId": "m", "correlationToken": "c", **more}
    endpoint = {"scope": {"type": "BearerToken", "token": token}, "endpointId": camera}
    directive = {"header": header, "endpoint": endpoint, "payload": payload}
    return json.loads(skill.answer(json.dumps({"directive": directive}).encode()))


@EACH
def test_a_vendor_that_hangs_is_given_up_on(
    namespace: str,
    name: str,
    more: Any,
    payload: Any,
    home: Household,
    skill: SmartHome,
    allowed: tuple[str, str],
    valid_if_known: Check,
) -> None:
    home.driver.hold, home.driver.error = threading.Event(), VendorDown()
    began = time.monotonic()
    message = ask(skill, allowed, namespace, name, more, payload)
    assert time.monotonic() - began <= home.rules.request_s
    valid_if_known(message)
    assert message["event"]["payload"]["type"] == "BRIDGE_UNREACHABLE"
    assert message["event"]["header"]["correlationToken"] == "c"


@EACH
def test_a_dead_vendor_session_is_not_a_dead_token(
    namespace: str,
    name: str,
    more: Any,
    payload: Any,
    home: Household,
    skill: SmartHome,
    allowed: tuple[str, str],
    valid_if_known: Check,
) -> None:
    home.driver.error = SignedOut()
    message = ask(skill, allowed, namespace, name, more, payload)
    valid_if_known(message)
    assert message["event"]["payload"]["type"] == "INSUFFICIENT_PERMISSIONS"


def test_state_and_discovery_come_from_what_was_last_known(
    home: Household, tmp_path: Path, make_skill: Callable[[Household], SmartHome], allowed: tuple[str, str]
) -> None:
    """In another process, which has read nothing itself."""
    for error in (SignedOut(), VendorDown()):
        home.driver.error = error
        registry = Registry(home.store, {"ezviz": home.driver}, home.pictures, home.grants, replace(home.rules))
        home.registry = registry
        skill = make_skill(home)
        header = {"namespace": "Alexa.Discovery", "name": "Discover", "messageId": "m"}
        scope = {"type": "BearerToken", "token": allowed[1]}
        body = json.dumps({"directive": {"header": header, "payload": {"scope": scope}}}).encode()
        assert len(json.loads(skill.answer(body))["event"]["payload"]["endpoints"]) == 7
        message = ask(skill, allowed, "Alexa", "ReportState", {}, {})
        assert message["event"]["payload"].get("type") not in (
            "INVALID_AUTHORIZATION_CREDENTIAL",
            "EXPIRED_AUTHORIZATION_CREDENTIAL",
        )
