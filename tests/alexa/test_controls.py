"""What a camera has beside its picture: how it is told, asked about and changed, and who may change it."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from registry.errors import SetRefused, SignedOut
from registry.preferences import Preferences
from tests.doubles.household import Household

type Ask = Callable[..., dict[str, Any]]
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


def told(message: dict[str, Any]) -> dict[tuple[str, str], Any]:
    """Context properties by namespace and instance."""
    properties = message["context"]["properties"]
    found = {(each["namespace"].removeprefix("Alexa."), each.get("instance", "")): each["value"] for each in properties}
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


def told_by_default(setting: str) -> dict[tuple[str, str], Any]:
    return POWERED if setting == "sleep" else FULL


def test_all_of_it_is_told_when_asked(home: Household, ask: Ask, valid_if_known: Check) -> None:
    home.driver.change("Garden", **ALL)
    message = ask("Alexa", "ReportState", camera="Garden")
    valid_if_known(message)
    assert told(message) == FULL


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
def test_each_state_has_its_word(
    changes: dict[str, str], key: tuple[str, str], value: Any, home: Household, ask: Ask, valid_if_known: Check
) -> None:
    home.driver.change("Garden", **{**ALL, **changes})
    allow(home, "sleep")
    message = ask("Alexa", "ReportState", camera="Garden")
    valid_if_known(message)
    assert told(message) == POWERED | {key: value}


@pytest.mark.parametrize("unsure", ["unknown", "none"])
def test_what_is_unknown_or_absent_is_left_out(unsure: str, home: Household, ask: Ask, valid_if_known: Check) -> None:
    flags = dict.fromkeys([*ALL, "asleep", "audio", "encryption"], unsure)
    home.driver.change("Garden", **flags)
    message = ask("Alexa", "ReportState", camera="Garden")
    valid_if_known(message)
    left = told(message)
    if unsure == "unknown":
        del left["SmartVision.ObjectDetectionSensor", ""]  # that it looks for people is known
    assert left == {("EndpointHealth", ""): {"value": "OK"}}


def test_a_camera_that_may_be_online_is_not_called_unreachable(
    home: Household, ask: Ask, valid_if_known: Check
) -> None:
    home.driver.change("Garden", **{**ALL, "online": "unknown"})
    message = ask("Alexa", "ReportState", camera="Garden")
    valid_if_known(message)
    assert told(message) == {key: value for key, value in FULL.items() if key != ("EndpointHealth", "")}


def test_a_camera_of_which_nothing_is_known_has_no_state(home: Household, ask: Ask, valid_if_known: Check) -> None:
    home.driver.change("Garden", online="unknown", asleep="unknown", audio="unknown", encryption="unknown")
    message = ask("Alexa", "ReportState", camera="Garden")
    valid_if_known(message)
    assert (message["event"]["header"]["name"], told(message)) == ("StateReport", {})


def test_a_stream_comes_with_all_of_it(home: Household, ask: Ask, valid_if_known: Check) -> None:
    home.driver.change("Garden", **ALL)
    streams = {"cameraStreams": [{"protocol": "HLS"}]}
    message = ask("Alexa.CameraStreamController", "InitializeCameraStreams", streams, camera="Garden")
    valid_if_known(message)
    assert told(message) == FULL


# interface, directive, instance, payload; the registry's setting and value; what is told afterwards
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
EACH = pytest.mark.parametrize(
    ("interface", "name", "instance", "payload", "setting", "value", "word"),
    CHANGES,
    ids=[f"{name} {instance or 'power'} {value}" for _, name, instance, _, _, value, _ in CHANGES],
)


def header(instance: str | None) -> dict[str, str]:
    return {"instance": instance} if instance else {}


@EACH
def test_it_is_changed_and_read_back_where_the_owner_lets_a_voice(
    interface: str,
    name: str,
    instance: str | None,
    payload: dict[str, str],
    setting: str,
    value: str,
    word: str | None,
    home: Household,
    ask: Ask,
    valid_if_known: Check,
) -> None:
    home.driver.change("Garden", **ALL)
    allow(home, setting)
    message = ask(interface, name, payload, camera="Garden", **header(instance))
    valid_if_known(message)
    event = message["event"]
    assert (event["header"]["namespace"], event["header"]["name"], event["payload"]) == ("Alexa", "Response", {})
    assert home.driver.applied == [("Garden", setting, value, "")]
    key = (interface.removeprefix("Alexa."), instance or "")
    assert told(message) == told_by_default(setting) | {key: word or payload["mode"]}


@EACH
def test_it_is_refused_with_the_place_to_change_it_where_the_owner_does_not(
    interface: str,
    name: str,
    instance: str | None,
    payload: dict[str, str],
    setting: str,
    value: str,
    word: str | None,
    home: Household,
    ask: Ask,
    valid_if_known: Check,
) -> None:
    home.driver.change("Garden", **ALL)
    allow(home, *({"sleep", "flip"} - {setting}))
    message = ask(interface, name, payload, camera="Garden", **header(instance))
    valid_if_known(message)
    payload = message["event"]["payload"]
    assert (payload["type"], payload["currentDeviceMode"]) == ("NOT_SUPPORTED_IN_CURRENT_MODE", "OTHER")
    assert "showcam cameras set" in payload["message"]
    assert "EZVIZ app" in payload["message"]
    assert home.driver.applied == []


def test_image_encryption_can_be_asked_about_and_never_changed(
    home: Household, ask: Ask, valid_if_known: Check
) -> None:
    allow(home, "sleep", camera="Garage")
    for name in ("TurnOff", "TurnOn"):
        message = ask(TOGGLE, name, camera="Garage", instance="Camera.ImageEncryption")
        valid_if_known(message)
        assert message["event"]["payload"]["type"] == "NOT_SUPPORTED_IN_CURRENT_MODE"
        assert "Garage > Settings > Image Encryption" in message["event"]["payload"]["message"]
    assert home.driver.applied == []


def test_the_place_is_told_in_the_links_language(home: Household, ask: Ask) -> None:
    token = home.token(home.another_link("alexa", locale="nb-NO"))
    for instance, word in (("Camera.ImageEncryption", "Bildekryptering endres aldri"), ("Camera.Audio", "Stemmen")):
        message = ask(TOGGLE, "TurnOff", camera="Garden", token=token, instance=instance)
        assert word in message["event"]["payload"]["message"]


def deaf(home: Household) -> None:
    home.driver.ignores_settings = True


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
def test_a_change_that_does_not_come_about_is_no_success(
    come_about: Callable[[Household], None], kind: str, home: Household, ask: Ask, valid_if_known: Check
) -> None:
    home.driver.change("Garden", **ALL)
    allow(home, "status_light")
    camera, token = home.id("Garden"), home.token()
    come_about(home)
    message = ask(TOGGLE, "TurnOn", camera=camera, token=token, instance="Camera.StatusLight", waited_s=4.0)
    valid_if_known(message)
    assert message["event"]["payload"]["type"] == kind


def test_looking_for_people_is_all_it_can_be_set_to(home: Household, ask: Ask, valid_if_known: Check) -> None:
    home.driver.change("Garden", **ALL)
    people = {"objectDetectionClasses": [{"imageNetClass": "person"}]}
    message = ask(OBJECTS, "SetObjectDetectionClasses", people, camera="Garden")
    valid_if_known(message)
    assert message["event"]["header"]["name"] == "Response"
    assert told(message) == FULL
    for classes in ([], [{"imageNetClass": "cat"}], [{"imageNetClass": "person"}, {"imageNetClass": "cat"}]):
        message = ask(OBJECTS, "SetObjectDetectionClasses", {"objectDetectionClasses": classes}, camera="Garden")
        valid_if_known(message)
        assert message["event"]["payload"]["type"] == "INVALID_VALUE"
    home.driver.change("Garden", person="none")
    message = ask(OBJECTS, "SetObjectDetectionClasses", people, camera="Garden")
    valid_if_known(message)
    assert message["event"]["payload"]["type"] == "INVALID_DIRECTIVE"


def test_a_stranger_learns_nothing_of_what_a_voice_may(home: Household, ask: Ask) -> None:
    other = home.token(home.another_link("alexa", cameras=()))
    for name, instance in (("TurnOff", "Camera.ImageEncryption"), ("TurnOff", "Camera.Audio")):
        message = ask(TOGGLE, name, camera="Garden", token=other, instance=instance)
        assert message["event"]["payload"]["type"] == "NO_SUCH_ENDPOINT"
        assert "Garden" not in json.dumps(message)


def test_no_name_of_a_camera_reaches_the_log(home: Household, ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        ask(TOGGLE, "TurnOff", camera="Garage", instance="Camera.ImageEncryption")
        ask(POWER, "TurnOff", camera="Garage")
    assert "NOT_SUPPORTED_IN_CURRENT_MODE" in caplog.text
    assert "Garage" not in caplog.text
