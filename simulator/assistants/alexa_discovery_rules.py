"""The rules for the answer to Discover: Amazon holds its endpoints and their capabilities to them."""

import json
import re
from typing import Any

from simulator.assistants import alexa_control_rules as control
from simulator.assistants.rules import Rules

_ENDPOINT_ID = re.compile(r"[a-zA-Z0-9_\-=#;:?@&]{1,256}")
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
    rules.must(_ENDPOINT_ID.fullmatch(str(endpoint["endpointId"])), "an endpointId has a character it may not have")
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
