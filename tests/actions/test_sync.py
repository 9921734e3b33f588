"""SYNC: the devices of a household's cameras."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from actions.fulfillment import Fulfillment
from showcam.drivers.errors import DriverError, SignedOut, VendorBusy, VendorDown
from tests.actions.test_wire import Check, Send
from tests.doubles.household import Household, household
from tests.doubles.ready_driver import camera


def test_sync_lists_every_camera_in_full(home: Household, send: Send, valid_if_known: Check) -> None:
    answered = send("SYNC")
    valid_if_known("SYNC", {"requestId": "1", "payload": answered})
    assert answered["agentUserId"] == home.link.agent_user
    devices = {device["name"]["name"]: device for device in answered["devices"]}
    assert set(devices) == {"Garden", "Front Door", "Garage", "Nursery", "Attic", "Bedroom", "Pond"}
    assert devices["Front Door"]["type"] == "action.devices.types.DOORBELL"
    assert devices["Garden"] == {
        "id": home.id("Garden"),
        "type": "action.devices.types.CAMERA",
        "traits": [f"action.devices.traits.{trait}" for trait in ("CameraStream", "OnOff", "Toggles", "StatusReport")],
        "name": {"name": "Garden"},
        "willReportState": False,
        "attributes": {
            "cameraStreamSupportedProtocols": ["webrtc", "hls"],
            "cameraStreamNeedAuthToken": False,
            "commandOnlyOnOff": False,
            "queryOnlyOnOff": True,
            "availableToggles": [
                {
                    "name": "audio",
                    "name_values": [
                        {"name_synonym": ["audio", "sound", "microphone"], "lang": "en"},
                        {"name_synonym": ["lyd", "mikrofon"], "lang": "no"},
                    ],
                },
                {
                    "name": "encryption",
                    "name_values": [
                        {"name_synonym": ["image encryption", "encryption"], "lang": "en"},
                        {"name_synonym": ["bildekryptering", "kryptering"], "lang": "no"},
                    ],
                },
            ],
            "commandOnlyToggles": False,
            "queryOnlyToggles": True,
        },
        "deviceInfo": {"manufacturer": "EZVIZ", "model": "C3TN", "swVersion": "V5.3.0"},
    }


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("  Garden \n", "Garden"),
        ("Kari’s room (2)", "Kari’s room (2)"),
        ("word " * 30, ("word " * 12).strip()),
        ("å" * 100, "å" * 60),
        ("Hi " + "x" * 100, "Hi"),
        ("Anne’s 👩\u200d👧 room", "Anne’s 👩\u200d👧 room"),
        ("در\u200cها", "در\u200cها"),
        ("Yard\x07gate\x85\u2028north", "Yard gate north"),
        ("\x00\x07", "Camera"),
        ("", "Camera"),
    ],
)
def test_a_name_is_cut_to_googles_limit(
    given: str, name: str, tmp_path: Path, make_fulfillment: Callable[[Household], Fulfillment], valid_if_known: Check
) -> None:
    home = household(tmp_path, assistant="google", cameras=[camera(given, "S1", model="", firmware="")])
    body = b'{"requestId":"1","inputs":[{"intent":"action.devices.SYNC"}]}'
    answer = json.loads(make_fulfillment(home).answer(body, home.token())[1])
    home.store.close()
    valid_if_known("SYNC", answer)
    [device] = answer["payload"]["devices"]
    assert (device["name"], device["deviceInfo"]) == ({"name": name}, {"manufacturer": "EZVIZ"})


def test_each_link_has_its_own_user_and_cameras(home: Household, send: Send) -> None:
    chosen = home.another_link("google", cameras=(home.id("Pond"),))
    answered = send("SYNC", token=home.token(chosen))
    assert answered["agentUserId"] == chosen.agent_user != home.link.agent_user
    assert [device["name"]["name"] for device in answered["devices"]] == ["Pond"]
    assert len(send("SYNC")["devices"]) == 7


def test_a_changed_list_is_in_the_next_sync(home: Household, send: Send) -> None:
    assert len(send("SYNC")["devices"]) == 7
    home.driver.set([camera("Orchard", "F00000001")])
    assert [device["name"]["name"] for device in send("SYNC")["devices"]] == ["Orchard"]


def test_an_account_without_cameras_gets_an_empty_list(home: Household, send: Send, valid_if_known: Check) -> None:
    home.driver.set([])
    answered = send("SYNC")
    valid_if_known("SYNC", {"requestId": "1", "payload": answered})
    assert answered == {"agentUserId": home.link.agent_user, "devices": []}


@pytest.mark.parametrize(
    ("error", "code"),
    [(VendorDown(), "transientError"), (VendorBusy(), "transientError"), (SignedOut(), "authFailure")],
    ids=lambda value: value if isinstance(value, str) else value.reason,
)
def test_a_list_that_cannot_be_read_is_an_error_and_never_empty(
    error: DriverError, code: str, home: Household, send: Send, valid_if_known: Check
) -> None:
    home.driver.error = error
    answered = send("SYNC")
    valid_if_known("SYNC", {"requestId": "1", "payload": answered})
    assert answered["errorCode"] == code
    assert "devices" not in answered
