"""Amazon's rules: a good answer breaks none, and one fault in it is named; and what a player's origin is allowed."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from showcam.simulator.assistants import alexa_rules, google_rules
from showcam.simulator.assistants.rules import Rules

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


def status(**change: Any) -> dict[str, Any]:
    entry = {"blocking": True, "deviceTarget": "ezviz-a", "priority": 0, "statusCode": "securityRestriction"}
    return {"devices": {"ezviz-a": {"status": "SUCCESS", "online": True, "currentStatusReport": [entry | change]}}}


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
