"""Amazon's rules for the answer to a Smart Home directive; for Discover, the rules for endpoints and capabilities."""

import json
import re
from datetime import UTC, datetime
from typing import Any

from showcam.simulator.assistants import alexa_control_rules as control
from showcam.simulator.assistants.rules import Rules

ENDPOINT_ID = re.compile(r"[a-zA-Z0-9_\-=#;:?@&]{1,256}")
_NAME_MARKS = set('}{\\/|"()[]+~!><*%')
_CATEGORIES = {"CAMERA", "DOORBELL"}
SCENE = "SCENE_TRIGGER"
_STREAM_LISTS = {
    "protocols": {"RTSP", "WEBRTC", "HLS"},
    "authorizationTypes": {"BASIC", "DIGEST", "NONE"},
    "videoCodecs": {"H264", "MPEG2", "MJPEG", "JPG"},
    "audioCodecs": {"G711", "AAC", "NONE"},
}


def discovered(rules: Rules, _directive: dict[str, Any], payload: Any) -> None:
    if not rules.keys(payload, "the payload", {"endpoints"}):
        return
    endpoints = payload["endpoints"]
    if not rules.must(isinstance(endpoints, list) and len(endpoints) <= 300, "endpoints is no list of at most 300"):
        return
    for endpoint in endpoints:
        check_one(rules, endpoint)
    ids = [endpoint.get("endpointId") for endpoint in endpoints if isinstance(endpoint, dict)]
    rules.must(len(ids) == len(set(ids)), "an endpointId comes twice")


def check_one(rules: Rules, endpoint: Any) -> None:
    needed = {"endpointId", "manufacturerName", "friendlyName", "description", "displayCategories", "capabilities"}
    optional = {"additionalAttributes", "cookie", "connections", "relationships", "registration"}
    if not rules.keys(endpoint, "an endpoint", needed, optional):
        return
    name = endpoint["friendlyName"]
    rules.must(ENDPOINT_ID.fullmatch(str(endpoint["endpointId"])), "an endpointId has a character it may not have")
    for key in ("manufacturerName", "friendlyName", "description"):
        rules.text(endpoint[key], key, 128)
    rules.must(not _NAME_MARKS & set(str(name)), f"friendlyName {name} has punctuation Alexa does not take")
    categories = endpoint["displayCategories"]
    shown = isinstance(categories, list) and set(categories) & {*_CATEGORIES, SCENE}
    rules.must(shown, f"{name} is shown as neither camera nor scene")
    attributes = endpoint.get("additionalAttributes", {})
    known = {"manufacturer", "model", "serialNumber", "firmwareVersion", "softwareVersion", "customIdentifier"}
    if rules.keys(attributes, "additionalAttributes", set(), known):
        rules.must(
            all(isinstance(value, str) and len(value) <= 256 for value in attributes.values()),
            "an attribute is no text ≤ 256",
        )
    cookie = endpoint.get("cookie", {})
    rules.must(all(isinstance(value, str) for value in cookie.values()), "cookie holds something else than text")
    rules.must(len(json.dumps(cookie)) <= 5 * 1024, "cookie is over 5 KB")
    _capabilities(rules, str(name), endpoint["capabilities"])
    if categories == [SCENE]:
        _scene(rules, str(name), endpoint["capabilities"])


def _scene(rules: Rules, name: str, capabilities: Any) -> None:
    found = {capability.get("interface"): capability for capability in capabilities}
    rules.must(found.keys() <= {"Alexa", control.SCENES}, f"{name} is a scene and has more than its interface")
    ends = found.get(control.SCENES, {}).get("supportsDeactivation")
    rules.must(isinstance(ends, bool), f"{name} does not say supportsDeactivation")


def _capabilities(rules: Rules, name: str, capabilities: Any) -> None:
    if not rules.must(isinstance(capabilities, list) and 0 < len(capabilities) <= 100, f"{name} has no capabilities"):
        return
    alexa = {"type": "AlexaInterface", "interface": "Alexa", "version": "3"}
    rules.must(alexa in capabilities, f"{name} lacks the interface Alexa, version 3")
    interfaces = [(capability.get("interface"), capability.get("instance")) for capability in capabilities]
    rules.must(len(interfaces) == len(set(interfaces)), f"{name} has an interface twice")
    for capability in capabilities:
        rules.must(
            capability.get("type") == "AlexaInterface" and capability.get("version"),
            f"{name} has a capability without version",
        )
        control.capability(rules, name, capability)
        if capability.get("interface") == "Alexa.CameraStreamController":
            _stream_capability(rules, name, capability)
        elif capability.get("interface") == "Alexa.RTCSessionController":
            duplex = capability.get("configuration", {}).get("isFullDuplexAudioSupported")
            rules.must(isinstance(duplex, bool), f"{name} does not say isFullDuplexAudioSupported")


def _stream_capability(rules: Rules, name: str, capability: dict[str, Any]) -> None:
    configurations = capability.get("cameraStreamConfigurations")
    if not rules.must(isinstance(configurations, list) and configurations, f"{name} has no cameraStreamConfigurations"):
        return
    assert isinstance(configurations, list)
    for configuration in configurations:
        if not rules.keys(configuration, "a stream configuration", {*_STREAM_LISTS, "resolutions"}):
            continue
        for key, known in _STREAM_LISTS.items():
            values = configuration[key]
            rules.must(
                values and set(values) <= known and len(set(values)) == len(values), f"{name}: {key} is not right"
            )
        for resolution in configuration["resolutions"]:
            rules.must(is_resolution(resolution), f"{name} advertises a resolution without size")


def is_resolution(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(value.get(side), int) and value[side] > 0 for side in ("width", "height")
    )


MESSAGE_ID = re.compile(r"[a-zA-Z0-9\-]{1,127}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z")

_TYPES = """
    ALREADY_IN_OPERATION BRIDGE_UNREACHABLE CLOUD_CONTROL_DISABLED ENDPOINT_BUSY ENDPOINT_LOW_POWER
    ENDPOINT_UNREACHABLE EXPIRED_AUTHORIZATION_CREDENTIAL FIRMWARE_OUT_OF_DATE HARDWARE_MALFUNCTION
    INSUFFICIENT_PERMISSIONS INTERNAL_ERROR INVALID_AUTHORIZATION_CREDENTIAL INVALID_DIRECTIVE INVALID_VALUE
    NO_SUCH_ENDPOINT NOT_CALIBRATED NOT_IN_OPERATION NOT_SUPPORTED_IN_CURRENT_MODE
    NOT_SUPPORTED_WITH_CURRENT_BATTERY_CHARGE_STATE POWER_LEVEL_NOT_SUPPORTED RATE_LIMIT_EXCEEDED
    TEMPERATURE_VALUE_OUT_OF_RANGE TOO_MANY_FAILED_ATTEMPTS VALUE_OUT_OF_RANGE
"""
ERROR_TYPES = frozenset(_TYPES.split())
DEVICE_MODES = ("COLOR", "ASLEEP", "NOT_PROVISIONED", "OTHER")
_ERROR_EXTRAS = {
    "ENDPOINT_LOW_POWER": {"percentageState"},
    "NOT_SUPPORTED_IN_CURRENT_MODE": {"currentDeviceMode"},
    "NOT_SUPPORTED_WITH_CURRENT_BATTERY_CHARGE_STATE": {"currentChargeState"},
    "VALUE_OUT_OF_RANGE": {"validRange"},
}
_NO_CONTEXT = {"ErrorResponse", "Discover.Response", "DeferredResponse"}


def check(directive: dict[str, Any], status: int, text: str, token: str) -> list[str]:
    """Returns every rule that the answer to a directive broke; none for a good answer."""
    rules = Rules()
    try:
        answer = json.loads(text)
    except ValueError:
        return [f"the answer is no JSON (status {status})"]
    rules.must(status == 200, f"the answer came with status {status}, where Alexa reads only the event")
    rules.without_token(token, text)
    if not rules.keys(answer, "the answer", {"event"}, {"context"}):
        return rules.broken
    event = answer["event"]
    if not rules.keys(event, "event", {"header", "payload"}, {"endpoint"}):
        return rules.broken
    if not _header(rules, directive, event["header"]):
        return rules.broken
    _endpoint(rules, directive, event)
    _context(rules, answer)
    namespace, name = event["header"]["namespace"], event["header"]["name"]
    sent = (directive["directive"]["header"]["namespace"], directive["directive"]["header"]["name"])
    if (namespace, name) == ("Alexa", "ErrorResponse"):
        _error(rules, event["payload"])
    elif (namespace, name) == ("Alexa.Authorization", "ErrorResponse"):
        kind = event["payload"].get("type") if isinstance(event["payload"], dict) else None
        rules.must(kind == "ACCEPT_GRANT_FAILED", "an ErrorResponse of Alexa.Authorization is ACCEPT_GRANT_FAILED")
    elif (namespace, name) == (control.SNAPSHOTS, "ErrorResponse"):
        kind = event["payload"].get("type") if isinstance(event["payload"], dict) else None
        rules.must(kind in ("DISABLED_BY_USER", "SUBSCRIPTION_REQUIRED"), f"{kind} is no error of snapshots")
    elif sent in control.ANSWERS:
        wanted, hold = control.ANSWERS[sent]
        if rules.must((namespace, name) == wanted, f"{sent[1]} was answered by {namespace} {name}"):
            hold(rules, directive, answer)
    elif rules.must(
        (namespace, name) == _ANSWERS[sent][0],
        f"{sent[1]} was answered by {namespace} {name}, which is no answer to it",
    ):
        _ANSWERS[sent][1](rules, directive, event["payload"])
    return rules.broken


def _header(rules: Rules, directive: dict[str, Any], header: Any) -> bool:
    sent = directive["directive"]["header"]
    needed = {"namespace", "name", "payloadVersion", "messageId"}
    if not rules.keys(header, "header", needed, {"correlationToken"}):
        return False
    name = header["messageId"]
    rules.must(isinstance(name, str) and MESSAGE_ID.fullmatch(name), "messageId is not 1–127 of a–z, 0–9 and -")
    rules.must(name != sent["messageId"], "messageId is the directive's own; each message has a new one")
    version = "1.1" if header["namespace"] == control.SNAPSHOTS else "3"
    rules.must(header["payloadVersion"] == version, f"payloadVersion is not “{version}”")
    rules.must(
        header.get("correlationToken") == sent.get("correlationToken"), "correlationToken was not echoed verbatim"
    )
    return True


def _endpoint(rules: Rules, directive: dict[str, Any], event: dict[str, Any]) -> None:
    sent, given = directive["directive"].get("endpoint"), event.get("endpoint")
    if sent is None:
        rules.must(given is None, "an answer to Discover has no endpoint")
    elif given is None:
        rules.must(event["header"]["name"] == "ErrorResponse", "the answer names no endpoint")
    elif rules.keys(given, "endpoint", {"endpointId"}, {"scope", "cookie"}):
        rules.must(given["endpointId"] == sent["endpointId"], "the answer is about another endpoint")


def _context(rules: Rules, answer: dict[str, Any]) -> None:
    if "context" not in answer:
        return
    name = answer["event"]["header"]["name"]
    rules.must(name not in _NO_CONTEXT, f"{name} has no context")
    context_of(rules, answer["context"])


def context_of(rules: Rules, context: Any) -> list[dict[str, Any]]:
    """Returns the properties of a context."""
    return (
        properties(rules, context.get("properties", []))
        if rules.keys(context, "context", set(), {"properties"})
        else []
    )


def properties(rules: Rules, given: Any) -> list[dict[str, Any]]:
    """Returns the properties that have every key."""
    if not rules.must(isinstance(given, list), "properties is no list"):
        return []
    needed = {"namespace", "name", "value", "timeOfSample", "uncertaintyInMilliseconds"}
    known = [state for state in given if rules.keys(state, "a property", needed, {"instance"})]
    for state in known:
        rules.must(TIME.fullmatch(str(state["timeOfSample"])), "timeOfSample is no UTC time")
        unsure = state["uncertaintyInMilliseconds"]
        rules.must(isinstance(unsure, int) and unsure >= 0, "uncertaintyInMilliseconds is no number ≥ 0")
        control.state(rules, state)
    return known


def _error(rules: Rules, payload: Any) -> None:
    kind = payload.get("type") if isinstance(payload, dict) else None
    extras = _ERROR_EXTRAS.get(str(kind), set())
    if not rules.keys(payload, "the error", {"type", "message"} | extras):
        return
    rules.must(kind in ERROR_TYPES, f"{kind} is no error type of Alexa")
    rules.text(payload["message"], "the error's message", 4096)
    if "currentDeviceMode" in extras:
        rules.must(payload["currentDeviceMode"] in DEVICE_MODES, "currentDeviceMode is not one of Alexa's")


def _streams(rules: Rules, directive: dict[str, Any], payload: Any) -> None:
    if not rules.keys(payload, "the payload", {"cameraStreams", "imageUri"}):
        return
    rules.url(payload["imageUri"], "imageUri")
    streams = payload["cameraStreams"]
    if not rules.must(isinstance(streams, list) and streams, "cameraStreams is empty"):
        return
    wanted = directive["directive"]["payload"]["cameraStreams"]
    same = ("protocol", "authorizationType", "videoCodec", "audioCodec", "resolution")
    for stream in streams:
        needed = {"uri", *same}
        if not rules.keys(stream, "a stream", needed, {"expirationTime", "idleTimeoutSeconds"}):
            continue
        rules.url(stream["uri"], "uri")
        rules.must(
            any(all(stream[key] == kind[key] for key in same[:4]) for kind in wanted),
            "a stream is of a kind that was not requested",
        )
        rules.must(is_resolution(stream["resolution"]), "a stream has no resolution")
        if "expirationTime" in stream:
            rules.must(_in_future(stream["expirationTime"]), "expirationTime is no UTC time to come")
        idle = stream.get("idleTimeoutSeconds", 1)
        rules.must(isinstance(idle, int) and idle >= 1, "idleTimeoutSeconds is no number ≥ 1")


def _in_future(value: Any) -> bool:
    if not TIME.fullmatch(str(value)):
        return False
    return datetime.fromisoformat(str(value)) > datetime.now(UTC)


def _sdp(rules: Rules, directive: dict[str, Any], payload: Any) -> None:
    if rules.keys(payload, "the payload", {"answer"}) and rules.keys(payload["answer"], "answer", {"format", "value"}):
        rules.must(payload["answer"]["format"] == "SDP", "the answer's format is not SDP")
        rules.sdp_answer(payload["answer"]["value"], directive["directive"]["payload"]["offer"]["value"])


def _session(rules: Rules, directive: dict[str, Any], payload: Any) -> None:
    if rules.keys(payload, "the payload", {"sessionId"}):
        session = directive["directive"]["payload"]["sessionId"]
        rules.must(payload["sessionId"] == session, "the answer is about another session")


def _state(rules: Rules, _directive: dict[str, Any], payload: Any) -> None:
    rules.must(payload == {}, "StateReport's payload is not empty")


def _granted(rules: Rules, _directive: dict[str, Any], payload: Any) -> None:
    rules.must(payload == {}, "AcceptGrant.Response's payload is not empty")


_RTC = "Alexa.RTCSessionController"
_ANSWERS = {
    ("Alexa.Discovery", "Discover"): (("Alexa.Discovery", "Discover.Response"), discovered),
    ("Alexa.CameraStreamController", "InitializeCameraStreams"): (
        ("Alexa.CameraStreamController", "Response"),
        _streams,
    ),
    (_RTC, "InitiateSessionWithOffer"): ((_RTC, "AnswerGeneratedForSession"), _sdp),
    (_RTC, "SessionConnected"): ((_RTC, "SessionConnected"), _session),
    (_RTC, "SessionDisconnected"): ((_RTC, "SessionDisconnected"), _session),
    ("Alexa", "ReportState"): (("Alexa", "StateReport"), _state),
    ("Alexa.Authorization", "AcceptGrant"): (("Alexa.Authorization", "AcceptGrant.Response"), _granted),
}
