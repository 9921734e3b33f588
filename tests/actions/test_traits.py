"""A camera's traits in SYNC and QUERY, and the commands by which a voice may change it."""

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from accounts.pins import Pins
from actions.trait import Trait
from actions.traits import traits
from registry.errors import SetRefused, SignedOut, VendorDown
from registry.preferences import Preferences
from tests.doubles.alike import alike
from tests.doubles.household import Household

type Send = Callable[..., dict[str, Any]]
type Check = Callable[[str, dict[str, Any]], None]

PAGES = "https://developers.home.google.com/cloud-to-cloud/traits/"
PIN = "2468"
BATTERY = {"battery": 55, "charging": "off"}


def allow(home: Household, *what: str, camera: str = "Garden") -> None:
    home.owner.prefer(home.account.id, home.id(camera), Preferences(voice_may=what))


@dataclass(frozen=True)
class Report:
    """What SYNC and QUERY report of the changed Garden, for the keys of `attributes` and `states`; None: absent."""

    says: str
    trait: str
    attributes: dict[str, Any] | None
    states: dict[str, Any]
    camera: dict[str, Any] = field(default_factory=dict)
    may: tuple[str, ...] = ()


QUERY_ONLY = {"commandOnlyOnOff": False, "queryOnlyOnOff": True}
REPORTS = [
    Report("awake is on", "OnOff", QUERY_ONLY, {"on": True}),
    Report("asleep is off", "OnOff", QUERY_ONLY, {"on": False}, {"asleep": "on"}),
    Report("unknown is not said", "OnOff", QUERY_ONLY, {"on": None}, {"asleep": "unknown"}),
    Report("allowed", "OnOff", {"queryOnlyOnOff": False}, {"on": True}, may=("sleep",)),
    Report("no Sleep Mode", "OnOff", None, {"on": None}, {"asleep": "none"}),
    Report(
        "what it has, and unknown is not said",
        "Toggles",
        {"queryOnlyToggles": True},
        {"currentToggleSettings": {"audio": True, "encryption": False, "status_light": False}},
        {"status_light": "off", "flip": "unknown"},
    ),
    Report("allowed", "Toggles", {"queryOnlyToggles": False}, {}, {"flip": "on"}, may=("flip",)),
    Report("allowed something else", "Toggles", {"queryOnlyToggles": True}, {}, may=("sleep", "flip")),
    Report(
        "no such setting",
        "Toggles",
        None,
        {"currentToggleSettings": None},
        {"audio": "none", "encryption": "none"},
    ),
    Report(
        "night vision",
        "Modes",
        {"queryOnlyModes": True},
        {"currentModeSettings": {"night_vision": "smart"}},
        {"night_vision": "smart"},
    ),
    Report(
        "night vision, allowed",
        "Modes",
        {"queryOnlyModes": False},
        {"currentModeSettings": {}},
        {"night_vision": "unknown"},
        may=("night_vision",),
    ),
    Report("no night vision", "Modes", None, {"currentModeSettings": None}),
    Report(
        "a battery",
        "EnergyStorage",
        {"queryOnlyEnergyStorage": True, "isRechargeable": True},
        {
            "descriptiveCapacityRemaining": "MEDIUM",
            "capacityRemaining": [{"unit": "PERCENTAGE", "rawValue": 55}],
            "isCharging": False,
        },
        BATTERY,
    ),
    Report(
        "a battery that can't be charged",
        "EnergyStorage",
        {"isRechargeable": False},
        {"descriptiveCapacityRemaining": "FULL", "isCharging": None},
        {"battery": 100},
    ),
    Report("empty", "EnergyStorage", {}, {"descriptiveCapacityRemaining": "CRITICALLY_LOW"}, {"battery": 0}),
    Report("beyond full", "EnergyStorage", {}, {"descriptiveCapacityRemaining": "FULL"}, {"battery": 120}),
    Report("no battery", "EnergyStorage", None, {"descriptiveCapacityRemaining": None}),
    Report("may be restarted", "Reboot", {}, {}, {"can_restart": True}, may=("restart",)),
    Report("may not be restarted", "Reboot", None, {}, {"can_restart": True}),
    Report("can't be restarted", "Reboot", None, {}, may=("restart",)),
    Report("a doorbell", "ObjectDetection", {}, {}, {"kind": "doorbell"}),
    Report("knows people", "ObjectDetection", {}, {}, {"person": "off"}),
    Report("sees motion alone", "ObjectDetection", None, {}, {"motion": "off"}),
]


@pytest.mark.parametrize("case", REPORTS, ids=lambda case: f"{case.trait}: {case.says}")
def test_sync_and_query_report_a_trait(case: Report, home: Household, send: Send, valid_if_known: Check) -> None:
    home.driver.change("Garden", **case.camera)
    allow(home, *case.may)
    synced, camera = send("SYNC"), home.id("Garden")
    valid_if_known("SYNC", {"requestId": "1", "payload": synced})
    device = next(device for device in synced["devices"] if device["id"] == camera)
    assert (f"action.devices.traits.{case.trait}" in device["traits"]) is (case.attributes is not None)
    assert (case.attributes or {}).items() <= device["attributes"].items()
    assert "notificationSupportedByAgent" not in device  # nothing is sent yet
    queried = send("QUERY", {"devices": [{"id": camera}]})
    valid_if_known("QUERY", {"requestId": "1", "payload": queried})
    states = queried["devices"][camera]
    assert {key: states.get(key) for key in case.states} == case.states


def test_a_changed_voice_may_is_in_the_next_sync(home: Household, send: Send) -> None:
    def query_only() -> bool:
        [device] = [device for device in send("SYNC")["devices"] if device["id"] == home.id("Garden")]
        return bool(device["attributes"]["queryOnlyOnOff"])

    assert query_only()
    allow(home, "sleep")
    assert not query_only()


# the Garden's state, the status codes in the order reported; True: blocking
MATTERS: list[tuple[dict[str, Any], list[tuple[str, bool]]]] = [
    ({}, [("noIssuesReported", False)]),
    ({"encryption": "on"}, [("securityRestriction", True)]),
    ({"encryption": "on", "audio": "off"}, [("securityRestriction", True), ("deviceNotReady", True)]),
    ({"encryption": "unknown"}, [("securityRestriction", True)]),
    ({"audio": "off"}, [("deviceNotReady", True)]),
    ({"asleep": "on"}, [("deviceTurnedOff", True)]),
    ({"online": "off"}, [("deviceOffline", True)]),
    ({"asleep": "unknown"}, [("deviceNotReady", True)]),
    ({"ways": ()}, [("streamUnavailable", True)]),
    ({"battery": 12}, [("lowBattery", False)]),
    ({"battery": 12, "audio": "off"}, [("deviceNotReady", True), ("lowBattery", False)]),
    ({"battery": 90}, [("noIssuesReported", False)]),
]


@pytest.mark.parametrize(("camera", "matters"), MATTERS, ids=str)
def test_status_report_names_why_a_camera_cannot_be_shown(
    camera: dict[str, Any], matters: list[tuple[str, bool]], home: Household, send: Send, valid_if_known: Check
) -> None:
    home.driver.change("Garden", **camera)
    garden = home.id("Garden")
    answered = send("QUERY", {"devices": [{"id": garden}]})
    valid_if_known("QUERY", {"requestId": "1", "payload": answered})
    report = answered["devices"][garden]["currentStatusReport"]
    assert [(status["statusCode"], status["blocking"]) for status in report] == matters
    assert [status["priority"] for status in report] == list(range(len(matters)))
    assert {status["deviceTarget"] for status in report} == {garden}


@dataclass(frozen=True)
class Do:
    """One command for the Garden, allowed by voice unless `may` says otherwise."""

    says: str
    command: str
    params: Any
    answer: dict[str, Any]
    challenge: Any = None
    camera: dict[str, Any] = field(default_factory=dict)
    may: tuple[str, ...] = ("sleep", "audio", "flip", "night_vision", "restart")
    applied: tuple[str, str] | None = None


def done(**states: Any) -> dict[str, Any]:
    return {"status": "SUCCESS", "states": {"online": True, **states}}


def failed(code: str, words: str = ".+") -> dict[str, Any]:
    return {"status": "ERROR", "errorCode": code, "debugString": re.compile(words)}


def challenged(kind: str) -> dict[str, Any]:
    return failed("challengeNeeded") | {"challengeNeeded": {"type": kind}}


OFF, ON = {"on": False}, {"on": True}
MUTE = {"updateToggleSettings": {"audio": False}}
FLIP = {"updateToggleSettings": {"flip": True}}
COLOUR = {"updateModeSettings": {"night_vision": "colour"}}
NIGHT = {"night_vision": "smart"}
YES, NO = {"ack": True}, {"ack": False}
ASLEEP = {"asleep": "on"}
AFTER_MUTE = {"audio": False, "encryption": False}
DOINGS = [
    Do("off wants the PIN", "OnOff", OFF, challenged("pinNeeded")),
    Do("off with the PIN", "OnOff", OFF, done(on=False), {"pin": PIN}, applied=("sleep", "on")),
    Do("off with another", "OnOff", OFF, challenged("challengeFailedPinNeeded"), {"pin": "1234"}),
    Do("off with a PIN that is a number", "OnOff", OFF, done(on=False), {"pin": int(PIN)}, applied=("sleep", "on")),
    Do("off with a yes where the PIN is wanted", "OnOff", OFF, challenged("pinNeeded"), YES),
    Do("off with a PIN of nonsense", "OnOff", OFF, challenged("challengeFailedPinNeeded"), {"pin": ["x" * 5000]}),
    Do("on is done at once", "OnOff", ON, done(on=True), camera=ASLEEP, applied=("sleep", "off")),
    Do("off is refused before a PIN is asked for", "OnOff", OFF, failed("actionNotAvailable"), may=()),
    Do("on is refused", "OnOff", ON, failed("actionNotAvailable", "A voice is not allowed.*"), camera=ASLEEP, may=()),
    Do("a model without Sleep Mode", "OnOff", ON, failed("functionNotSupported"), camera={"asleep": "none"}),
    Do("neither on nor off", "OnOff", {"on": "yes"}, failed("notSupported")),
    Do("no params", "OnOff", None, failed("notSupported")),
    Do("a toggle is confirmed", "SetToggles", MUTE, challenged("ackNeeded")),
    Do(
        "a toggle with a yes",
        "SetToggles",
        MUTE,
        done(currentToggleSettings=AFTER_MUTE),
        YES,
        applied=("audio", "off"),
    ),
    Do("a toggle with a no", "SetToggles", MUTE, failed("userCancelled"), NO),
    Do("a toggle with nonsense", "SetToggles", MUTE, challenged("ackNeeded"), {"ack": "yes"}),
    Do("a toggle that is not allowed", "SetToggles", MUTE, failed("actionNotAvailable"), YES, may=("flip",)),
    Do("a toggle the camera has not", "SetToggles", FLIP, failed("functionNotSupported"), YES),
    Do(
        "Image Encryption, whatever is allowed",
        "SetToggles",
        {"updateToggleSettings": {"encryption": False}},
        failed("actionNotAvailable", r"Image Encryption is never changed by voice\.(?!.*voice_may).+"),
        YES,
        {"encryption": "on"},
    ),
    Do("no toggle of ours", "SetToggles", {"updateToggleSettings": {"toast": True}}, failed("notSupported"), YES),
    Do(
        "two at once",
        "SetToggles",
        {"updateToggleSettings": {"audio": True, "flip": True}},
        failed("notSupported"),
        YES,
    ),
    Do("a toggle that is text", "SetToggles", {"updateToggleSettings": {"audio": "on"}}, failed("notSupported"), YES),
    Do("toggles of nonsense", "SetToggles", {"updateToggleSettings": [1]}, failed("notSupported"), YES),
    Do("a mode is confirmed", "SetModes", COLOUR, challenged("ackNeeded"), camera=NIGHT),
    Do(
        "a mode with a yes",
        "SetModes",
        COLOUR,
        done(currentModeSettings={"night_vision": "colour"}),
        YES,
        NIGHT,
        applied=("night_vision", "colour"),
    ),
    Do("a mode that is not allowed", "SetModes", COLOUR, failed("actionNotAvailable"), YES, NIGHT, ()),
    Do("a mode that is none", "SetModes", {"updateModeSettings": {"night_vision": "x"}}, failed("notSupported"), YES),
    Do("modes of nonsense", "SetModes", {"updateModeSettings": {"night_vision": {}}}, failed("notSupported"), YES),
    Do("a restart is confirmed", "Reboot", {}, challenged("ackNeeded"), camera={"can_restart": True}),
    Do("a restart with a yes", "Reboot", {}, done(), YES, {"can_restart": True}, applied=("restart", "")),
    Do("a restart that is not allowed", "Reboot", {}, failed("actionNotAvailable"), YES, {"can_restart": True}, ()),
    Do("a restart the model can't do", "Reboot", {}, failed("functionNotSupported"), YES),
]


@pytest.mark.parametrize("case", DOINGS, ids=lambda case: f"{case.command}: {case.says}")
def test_a_command_by_voice_has_its_outcome(case: Do, home: Household, send: Send, valid_if_known: Check) -> None:
    Pins(home.store).set(home.account.id, PIN)
    home.driver.change("Garden", **case.camera)
    allow(home, *case.may)
    answered = command_outcome(home, send, case.command, case.params, case.challenge)
    valid_if_known("EXECUTE", {"requestId": "1", "payload": {"commands": [answered]}})
    assert alike(answered, {"ids": [home.id("Garden")], **case.answer})
    applied = [(setting, value) for _, setting, value, _ in home.driver.applied]
    assert applied == ([case.applied] if case.applied else [])


def test_a_change_that_the_camera_does_not_show_yet_is_pending(
    home: Household, send: Send, valid_if_known: Check
) -> None:
    allow(home, "audio")
    home.driver.lags = True
    answered = command_outcome(home, send, "SetToggles", MUTE, YES)
    valid_if_known("EXECUTE", {"requestId": "1", "payload": {"commands": [answered]}})
    assert answered == {"ids": [home.id("Garden")], "status": "PENDING", "states": {"online": True}}


def command_outcome(
    home: Household,
    send: Send,
    command: str,
    params: Any,
    challenge: Any = None,
    cameras: tuple[str, ...] = ("Garden",),
) -> dict[str, Any]:
    """The entry of the first device."""
    execution = {"command": f"action.devices.commands.{command}", "params": params}
    execution |= {"challenge": challenge} if challenge is not None else {}
    devices = [{"id": home.id(name)} for name in cameras]
    return dict(send("EXECUTE", {"commands": [{"devices": devices, "execution": [execution]}]})["commands"][0])


def test_with_no_pin_set_no_camera_is_switched_off(home: Household, send: Send) -> None:
    allow(home, "sleep")
    answered = command_outcome(home, send, "OnOff", OFF, {"pin": PIN})
    assert (answered["errorCode"], home.driver.applied) == ("actionNotAvailable", [])
    assert "showcam pin set" in answered["debugString"]


def test_wrong_pins_end_in_too_many_failed_attempts(home: Household, send: Send, valid_if_known: Check) -> None:
    Pins(home.store).set(home.account.id, PIN)
    allow(home, "sleep")
    codes = []
    for guess in range(8):
        answered = command_outcome(home, send, "OnOff", OFF, {"pin": f"{guess:04}"})
        valid_if_known("EXECUTE", {"requestId": "1", "payload": {"commands": [answered]}})
        codes.append(answered["errorCode"])
    assert codes[0] == "challengeNeeded"
    assert codes[-1] == "tooManyFailedAttempts"
    assert command_outcome(home, send, "OnOff", OFF, {"pin": PIN})["errorCode"] == "tooManyFailedAttempts"
    assert home.driver.applied == []


def test_one_pin_for_all_cameras_is_one_try(home: Household, send: Send) -> None:
    Pins(home.store).set(home.account.id, PIN)
    home.driver.change("Attic", online="on")
    names = ("Garden", "Front Door", "Garage", "Nursery", "Attic", "Pond")
    for name in names:
        allow(home, "sleep", camera=name)
    execution = {"command": "action.devices.commands.OnOff", "params": OFF, "challenge": {"pin": PIN}}
    for _ in range(2):
        answered = send(
            "EXECUTE", {"commands": [{"devices": [{"id": home.id(name)} for name in names], "execution": [execution]}]}
        )
        assert [command["status"] for command in answered["commands"]] == ["SUCCESS"] * len(names)
        assert [command["ids"][0] for command in answered["commands"]] == [home.id(name) for name in names]


def test_a_command_sees_what_the_command_before_it_changed(home: Household, send: Send, valid_if_known: Check) -> None:
    """ "Show the bedroom camera" of a sleeping one, by a routine that wakes it first."""
    allow(home, "sleep", camera="Bedroom")
    stream = {"StreamToChromecast": False, "SupportedStreamProtocols": ["webrtc"]}
    executions = [
        {"command": "action.devices.commands.OnOff", "params": ON},
        {"command": "action.devices.commands.GetCameraStream", "params": stream},
    ]
    answered = send("EXECUTE", {"commands": [{"devices": [{"id": home.id("Bedroom")}], "execution": executions}]})
    valid_if_known("EXECUTE", {"requestId": "1", "payload": answered})
    [command] = answered["commands"]
    assert (command["status"], command["states"]["on"]) == ("SUCCESS", True)
    assert command["states"]["cameraStreamProtocol"] == "webrtc"


# what goes wrong when a voice mutes the Garden, and the error code
TROUBLE: list[tuple[Callable[[Household], None], str]] = [
    (lambda home: setattr(home.driver, "set_error", SetRefused("not_taken")), "transientError"),
    (lambda home: setattr(home.driver, "set_error", SetRefused("unsupported")), "functionNotSupported"),
    (lambda home: setattr(home.driver, "error", VendorDown()), "transientError"),
    (lambda home: setattr(home.driver, "error", SignedOut()), "authFailure"),
]


@pytest.mark.parametrize(("trouble", "code"), TROUBLE, ids=lambda value: value if isinstance(value, str) else "")
def test_a_change_that_fails_is_an_error(
    trouble: Callable[[Household], None], code: str, home: Household, send: Send, valid_if_known: Check
) -> None:
    allow(home, "audio")
    garden = home.id("Garden")
    trouble(home)
    execution = {"command": "action.devices.commands.SetToggles", "params": MUTE, "challenge": YES}
    answered = send("EXECUTE", {"commands": [{"devices": [{"id": garden}], "execution": [execution]}]})
    valid_if_known("EXECUTE", {"requestId": "1", "payload": answered})
    assert answered["commands"][0]["errorCode"] == code


def test_another_households_pin_is_wrong(home: Household, send: Send) -> None:
    Pins(home.store).set(home.account.id, PIN)
    allow(home, "sleep")
    chosen = home.another_link("google", cameras=(home.id("Pond"),))
    execution = {"command": "action.devices.commands.OnOff", "params": OFF, "challenge": {"pin": PIN}}
    payload = {"commands": [{"devices": [{"id": home.id("Garden")}], "execution": [execution]}]}
    [answered] = send("EXECUTE", payload, token=home.token(chosen))["commands"]
    assert (answered["errorCode"], home.driver.applied) == ("deviceNotFound", [])


def test_each_trait_names_the_page_of_google_s_that_it_follows(home: Household) -> None:
    modules = {
        trait.name.rpartition(".")[2]: sys.modules[type(trait).__module__] for trait in traits(home.registry, "")
    }
    unnamed = [name for name, module in modules.items() if f"{PAGES}{name.lower()}\n" not in f"{module.__doc__}\n"]
    assert unnamed == []


def test_each_trait_with_a_command_executes_it() -> None:
    idle = [kind.__name__ for kind in Trait.__subclasses__() if kind.command and "execute" not in vars(kind)]
    assert idle == []
    assert any(kind.command for kind in Trait.__subclasses__())
