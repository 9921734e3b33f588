"""Amazon's and Google's rules: a good answer breaks none, and one fault in it is named."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from simulator.assistants import alexa_rules, google_rules
from simulator.assistants.rules import Rules

TOKEN = "sca.our-own-token"
OFFER = "v=0\r\nm=audio 9 X 96\r\na=mid:audio0\r\nm=video 9 X 99\r\na=mid:video0\r\n"
ANSWER = (
    "v=0\r\na=group:BUNDLE audio0 video0\r\n"
    "m=audio 9 X 96\r\na=mid:audio0\r\na=sendonly\r\na=rtcp-mux\r\na=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\n"
    "a=ice-ufrag:u\r\na=ice-pwd:p\r\na=fingerprint:sha-256 00\r\na=setup:active\r\n"
    "m=video 9 X 99\r\na=mid:video0\r\na=sendonly\r\na=rtcp-mux\r\na=rtpmap:99 H264/90000\r\n"
)
EXPIRES = "2999-01-01T00:00:00Z"
STREAM = {
    "uri": "https://cam.example/s/g/master.m3u8", "protocol": "HLS", "resolution": {"width": 1280, "height": 720},
    "authorizationType": "NONE", "videoCodec": "H264", "audioCodec": "AAC", "expirationTime": EXPIRES,
    "idleTimeoutSeconds": 30,
}  # fmt: skip
PROPERTY = {
    "namespace": "Alexa.EndpointHealth", "name": "connectivity", "value": {"value": "OK"},
    "timeOfSample": "2026-11-25T01:00:00.123Z", "uncertaintyInMilliseconds": 0,
}  # fmt: skip
ENDPOINT = {
    "endpointId": "ezviz-a", "manufacturerName": "EZVIZ", "friendlyName": "Garden", "description": "A camera",
    "displayCategories": ["CAMERA"], "additionalAttributes": {"manufacturer": "EZVIZ", "model": "C3"},
    "capabilities": [
        {"type": "AlexaInterface", "interface": "Alexa", "version": "3"},
        {"type": "AlexaInterface", "interface": "Alexa.RTCSessionController", "version": "3",
         "configuration": {"isFullDuplexAudioSupported": False}},
        {"type": "AlexaInterface", "interface": "Alexa.CameraStreamController", "version": "3",
         "cameraStreamConfigurations": [
             {"protocols": ["HLS"], "resolutions": [{"width": 1280, "height": 720}], "authorizationTypes": ["NONE"],
              "videoCodecs": ["H264"], "audioCodecs": ["AAC"]}]},
    ],
}  # fmt: skip


def directive(namespace: str, name: str, payload: dict[str, Any] | None = None) -> dict[str, Any]:
    header = {"namespace": namespace, "name": name, "payloadVersion": "3", "messageId": "m-1"}
    if name == "Discover":
        return {"directive": {"header": header, "payload": {}}}
    header["correlationToken"] = "c=="
    return {"directive": {"header": header, "endpoint": {"endpointId": "ezviz-a"}, "payload": payload or {}}}


def event(sent: dict[str, Any], namespace: str, name: str, payload: dict[str, Any]) -> dict[str, Any]:
    header = {"namespace": namespace, "name": name, "payloadVersion": "3", "messageId": "m-2"}
    answer: dict[str, Any] = {"event": {"header": header, "payload": payload}}
    if "endpoint" in sent["directive"]:
        header["correlationToken"] = "c=="
        answer["event"]["endpoint"] = {"endpointId": "ezviz-a"}
    return answer


RTC = "Alexa.RTCSessionController"
DISCOVER = directive("Alexa.Discovery", "Discover")
STREAMS = directive("Alexa.CameraStreamController", "InitializeCameraStreams", {"cameraStreams": [STREAM]})
OFFERED = directive(RTC, "InitiateSessionWithOffer", {"sessionId": "s", "offer": {"format": "SDP", "value": OFFER}})
HUNG_UP = directive(RTC, "SessionDisconnected", {"sessionId": "s"})
REPORT = directive("Alexa", "ReportState")
GOOD = {
    "discover": (DISCOVER, event(DISCOVER, "Alexa.Discovery", "Discover.Response", {"endpoints": [ENDPOINT]})),
    "no cameras": (DISCOVER, event(DISCOVER, "Alexa.Discovery", "Discover.Response", {"endpoints": []})),
    "streams": (
        STREAMS,
        event(STREAMS, "Alexa.CameraStreamController", "Response",
              {"cameraStreams": [STREAM], "imageUri": "https://cam.example/s/g/snapshot.jpg"}),
    ),
    "answer": (
        OFFERED,
        event(OFFERED, RTC, "AnswerGeneratedForSession", {"answer": {"format": "SDP", "value": ANSWER}}),
    ),
    "hung up": (HUNG_UP, event(HUNG_UP, RTC, "SessionDisconnected", {"sessionId": "s"})),
    "state": (REPORT, event(REPORT, "Alexa", "StateReport", {}) | {"context": {"properties": [PROPERTY]}}),
    "refusal": (
        OFFERED,
        event(OFFERED, "Alexa", "ErrorResponse",
              {"type": "NOT_SUPPORTED_IN_CURRENT_MODE", "currentDeviceMode": "OTHER", "message": "Encrypted."}),
    ),
}  # fmt: skip


def judge(case: str, change: Callable[[dict[str, Any]], object] = lambda answer: None, status: int = 200) -> list[str]:
    sent, answer = json.loads(json.dumps(GOOD[case]))
    change(answer)
    return alexa_rules.check(sent, status, json.dumps(answer), TOKEN)


@pytest.mark.parametrize("case", GOOD)
def test_a_good_event_breaks_no_rule(case: str) -> None:
    assert judge(case) == []


def header(**change: Any) -> Callable[[dict[str, Any]], object]:
    return lambda answer: answer["event"]["header"].update(change)


def payload(**change: Any) -> Callable[[dict[str, Any]], object]:
    return lambda answer: answer["event"]["payload"].update(change)


def first(key: str, **change: Any) -> Callable[[dict[str, Any]], object]:
    return lambda answer: answer["event"]["payload"][key][0].update(change)


def sdp(old: str, new: str) -> Callable[[dict[str, Any]], object]:
    return payload(answer={"format": "SDP", "value": ANSWER.replace(old, new)})


@pytest.mark.parametrize(
    ("case", "change", "rule"),
    [
        ("state", header(messageId="m_2"), "messageId is not"),
        ("state", header(messageId="m-1"), "messageId is the directive's own"),
        ("state", header(correlationToken="other"), "correlationToken was not echoed"),
        ("state", header(payloadVersion=3), "payloadVersion"),
        ("state", header(instance="x"), "header has instance"),
        ("state", header(name="Response"), "no answer to it"),
        ("state", lambda a: a["event"].pop("endpoint"), "names no endpoint"),
        ("state", lambda a: a["event"]["endpoint"].update(endpointId="b"), "another endpoint"),
        ("state", lambda a: a.update(extra=1), "the answer has extra"),
        ("state", lambda a: a["event"]["payload"].update(scope=1), "payload is not empty"),
        ("state", lambda a: a["context"]["properties"][0].pop("timeOfSample"), "lacks timeOfSample"),
        ("state", lambda a: a["context"]["properties"][0].update(timeOfSample="today"), "no UTC time"),
        ("state", lambda a: a["event"]["endpoint"].update(scope={"token": TOKEN}), "our own access token"),
        ("refusal", lambda a: a["event"]["payload"].pop("currentDeviceMode"), "lacks currentDeviceMode"),
        ("refusal", payload(currentDeviceMode="SLEEPY"), "currentDeviceMode is not"),
        ("refusal", payload(type="SAD"), "SAD is no error type"),
        ("refusal", payload(type="ENDPOINT_BUSY"), "has currentDeviceMode"),
        ("refusal", payload(message=""), "message is no text"),
        ("refusal", lambda a: a.update(context={}), "ErrorResponse has no context"),
        ("discover", lambda a: a["event"].update(endpoint={"endpointId": "x"}), "Discover has no endpoint"),
        ("discover", first("endpoints", friendlyName="Garden (back)"), "punctuation"),
        ("discover", first("endpoints", endpointId="a b"), "a character it may not have"),
        ("discover", first("endpoints", description=""), "description is no text"),
        ("discover", first("endpoints", displayCategories=["OTHER"]), "shown as neither camera nor scene"),
        ("discover", first("endpoints", cookie={"n": 1}), "cookie holds"),
        ("discover", first("endpoints", additionalAttributes={"colour": "red"}), "has colour"),
        ("discover", first("endpoints", capabilities=ENDPOINT["capabilities"][1:]), "lacks the interface Alexa"),  # type: ignore[index]
        ("discover", first("endpoints", capabilities=ENDPOINT["capabilities"][:1] * 2), "an interface twice"),  # type: ignore[index]
        ("discover", payload(endpoints=[ENDPOINT, ENDPOINT]), "comes twice"),
        ("discover", payload(endpoints=None), "no list of at most 300"),
        ("streams", first("cameraStreams", protocol="RTSP"), "not requested"),
        ("streams", first("cameraStreams", uri="http://cam.example/s/g/x.m3u8"), "not an https URL"),
        ("streams", first("cameraStreams", uri="https://cam.example:8443/s/g/x.m3u8"), "not on port 443"),
        ("streams", first("cameraStreams", uri="https://10.0.0.5/s/g/x.m3u8"), "where a name must stand"),
        ("streams", first("cameraStreams", uri="https://u:p@cam.example/x.m3u8"), "or credentials"),
        ("streams", first("cameraStreams", uri="https://cam.example/x.m3u8?token=1"), "has a query"),
        ("streams", first("cameraStreams", expirationTime="2001-01-01T00:00:00Z"), "expirationTime"),
        ("streams", first("cameraStreams", idleTimeoutSeconds=0), "idleTimeoutSeconds"),
        ("streams", first("cameraStreams", resolution={"width": 0, "height": 0}), "no resolution"),
        ("streams", lambda a: a["event"]["payload"].pop("imageUri"), "lacks imageUri"),
        ("streams", payload(cameraStreams=[]), "cameraStreams is empty"),
        ("answer", payload(sessionId="s"), "payload has sessionId"),
        ("answer", payload(answer={"format": "SDP", "value": "hello"}), "is no SDP"),
        ("answer", sdp("a=mid:video0", "a=mid:1"), "in their order"),
        ("answer", sdp("a=sendonly", "a=sendrecv"), "is not sendonly"),
        ("answer", sdp("a=candidate:", "a=other:"), "no candidate"),
        ("answer", sdp("a=setup:active", "a=setup:actpass"), "actpass"),
        ("answer", sdp("a=ice-pwd:p\r\n", ""), "lacks ice-pwd"),
        ("answer", sdp("H264", "H265"), "not H.264"),
        ("answer", sdp("m=video 9", "m=video 0"), "sends no video"),
        ("hung up", payload(sessionId="t"), "another session"),
    ],
)
def test_an_event_with_one_fault_is_named_by_its_rule(
    case: str, change: Callable[[dict[str, Any]], object], rule: str
) -> None:
    broken = judge(case, change)
    assert any(rule in text for text in broken), broken


@pytest.mark.parametrize(("status", "text"), [(500, "<html>"), (200, ""), (200, "[]"), (200, '{"event": []}')])
def test_an_answer_that_is_no_event_breaks_a_rule(status: int, text: str) -> None:
    assert alexa_rules.check(REPORT, status, text, TOKEN)


def test_an_event_with_another_status_breaks_a_rule() -> None:
    assert any("status 500" in text for text in judge("state", status=500))


def test_a_camera_without_sound_may_answer_audio_inactive() -> None:
    silent = ANSWER.replace("a=mid:audio0\r\na=sendonly", "a=mid:audio0\r\na=inactive")
    rules = Rules()
    rules.sdp_answer(silent, OFFER)
    assert rules.broken == []


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


def status(**change: Any) -> dict[str, Any]:
    entry = {"blocking": True, "deviceTarget": "ezviz-a", "priority": 0, "statusCode": "securityRestriction"}
    return {"devices": {"ezviz-a": {"status": "SUCCESS", "online": True, "currentStatusReport": [entry | change]}}}


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


@pytest.mark.parametrize(
    ("headers", "answer", "broken"),
    [
        ({"access-control-allow-origin": "https://p.example"}, {"action": "answer", "sdp": ANSWER}, False),
        ({}, {"action": "answer", "sdp": ANSWER}, True),
        ({"access-control-allow-origin": "*"}, {"action": "answer", "sdp": ANSWER}, True),
        ({"access-control-allow-origin": "https://p.example"}, {"type": "answer", "sdp": ANSWER}, True),
        ({"access-control-allow-origin": "https://p.example"}, None, True),
    ],
)
def test_a_signalling_answer_must_allow_the_players_origin(headers: dict[str, str], answer: Any, broken: bool) -> None:
    assert bool(google_rules.check_signalling(200, headers, answer, OFFER, "https://p.example")) == broken
