"""Discover: the endpoints of a household's cameras."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from showcam.accounts.links import authenticate
from showcam.alexa.smart_home import SmartHome
from showcam.alexa.texts import friendly as named
from showcam.drivers.camera import Video
from showcam.drivers.errors import DriverError, SignedOut, VendorBusy, VendorDown
from showcam.drivers.settings import BY_VOICE
from showcam.registry.preferences import MotionRings, Preferences
from tests.doubles.household import Household, household
from tests.doubles.ready_driver import camera

type Send = Callable[..., dict[str, Any]]
type Check = Callable[[dict[str, Any]], None]


def friendly(key: str) -> dict[str, Any]:
    """The setting's names as a message carries them."""
    return dict(msgspec.to_builtins(named(key)))


def discover(send: Send, **changes: Any) -> dict[str, dict[str, Any]]:
    """The endpoints by friendly name."""
    event = send("Alexa.Discovery", "Discover", **changes)["event"]
    assert (event["header"]["namespace"], event["header"]["name"]) == ("Alexa.Discovery", "Discover.Response")
    assert "endpoint" not in event
    return {endpoint["friendlyName"]: endpoint for endpoint in event["payload"]["endpoints"]}


def discover_body(home: Household) -> bytes:
    header = {"namespace": "Alexa.Discovery", "name": "Discover"}
    return json.dumps({"directive": {"header": header, "payload": {"scope": {"token": home.token()}}}}).encode()


def test_discover_lists_every_camera_even_one_that_cannot_be_shown_now(send: Send) -> None:
    found = discover(send)
    assert set(found) == {"Garden", "Front Door", "Garage", "Nursery", "Attic", "Bedroom", "Pond"}


def test_a_camera_in_full(home: Household, send: Send) -> None:
    assert discover(send)["Garden"] == {
        "endpointId": home.id("Garden"),
        "manufacturerName": "EZVIZ",
        "friendlyName": "Garden",
        "description": "EZVIZ camera C3TN through showcam",
        "displayCategories": ["CAMERA"],
        "additionalAttributes": {"manufacturer": "EZVIZ", "model": "C3TN", "firmwareVersion": "V5.3.0"},
        "capabilities": [
            {"type": "AlexaInterface", "interface": "Alexa", "version": "3"},
            {
                "type": "AlexaInterface",
                "interface": "Alexa.CameraStreamController",
                "version": "3",
                "cameraStreamConfigurations": [
                    {
                        "protocols": ["HLS"],
                        "resolutions": [{"width": 1920, "height": 1080}],
                        "authorizationTypes": ["NONE"],
                        "videoCodecs": ["H264"],
                        "audioCodecs": ["AAC", "NONE"],
                    }
                ],
            },
            {
                "type": "AlexaInterface",
                "interface": "Alexa.RTCSessionController",
                "version": "3",
                "configuration": {"isFullDuplexAudioSupported": False},
            },
            {
                "type": "AlexaInterface",
                "interface": "Alexa.SmartVision.SnapshotProvider",
                "version": "1.1",
            },
            {
                "type": "AlexaInterface",
                "interface": "Alexa.EndpointHealth",
                "version": "3.1",
                "properties": reported("connectivity"),
            },
            {
                "type": "AlexaInterface",
                "interface": "Alexa.ToggleController",
                "version": "3",
                "instance": "Camera.Audio",
                "properties": reported("toggleState") | {"nonControllable": True},
                "capabilityResources": friendly("audio"),
            },
            {
                "type": "AlexaInterface",
                "interface": "Alexa.ToggleController",
                "version": "3",
                "instance": "Camera.ImageEncryption",
                "properties": reported("toggleState") | {"nonControllable": True},
                "capabilityResources": friendly("encryption"),
            },
        ],
    }


def reported(name: str) -> dict[str, Any]:
    """A property that is retrievable and not reported proactively."""
    return {"supported": [{"name": name}], "proactivelyReported": False, "retrievable": True}


def capabilities(endpoint: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The capabilities by interface and instance."""
    return {
        f"{capability['interface']} {capability.get('instance', '')}".strip(): capability
        for capability in endpoint["capabilities"]
    }


ALL = {
    "status_light": "off",
    "alarm_notification": "on",
    "offline_notification": "unknown",
    "flip": "on",
    "night_vision": "smart",
    "motion": "unknown",
    "person": "off",
    "kind": "doorbell",
}


def test_a_camera_with_everything(home: Household, send: Send, valid_if_known: Check) -> None:
    home.driver.change("Garden", **ALL)
    message = send("Alexa.Discovery", "Discover")
    valid_if_known(message)
    endpoint = next(
        endpoint for endpoint in message["event"]["payload"]["endpoints"] if endpoint["friendlyName"] == "Garden"
    )
    found = capabilities(endpoint)
    assert len(found) == len(endpoint["capabilities"]) <= 100
    assert set(found) - set(capabilities(discover(send)["Garage"])) == {
        "Alexa.DoorbellEventSource",
        "Alexa.MotionSensor",
        "Alexa.SmartVision.ObjectDetectionSensor",
        "Alexa.ToggleController Camera.StatusLight",
        "Alexa.ToggleController Camera.AlarmNotification",
        "Alexa.ToggleController Camera.OfflineNotification",
        "Alexa.ToggleController Camera.Flip",
        "Alexa.ModeController Camera.NightVision",
    }
    assert '"proactivelyReported": true' not in json.dumps(message)
    modes = found["Alexa.ModeController Camera.NightVision"]["configuration"]
    assert modes["ordered"] is False
    assert [mode["value"] for mode in modes["supportedModes"]] == [
        "NightVision.Color",
        "NightVision.BlackAndWhite",
        "NightVision.Smart",
    ]


# voice_may · the controllers by which Alexa may change something
VOICES: list[tuple[tuple[str, ...], set[str]]] = [
    ((), set()),
    (("sleep",), {"PowerController"}),
    (("audio",), {"ToggleController Camera.Audio"}),
    (("status_light", "flip"), {"ToggleController Camera.StatusLight", "ToggleController Camera.Flip"}),
    (("night_vision",), {"ModeController Camera.NightVision"}),
    (("restart",), set()),
    (
        tuple(BY_VOICE),
        {
            "PowerController",
            *(f"ToggleController Camera.{toggle}" for toggle in ("Audio", "StatusLight", "AlarmNotification")),
            *(f"ToggleController Camera.{toggle}" for toggle in ("OfflineNotification", "Flip")),
            "ModeController Camera.NightVision",
        },
    ),
    ((), set()),
]


def test_a_changed_voice_may_is_in_the_next_discover(home: Household, send: Send, valid_if_known: Check) -> None:
    home.driver.change("Garden", **ALL)
    for may, controllable in VOICES:
        home.owner.prefer(home.account.id, home.id("Garden"), Preferences(voice_may=may))
        message = send("Alexa.Discovery", "Discover")
        valid_if_known(message)
        endpoint = next(
            endpoint for endpoint in message["event"]["payload"]["endpoints"] if endpoint["friendlyName"] == "Garden"
        )
        found = {
            name.removeprefix("Alexa."): capability["properties"].get("nonControllable", False)
            for name, capability in capabilities(endpoint).items()
            if "Controller" in name and "properties" in capability
        }
        assert {name for name, fixed in found.items() if not fixed} == controllable
        # every state can still be read, except power, which has no read-only form at Amazon
        assert len(found) == 7 + ("sleep" in may)
        state = send("Alexa", "ReportState", camera="Garden")
        interfaces = {stated["namespace"] for stated in state["context"]["properties"]}
        assert ("Alexa.PowerController" in interfaces) is ("sleep" in may)


def test_a_setting_that_a_camera_lacks_is_not_advertised(home: Household, send: Send) -> None:
    home.driver.change("Garden", asleep="none", audio="none", encryption="none")
    home.owner.prefer(home.account.id, home.id("Garden"), Preferences(voice_may=("sleep", "audio")))
    assert set(capabilities(discover(send)["Garden"])) == {
        "Alexa",
        "Alexa.CameraStreamController",
        "Alexa.RTCSessionController",
        "Alexa.SmartVision.SnapshotProvider",
        "Alexa.EndpointHealth",
    }


def test_snapshots_can_be_left_out(home: Household) -> None:
    skill = SmartHome(partial(authenticate, home.store, assistant="alexa"), home.registry, snapshots=False)
    endpoints = json.loads(skill.answer(discover_body(home)))["event"]["payload"]["endpoints"]
    assert endpoints
    for endpoint in endpoints:
        assert "Alexa.SmartVision.SnapshotProvider" not in capabilities(endpoint)


def test_a_doorbell_is_a_camera_first(send: Send) -> None:
    assert discover(send)["Front Door"]["displayCategories"] == ["CAMERA", "DOORBELL"]


def test_a_camera_whose_motion_rings_is_listed_as_a_doorbell(
    home: Household, send: Send, valid_if_known: Check
) -> None:
    rows: list[tuple[MotionRings, list[str]]] = [
        ("person", ["CAMERA", "DOORBELL"]),
        ("motion", ["CAMERA", "DOORBELL"]),
        ("no", ["CAMERA"]),
    ]
    for rings, categories in rows:
        home.owner.prefer(home.account.id, home.id("Garden"), Preferences(motion_rings=rings))
        valid_if_known(send("Alexa.Discovery", "Discover"))
        garden = discover(send)["Garden"]
        assert garden["displayCategories"] == categories
        assert ("Alexa.DoorbellEventSource" in capabilities(garden)) is (rings != "no")


UHD = {"video": Video("h264", 3840, 2160)}
WHOLE_H265 = {"video": Video("h265", 2560, 1440)}


@pytest.mark.parametrize(
    ("given", "resolutions", "codecs"),
    [
        ({"video": Video("h264", 640, 480)}, [{"width": 640, "height": 480}], ["AAC", "NONE"]),
        ({"video": Video()}, [{"width": 1280, "height": 720}], ["AAC", "NONE"]),
        (
            {"sub": Video("h264", 640, 360)},
            [{"width": 1920, "height": 1080}, {"width": 640, "height": 360}],
            ["AAC", "NONE"],
        ),
        ({"sub": Video("h264")}, [{"width": 1920, "height": 1080}], ["AAC", "NONE"]),
        ({"sub": Video("h265", 640, 360)}, [{"width": 1920, "height": 1080}], ["AAC", "NONE"]),
        # no display decodes more than Full HD: the sub stream alone, where there is one
        (UHD | {"sub": Video("h264", 640, 360)}, [{"width": 640, "height": 360}], ["AAC", "NONE"]),
        (UHD | {"sub": Video("h264")}, [{"width": 1280, "height": 720}], ["AAC", "NONE"]),
        (UHD, [{"width": 1280, "height": 720}], ["AAC", "NONE"]),
        # H.265 is not shown: the sub stream alone where it is H.264 or was never opened, else the card with the reason
        (WHOLE_H265 | {"sub": Video("h264", 640, 360)}, [{"width": 640, "height": 360}], ["AAC", "NONE"]),
        (WHOLE_H265 | {"sub": Video("h264")}, [{"width": 1280, "height": 720}], ["AAC", "NONE"]),
        (WHOLE_H265 | {"sub": Video("h265", 640, 360)}, [{"width": 1280, "height": 720}], ["AAC", "NONE"]),
        (WHOLE_H265 | {"sub": Video("unknown", 640, 360)}, [{"width": 640, "height": 360}], ["AAC", "NONE"]),
        (WHOLE_H265, [{"width": 1280, "height": 720}], ["AAC", "NONE"]),
        ({"audio": "none"}, [{"width": 1920, "height": 1080}], ["NONE"]),
        ({"audio": "off"}, [{"width": 1920, "height": 1080}], ["AAC", "NONE"]),  # it may be on tomorrow
    ],
)
def test_the_advertised_streams_match_the_camera(
    given: dict[str, Any], resolutions: list[dict[str, int]], codecs: list[str], home: Household, send: Send
) -> None:
    home.driver.change("Garden", **given)
    [offered] = capabilities(discover(send)["Garden"])["Alexa.CameraStreamController"]["cameraStreamConfigurations"]
    assert (offered["resolutions"], offered["audioCodecs"]) == (resolutions, codecs)


def test_discover_lists_only_the_visible_cameras_of_the_link(home: Household, send: Send) -> None:
    chosen = home.another_link("alexa", cameras=(home.id("Pond"), home.id("Attic")))
    assert set(discover(send, token=home.token(chosen))) == {"Pond", "Attic"}
    assert "Garden" in discover(send)
    event = send("Alexa", "ReportState", camera="Garden", token=home.token(chosen))["event"]
    assert event["payload"]["type"] == "NO_SUCH_ENDPOINT"


def test_a_changed_list_is_in_the_next_discover(home: Household, send: Send) -> None:
    assert "Garden" in discover(send)
    home.driver.set([camera("Orchard", "F00000001")])
    assert discover(send).keys() == {"Orchard"}


def test_an_account_without_cameras_gets_an_empty_list(home: Household, send: Send, valid_if_known: Check) -> None:
    home.driver.set([])
    message = send("Alexa.Discovery", "Discover")
    valid_if_known(message)
    assert message["event"]["payload"] == {"endpoints": []}


@pytest.mark.parametrize("error", [VendorDown(), VendorBusy(), SignedOut()], ids=lambda error: error.reason)
def test_a_list_that_cannot_be_read_is_an_error_and_never_empty(
    error: DriverError, home: Household, send: Send, valid_if_known: Check
) -> None:
    home.driver.error = error
    message = send("Alexa.Discovery", "Discover")
    valid_if_known(message)
    assert message["event"]["payload"]["type"] == "BRIDGE_UNREACHABLE"


def test_the_last_known_list_is_answered_while_the_vendor_is_down(home: Household, send: Send) -> None:
    before = discover(send)
    home.driver.error = VendorDown()
    assert discover(send) == before


@pytest.mark.parametrize("count", [1, 100, 300, 301, 400])
def test_a_household_of_any_size_stays_within_alexas_limits(
    count: int, tmp_path: Path, make_skill: Callable[[Household], SmartHome], valid_if_known: Check
) -> None:
    home = household(tmp_path, cameras=[camera(f"Camera {number % 40}", f"S{number:08}") for number in range(count)])
    body = {
        "header": {"namespace": "Alexa.Discovery", "name": "Discover"},
        "payload": {"scope": {"token": home.token()}},
    }
    skill = make_skill(home)
    first, second = (json.loads(skill.answer(json.dumps({"directive": body}).encode())) for _ in range(2))
    home.store.close()
    valid_if_known(first)
    endpoints = first["event"]["payload"]["endpoints"]
    assert len(endpoints) == len({endpoint["friendlyName"].casefold() for endpoint in endpoints}) == min(count, 300)
    assert first["event"]["payload"] == second["event"]["payload"]
