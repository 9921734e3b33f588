"""Directives and the events that answer them, in their wire format."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from showcam.drivers.camera import Video
from tests.doubles.household import MEDIA_URL, OFFER, Household

type Send = Callable[..., dict[str, Any]]

HLS = {
    "protocol": "HLS",
    "resolution": {"width": 1920, "height": 1080},
    "authorizationType": "NONE",
    "videoCodec": "H264",
    "audioCodec": "AAC",
}
RTSP = HLS | {"protocol": "RTSP"}
STREAM = HLS | {
    "uri": re.compile(rf"{MEDIA_URL}/s/[\w.-]+/master\.m3u8"),
    "expirationTime": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"),
    "idleTimeoutSeconds": 30,
}
IMAGE = re.compile(rf"{MEDIA_URL}/s/[\w.-]+/snapshot\.jpg")
SNAPSHOTS = "Alexa.SmartVision.SnapshotProvider"
AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
SNAPSHOT = {
    "value": {"uri": IMAGE, "uriExpirationTime": AT, "authenticationType": "ACCESS_TOKEN"},
    "timeOfSample": AT,
    "uncertaintyInMilliseconds": 2000,
}
SESSION = {"sessionId": "8fb5b2a1-0001-4f3f-9d5f-1a2b3c4d5e6f"}
INITIATE = {**SESSION, "offer": {"format": "SDP", "value": OFFER}}
INITIALIZE = ("Alexa.CameraStreamController", "InitializeCameraStreams")
SESSIONS = "Alexa.RTCSessionController"


def property_of(namespace: str, name: str, value: Any, instance: str = "") -> dict[str, Any]:
    """A property in an event's context."""
    stated = {
        "namespace": namespace,
        "name": name,
        "value": value,
        "timeOfSample": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"),
        "uncertaintyInMilliseconds": re.compile(r"\d+"),
    }
    return stated | {"instance": instance} if instance else stated


def toggle(instance: str, value: str) -> dict[str, Any]:
    return property_of("Alexa.ToggleController", "toggleState", value, instance)


def state(connectivity: str = "OK", *, audio: str = "ON", encryption: str = "OFF") -> list[dict[str, Any]]:
    """The properties of an ordinary camera."""
    return [
        property_of("Alexa.EndpointHealth", "connectivity", {"value": connectivity}),
        toggle("Camera.Audio", audio),
        toggle("Camera.ImageEncryption", encryption),
    ]


@dataclass(frozen=True)
class Case:
    says: str
    request: tuple[str, str, Any]  # namespace, name, payload
    answer: tuple[str, str, Any]
    camera: str | None = "Garden"
    changes: dict[str, Any] = field(default_factory=dict)  # of the camera
    context: list[dict[str, Any]] = field(default_factory=list)
    version: str = "3"


CASES = [
    Case(
        "a stream by HLS",
        (*INITIALIZE, {"cameraStreams": [HLS]}),
        ("Alexa.CameraStreamController", "Response", {"cameraStreams": [STREAM], "imageUri": IMAGE}),
        context=state(),
    ),
    Case(
        "the one protocol both have, of several asked for",
        (*INITIALIZE, {"cameraStreams": [RTSP, HLS | {"audioCodec": "G711"}, HLS]}),
        ("Alexa.CameraStreamController", "Response", {"cameraStreams": [STREAM], "imageUri": IMAGE}),
        context=state(),
    ),
    Case(
        "what really comes, where the display asked for less",
        (*INITIALIZE, {"cameraStreams": [HLS | {"resolution": {"width": 640, "height": 480}}]}),
        ("Alexa.CameraStreamController", "Response", {"cameraStreams": [STREAM], "imageUri": IMAGE}),
        context=state(),
    ),
    Case(
        "the size that was asked for, where the camera's is not known",
        (*INITIALIZE, {"cameraStreams": [HLS | {"resolution": {"width": 640, "height": 480}}]}),
        (
            "Alexa.CameraStreamController",
            "Response",
            {"cameraStreams": [STREAM | {"resolution": {"width": 640, "height": 480}}], "imageUri": IMAGE},
        ),
        changes={"video": Video()},
        context=state(),
    ),
    Case(
        "the usual size, where neither is known",
        (*INITIALIZE, {"cameraStreams": [{"protocol": "HLS", "resolution": {"width": 0, "height": 1 << 40}}]}),
        (
            "Alexa.CameraStreamController",
            "Response",
            {"cameraStreams": [STREAM | {"resolution": {"width": 1280, "height": 720}}], "imageUri": IMAGE},
        ),
        changes={"video": Video()},
        context=state(),
    ),
    Case(
        "sound, where the display can do with and without",
        (*INITIALIZE, {"cameraStreams": [HLS | {"audioCodec": "NONE"}, HLS]}),
        ("Alexa.CameraStreamController", "Response", {"cameraStreams": [STREAM], "imageUri": IMAGE}),
        context=state(),
    ),
    Case(
        "none, where it can do with none alone",
        (*INITIALIZE, {"cameraStreams": [HLS | {"audioCodec": "NONE"}]}),
        (
            "Alexa.CameraStreamController",
            "Response",
            {"cameraStreams": [STREAM | {"audioCodec": "NONE"}], "imageUri": IMAGE},
        ),
        camera="Nursery",
        context=state(audio="OFF"),
    ),
    Case(
        "a camera whose Audio is off, without sound",
        (*INITIALIZE, {"cameraStreams": [HLS]}),
        (
            "Alexa.CameraStreamController",
            "Response",
            {"cameraStreams": [STREAM | {"audioCodec": "NONE"}], "imageUri": IMAGE},
        ),
        camera="Nursery",
        context=state(audio="OFF"),
    ),
    Case(
        "an SDP answer to an offer, and nothing beside it",
        (SESSIONS, "InitiateSessionWithOffer", INITIATE),
        (
            SESSIONS,
            "AnswerGeneratedForSession",
            {"answer": {"format": "SDP", "value": "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=sendonly\r\n"}},
        ),
    ),
    Case(
        "a session that is connected",
        (SESSIONS, "SessionConnected", SESSION),
        (SESSIONS, "SessionConnected", SESSION),
    ),
    Case(
        "a session that is over, also one that never was",
        (SESSIONS, "SessionDisconnected", SESSION),
        (SESSIONS, "SessionDisconnected", SESSION),
    ),
    Case(
        "a still picture's address, for ten minutes and the link's token",
        (SNAPSHOTS, "GetSnapshot", {"preferOnDemandSnapshot": True}),
        (SNAPSHOTS, "Snapshot", SNAPSHOT),
        version="1.1",
    ),
    Case(
        "the same where Audio is off, which a still does without",
        (SNAPSHOTS, "GetSnapshot", {}),
        (SNAPSHOTS, "Snapshot", SNAPSHOT),
        camera="Nursery",
        version="1.1",
    ),
    Case(
        "the health of a camera that is online",
        ("Alexa", "ReportState", {}),
        ("Alexa", "StateReport", {}),
        context=state(),
    ),
    Case(
        "the health of one that is offline is a report, not an error",
        ("Alexa", "ReportState", {}),
        ("Alexa", "StateReport", {}),
        camera="Attic",
        context=state("UNREACHABLE"),
    ),
    Case(
        "a camera that can't be shown is reachable all the same",
        ("Alexa", "ReportState", {}),
        ("Alexa", "StateReport", {}),
        camera="Garage",
        context=state(encryption="ON"),
    ),
    Case(
        "events are not promised before they are sent",
        ("Alexa.Authorization", "AcceptGrant", {"grant": {"code": "x"}, "grantee": {"token": "y"}}),
        (
            "Alexa.Authorization",
            "ErrorResponse",
            {"type": "ACCEPT_GRANT_FAILED", "message": "showcam does not send events to Alexa."},
        ),
        camera=None,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_a_directive_gets_its_event(case: Case, home: Household, send: Send) -> None:
    message = play(case, home, send)
    namespace, name, payload = case.answer
    header = message["event"]["header"]
    assert (header["namespace"], header["name"], header["payloadVersion"]) == (namespace, name, case.version)
    assert header["correlationToken"] == "c+/=1"
    assert alike(message["event"]["payload"], payload)
    assert alike(message.get("context", {}).get("properties", []), case.context)
    assert ("endpoint" in message["event"]) == (case.camera is not None)
    if case.camera:
        assert message["event"]["endpoint"] == {"endpointId": home.id(case.camera)}


@pytest.mark.proves("Every answer to Alexa is valid", leans_on="published: Amazon's schema of 2021")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_the_event_is_valid_by_the_official_schema(
    case: Case, home: Household, send: Send, official: Callable[[dict[str, Any]], None]
) -> None:
    official(play(case, home, send))


def play(case: Case, home: Household, send: Send) -> dict[str, Any]:
    if case.changes:
        assert case.camera is not None
        home.driver.change(case.camera, **case.changes)
    return send(*case.request, camera=case.camera)


def alike(given: Any, expected: Any) -> bool:
    """Equal, where a pattern equals the text or number it matches whole."""
    match expected:
        case re.Pattern():
            return expected.fullmatch(str(given)) is not None
        case dict():
            return given.keys() == expected.keys() and all(alike(given[key], expected[key]) for key in expected)
        case list():
            return len(given) == len(expected) and all(map(alike, given, expected))
    return bool(given == expected)


def test_every_answer_has_its_own_message_id(send: Send) -> None:
    ids = {send("Alexa", "ReportState", camera="Garden")["event"]["header"]["messageId"] for _ in range(3)}
    assert len(ids) == 3
    assert "question-1" not in ids


def test_the_bearer_token_is_never_sent_back(home: Household, send: Send) -> None:
    token = home.token()
    for case in CASES:
        assert token not in json.dumps(send(*case.request, camera=case.camera, token=token))
    assert token not in json.dumps(send("Alexa.Discovery", "Discover", token=token))


def test_a_disconnected_session_is_ended_under_its_own_link(home: Household, send: Send) -> None:
    send(SESSIONS, "InitiateSessionWithOffer", INITIATE, camera="Garden")
    send(SESSIONS, "SessionDisconnected", SESSION, camera="Garden")
    [(claims, _, offer, session)] = home.pictures.answered
    assert (claims.surface, offer, session) == ("alexa", OFFER, SESSION["sessionId"])
    assert home.pictures.ended == [(home.link.id, SESSION["sessionId"])]


def test_a_session_ends_even_if_its_camera_is_gone(home: Household, send: Send) -> None:
    garden, token = home.id("Garden"), home.token()
    home.driver.set([])
    home.registry.cameras(home.link)
    event = send(SESSIONS, "SessionDisconnected", SESSION, camera=garden, token=token)["event"]
    assert event["payload"]["type"] == "NO_SUCH_ENDPOINT"
    assert home.pictures.ended == [(home.link.id, SESSION["sessionId"])]
