"""The simulated Echo's rules held against the real skill: what it would take from us, and what it would not."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from alexa.skill import SmartHome
from registry.preferences import Preferences
from simulator.assistants import alexa_rules
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
ASKED: list[tuple[str, str, dict[str, str], Any]] = [
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


def asked(
    home: Household, skill: SmartHome, directive: dict[str, Any], change: Callable[[dict[str, Any]], None] | None = None
) -> list[str]:
    """The rules that were broken; `change` spoils the answer first."""
    given = directive["directive"]
    scope = given.get("endpoint", given["payload"])["scope"]
    answer = json.loads(skill.answer(json.dumps(directive).encode()))
    if change is not None:
        change(answer)
    return alexa_rules.check(directive, 200, json.dumps(answer), scope["token"])


@pytest.mark.parametrize(("namespace", "name", "more", "payload"), ASKED, ids=lambda value: str(value)[:40])
def test_it_takes_what_the_skill_says(
    namespace: str,
    name: str,
    more: dict[str, str],
    payload: Any,
    home: Household,
    skill: SmartHome,
    directive: Callable[..., dict[str, Any]],
) -> None:
    camera = None if name == "Discover" else "Garden"
    assert asked(home, skill, directive(namespace, name, payload, camera=camera, **more)) == []


def unstate(answer: dict[str, Any]) -> None:
    properties = answer["context"]["properties"]
    answer["context"]["properties"] = [each for each in properties if each["name"] != "powerState"]


def misname(answer: dict[str, Any]) -> None:
    for endpoint in answer["event"]["payload"]["endpoints"]:
        for each in endpoint["capabilities"]:
            if "capabilityResources" in each:
                each["capabilityResources"] = {"friendlyNames": []}


def unversion(answer: dict[str, Any]) -> None:
    for endpoint in answer["event"]["payload"]["endpoints"]:
        for each in endpoint["capabilities"]:
            if each["interface"].startswith("Alexa.SmartVision"):
                each["version"] = "3"


def older(answer: dict[str, Any]) -> None:
    answer["event"]["header"]["payloadVersion"] = "3"


def open_to_all(answer: dict[str, Any]) -> None:
    answer["event"]["payload"]["value"]["authenticationType"] = "NONE"


def half_on(answer: dict[str, Any]) -> None:
    for each in answer["context"]["properties"]:
        each["value"] = "HALF"


SPOILT: list[tuple[int, Callable[[dict[str, Any]], None], str]] = [
    (2, unstate, "does not report the state that was set"),
    (2, half_on, "powerState is 'HALF'"),
    (0, misname, "has no name that could be said"),
    (0, unversion, "is at version 1.1"),
    (7, older, "payloadVersion"),
    (7, open_to_all, "authenticationType"),
]


@pytest.mark.parametrize(("case", "spoil", "told"), SPOILT, ids=lambda value: getattr(value, "__name__", None))
def test_it_takes_nothing_that_is_spoilt(
    case: int,
    spoil: Callable[[dict[str, Any]], None],
    told: str,
    home: Household,
    skill: SmartHome,
    directive: Callable[..., dict[str, Any]],
) -> None:
    namespace, name, more, payload = copy.deepcopy(ASKED[case])
    camera = None if name == "Discover" else "Garden"
    broken = asked(home, skill, directive(namespace, name, payload, camera=camera, **more), spoil)
    assert any(told in each for each in broken), broken
