"""Commands by which a voice may change a camera, and what becomes of them."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from showcam.accounts.pins import Pins
from showcam.drivers.errors import SetRefused, SignedOut, VendorDown
from tests.actions.test_traits import Check, Send, allow
from tests.doubles.alike import alike
from tests.doubles.household import Household

PIN = "2468"


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
    assert "The owner sets one on showcam's page" in answered["debugString"]


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
