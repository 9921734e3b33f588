"""The envelope of an answer to Alexa, checked by the written rules where the official schema is absent."""

import re
from typing import Any

from showcam.simulator.assistants.alexa_rules import DEVICE_MODES, ERROR_TYPES

_MESSAGE_ID = re.compile(r"[a-zA-Z0-9\-]{1,127}").fullmatch
_ENDPOINT_ID = re.compile(r"[a-zA-Z0-9_\-=#;:?@&]{1,256}").fullmatch
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z").fullmatch

SNAPSHOTS = "Alexa.SmartVision.SnapshotProvider"
SESSIONS = "Alexa.RTCSessionController"
# every answer, and whether it may report a state
ANSWERS = {
    ("Alexa", "ErrorResponse"): False,
    ("Alexa", "Response"): True,
    ("Alexa", "StateReport"): True,
    ("Alexa.Authorization", "AcceptGrant.Response"): False,
    ("Alexa.Authorization", "ErrorResponse"): False,
    ("Alexa.CameraStreamController", "Response"): True,
    ("Alexa.Discovery", "Discover.Response"): False,
    ("Alexa.SceneController", "ActivationStarted"): False,
    ("Alexa.SceneController", "DeactivationStarted"): False,
    (SESSIONS, "AnswerGeneratedForSession"): False,
    (SESSIONS, "SessionConnected"): False,
    (SESSIONS, "SessionDisconnected"): False,
    (SNAPSHOTS, "ErrorResponse"): False,
    (SNAPSHOTS, "Snapshot"): False,
}
OWN_ERRORS = {
    "Alexa.Authorization": {"ACCEPT_GRANT_FAILED"},
    SNAPSHOTS: {"SUBSCRIPTION_REQUIRED", "DISABLED_BY_USER"},
}


def check(message: dict[str, Any]) -> None:
    """Raises AssertionError."""
    event = message["event"]
    header = event["header"]
    kind = header["namespace"], header["name"]
    assert kind in ANSWERS
    assert {"event"} <= message.keys() <= {"event", "context"}
    assert {"header", "payload"} <= event.keys() <= {"header", "payload", "endpoint"}
    needed = {"namespace", "name", "payloadVersion", "messageId"}
    assert needed <= header.keys() <= {*needed, "correlationToken"}
    assert header["payloadVersion"] == ("1.1" if kind[0] == SNAPSHOTS else "3")
    assert _MESSAGE_ID(header["messageId"])
    assert header.get("correlationToken", "given")
    if "endpoint" in event:
        assert kind[0] != "Alexa.Discovery"
        assert event["endpoint"].keys() == {"endpointId"}
        assert _ENDPOINT_ID(event["endpoint"]["endpointId"])
    assert "context" not in message or ANSWERS[kind]
    for state in message.get("context", {"properties": []})["properties"]:
        _check_property(state)
    if kind[1] == "ErrorResponse":
        _check_error(kind[0], event["payload"])


def _check_property(state: dict[str, Any]) -> None:
    needed = {"namespace", "name", "value", "timeOfSample", "uncertaintyInMilliseconds"}
    assert needed <= state.keys() <= {*needed, "instance"}
    assert _TIME(state["timeOfSample"])
    assert state["uncertaintyInMilliseconds"] >= 0


def _check_error(namespace: str, payload: dict[str, Any]) -> None:
    kind = payload["type"]
    assert kind in OWN_ERRORS.get(namespace, ERROR_TYPES)
    more = {"currentDeviceMode"} if kind == "NOT_SUPPORTED_IN_CURRENT_MODE" else set()
    assert payload.keys() == {"type", "message", *more}
    assert isinstance(payload["message"], str)
    assert payload["message"]
    assert payload.get("currentDeviceMode", "OTHER") in DEVICE_MODES
