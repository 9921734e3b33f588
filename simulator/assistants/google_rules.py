"""The rules Google holds a smart-home answer to."""

import json
from collections.abc import Collection
from typing import Any

from simulator.assistants.rules import Rules

PROTOCOLS = {"hls", "dash", "smooth_stream", "progressive_mp4", "webrtc"}
STATUSES = {"SUCCESS", "PENDING", "OFFLINE", "EXCEPTIONS", "ERROR"}

# The codes of the platform that can concern a camera.
_CODES = """
    actionNotAvailable alreadyInState alreadyOff alreadyOn authFailure challengeNeeded commandInsertFailed
    deadBattery deviceAtExtremeTemperature deviceBusy deviceCharging deviceMoved deviceNotFound deviceNotMounted
    deviceNotReady deviceOffline deviceTampered deviceThermalShutdown deviceTurnedOff deviceUnplugged
    functionNotSupported hardError inSleepMode inSoftwareUpdate lowBattery needsSoftwareUpdate notSupported offline
    pinIncorrect relinkRequired resourceUnavailable securityRestriction streamUnavailable streamUnplayable
    tooManyFailedAttempts transientError turnedOff userCancelled
    motionDetected noIssuesReported
"""
ERROR_CODES = frozenset(_CODES.split())
_DEVICE_OPTIONAL = {
    "attributes", "customData", "deviceInfo", "notificationSupportedByAgent", "otherDeviceIds", "roomHint",
    "structureHint",
}  # fmt: skip
_STREAM = "action.devices.commands.GetCameraStream"
_CHALLENGES = {"ackNeeded", "pinNeeded", "challengeFailedPinNeeded"}
# trait: the attribute it can't do without, the state it tells
_TRAITS = {
    "CameraStream": ("cameraStreamSupportedProtocols", ""),
    "OnOff": ("", "on"),
    "Toggles": ("availableToggles", "currentToggleSettings"),
    "Modes": ("availableModes", "currentModeSettings"),
    "StatusReport": ("", "currentStatusReport"),
    "ObjectDetection": ("", ""),
    "EnergyStorage": ("queryOnlyEnergyStorage", "descriptiveCapacityRemaining"),
    "Reboot": ("", ""),
}
_LEVELS = ("CRITICALLY_LOW", "LOW", "MEDIUM", "HIGH", "FULL")
_STATES: dict[str, type] = {
    "on": bool, "currentToggleSettings": dict, "currentModeSettings": dict, "currentStatusReport": list,
    "descriptiveCapacityRemaining": str, "capacityRemaining": list, "isCharging": bool,
}  # fmt: skip
_STREAM_OPTIONAL = {
    "online", "cameraStreamAccessUrl", "cameraStreamReceiverAppId", "cameraStreamSignalingUrl", "cameraStreamOffer",
    "cameraStreamIceServers", "cameraStreamAuthToken",
}  # fmt: skip


def check(request: dict[str, Any], status: int, text: str, token: str, devices: dict[str, Any]) -> list[str]:
    """Every rule the answer to an intent broke; `devices` are those of the last SYNC, by id."""
    rules = Rules()
    try:
        answer = json.loads(text)
    except ValueError:
        return [f"the answer is no JSON (status {status})"]
    rules.must(status == 200, f"the answer came with status {status}: Google takes 200, or 401 for a dead token")
    rules.unsaid(token, text)
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


def _error(rules: Rules, one: dict[str, Any]) -> None:
    code = one.get("errorCode")
    rules.must(code in ERROR_CODES, f"{code} is no error code of Google's")
    if "debugString" in one:
        rules.text(one["debugString"], "debugString", 4096)


def _sync(rules: Rules, _request: dict[str, Any], payload: dict[str, Any], known: dict[str, Any]) -> None:
    if not rules.keys(payload, "payload", {"agentUserId", "devices"}):
        return
    rules.text(payload["agentUserId"], "agentUserId", 256)
    rules.must("@" not in str(payload["agentUserId"]), "agentUserId looks like an e-mail address")
    devices = payload["devices"]
    if not rules.must(isinstance(devices, list), "devices is no list"):
        return
    for one in devices:
        _device(rules, one)
    ids = [one.get("id") for one in devices if isinstance(one, dict)]
    rules.must(len(ids) == len(set(ids)), "a device id comes twice")


def _device(rules: Rules, one: Any) -> None:
    if not rules.keys(one, "a device", {"id", "type", "traits", "name", "willReportState"}, _DEVICE_OPTIONAL):
        return
    rules.text(one["id"], "a device's id", 256)
    kinds = ("action.devices.types.CAMERA", "action.devices.types.DOORBELL")
    rules.must(one["type"] in kinds, f"{one['type']} is no type of camera")
    if rules.keys(one["name"], "name", {"name"}, {"defaultNames", "nicknames"}):
        rules.text(one["name"]["name"], "a device's name", 60)
    rules.must(isinstance(one["willReportState"], bool), "willReportState is neither true nor false")
    rules.must(one.get("roomHint") != "", "an empty roomHint makes a room without name")
    rules.must(len(json.dumps(one.get("customData", {}))) <= 512, "customData is over 512 bytes")
    attributes = one.get("attributes", {})
    for trait in one["traits"]:
        name = str(trait).removeprefix("action.devices.traits.")
        if rules.must(name in _TRAITS, f"{trait} is no trait of a camera"):
            needed = _TRAITS[name][0]
            rules.must(not needed or needed in attributes, f"the trait {name} lacks {needed}")
    for mode in attributes.get("availableModes", []):
        rules.must(len(mode.get("settings", [])) >= 2, "a mode has less than two settings")
    stream = "action.devices.traits.CameraStream"
    if rules.must(stream in one["traits"], "a camera lacks the trait CameraStream"):
        protocols = attributes.get("cameraStreamSupportedProtocols")
        rules.must(protocols and set(protocols) <= PROTOCOLS, "cameraStreamSupportedProtocols is not right")
        need = attributes.get("cameraStreamNeedAuthToken")
        rules.must(isinstance(need, bool), "cameraStreamNeedAuthToken is neither true nor false")


def _query(rules: Rules, request: dict[str, Any], payload: dict[str, Any], known: dict[str, Any]) -> None:
    if not rules.keys(payload, "payload", {"devices"}):
        return
    asked = {one["id"] for one in request["inputs"][0]["payload"]["devices"]}
    rules.must(set(payload["devices"]) == asked, "QUERY answers other devices than were asked about")
    for its_id, one in payload["devices"].items():
        _states(rules, one)
        offered = known.get(its_id, {}).get("traits", [])
        for trait in ("StatusReport", "EnergyStorage"):
            if f"action.devices.traits.{trait}" in offered and one.get("status") == "SUCCESS":
                rules.must(_TRAITS[trait][1] in one, f"{trait} was offered, and nothing is reported")
        if rules.keys(one, "a device", {"status", "online"}, one.keys()):
            rules.must(one["status"] in STATUSES - {"PENDING"}, f"{one['status']} is no status")
            rules.must(isinstance(one["online"], bool), "online is neither true nor false")
            rules.must(one["status"] != "SUCCESS" or "errorCode" not in one, "SUCCESS comes with an errorCode")
            if "errorCode" in one:
                _error(rules, one)


def _execute(rules: Rules, request: dict[str, Any], payload: dict[str, Any], known: dict[str, Any]) -> None:
    if not rules.keys(payload, "payload", {"commands"}):
        return
    commands = request["inputs"][0]["payload"]["commands"]
    asked = sorted(device["id"] for command in commands for device in command["devices"])
    answered = sorted(one for result in payload["commands"] for one in result.get("ids", []))
    rules.must(asked == answered, "not every device that was asked about is answered exactly once")
    execution = commands[0]["execution"][0]
    for one in payload["commands"]:
        optional = {"states", "errorCode", "debugString", "challengeNeeded", "exceptionCode"}
        if not rules.keys(one, "a result", {"ids", "status"}, optional):
            continue
        rules.must(one["status"] in STATUSES - {"PENDING"}, f"{one['status']} is no status of a stream")
        if one["status"] == "SUCCESS":
            rules.must("errorCode" not in one, "SUCCESS comes with an errorCode")
            device = known.get(one["ids"][0] if one["ids"] else "", {})
            if execution["command"] == _STREAM:
                _stream(rules, one.get("states"), execution["params"]["SupportedStreamProtocols"], device)
            else:
                _states(rules, one.get("states", {}), execution["params"].get("updateToggleSettings", {}))
        elif rules.must("errorCode" in one, f"{one['status']} comes without errorCode"):
            rules.must("cameraStreamAccessUrl" not in one.get("states", {}), "a refusal comes with a stream")
            rules.must(
                one["status"] != "OFFLINE" or one["errorCode"] in ("deviceOffline", "offline"),
                "OFFLINE is not deviceOffline",
            )
            kind = one.get("challengeNeeded", {}).get("type")
            asks = one["errorCode"] == "challengeNeeded"
            rules.must(asks == (kind in _CHALLENGES), "challengeNeeded does not say what is needed, or says it unasked")
            _error(rules, one)


def _states(rules: Rules, told: Any, toggled: Collection[str] = ()) -> None:
    """What traits tell of a device, beside its stream; `toggled`: what was just set."""
    if not rules.must(isinstance(told, dict), "states is no object"):
        return
    for name, kind in _STATES.items():
        rules.must(name not in told or isinstance(told[name], kind), f"{name} is not what it must be")
    rules.must(set(toggled) <= set(told.get("currentToggleSettings", ())), "a toggle was set, and it is not told how")
    level = told.get("descriptiveCapacityRemaining", "FULL")
    rules.must(level in _LEVELS, f"{level} is no level of a battery")
    for one in told.get("currentStatusReport", []):
        if rules.keys(one, "a status", {"blocking", "deviceTarget", "priority", "statusCode"}):
            rules.must(one["statusCode"] in ERROR_CODES, f"{one['statusCode']} is no status code of Google's")


def _stream(rules: Rules, states: Any, offered: list[str], device: dict[str, Any]) -> None:
    if not rules.keys(states, "states", {"cameraStreamProtocol"}, _STREAM_OPTIONAL):
        return
    protocol = states["cameraStreamProtocol"]
    rules.must(protocol in offered, f"cameraStreamProtocol {protocol} was not asked for")
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


def check_signalling(status: int, headers: dict[str, str], told: Any, offer: str, origin: str) -> list[str]:
    """The answer to an offer that was posted to cameraStreamSignalingUrl from the player's origin."""
    rules = Rules()
    allowed = headers.get("access-control-allow-origin")
    rules.must(allowed == origin, "the signalling answer lacks Access-Control-Allow-Origin for the player")
    if status == 200 and rules.keys(told, "the signalling answer", {"action", "sdp"}):
        rules.must(told["action"] == "answer", "the signalling answer's action is not “answer”")
        rules.sdp_answer(told["sdp"], offer)
    return rules.broken
