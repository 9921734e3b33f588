"""Schemas of Alexa.SmartVision, which Alexa's published schema does not have."""

import copy
from functools import cache
from typing import Any

from jsonschema_rs import Draft202012Validator

SNAPSHOTS = "Alexa.SmartVision.SnapshotProvider"
OBJECTS = "Alexa.SmartVision.ObjectDetectionSensor"


def _closed(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **optional},
        "additionalProperties": False,
    }


_TEXT = {"type": "string", "minLength": 1}
_TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$"}
_CLASSES = {"type": "array", "minItems": 1, "items": _closed({"imageNetClass": _TEXT})}
_UNSURE = {"type": "integer", "minimum": 0}

CAPABILITIES = {
    SNAPSHOTS: _closed({"type": {"const": "AlexaInterface"}, "interface": _TEXT, "version": {"const": "1.1"}}),
    OBJECTS: _closed(
        {
            "type": {"const": "AlexaInterface"},
            "interface": _TEXT,
            "version": {"const": "1.0"},
            "properties": _closed(
                {
                    "supported": {"const": [{"name": "objectDetectionClasses"}]},
                    "proactivelyReported": {"type": "boolean"},
                    "retrievable": {"const": True},
                }
            ),
            "configuration": _closed({"objectDetectionConfiguration": _CLASSES}),
        }
    ),
}
_PROPERTY = _closed(
    {
        "namespace": {"const": OBJECTS},
        "name": {"const": "objectDetectionClasses"},
        "value": _CLASSES,
        "timeOfSample": _TIME,
        "uncertaintyInMilliseconds": _UNSURE,
    }
)
_SNAPSHOT = _closed(
    {
        "value": _closed(
            {
                "uri": {"type": "string", "pattern": "^https?://"},
                "uriExpirationTime": _TIME,
                "authenticationType": {"const": "ACCESS_TOKEN"},
            }
        ),
        "timeOfSample": _TIME,
        "uncertaintyInMilliseconds": _UNSURE,
    }
)
_ERROR = _closed({"type": {"enum": ["SUBSCRIPTION_REQUIRED", "DISABLED_BY_USER"]}, "message": _TEXT})


_SEEN = _closed(
    {"eventIdentifier": _TEXT, "imageNetClass": _TEXT, "timeOfSample": _TIME, "uncertaintyInMilliseconds": _UNSURE}
)
_DETECTION = Draft202012Validator(
    _closed(
        {
            "event": _closed(
                {
                    "header": _closed(
                        {
                            "namespace": {"const": OBJECTS},
                            "name": {"const": "ObjectDetection"},
                            "payloadVersion": {"const": "1.0"},
                            "messageId": {"type": "string", "pattern": "^[a-zA-Z0-9-]{1,127}$"},
                        }
                    ),
                    "endpoint": _closed(
                        {
                            "endpointId": _TEXT,
                            "scope": _closed({"type": {"const": "BearerToken"}, "token": _TEXT}),
                        }
                    ),
                    "payload": _closed({"events": {"type": "array", "minItems": 1, "items": _SEEN}}),
                }
            )
        }
    )
)


def _event(name: str, payload: dict[str, Any]) -> Draft202012Validator:
    header = _closed(
        {
            "namespace": {"const": SNAPSHOTS},
            "name": {"const": name},
            "payloadVersion": {"const": "1.1"},
            "messageId": {"type": "string", "pattern": "^[a-zA-Z0-9-]{1,127}$"},
        },
        correlationToken=_TEXT,
    )
    endpoint = _closed({"endpointId": {"type": "string", "pattern": r"^[a-zA-Z0-9_\-=#;:?@&]{1,256}$"}})
    return Draft202012Validator(_closed({"event": _closed({"header": header, "payload": payload}, endpoint=endpoint)}))


_OF_A_PROPERTY = Draft202012Validator(_PROPERTY)
_EVENTS = {
    "Snapshot": _event("Snapshot", _SNAPSHOT),
    "ErrorResponse": _event("ErrorResponse", _ERROR),
    "ObjectDetection": _DETECTION,
}


def check_event(message: dict[str, Any]) -> None:
    """Raises jsonschema_rs.ValidationError."""
    _EVENTS[message["event"]["header"]["name"]].validate(message)


def without(message: dict[str, Any]) -> dict[str, Any]:
    """The message without SmartVision, after checking it. Raises jsonschema_rs.ValidationError."""
    rest = copy.deepcopy(message)
    for endpoint in rest["event"]["payload"].get("endpoints", []):
        endpoint["capabilities"] = [capability for capability in endpoint["capabilities"] if not _checked(capability)]
    change = rest["event"]["payload"].get("change", {})
    if "properties" in change:
        change["properties"] = [state for state in change["properties"] if not _state_checked(state)]
    context = rest.get("context", {})
    if "properties" in context:
        context["properties"] = [state for state in context["properties"] if not _state_checked(state)]
    return rest


def _checked(capability: dict[str, Any]) -> bool:
    shape = CAPABILITIES.get(capability["interface"])
    if shape is not None:
        _validator(capability["interface"]).validate(capability)
    return shape is not None


def _state_checked(state: dict[str, Any]) -> bool:
    ours = str(state["namespace"]).startswith("Alexa.SmartVision.")
    if ours:
        _OF_A_PROPERTY.validate(state)
    return ours


@cache
def _validator(interface: str) -> Draft202012Validator:
    return Draft202012Validator(CAPABILITIES[interface])
