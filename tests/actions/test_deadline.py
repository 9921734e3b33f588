"""A vendor that hangs: the whole EXECUTE is answered within its budget, however many cameras are in it."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from actions import executions
from actions.fulfillment import Fulfillment
from showcam.accounts.pins import Pins
from showcam.drivers.errors import VendorDown
from showcam.engine.messages import MediaUnavailable
from showcam.registry.preferences import Preferences
from tests.doubles.household import WITHOUT_MEDIA, Household, household
from tests.doubles.stopwatch import Stopwatch

type Send = Callable[..., dict[str, Any]]
type Check = Callable[[str, dict[str, Any]], None]

LEFT_S = 0.4  # of the budget: the request arrived BUDGET_S - LEFT_S ago
WAITED_S = executions.BUDGET_S - LEFT_S
PIN = "2468"
STREAM = {
    "command": "action.devices.commands.GetCameraStream",
    "params": {"StreamToChromecast": False, "SupportedStreamProtocols": ["webrtc"]},
}
OFF = {"command": "action.devices.commands.OnOff", "params": {"on": False}, "challenge": {"pin": PIN}}
ON = {"command": "action.devices.commands.OnOff", "params": {"on": True}}
MUTE = {
    "command": "action.devices.commands.SetToggles",
    "params": {"updateToggleSettings": {"audio": False}},
    "challenge": {"ack": True},
}
REBOOT = {"command": "action.devices.commands.Reboot", "params": {}, "challenge": {"ack": True}}
ALL = ("Garden", "Front Door", "Garage", "Nursery", "Attic", "Bedroom", "Pond")


@pytest.fixture
def hung(home: Household) -> Iterator[dict[str, str]]:
    """The cameras' ids. Every call of their vendor uses up its timeout and fails."""
    Pins(home.store).set(home.account.id, PIN)
    may = Preferences(voice_may=("sleep", "audio", "restart"))
    for name in ALL:
        home.owner.prefer(home.account.id, home.id(name), may)
    home.registry.states(home.link, [home.id("Garden")])
    ids = {name: home.id(name) for name in ALL}
    home.driver.hold, home.driver.error = threading.Event(), VendorDown()
    yield ids
    home.driver.hold.set()


@pytest.mark.parametrize("cameras", [ALL[:1], ALL], ids=["one", "all"])
@pytest.mark.parametrize(
    "executions",
    [[STREAM], [STREAM, STREAM | {"params": {}}], [OFF], [ON, STREAM], [MUTE], [REBOOT]],
    ids=["stream", "streams", "off", "on and stream", "mute", "reboot"],
)
def test_execute_at_a_hanging_vendor_is_answered_in_time(
    cameras: tuple[str, ...],
    executions: list[Any],
    hung: dict[str, str],
    home: Household,
    send: Send,
    valid_if_known: Check,
) -> None:
    ids = [hung[name] for name in cameras]
    commands = [{"devices": [{"id": camera} for camera in ids], "execution": executions}]
    with Stopwatch() as watch:
        answered = send("EXECUTE", {"commands": commands}, waited_s=WAITED_S)
    valid_if_known("EXECUTE", {"requestId": "1", "payload": answered})
    assert [command["ids"] for command in answered["commands"]] == [[camera_id] for camera_id in ids]
    assert {command["errorCode"] for command in answered["commands"]} <= {"transientError", "functionNotSupported"}
    assert watch.took_s < home.rules.vendor_s  # the limit of one call without a deadline: so the deadline was passed on


@pytest.mark.parametrize("mode", ["media process", "vendor alone"])
def test_steps_after_a_slow_vendor_fit_into_the_rest_of_two_seconds(
    mode: str, tmp_path: Path, make_fulfillment: Callable[[Household], Fulfillment]
) -> None:
    home = household(tmp_path, assistant="google", rules=WITHOUT_MEDIA if mode == "vendor alone" else None)
    token, garden, door = home.token(), home.id("Garden"), make_fulfillment(home)
    left_s = 2.0 - executions.BUDGET_S
    hold = threading.Event()
    home.driver.after_read = lambda: setattr(home.driver, "hold", hold)  # the address is minted at the last moment
    home.pictures.error = MediaUnavailable()
    execution = STREAM | {"params": {"SupportedStreamProtocols": ["hls"]}}
    payload = {"commands": [{"devices": [{"id": garden}], "execution": [execution]}]}
    body = {"requestId": "1", "inputs": [{"intent": "action.devices.EXECUTE", "payload": payload}]}
    door.answer(json.dumps(body).encode(), token, time.monotonic() - WAITED_S)
    hold.set()
    home.store.close()
    after = [
        given_s for name, given_s in home.driver.deadlines.items() if name not in ("read", "mint")
    ] + home.pictures.timeouts
    assert len(after) == (2 if mode == "media process" else 1)  # an unused address is released
    assert sum(given_s or left_s for given_s in after) < left_s


def test_a_hanging_camera_does_not_fail_the_others_of_an_execute(home: Household, send: Send) -> None:
    ids = [home.id("Garden"), home.id("Pond")]
    answered = send(
        "EXECUTE", {"commands": [{"devices": [{"id": camera_id} for camera_id in ids], "execution": [STREAM]}]}
    )
    assert [command["status"] for command in answered["commands"]] == ["SUCCESS", "ERROR"]
    assert answered["commands"][1]["errorCode"] == "streamUnplayable"


def test_query_at_a_hanging_vendor_is_answered_in_time(home: Household, send: Send, valid_if_known: Check) -> None:
    ids = [home.id(name) for name in ALL]
    home.owner.prefer(home.account.id, ids[0], Preferences())
    home.driver.hold, home.driver.error = threading.Event(), VendorDown()
    with Stopwatch() as watch:
        answered = send("QUERY", {"devices": [{"id": camera} for camera in ids]}, waited_s=WAITED_S)
    home.driver.hold.set()
    valid_if_known("QUERY", {"requestId": "1", "payload": answered})
    assert set(answered["devices"]) == set(ids)
    assert watch.took_s < home.rules.vendor_s
