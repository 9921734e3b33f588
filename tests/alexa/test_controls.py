"""A camera's properties: how they are reported and changed, and who may change them."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from showcam.drivers.errors import SetRefused, SignedOut
from showcam.registry.outcomes import collected
from showcam.registry.preferences import Preferences
from tests.doubles.household import Household

type Send = Callable[..., dict[str, Any]]
type Check = Callable[[dict[str, Any]], None]

POWER, TOGGLE, MODE = "Alexa.PowerController", "Alexa.ToggleController", "Alexa.ModeController"
OBJECTS = "Alexa.SmartVision.ObjectDetectionSensor"
ALL = {
    "status_light": "off",
    "alarm_notification": "on",
    "offline_notification": "off",
    "flip": "on",
    "night_vision": "smart",
    "motion": "off",
    "person": "off",
}


def allow(home: Household, *settings: str, camera: str = "Garden") -> None:
    home.owner.prefer(home.account.id, home.id(camera), Preferences(voice_may=settings))


def reported(message: dict[str, Any]) -> dict[tuple[str, str], Any]:
    """The context's values by namespace and instance."""
    properties = message["context"]["properties"]
    found = {
        (property_["namespace"].removeprefix("Alexa."), property_.get("instance", "")): property_["value"]
        for property_ in properties
    }
    assert len(found) == len(properties)
    return found


FULL = {
    ("EndpointHealth", ""): {"value": "OK"},
    ("MotionSensor", ""): "NOT_DETECTED",
    ("SmartVision.ObjectDetectionSensor", ""): [{"imageNetClass": "person"}],
    ("ToggleController", "Camera.StatusLight"): "OFF",
    ("ToggleController", "Camera.AlarmNotification"): "ON",
    ("ToggleController", "Camera.OfflineNotification"): "OFF",
    ("ToggleController", "Camera.Flip"): "ON",
    ("ToggleController", "Camera.Audio"): "ON",
    ("ToggleController", "Camera.ImageEncryption"): "OFF",
    ("ModeController", "Camera.NightVision"): "NightVision.Smart",
}
POWERED = FULL | {("PowerController", ""): "ON"}  # where a voice may wake it and let it sleep


def reported_by_default(setting: str) -> dict[tuple[str, str], Any]:
    return POWERED if setting == "sleep" else FULL


def test_report_state_answers_with_every_property(home: Household, send: Send, valid_if_known: Check) -> None:
    home.driver.change("Garden", **ALL)
    message = send("Alexa", "ReportState", camera="Garden")
    valid_if_known(message)
    assert reported(message) == FULL


@pytest.mark.parametrize(
    ("changes", "key", "value"),
    [
        ({"asleep": "on"}, ("PowerController", ""), "OFF"),
        ({"motion": "on"}, ("MotionSensor", ""), "DETECTED"),
        ({"encryption": "on"}, ("ToggleController", "Camera.ImageEncryption"), "ON"),
        ({"audio": "off"}, ("ToggleController", "Camera.Audio"), "OFF"),
        ({"night_vision": "colour"}, ("ModeController", "Camera.NightVision"), "NightVision.Color"),
        ({"night_vision": "black_and_white"}, ("ModeController", "Camera.NightVision"), "NightVision.BlackAndWhite"),
        ({"online": "off"}, ("EndpointHealth", ""), {"value": "UNREACHABLE"}),
    ],
    ids=str,
)
def test_each_state_is_reported_with_its_value(
    changes: dict[str, str], key: tuple[str, str], value: Any, home: Household, send: Send, valid_if_known: Check
) -> None:
    home.driver.change("Garden", **{**ALL, **changes})
    allow(home, "sleep")
    message = send("Alexa", "ReportState", camera="Garden")
    valid_if_known(message)
    assert reported(message) == POWERED | {key: value}


@pytest.mark.parametrize("unsure", ["unknown", "none"])
def test_what_is_unknown_or_absent_is_left_out(unsure: str, home: Household, send: Send, valid_if_known: Check) -> None:
    flags = dict.fromkeys([*ALL, "asleep", "audio", "encryption"], unsure)
    home.driver.change("Garden", **flags)
    message = send("Alexa", "ReportState", camera="Garden")
    valid_if_known(message)
    left = reported(message)
    if unsure == "unknown":
        del left["SmartVision.ObjectDetectionSensor", ""]  # the detection class is known anyway
    assert left == {("EndpointHealth", ""): {"value": "OK"}}


def test_a_camera_that_may_be_online_is_not_called_unreachable(
    home: Household, send: Send, valid_if_known: Check
) -> None:
    home.driver.change("Garden", **{**ALL, "online": "unknown"})
    message = send("Alexa", "ReportState", camera="Garden")
    valid_if_known(message)
    assert reported(message) == {key: value for key, value in FULL.items() if key != ("EndpointHealth", "")}


def test_a_camera_of_which_nothing_is_known_has_no_state(home: Household, send: Send, valid_if_known: Check) -> None:
    home.driver.change("Garden", online="unknown", asleep="unknown", audio="unknown", encryption="unknown")
    message = send("Alexa", "ReportState", camera="Garden")
    valid_if_known(message)
    assert (message["event"]["header"]["name"], reported(message)) == ("StateReport", {})


def test_the_answer_with_a_stream_carries_every_property(home: Household, send: Send, valid_if_known: Check) -> None:
    home.driver.change("Garden", **ALL)
    streams = {"cameraStreams": [{"protocol": "HLS"}]}
    message = send("Alexa.CameraStreamController", "InitializeCameraStreams", streams, camera="Garden")
    valid_if_known(message)
    assert reported(message) == FULL


# interface, directive, instance, payload; the registry's setting and value; the property reported afterwards
CHANGES = [
    (POWER, "TurnOff", None, {}, "sleep", "on", "OFF"),
    (POWER, "TurnOn", None, {}, "sleep", "off", "ON"),
    (TOGGLE, "TurnOn", "Camera.StatusLight", {}, "status_light", "on", "ON"),
    (TOGGLE, "TurnOff", "Camera.StatusLight", {}, "status_light", "off", "OFF"),
    (TOGGLE, "TurnOff", "Camera.AlarmNotification", {}, "alarm_notification", "off", "OFF"),
    (TOGGLE, "TurnOn", "Camera.OfflineNotification", {}, "offline_notification", "on", "ON"),
    (TOGGLE, "TurnOff", "Camera.Flip", {}, "flip", "off", "OFF"),
    (TOGGLE, "TurnOff", "Camera.Audio", {}, "audio", "off", "OFF"),
    (MODE, "SetMode", "Camera.NightVision", {"mode": "NightVision.Color"}, "night_vision", "colour", None),
    (MODE, "SetMode", "Camera.NightVision", {"mode": "NightVision.Smart"}, "night_vision", "smart", None),
    (
        MODE,
        "SetMode",
        "Camera.NightVision",
        {"mode": "NightVision.BlackAndWhite"},
        "night_vision",
        "black_and_white",
        None,
    ),
]
EVERY_CHANGE = pytest.mark.parametrize(
    ("interface", "name", "instance", "payload", "setting", "value", "word"),
    CHANGES,
    ids=[f"{name} {instance or 'power'} {value}" for _, name, instance, _, _, value, _ in CHANGES],
)


def header(instance: str | None) -> dict[str, str]:
    return {"instance": instance} if instance else {}


@EVERY_CHANGE
def test_an_allowed_change_is_made_and_read_back(
    interface: str,
    name: str,
    instance: str | None,
    payload: dict[str, str],
    setting: str,
    value: str,
    word: str | None,
    home: Household,
    send: Send,
    valid_if_known: Check,
) -> None:
    home.driver.change("Garden", **ALL)
    allow(home, setting)
    message = send(interface, name, payload, camera="Garden", **header(instance))
    valid_if_known(message)
    event = message["event"]
    assert (event["header"]["namespace"], event["header"]["name"], event["payload"]) == ("Alexa", "Response", {})
    assert home.driver.applied == [("Garden", setting, value, "")]
    key = (interface.removeprefix("Alexa."), instance or "")
    assert reported(message) == reported_by_default(setting) | {key: word or payload["mode"]}


@EVERY_CHANGE
def test_a_change_that_is_not_allowed_is_refused_with_the_place_to_make_it(
    interface: str,
    name: str,
    instance: str | None,
    payload: dict[str, str],
    setting: str,
    value: str,
    word: str | None,
    home: Household,
    send: Send,
    valid_if_known: Check,
) -> None:
    home.driver.change("Garden", **ALL)
    allow(home, *({"sleep", "flip"} - {setting}))
    message = send(interface, name, payload, camera="Garden", **header(instance))
    valid_if_known(message)
    payload = message["event"]["payload"]
    assert (payload["type"], payload["currentDeviceMode"]) == ("NOT_SUPPORTED_IN_CURRENT_MODE", "OTHER")
    assert "on showcam's page under “A voice may change”" in payload["message"]
    assert "EZVIZ app" in payload["message"]
    assert home.driver.applied == []


def test_image_encryption_can_be_read_and_never_changed(home: Household, send: Send, valid_if_known: Check) -> None:
    allow(home, "sleep", camera="Garage")
    for name in ("TurnOff", "TurnOn"):
        message = send(TOGGLE, name, camera="Garage", instance="Camera.ImageEncryption")
        valid_if_known(message)
        assert message["event"]["payload"]["type"] == "NOT_SUPPORTED_IN_CURRENT_MODE"
        assert "Garage > Settings > Image Encryption" in message["event"]["payload"]["message"]
    assert home.driver.applied == []


def test_a_refusal_is_in_the_links_language(home: Household, send: Send) -> None:
    token = home.token(home.another_link("alexa", locale="nb-NO"))
    for instance, word in (("Camera.ImageEncryption", "Bildekryptering endres aldri"), ("Camera.Audio", "Stemmen")):
        message = send(TOGGLE, "TurnOff", camera="Garden", token=token, instance=instance)
        assert word in message["event"]["payload"]["message"]


def deaf(home: Household) -> None:
    home.driver.set_error = SetRefused("not_taken")


def unset(home: Household) -> None:
    home.driver.set_error = SetRefused("unsupported")


def signed_out(home: Household) -> None:
    home.driver.error = SignedOut()


def removed(home: Household) -> None:
    home.driver.change("Garden", status_light="none")
    home.registry.cameras(home.link)


FAILURES: list[tuple[Callable[[Household], None], str]] = [
    (deaf, "ENDPOINT_UNREACHABLE"),
    (unset, "INVALID_VALUE"),
    (signed_out, "INSUFFICIENT_PERMISSIONS"),
    (removed, "INVALID_VALUE"),
]


@pytest.mark.parametrize(
    ("come_about", "kind"), FAILURES, ids=["not taken", "not supported", "vendor signed out", "not there"]
)
def test_a_change_that_fails_is_an_error(
    come_about: Callable[[Household], None], kind: str, home: Household, send: Send, valid_if_known: Check
) -> None:
    home.driver.change("Garden", **ALL)
    allow(home, "status_light")
    camera, token = home.id("Garden"), home.token()
    come_about(home)
    message = send(TOGGLE, "TurnOn", camera=camera, token=token, instance="Camera.StatusLight", waited_s=4.0)
    valid_if_known(message)
    assert message["event"]["payload"]["type"] == kind


def test_a_change_that_the_camera_does_not_show_yet_is_answered_as_it_was_asked_for(
    home: Household, send: Send, valid_if_known: Check
) -> None:
    home.driver.change("Garden", **ALL | {"status_light": "off"})
    allow(home, "status_light")
    camera, token = home.id("Garden"), home.token()
    home.driver.lags = True
    message = send(TOGGLE, "TurnOn", camera=camera, token=token, instance="Camera.StatusLight", waited_s=4.0)
    valid_if_known(message)
    assert message["event"]["header"]["name"] == "Response"
    states = {state.get("instance"): state["value"] for state in message["context"]["properties"]}
    assert (states["Camera.StatusLight"], states["Camera.Flip"]) == ("ON", ALL["flip"].upper())


def test_person_is_the_only_detection_class_accepted(home: Household, send: Send, valid_if_known: Check) -> None:
    home.driver.change("Garden", **ALL)
    people = {"objectDetectionClasses": [{"imageNetClass": "person"}]}
    message = send(OBJECTS, "SetObjectDetectionClasses", people, camera="Garden")
    valid_if_known(message)
    assert message["event"]["header"]["name"] == "Response"
    assert reported(message) == FULL
    for classes in ([], [{"imageNetClass": "cat"}], [{"imageNetClass": "person"}, {"imageNetClass": "cat"}]):
        message = send(OBJECTS, "SetObjectDetectionClasses", {"objectDetectionClasses": classes}, camera="Garden")
        valid_if_known(message)
        assert message["event"]["payload"]["type"] == "INVALID_VALUE"
    home.driver.change("Garden", person="none")
    message = send(OBJECTS, "SetObjectDetectionClasses", people, camera="Garden")
    valid_if_known(message)
    assert message["event"]["payload"]["type"] == "INVALID_DIRECTIVE"


def test_another_link_learns_nothing_of_voice_may(home: Household, send: Send) -> None:
    other = home.token(home.another_link("alexa", cameras=()))
    for name, instance in (("TurnOff", "Camera.ImageEncryption"), ("TurnOff", "Camera.Audio")):
        message = send(TOGGLE, name, camera="Garden", token=other, instance=instance)
        assert message["event"]["payload"]["type"] == "NO_SUCH_ENDPOINT"
        assert "Garden" not in json.dumps(message)


def test_no_name_of_a_camera_reaches_the_log(home: Household, send: Send, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), collected() as outcomes:
        send(TOGGLE, "TurnOff", camera="Garage", instance="Camera.ImageEncryption")
        send(POWER, "TurnOff", camera="Garage")
    assert [one.reason for one in outcomes] == ["encryption_by_voice", "voice_may_not"]
    assert "Garage" not in f"{caplog.text}{outcomes}"
