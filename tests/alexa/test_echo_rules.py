"""The simulated Echo's rules against the real skill: which answers it accepts and which it rejects."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from showcam.alexa.smart_home import SmartHome
from showcam.registry.preferences import Preferences
from showcam.simulator.assistants import alexa_rules
from tests.doubles.household import Household

ALL = {
    "status_light": "off",
    "alarm_notification": "on",
    "offline_notification": "off",
    "flip": "on",
    "night_vision": "smart",
    "motion": "off",
    "person": "off",
}
SET_CLASSES = {"objectDetectionClasses": [{"imageNetClass": "person"}]}
DIRECTIVES: list[tuple[str, str, dict[str, str], Any]] = [
    ("Alexa.Discovery", "Discover", {}, {}),
    ("Alexa", "ReportState", {}, {}),
    ("Alexa.PowerController", "TurnOff", {}, {}),
    ("Alexa.ToggleController", "TurnOn", {"instance": "Camera.StatusLight"}, {}),
    ("Alexa.ToggleController", "TurnOff", {"instance": "Camera.ImageEncryption"}, {}),
    ("Alexa.ModeController", "SetMode", {"instance": "Camera.NightVision"}, {"mode": "NightVision.Color"}),
    ("Alexa.SmartVision.ObjectDetectionSensor", "SetObjectDetectionClasses", {}, SET_CLASSES),
    ("Alexa.SmartVision.SnapshotProvider", "GetSnapshot", {}, {"preferOnDemandSnapshot": False}),
    ("Alexa.CameraStreamController", "InitializeCameraStreams", {}, {"cameraStreams": [
        {
            "protocol": "HLS",
            "resolution": {"width": 1920, "height": 1080},
            "authorizationType": "NONE",
            "videoCodec": "H264",
            "audioCodec": "AAC",
        }
    ]}),
]  # fmt: skip


@pytest.fixture
def home(home: Household) -> Household:
    home.driver.change("Garden", **ALL)
    voice_may = Preferences(voice_may=("sleep", "status_light", "night_vision"))
    home.owner.prefer(home.account.id, home.id("Garden"), voice_may)
    return home


def complaints(
    home: Household, skill: SmartHome, directive: dict[str, Any], change: Callable[[dict[str, Any]], None] | None = None
) -> list[str]:
    """The broken rules. `change` spoils the answer first."""
    given = directive["directive"]
    scope = given.get("endpoint", given["payload"])["scope"]
    answer = json.loads(skill.answer(json.dumps(directive).encode()))
    if change is not None:
        change(answer)
    return alexa_rules.check(directive, 200, json.dumps(answer), scope["token"])


@pytest.mark.parametrize(("namespace", "name", "more", "payload"), DIRECTIVES, ids=lambda value: str(value)[:40])
def test_the_simulated_echo_accepts_every_answer_of_the_skill(
    namespace: str,
    name: str,
    more: dict[str, str],
    payload: Any,
    home: Household,
    skill: SmartHome,
    directive: Callable[..., dict[str, Any]],
) -> None:
    camera = None if name == "Discover" else "Garden"
    assert complaints(home, skill, directive(namespace, name, payload, camera=camera, **more)) == []


def unstate(answer: dict[str, Any]) -> None:
    properties = answer["context"]["properties"]
    answer["context"]["properties"] = [stated for stated in properties if stated["name"] != "powerState"]


def misname(answer: dict[str, Any]) -> None:
    for endpoint in answer["event"]["payload"]["endpoints"]:
        for capability in endpoint["capabilities"]:
            if "capabilityResources" in capability:
                capability["capabilityResources"] = {"friendlyNames": []}


def unversion(answer: dict[str, Any]) -> None:
    for endpoint in answer["event"]["payload"]["endpoints"]:
        for capability in endpoint["capabilities"]:
            if capability["interface"].startswith("Alexa.SmartVision"):
                capability["version"] = "3"


def older(answer: dict[str, Any]) -> None:
    answer["event"]["header"]["payloadVersion"] = "3"


def open_to_all(answer: dict[str, Any]) -> None:
    answer["event"]["payload"]["value"]["authenticationType"] = "NONE"


def half_on(answer: dict[str, Any]) -> None:
    for stated in answer["context"]["properties"]:
        stated["value"] = "HALF"


SPOILT: list[tuple[int, Callable[[dict[str, Any]], None], str]] = [
    (2, unstate, "does not report the state that was set"),
    (2, half_on, "powerState is 'HALF'"),
    (0, misname, "has no name that could be said"),
    (0, unversion, "is at version 1.1"),
    (7, older, "payloadVersion"),
    (7, open_to_all, "authenticationType"),
]


@pytest.mark.parametrize(("case", "spoil", "expected"), SPOILT, ids=lambda value: getattr(value, "__name__", None))
def test_the_simulated_echo_rejects_a_spoilt_answer(
    case: int,
    spoil: Callable[[dict[str, Any]], None],
    expected: str,
    home: Household,
    skill: SmartHome,
    directive: Callable[..., dict[str, Any]],
) -> None:
    namespace, name, more, payload = copy.deepcopy(DIRECTIVES[case])
    camera = None if name == "Discover" else "Garden"
    broken = complaints(home, skill, directive(namespace, name, payload, camera=camera, **more), spoil)
    assert any(expected in complaint for complaint in broken), broken
