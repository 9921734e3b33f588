"""Google's rules for a smart-home answer, and HomeGraph's for a request.

A request that breaks a rule changes nothing.
"""

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

from showcam.simulator.assistants.rules import Rules

PROTOCOLS = {"hls", "dash", "smooth_stream", "progressive_mp4", "webrtc"}
STATUSES = {"SUCCESS", "PENDING", "OFFLINE", "EXCEPTIONS", "ERROR"}

# The platform's error codes that can concern a camera.
_CODES = """
    actionNotAvailable alreadyInState alreadyOff alreadyOn authFailure challengeNeeded commandInsertFailed
    deadBattery deviceAtExtremeTemperature deviceBusy deviceCharging deviceMoved deviceNotFound deviceNotMounted
    deviceNotReady deviceOffline deviceTampered deviceThermalShutdown deviceTurnedOff deviceUnplugged
    functionNotSupported hardError inSleepMode inSoftwareUpdate lowBattery needsSoftwareUpdate notSupported offline
    pinIncorrect relinkRequired resourceUnavailable securityRestriction streamUnavailable streamUnplayable
    sceneCannotBeApplied tooManyFailedAttempts transientError turnedOff userCancelled
    motionDetected noIssuesReported
"""
ERROR_CODES = frozenset(_CODES.split())
_DEVICE_OPTIONAL = {
    "attributes", "customData", "deviceInfo", "notificationSupportedByAgent", "otherDeviceIds", "roomHint",
    "structureHint",
}  # fmt: skip
SCENE = "action.devices.types.SCENE"
_STREAM = "action.devices.commands.GetCameraStream"
_CHALLENGES = {"ackNeeded", "pinNeeded", "challengeFailedPinNeeded"}
# by trait: the required attribute
_ATTRIBUTES = {
    "CameraStream": "cameraStreamSupportedProtocols",
    "Toggles": "availableToggles",
    "Modes": "availableModes",
    "EnergyStorage": "queryOnlyEnergyStorage",
}
# by trait and state: the type of the state; the first state of a trait is always reported
_STATES: dict[str, dict[str, type]] = {
    "CameraStream": {},
    "OnOff": {"on": bool},
    "Toggles": {"currentToggleSettings": dict},
    "Modes": {"currentModeSettings": dict},
    "StatusReport": {"currentStatusReport": list},
    "ObjectDetection": {},
    "EnergyStorage": {
        "descriptiveCapacityRemaining": str,
        "capacityRemaining": list,
        "isCharging": bool,
        "isPluggedIn": bool,
    },
    "Reboot": {},
}
_TRAIT = "action.devices.traits."
_LEVELS = ("CRITICALLY_LOW", "LOW", "MEDIUM", "HIGH", "FULL")
_STREAM_OPTIONAL = {
    "online", "cameraStreamAccessUrl", "cameraStreamReceiverAppId", "cameraStreamSignalingUrl", "cameraStreamOffer",
    "cameraStreamIceServers", "cameraStreamAuthToken",
}  # fmt: skip


def check(request: dict[str, Any], status: int, text: str, token: str, devices: dict[str, Any]) -> list[str]:
    """Returns every rule that the answer to an intent broke; `devices` are those of the last SYNC, by id."""
    rules = Rules()
    try:
        answer = json.loads(text)
    except ValueError:
        return [f"the answer is no JSON (status {status})"]
    rules.must(status == 200, f"the answer came with status {status}: Google takes 200, or 401 for a dead token")
    rules.without_token(token, text)
    intent = request["inputs"][0]["intent"].rsplit(".", 1)[-1]
    if intent == "DISCONNECT":
        rules.must(answer == {}, "DISCONNECT is answered by {} and nothing else")
        return rules.broken
    if not rules.keys(answer, "the answer", {"requestId", "payload"}):
        return rules.broken
    rules.must(answer["requestId"] == request["requestId"], "requestId was not echoed verbatim")
    payload = answer["payload"]
    if not rules.must(isinstance(payload, dict), "payload is no object"):
        return rules.broken
    if "errorCode" in payload:
        _error(rules, payload)
    else:
        {"SYNC": _sync, "QUERY": _query, "EXECUTE": _execute}[intent](rules, request, payload, devices)
    return rules.broken


def _error(rules: Rules, result: dict[str, Any]) -> None:
    code = result.get("errorCode")
    rules.must(code in ERROR_CODES, f"{code} is no error code of Google's")
    if "debugString" in result:
        rules.text(result["debugString"], "debugString", 4096)


def _sync(rules: Rules, _request: dict[str, Any], payload: dict[str, Any], known: dict[str, Any]) -> None:
    if not rules.keys(payload, "payload", {"agentUserId", "devices"}):
        return
    rules.text(payload["agentUserId"], "agentUserId", 256)
    rules.must("@" not in str(payload["agentUserId"]), "agentUserId looks like an e-mail address")
    devices = payload["devices"]
    if not rules.must(isinstance(devices, list), "devices is no list"):
        return
    for device in devices:
        _device(rules, device)
    ids = [device.get("id") for device in devices if isinstance(device, dict)]
    rules.must(len(ids) == len(set(ids)), "a device id comes twice")


def _device(rules: Rules, device: Any) -> None:
    if not rules.keys(device, "a device", {"id", "type", "traits", "name", "willReportState"}, _DEVICE_OPTIONAL):
        return
    rules.text(device["id"], "a device's id", 256)
    kinds = ("action.devices.types.CAMERA", "action.devices.types.DOORBELL", SCENE)
    rules.must(device["type"] in kinds, f"{device['type']} is no type of camera or scene")
    if rules.keys(device["name"], "name", {"name"}, {"defaultNames", "nicknames"}):
        rules.text(device["name"]["name"], "a device's name", 60)
    rules.must(isinstance(device["willReportState"], bool), "willReportState is neither true nor false")
    rules.must(device.get("roomHint") != "", "an empty roomHint makes a room without name")
    rules.must(len(json.dumps(device.get("customData", {}))) <= 512, "customData is over 512 bytes")
    attributes = device.get("attributes", {})
    if device["type"] == SCENE:
        rules.must(device["traits"] == ["action.devices.traits.Scene"], "a scene has other traits than Scene")
        rules.must(isinstance(attributes.get("sceneReversible"), bool), "a scene does not say sceneReversible")
        return
    for trait in device["traits"]:
        name = str(trait).removeprefix(_TRAIT)
        if rules.must(name in _STATES, f"{trait} is no trait of a camera"):
            needed = _ATTRIBUTES.get(name)
            rules.must(not needed or needed in attributes, f"the trait {name} lacks {needed}")
    for mode in attributes.get("availableModes", []):
        rules.must(len(mode.get("settings", [])) >= 2, "a mode has less than two settings")
    stream = "action.devices.traits.CameraStream"
    if rules.must(stream in device["traits"], "a camera lacks the trait CameraStream"):
        protocols = attributes.get("cameraStreamSupportedProtocols")
        rules.must(protocols and set(protocols) <= PROTOCOLS, "cameraStreamSupportedProtocols is not right")
        need = attributes.get("cameraStreamNeedAuthToken")
        rules.must(isinstance(need, bool), "cameraStreamNeedAuthToken is neither true nor false")


def _query(rules: Rules, request: dict[str, Any], payload: dict[str, Any], known: dict[str, Any]) -> None:
    if not rules.keys(payload, "payload", {"devices"}):
        return
    queried = {device["id"] for device in request["inputs"][0]["payload"]["devices"]}
    rules.must(set(payload["devices"]) == queried, "QUERY answers other devices than it named")
    for its_id, states in payload["devices"].items():
        _states(rules, states)
        offered = known.get(its_id, {}).get("traits", [])
        for trait in ("StatusReport", "EnergyStorage"):
            if f"{_TRAIT}{trait}" in offered and states.get("status") == "SUCCESS":
                rules.must(next(iter(_STATES[trait])) in states, f"{trait} was offered, and nothing is reported")
        if rules.keys(states, "a device", {"status", "online"}, states.keys()):
            rules.must(states["status"] in STATUSES - {"PENDING"}, f"{states['status']} is no status")
            rules.must(isinstance(states["online"], bool), "online is neither true nor false")
            rules.must(states["status"] != "SUCCESS" or "errorCode" not in states, "SUCCESS comes with an errorCode")
            if "errorCode" in states:
                _error(rules, states)


def _execute(rules: Rules, request: dict[str, Any], payload: dict[str, Any], known: dict[str, Any]) -> None:
    if not rules.keys(payload, "payload", {"commands"}):
        return
    commands = request["inputs"][0]["payload"]["commands"]
    commanded = sorted(device["id"] for command in commands for device in command["devices"])
    answered = sorted(its_id for result in payload["commands"] for its_id in result.get("ids", []))
    rules.must(commanded == answered, "not every device of the command is answered exactly once")
    execution = commands[0]["execution"][0]
    for result in payload["commands"]:
        optional = {"states", "errorCode", "debugString", "challengeNeeded", "exceptionCode"}
        if not rules.keys(result, "a result", {"ids", "status"}, optional):
            continue
        known_statuses = STATUSES - {"PENDING"} if execution["command"] == _STREAM else STATUSES
        rules.must(result["status"] in known_statuses, f"{result['status']} is no status of a stream or a change")
        if result["status"] == "PENDING":
            rules.must("errorCode" not in result, "PENDING comes with an errorCode")
        elif result["status"] == "SUCCESS":
            rules.must("errorCode" not in result, "SUCCESS comes with an errorCode")
            device = known.get(result["ids"][0] if result["ids"] else "", {})
            if execution["command"] == _STREAM:
                _stream(rules, result.get("states"), execution["params"]["SupportedStreamProtocols"], device)
            else:
                _states(rules, result.get("states", {}), execution["params"].get("updateToggleSettings", {}))
        elif rules.must("errorCode" in result, f"{result['status']} comes without errorCode"):
            rules.must("cameraStreamAccessUrl" not in result.get("states", {}), "a refusal comes with a stream")
            rules.must(
                result["status"] != "OFFLINE" or result["errorCode"] in ("deviceOffline", "offline"),
                "OFFLINE is not deviceOffline",
            )
            kind = result.get("challengeNeeded", {}).get("type")
            challenged = result["errorCode"] == "challengeNeeded"
            rules.must(
                challenged == (kind in _CHALLENGES),
                "challengeNeeded does not say what is needed, or says it without need",
            )
            _error(rules, result)


def _states(rules: Rules, states: Any, toggled: Collection[str] = ()) -> None:
    """Checks the states of traits other than CameraStream; `toggled` names the toggles that were just set."""
    if not rules.must(isinstance(states, dict), "states is no object"):
        return
    for known in _STATES.values():
        for name, kind in known.items():
            rules.must(name not in states or isinstance(states[name], kind), f"{name} is not what it must be")
    rules.must(
        set(toggled) <= set(states.get("currentToggleSettings", ())), "a toggle was set, and its state is not reported"
    )
    level = states.get("descriptiveCapacityRemaining", "FULL")
    rules.must(level in _LEVELS, f"{level} is no level of a battery")
    _status_report(rules, states)


def _status_report(rules: Rules, states: dict[str, Any]) -> None:
    for entry in states.get("currentStatusReport", []):
        if rules.keys(entry, "a status", {"blocking", "deviceTarget", "priority", "statusCode"}):
            rules.must(entry["statusCode"] in ERROR_CODES, f"{entry['statusCode']} is no status code of Google's")


def _stream(rules: Rules, states: Any, offered: list[str], device: dict[str, Any]) -> None:
    if not rules.keys(states, "states", {"cameraStreamProtocol"}, _STREAM_OPTIONAL):
        return
    protocol = states["cameraStreamProtocol"]
    rules.must(protocol in offered, f"cameraStreamProtocol {protocol} was not offered")
    rules.must("" not in states.values(), "an empty field is sent where it should be left out")
    needs = device.get("attributes", {}).get("cameraStreamNeedAuthToken", False)
    rules.must(not needs or states.get("cameraStreamAuthToken"), "cameraStreamAuthToken was promised and is missing")
    if protocol == "webrtc":
        rules.url(states.get("cameraStreamSignalingUrl"), "cameraStreamSignalingUrl")
        rules.must("cameraStreamReceiverAppId" not in states, "a WebRTC stream names a receiver app")
    else:
        rules.url(states.get("cameraStreamAccessUrl"), "cameraStreamAccessUrl")
    if servers := states.get("cameraStreamIceServers"):
        rules.must(_ice_servers(servers), "cameraStreamIceServers is not a JSON text of a list")


def _ice_servers(value: Any) -> bool:
    try:
        return isinstance(json.loads(value), list)
    except (TypeError, ValueError):
        return False


def check_signalling(status: int, headers: dict[str, str], answer: Any, offer: str, origin: str) -> list[str]:
    """Checks the answer to an offer that was posted to cameraStreamSignalingUrl from the player's origin."""
    rules = Rules()
    allowed = headers.get("access-control-allow-origin")
    rules.must(allowed == origin, "the signalling answer lacks Access-Control-Allow-Origin for the player")
    if status == 200 and rules.keys(answer, "the signalling answer", {"action", "sdp"}):
        rules.must(answer["action"] == "answer", "the signalling answer's action is not “answer”")
        rules.sdp_answer(answer["sdp"], offer)
    return rules.broken


_OBJECTS = {"named": list, "familiar": int, "unfamiliar": int, "unclassified": int}


class Known(Protocol):
    """The part of a user that the rules need."""

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
        _reported_states(rules, reported, known.devices.get(its_id) if known else None)
    for its_id, notified in notifications.items():
        _notification(rules, notified, known.devices.get(its_id) if known else None)
    return rules.broken


def _reported_states(rules: Rules, reported: Any, device: dict[str, Any] | None) -> None:
    if not rules.must(isinstance(reported, dict) and "online" in reported, "a device's states lack online"):
        return
    rules.must(isinstance(reported["online"], bool), "online is neither true nor false")
    if device is None:
        return  # it is answered 404
    traits = [str(trait).removeprefix(_TRAIT) for trait in device["traits"]]
    allowed = {name: kind for trait in traits for name, kind in _STATES.get(trait, {}).items()}
    for name, value in reported.items():
        if name != "online" and rules.must(name in allowed, f"{name} is no state of the device's traits"):
            rules.must(isinstance(value, allowed[name]), f"{name} is not what it must be")
    _status_report(rules, reported)


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
        rules.must(f"{_TRAIT}ObjectDetection" in device["traits"], "the device has no trait ObjectDetection")
        rules.must(device.get("notificationSupportedByAgent") is True, "SYNC did not say that the device notifies")
