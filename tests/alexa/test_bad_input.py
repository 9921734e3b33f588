"""Improper directives: each gets its own error, none an exception."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from showcam.accounts.links import mint
from showcam.alexa.smart_home import SmartHome
from tests.doubles.household import OFFER, Household, household

type Send = Callable[..., dict[str, Any]]
type Check = Callable[[dict[str, Any]], None]

INITIALIZE = ("Alexa.CameraStreamController", "InitializeCameraStreams")
INITIATE = ("Alexa.RTCSessionController", "InitiateSessionWithOffer")
DISCOVER = ("Alexa.Discovery", "Discover")
GET_SNAPSHOT = ("Alexa.SmartVision.SnapshotProvider", "GetSnapshot")
SET_CLASSES = ("Alexa.SmartVision.ObjectDetectionSensor", "SetObjectDetectionClasses")
SET_MODE = ("Alexa.ModeController", "SetMode")


def header(**changes: Any) -> dict[str, Any]:
    return {"namespace": "Alexa", "name": "ReportState", "messageId": "m", "correlationToken": "c"} | changes


DEEP = b'{"\\"]":' * 70 + b'"[["' + b"}" * 70


def asking(payload: bytes, more: bytes = b"") -> bytes:
    """A directive that is proper up to its payload."""
    before = {"header": header(), "endpoint": {"endpointId": "ezviz-a", "scope": {"token": "t"}, "cookie": {}}}
    return b'{"directive":' + json.dumps(before).encode()[:-1] + b',"payload":' + payload + more + b"}}"


# the body, the correlation token that could be read
NOT_DIRECTIVES: list[tuple[bytes, str | None]] = [
    (b"", None),
    (b"{", None),
    (b"null", None),
    (b"[]", None),
    (b'"directive"', None),
    (b"\xff\xfe{}", None),
    (b"[" * 100_000, None),
    (b'{"directive":' + b'{"x":' * 50_000, None),
    (b"{}", None),
    (b'{"directive":null}', None),
    (b'{"directive":{"header":[]}}', None),
    (b'{"header":{"namespace":"Alexa.ConnectedHome.Control","payloadVersion":"2"}}', None),
    (json.dumps({"directive": {"header": header(namespace=3)}}).encode(), "c"),
    (json.dumps({"directive": {"header": header(messageId={})}}).encode(), "c"),
    (json.dumps({"directive": {"header": header(correlationToken=[1])}}).encode(), None),
    (json.dumps({"directive": {"header": header(), "endpoint": "ezviz-a"}}).encode(), "c"),
    (json.dumps({"directive": {"header": header(), "endpoint": {"endpointId": 5}}}).encode(), "c"),
    (json.dumps({"directive": {"header": header(), "endpoint": {"scope": []}}}).encode(), "c"),
    (asking(b'{"a":"\\ud800"}'), "c"),
    (asking(b'{"a":NaN}'), "c"),
    (asking(b"{}").replace(b'"m"', b'"\xff"'), "c"),
    (asking(b'{"a":"]}"}', more=b',"b":' + DEEP), "c"),
    (asking(b"[" * 70 + b"]" * 70), "c"),
    (asking(b"[" * 100_000), "c"),
    (asking(b'{"a":' * 50_000), "c"),
    (b'{"directive":{"payload":' + DEEP + b',"header":' + json.dumps(header()).encode() + b"}}", "c"),
    (json.dumps({"directive": {"header": header(correlationToken="c\ud800")}}).encode(), None),
    (asking(b'{"a":"' + b"x" * 1000), None),
]


@pytest.mark.parametrize(("body", "correlation"), NOT_DIRECTIVES, ids=lambda value: str(value)[:60])
def test_a_body_that_is_no_directive_is_invalid(
    body: bytes, correlation: str | None, skill: SmartHome, valid_if_known: Check
) -> None:
    message = json.loads(skill.answer(body))
    valid_if_known(message)
    assert message["event"]["payload"]["type"] == "INVALID_DIRECTIVE"
    assert message["event"]["header"].get("correlationToken") == correlation


@pytest.mark.parametrize("payload", [b'{"a":"\\ud800"}', DEEP, b"[" * 100_000], ids=lambda value: str(value)[:20])
def test_the_error_for_an_unreadable_payload_names_its_endpoint(payload: bytes, skill: SmartHome) -> None:
    assert json.loads(skill.answer(asking(payload)))["event"]["endpoint"] == {"endpointId": "ezviz-a"}


# namespace and name, payload, camera, the error's type
WRONG: list[tuple[tuple[str, str], Any, str | None, str]] = [
    (("Alexa.Toaster", "Toast"), {}, "Garden", "INVALID_DIRECTIVE"),
    (("Alexa", "Toast"), {}, "Garden", "INVALID_DIRECTIVE"),
    (("", ""), {}, "Garden", "INVALID_DIRECTIVE"),
    (GET_SNAPSHOT, {"preferOnDemandSnapshot": "yes"}, "Garden", "INVALID_DIRECTIVE"),
    (GET_SNAPSHOT, [], "Garden", "INVALID_DIRECTIVE"),
    (GET_SNAPSHOT, {}, None, "INVALID_DIRECTIVE"),
    (GET_SNAPSHOT, {}, "nothing", "NO_SUCH_ENDPOINT"),
    (("Alexa.SmartVision.SnapshotProvider", "TakeSnapshot"), {}, "Garden", "INVALID_DIRECTIVE"),
    (("Alexa.PowerController", "Toggle"), {}, "Garden", "INVALID_DIRECTIVE"),
    (("Alexa.PowerController", "TurnOff"), {}, "nothing", "NO_SUCH_ENDPOINT"),
    (("Alexa.ToggleController", "TurnOn"), {}, "Garden", "INVALID_DIRECTIVE"),
    (SET_MODE, {"mode": "NightVision.Smart"}, "Garden", "INVALID_DIRECTIVE"),
    (("Alexa.ModeController", "AdjustMode"), {"modeDelta": 1}, "Garden", "INVALID_DIRECTIVE"),
    (SET_CLASSES, {}, "Garden", "INVALID_DIRECTIVE"),
    (SET_CLASSES, {"objectDetectionClasses": ["person"]}, "Garden", "INVALID_DIRECTIVE"),
    (SET_CLASSES, {"objectDetectionClasses": []}, "Garden", "INVALID_VALUE"),
    (("Alexa.RTCSessionController", "UpdateSessionWithOffer"), {"sessionId": "s"}, "Garden", "INVALID_DIRECTIVE"),
    (("Alexa", "ReportState"), {}, None, "INVALID_DIRECTIVE"),
    (INITIALIZE, {"cameraStreams": [{"protocol": "HLS"}]}, None, "INVALID_DIRECTIVE"),
    (("Alexa", "ReportState"), {}, "ezviz-aaaaaaaaaaaaaaaaaaaa", "NO_SUCH_ENDPOINT"),
    (("Alexa", "ReportState"), {}, "", "NO_SUCH_ENDPOINT"),
    (("Alexa", "ReportState"), {}, "../Garden é", "NO_SUCH_ENDPOINT"),
    (("Alexa", "ReportState"), {}, "a" * 10_000, "NO_SUCH_ENDPOINT"),
    (INITIALIZE, {"cameraStreams": [{"protocol": "HLS"}]}, "nothing", "NO_SUCH_ENDPOINT"),
    (INITIALIZE, {}, "Garden", "INVALID_DIRECTIVE"),
    (INITIALIZE, [], "Garden", "INVALID_DIRECTIVE"),
    (INITIALIZE, {"cameraStreams": {}}, "Garden", "INVALID_DIRECTIVE"),
    (INITIALIZE, {"cameraStreams": ["HLS"]}, "Garden", "INVALID_DIRECTIVE"),
    (INITIALIZE, {"cameraStreams": [{"protocol": 1}]}, "Garden", "INVALID_DIRECTIVE"),
    (INITIALIZE, {"cameraStreams": []}, "Garden", "INVALID_VALUE"),
    (INITIALIZE, {"cameraStreams": [{}]}, "Garden", "INVALID_VALUE"),
    (INITIALIZE, {"cameraStreams": [{"protocol": "RTSP"}]}, "Garden", "INVALID_VALUE"),
    (INITIALIZE, {"cameraStreams": [{"protocol": "HLS", "videoCodec": "MJPEG"}]}, "Garden", "INVALID_VALUE"),
    (INITIALIZE, {"cameraStreams": [{"protocol": "HLS", "audioCodec": "G711"}]}, "Garden", "INVALID_VALUE"),
    (INITIALIZE, {"cameraStreams": [{"protocol": "HLS", "audioCodec": "NONE"}]}, "Garden", "INVALID_VALUE"),
    (INITIALIZE, {"cameraStreams": [{"protocol": "HLS", "authorizationType": "BASIC"}]}, "Garden", "INVALID_VALUE"),
    (INITIATE, {}, "Garden", "INVALID_DIRECTIVE"),
    (INITIATE, {"sessionId": "s"}, "Garden", "INVALID_DIRECTIVE"),
    (INITIATE, {"sessionId": "s", "offer": OFFER}, "Garden", "INVALID_DIRECTIVE"),
    (INITIATE, {"sessionId": "", "offer": {"format": "SDP", "value": OFFER}}, "Garden", "INVALID_DIRECTIVE"),
    (INITIATE, {"sessionId": "s" * 200, "offer": {"format": "SDP", "value": OFFER}}, "Garden", "INVALID_DIRECTIVE"),
    (INITIATE, {"sessionId": "s", "offer": {"format": "H323", "value": OFFER}}, "Garden", "INVALID_VALUE"),
    (INITIATE, {"sessionId": "s", "offer": {"format": "SDP", "value": ""}}, "Garden", "INVALID_VALUE"),
    (INITIATE, {"sessionId": "s", "offer": {"format": "SDP", "value": "hello"}}, "Garden", "INVALID_VALUE"),
    (INITIATE, {"sessionId": "s", "offer": {"format": "SDP", "value": OFFER * 1000}}, "Garden", "INVALID_VALUE"),
    (("Alexa.RTCSessionController", "SessionConnected"), {}, "Garden", "INVALID_DIRECTIVE"),
    (("Alexa.RTCSessionController", "SessionConnected"), {"sessionId": "s"}, "nothing", "NO_SUCH_ENDPOINT"),
    (("Alexa.RTCSessionController", "SessionDisconnected"), {"sessionId": 4}, "Garden", "INVALID_DIRECTIVE"),
    (("Alexa.RTCSessionController", "SessionDisconnected"), {"sessionId": "s"}, "nothing", "NO_SUCH_ENDPOINT"),
]


@pytest.mark.parametrize(("kind", "payload", "camera", "expected"), WRONG, ids=lambda value: str(value)[:60])
def test_an_improper_directive_gets_its_error(
    kind: tuple[str, str], payload: Any, camera: str | None, expected: str, send: Send, valid_if_known: Check
) -> None:
    message = send(*kind, payload, camera=camera)
    valid_if_known(message)
    event = message["event"]
    assert (event["header"]["name"], event["payload"]["type"]) == ("ErrorResponse", expected)
    assert event["header"]["correlationToken"] == "c+/=1"


TOKENS = [
    ("no token", lambda home: "", "INVALID"),
    ("no token of ours", lambda home: "Atza|something", "INVALID"),
    ("an invented one", lambda home: f"sca.{home.link.id}.invented", "INVALID"),
    ("one of the other assistant", lambda home: home.token(home.another_link("google")), "INVALID"),
    ("one of a link that has ended", lambda home: ended(home), "INVALID"),
    ("one that is over", lambda home: expired(home), "EXPIRED"),
]


def ended(home: Household) -> str:
    token = home.token(link := home.another_link("alexa"))
    assert home.store.end_link(link.id, 1.0)
    return token


def expired(home: Household) -> str:
    text, row = mint(home.link.id, "access", "cameras", 1.0)
    assert home.store.add_tokens([row])
    return text


@pytest.mark.parametrize("kind", [DISCOVER, ("Alexa", "ReportState")], ids=lambda kind: kind[1])
@pytest.mark.parametrize(("says", "token", "which"), TOKENS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_bad_token_is_an_authorization_error(
    says: str,
    token: Callable[[Household], str],
    which: str,
    kind: tuple[str, str],
    home: Household,
    skill: SmartHome,
    valid_if_known: Check,
) -> None:
    scope = {"type": "BearerToken", "token": token(home)}
    directive: dict[str, Any] = {"header": header(namespace=kind[0], name=kind[1])}
    if kind == DISCOVER:
        directive["payload"] = {"scope": scope}
    else:
        directive["endpoint"] = {"scope": scope, "endpointId": home.id("Garden")}
    message = json.loads(skill.answer(json.dumps({"directive": directive}).encode()))
    valid_if_known(message)
    assert message["event"]["payload"]["type"] == f"{which}_AUTHORIZATION_CREDENTIAL"


@pytest.mark.parametrize("scope", [None, {}, {"type": "BearerToken"}])
def test_a_scope_without_a_token_is_an_authorization_error(scope: Any, home: Household, skill: SmartHome) -> None:
    endpoint = {"endpointId": home.id("Garden"), "scope": scope}
    message = json.loads(skill.answer(json.dumps({"directive": {"header": header(), "endpoint": endpoint}}).encode()))
    assert message["event"]["payload"]["type"] == "INVALID_AUTHORIZATION_CREDENTIAL"


def test_another_households_camera_is_no_such_endpoint(home: Household, send: Send, tmp_path: Any) -> None:
    other = household(tmp_path, user="other@example.com", store=home.store)
    for kind, payload in ((("Alexa", "ReportState"), {}), (INITIALIZE, {"cameraStreams": [{"protocol": "HLS"}]})):
        message = send(*kind, payload, camera=other.id("Garden"))
        assert message["event"]["payload"]["type"] == "NO_SUCH_ENDPOINT"


def test_a_store_failure_is_logged_once_with_the_request(
    home: Household, send: Send, directive: Callable[..., Any], skill: SmartHome, caplog: pytest.LogCaptureFixture
) -> None:
    body = json.dumps(directive("Alexa", "ReportState", camera="Garden")).encode()
    home.store.close()
    with caplog.at_level(logging.INFO):
        message = json.loads(skill.answer(body))
    assert message["event"]["payload"]["type"] == "BRIDGE_UNREACHABLE"
    assert message["event"]["header"]["correlationToken"] == "c+/=1"
    [record] = [record for record in caplog.records if record.name == "showcam.alexa.smart_home"]
    assert "question-1" in record.getMessage()


def test_an_exception_is_an_internal_error_logged_once(
    home: Household, send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    camera, token = home.id("Garden"), home.token()
    home.driver.error = ZeroDivisionError("a fault")  # type: ignore[assignment]
    with caplog.at_level(logging.INFO):
        message = send(*INITIALIZE, {"cameraStreams": [{"protocol": "HLS"}]}, camera=camera, token=token)
    assert message["event"]["payload"]["type"] == "INTERNAL_ERROR"
    assert "a fault" not in json.dumps(message)
    [record] = [record for record in caplog.records if record.name == "showcam.alexa.smart_home"]
    assert "question-1" in record.getMessage()
    assert token not in caplog.text


def test_a_message_id_that_could_forge_log_lines_is_not_logged(
    home: Household, directive: Callable[..., Any], skill: SmartHome, caplog: pytest.LogCaptureFixture
) -> None:
    body = json.dumps(directive("Alexa", "ReportState", camera="Garden", messageId="m\nforged")).encode()
    home.store.close()
    with caplog.at_level(logging.INFO):
        skill.answer(body)
    assert "forged" not in caplog.text
    assert "request without a readable id" in caplog.text
