"""Google's rules: a good answer breaks none, and one fault in it is named."""

import json
from typing import Any

import pytest

from showcam.simulator.assistants import google_rules
from tests.simulator.assistants.test_rules import TOKEN, status

# Google

DEVICE: dict[str, Any] = {
    "id": "ezviz-a", "type": "action.devices.types.CAMERA", "traits": ["action.devices.traits.CameraStream"],
    "name": {"name": "Garden"}, "willReportState": False,
    "attributes": {"cameraStreamSupportedProtocols": ["webrtc", "hls"], "cameraStreamNeedAuthToken": True},
    "deviceInfo": {"manufacturer": "EZVIZ"},
}  # fmt: skip
WEBRTC = {
    "online": True, "cameraStreamProtocol": "webrtc", "cameraStreamAuthToken": "t",
    "cameraStreamSignalingUrl": "https://cam.example/google/webrtc/g",
}  # fmt: skip
HLS = {
    "cameraStreamProtocol": "hls",
    "cameraStreamAccessUrl": "https://cam.example/s/g/master.m3u8",
    "cameraStreamAuthToken": "t",
}


def intent(name: str, payload: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"requestId": "77", "inputs": [{"intent": f"action.devices.{name}", "payload": payload or {}}]}


def execute(*protocols: str) -> dict[str, Any]:
    params = {"StreamToChromecast": False, "SupportedStreamProtocols": list(protocols)}
    execution = [{"command": "action.devices.commands.GetCameraStream", "params": params}]
    return intent("EXECUTE", {"commands": [{"devices": [{"id": "ezviz-a"}], "execution": execution}]})


def switch() -> dict[str, Any]:
    execution = [{"command": "action.devices.commands.OnOff", "params": {"on": False}}]
    return intent("EXECUTE", {"commands": [{"devices": [{"id": "ezviz-a"}], "execution": execution}]})


def toggle() -> dict[str, Any]:
    params = {"updateToggleSettings": {"audio": False}}
    execution = [{"command": "action.devices.commands.SetToggles", "params": params}]
    return intent("EXECUTE", {"commands": [{"devices": [{"id": "ezviz-a"}], "execution": execution}]})


def battery(**states: Any) -> dict[str, Any]:
    return {"devices": {"ezviz-b": {"status": "SUCCESS", "online": True, **states}}}


def shown(states: dict[str, Any]) -> dict[str, Any]:
    return {"commands": [{"ids": ["ezviz-a"], "status": "SUCCESS", "states": states}]}


def failed(**result: Any) -> dict[str, Any]:
    return {"commands": [{"ids": ["ezviz-a"], "status": "ERROR", **result}]}


def google(request: dict[str, Any], payload: dict[str, Any] | None, **answer: Any) -> list[str]:
    whole = answer if payload is None else {"requestId": "77", "payload": payload} | answer
    on_battery = DEVICE | {"id": "ezviz-b", "traits": [*DEVICE["traits"], "action.devices.traits.EnergyStorage"]}
    return google_rules.check(request, 200, json.dumps(whole), TOKEN, {"ezviz-a": DEVICE, "ezviz-b": on_battery})


QUERIED = intent("QUERY", {"devices": [{"id": "ezviz-a"}]})
BATTERY = intent("QUERY", {"devices": [{"id": "ezviz-b"}]})


@pytest.mark.parametrize(
    ("request_body", "payload"),
    [
        (intent("SYNC"), {"agentUserId": "u", "devices": [DEVICE]}),
        (intent("SYNC"), {"errorCode": "transientError", "debugString": "down"}),
        (QUERIED, {"devices": {"ezviz-a": {"status": "SUCCESS", "online": True}}}),
        (QUERIED, {"devices": {"ezviz-a": {"status": "OFFLINE", "online": False, "errorCode": "deviceOffline"}}}),
        (QUERIED, status()),
        (switch(), shown({"online": True, "on": False})),
        (switch(), failed(errorCode="challengeNeeded", challengeNeeded={"type": "pinNeeded"})),
        (switch(), failed(errorCode="actionNotAvailable")),
        (toggle(), shown({"online": True, "currentToggleSettings": {"audio": False, "flip": True}})),
        (toggle(), failed(errorCode="challengeNeeded", challengeNeeded={"type": "ackNeeded"})),
        (BATTERY, battery(descriptiveCapacityRemaining="LOW")),
        (execute("webrtc", "hls"), shown(WEBRTC)),
        (execute("hls"), shown(HLS)),
        (execute("hls"), failed(errorCode="streamUnplayable", debugString="why")),
        (intent("DISCONNECT"), None),
    ],
)
def test_a_good_answer_breaks_no_rule(request_body: dict[str, Any], payload: dict[str, Any] | None) -> None:
    assert google(request_body, payload) == []


def sync(**change: Any) -> dict[str, Any]:
    return {"agentUserId": "u", "devices": [DEVICE | change]}


@pytest.mark.parametrize(
    ("request_body", "payload", "rule"),
    [
        (intent("SYNC"), {"agentUserId": "demo@example.com", "devices": []}, "e-mail"),
        (intent("SYNC"), {"agentUserId": "u", "devices": [DEVICE, DEVICE]}, "comes twice"),
        (intent("SYNC"), sync(name={"name": "x" * 61}), "1–60"),
        (intent("SYNC"), sync(roomHint=""), "roomHint"),
        (intent("SYNC"), sync(customData={"a": "x" * 600}), "512 bytes"),
        (intent("SYNC"), sync(attributes={"cameraStreamNeedAuthToken": False}), "SupportedProtocols"),
        (intent("SYNC"), sync(traits=[]), "lacks the trait"),
        (intent("SYNC"), sync(colour="red"), "has colour"),
        (intent("SYNC"), sync(traits=[*DEVICE["traits"], "action.devices.traits.Toast"]), "no trait of a camera"),
        (intent("SYNC"), sync(traits=[*DEVICE["traits"], "action.devices.traits.Toggles"]), "lacks availableToggles"),
        (intent("SYNC"), sync(attributes=DEVICE["attributes"] | {"availableModes": [{}]}), "two settings"),
        (QUERIED, status(statusCode="onFire"), "onFire is no status code"),
        (QUERIED, {"devices": {"ezviz-a": {"status": "SUCCESS", "online": True, "on": "yes"}}}, "on is not what"),
        (switch(), failed(errorCode="challengeNeeded"), "does not say what is needed"),
        (switch(), failed(errorCode="challengeNeeded", challengeNeeded={"type": "dance"}), "does not say what"),
        (switch(), failed(errorCode="deviceBusy", challengeNeeded={"type": "pinNeeded"}), "without need"),
        (toggle(), shown({"online": True}), "its state is not reported"),
        (toggle(), shown({"online": True, "currentToggleSettings": {"flip": True}}), "its state is not reported"),
        (toggle(), shown({"online": True, "currentToggleSettings": ["flip"]}), "currentToggleSettings is not what"),
        (BATTERY, battery(), "EnergyStorage was offered"),
        (BATTERY, battery(descriptiveCapacityRemaining="TEPID"), "TEPID is no level"),
        (BATTERY, battery(descriptiveCapacityRemaining={}), "no level"),
        (QUERIED, {"devices": {}}, "other devices"),
        (QUERIED, {"devices": {"ezviz-a": {"status": "FINE", "online": True}}}, "no status"),
        (execute("hls"), {"commands": []}, "exactly once"),
        (execute("hls"), {"commands": shown(HLS)["commands"] * 2}, "exactly once"),
        (execute("hls"), shown(WEBRTC), "webrtc was not offered"),
        (execute("webrtc"), shown({"cameraStreamProtocol": "webrtc"}), "SignalingUrl"),
        (execute("webrtc"), shown(WEBRTC | {"cameraStreamOffer": ""}), "empty field"),
        (execute("webrtc"), shown(WEBRTC | {"cameraStreamIceServers": "stun:x"}), "JSON text"),
        (execute("hls"), shown({"cameraStreamProtocol": "hls"}), "was promised"),
        (execute("hls"), shown({}), "lacks cameraStreamProtocol"),
        (execute("hls"), failed(), "without errorCode"),
        (execute("hls"), failed(errorCode="unknownError"), "unknownError is no error code"),
        (execute("hls"), failed(errorCode="deviceBusy", status="OFFLINE"), "not deviceOffline"),
        (execute("hls"), failed(errorCode="deviceBusy", status="PENDING"), "no status of a stream"),
        (execute("hls") , failed(errorCode="deviceBusy", status="DONE"), "DONE is no status"),
        (execute("hls"), shown(HLS | {"cameraStreamAuthToken": TOKEN}), "our own access token"),
    ],
)  # fmt: skip
def test_an_answer_with_one_fault_is_named_by_its_rule(
    request_body: dict[str, Any], payload: dict[str, Any], rule: str
) -> None:
    broken = google(request_body, payload)
    assert any(rule in text for text in broken), broken


def test_another_request_id_and_a_filled_disconnect_break_a_rule() -> None:
    assert google(intent("SYNC"), {"agentUserId": "u", "devices": []}, requestId="78") == [
        "requestId was not echoed verbatim"
    ]
    assert google(intent("DISCONNECT"), {}) == ["DISCONNECT is answered by {} and nothing else"]
