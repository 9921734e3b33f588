"""The rules that HomeGraph holds a request to. A request that breaks one changes nothing."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from simulator.assistants.google_rules import ERROR_CODES
from simulator.assistants.rules import Rules

_TRAITS = "action.devices.traits."
# the states of each trait: what each must be
_STATES: dict[str, dict[str, type]] = {
    "OnOff": {"on": bool},
    "Toggles": {"currentToggleSettings": dict},
    "Modes": {"currentModeSettings": dict},
    "StatusReport": {"currentStatusReport": list},
    "EnergyStorage": {
        "descriptiveCapacityRemaining": str,
        "capacityRemaining": list,
        "isCharging": bool,
        "isPluggedIn": bool,
    },
}
_OBJECTS = {"named": list, "familiar": int, "unfamiliar": int, "unclassified": int}


class Known(Protocol):
    """A user, as far as a request is judged by it."""

    @property
    def devices(self) -> Mapping[str, dict[str, Any]]: ...


def check_request_sync(given: dict[str, Any]) -> list[str]:
    rules = Rules()
    if rules.keys(given, "the request", {"agentUserId"}, {"async"}):
        rules.text(given["agentUserId"], "agentUserId", 256)
        rules.must(isinstance(given.get("async", True), bool), "async is neither true nor false")
    return rules.broken


def check_report(given: dict[str, Any], user: Callable[[], Known | None]) -> list[str]:
    rules = Rules()
    if not rules.keys(given, "the request", {"requestId", "agentUserId", "payload"}, {"eventId"}):
        return rules.broken
    rules.text(given["requestId"], "requestId", 256)
    rules.text(given["agentUserId"], "agentUserId", 256)
    if not rules.keys(given["payload"], "payload", {"devices"}):
        return rules.broken
    devices = given["payload"]["devices"]
    if not rules.keys(devices, "devices", set(), {"states", "notifications"}):
        return rules.broken
    states, notifications = devices.get("states", {}), devices.get("notifications", {})
    rules.must(states or notifications, "nothing is reported")
    rules.must(not notifications or given.get("eventId"), "notifications come without an eventId")
    known = user()
    for its_id, reported in states.items():
        _states(rules, reported, known.devices.get(its_id) if known else None)
    for its_id, notified in notifications.items():
        _notification(rules, notified, known.devices.get(its_id) if known else None)
    return rules.broken


def _states(rules: Rules, reported: Any, device: dict[str, Any] | None) -> None:
    if not rules.must(isinstance(reported, dict) and "online" in reported, "a device's states lack online"):
        return
    rules.must(isinstance(reported["online"], bool), "online is neither true nor false")
    if device is None:
        return  # answered 404
    traits = [str(trait).removeprefix(_TRAITS) for trait in device["traits"]]
    allowed = {name: kind for trait in traits for name, kind in _STATES.get(trait, {}).items()}
    for name, value in reported.items():
        if name != "online" and rules.must(name in allowed, f"{name} is no state of the device's traits"):
            rules.must(isinstance(value, allowed[name]), f"{name} is not what it must be")
    for status in reported.get("currentStatusReport", []):
        if rules.keys(status, "a status", {"blocking", "deviceTarget", "priority", "statusCode"}):
            rules.must(status["statusCode"] in ERROR_CODES, f"{status['statusCode']} is no status code of Google's")


def _notification(rules: Rules, notified: Any, device: dict[str, Any] | None) -> None:
    if not rules.keys(notified, "a notification", {"ObjectDetection"}):
        return
    detection = notified["ObjectDetection"]
    if rules.keys(detection, "ObjectDetection", {"objects", "priority", "detectionTimestamp"}):
        rules.must(detection["priority"] == 0, "priority is not 0")
        at = detection["detectionTimestamp"]
        rules.must(isinstance(at, int) and at > 10**12, "detectionTimestamp is no time in milliseconds")
        objects = detection["objects"]
        if rules.keys(objects, "objects", set(), set(_OBJECTS)):
            rules.must(objects, "objects names none")
            rules.must(all(isinstance(objects[name], _OBJECTS[name]) for name in objects), "objects is not right")
    if device is not None:
        rules.must(f"{_TRAITS}ObjectDetection" in device["traits"], "the device has no trait ObjectDetection")
        rules.must(device.get("notificationSupportedByAgent") is True, "SYNC did not say that the device notifies")
