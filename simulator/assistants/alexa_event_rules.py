"""The rules that the event gateway holds an event to."""

import re
from collections.abc import Callable
from typing import Any

from simulator.assistants import alexa_control_rules as control
from simulator.assistants.alexa_discovery_rules import check_one
from simulator.assistants.rules import Rules

OBJECTS = "Alexa.SmartVision.ObjectDetectionSensor"
CAUSES = {
    "APP_INTERACTION", "PHYSICAL_INTERACTION", "PERIODIC_POLL", "RULE_TRIGGER", "VOICE_INTERACTION",
    "INVALID_CREDENTIALS", "SUBSCRIPTION_EXPIRED",
}  # fmt: skip
PRESSES = CAUSES - {"INVALID_CREDENTIALS", "SUBSCRIPTION_EXPIRED"}
_MESSAGE_ID = re.compile(r"[a-zA-Z0-9\-]{1,127}")
_ENDPOINT_ID = re.compile(r"[a-zA-Z0-9_\-=#;:?@&]{1,256}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z")
_SECOND = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_STATE = {"namespace", "name", "value", "timeOfSample", "uncertaintyInMilliseconds"}


def check(message: Any, token: str) -> list[str]:
    """Every rule the message broke; `token` is the bearer of its request."""
    rules = Rules()
    if not rules.keys(message, "the message", {"event"}, {"context"}):
        return rules.broken
    event = message["event"]
    if not rules.keys(event, "event", {"header", "payload"}, {"endpoint"}):
        return rules.broken
    header, payload = event["header"], event["payload"]
    if not rules.keys(header, "header", {"namespace", "name", "payloadVersion", "messageId"}):
        return rules.broken
    if not rules.must(isinstance(payload, dict), "payload is no object"):
        return rules.broken
    rules.must(_MESSAGE_ID.fullmatch(str(header["messageId"])), "messageId is not 1–127 of a–z, 0–9 and -")
    kind = _KINDS.get((str(header["namespace"]), str(header["name"])))
    if not rules.must(kind, f"{header['namespace']} {header['name']} is no event that the gateway takes"):
        return rules.broken
    assert kind is not None
    version, of_endpoint, has_context, hold = kind
    rules.must(header["payloadVersion"] == version, f"payloadVersion is not “{version}”")
    scope = _scope(rules, event, payload, of_endpoint)
    if scope is not None and rules.keys(scope, "scope", {"type", "token"}):
        rules.must(scope["type"] == "BearerToken", "the scope is no BearerToken")
        rules.must(scope["token"] == token, "the scope has another token than the header")
    rules.must(has_context or "context" not in message, f"{header['name']} has no context")
    unchanged = _context(rules, message.get("context", {}))
    hold(rules, payload, unchanged)
    return rules.broken


def _scope(rules: Rules, event: dict[str, Any], payload: dict[str, Any], of_endpoint: bool) -> Any:
    if not of_endpoint:
        rules.must("endpoint" not in event, "an event about several endpoints has no endpoint")
        rules.must("scope" in payload, "the payload has no scope")
        return payload.get("scope")
    endpoint = event.get("endpoint")
    if not rules.keys(endpoint, "endpoint", {"scope", "endpointId"}, {"cookie"}):
        return None
    assert isinstance(endpoint, dict)
    rules.must(_ENDPOINT_ID.fullmatch(str(endpoint["endpointId"])), "endpointId has a character it may not have")
    return endpoint["scope"]


def _context(rules: Rules, context: Any) -> list[dict[str, Any]]:
    if not rules.keys(context, "context", set(), {"properties"}):
        return []
    return _properties(rules, context.get("properties", []))


def _properties(rules: Rules, given: Any) -> list[dict[str, Any]]:
    if not rules.must(isinstance(given, list), "properties is no list"):
        return []
    known = [state for state in given if rules.keys(state, "a property", _STATE, {"instance"})]
    for state in known:
        rules.must(_TIME.fullmatch(str(state["timeOfSample"])), "timeOfSample is no UTC time")
        unsure = state["uncertaintyInMilliseconds"]
        rules.must(isinstance(unsure, int) and unsure >= 0, "uncertaintyInMilliseconds is no number ≥ 0")
        control.state(rules, state)
    return known


def _change(rules: Rules, payload: Any, unchanged: list[dict[str, Any]]) -> None:
    if not rules.keys(payload, "the payload", {"change"}):
        return
    change = payload["change"]
    if not rules.keys(change, "change", {"cause", "properties"}):
        return
    if rules.keys(change["cause"], "cause", {"type"}):
        rules.must(change["cause"]["type"] in CAUSES, f"{change['cause']['type']} is no cause")
    changed = _properties(rules, change["properties"])
    rules.must(changed, "nothing has changed")
    keys = [_key(state) for state in (*changed, *unchanged)]
    rules.must(len(set(keys)) == len(keys), "a property comes twice")
    health = any(state["namespace"] == "Alexa.EndpointHealth" for state in (*changed, *unchanged))
    rules.must(health, "the report lacks connectivity")


def _key(state: dict[str, Any]) -> tuple[str, str, str]:
    return state["namespace"], state["name"], str(state.get("instance"))


def _added(rules: Rules, payload: Any, _unchanged: list[dict[str, Any]]) -> None:
    for given in _endpoints(rules, payload):
        check_one(rules, given)


def _deleted(rules: Rules, payload: Any, _unchanged: list[dict[str, Any]]) -> None:
    for given in _endpoints(rules, payload):
        rules.keys(given, "an endpoint", {"endpointId"})


def _endpoints(rules: Rules, payload: Any) -> list[Any]:
    if not rules.keys(payload, "the payload", {"endpoints", "scope"}):
        return []
    endpoints = payload["endpoints"]
    if not rules.must(isinstance(endpoints, list) and 0 < len(endpoints) <= 300, "endpoints is no list of 1–300"):
        return []
    ids = [given.get("endpointId") for given in endpoints if isinstance(given, dict)]
    rules.must(len(set(ids)) == len(endpoints), "an endpointId comes twice or is missing")
    return list(endpoints)


def _press(rules: Rules, payload: Any, _unchanged: list[dict[str, Any]]) -> None:
    if not rules.keys(payload, "the payload", {"cause", "timestamp"}):
        return
    rules.must(_SECOND.fullmatch(str(payload["timestamp"])), "the timestamp is no UTC time in whole seconds")
    if rules.keys(payload["cause"], "cause", {"type"}):
        rules.must(payload["cause"]["type"] in PRESSES, f"{payload['cause']['type']} is no cause of a press")


def _objects(rules: Rules, payload: Any, _unchanged: list[dict[str, Any]]) -> None:
    if not rules.keys(payload, "the payload", {"events"}):
        return
    events = payload["events"]
    rules.must(isinstance(events, list) and events, "events is no list with an event")
    needed = {"eventIdentifier", "imageNetClass", "timeOfSample", "uncertaintyInMilliseconds"}
    for seen in events if isinstance(events, list) else []:
        optional = {"objectIdentifier", "frameImageUri", "croppedImageUri"}
        if rules.keys(seen, "an event", needed, optional):
            rules.text(seen["eventIdentifier"], "eventIdentifier", 256)
            rules.text(seen["imageNetClass"], "imageNetClass", 64)
            rules.must(_TIME.fullmatch(str(seen["timeOfSample"])), "timeOfSample is no UTC time")


type _Hold = Callable[[Rules, Any, list[dict[str, Any]]], None]
# payloadVersion, whether it is about one endpoint, whether it may have a context, what its payload is held to
_KINDS: dict[tuple[str, str], tuple[str, bool, bool, _Hold]] = {
    ("Alexa", "ChangeReport"): ("3", True, True, _change),
    ("Alexa.Discovery", "AddOrUpdateReport"): ("3", False, False, _added),
    ("Alexa.Discovery", "DeleteReport"): ("3", False, False, _deleted),
    ("Alexa.DoorbellEventSource", "DoorbellPress"): ("3", True, True, _press),
    (OBJECTS, "ObjectDetection"): ("1.0", True, True, _objects),
}
