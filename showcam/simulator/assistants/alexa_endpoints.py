"""Alexa's knowledge of a customer's devices, from Discover and accepted events, and the directives to them."""

import secrets
import time
import uuid
from collections import deque
from collections.abc import Callable
from typing import Any

from showcam.simulator.assistants.alexa_rules import SCENE

RTC = "Alexa.RTCSessionController"
CAMERA_STREAM = "Alexa.CameraStreamController"
POWER = "Alexa.PowerController"


def directive(
    namespace: str, name: str, endpoint: dict[str, Any] | None, payload: dict[str, Any], token: str
) -> dict[str, Any]:
    header = {"namespace": namespace, "name": name, "payloadVersion": "3", "messageId": str(uuid.uuid4())}
    scope = {"type": "BearerToken", "token": token}
    if endpoint is None:  # AcceptGrant carries its token as the grantee
        scoped = payload if "grantee" in payload else payload | {"scope": scope}
        return {"directive": {"header": header, "payload": scoped}}
    header["correlationToken"] = secrets.token_urlsafe(96) + "=="
    target = {"scope": scope, "endpointId": endpoint["endpointId"], "cookie": endpoint.get("cookie", {})}
    return {"directive": {"header": header, "endpoint": target, "payload": payload}}


def capability_of(endpoint: dict[str, Any], interface: str) -> dict[str, Any] | None:
    return next((known for known in endpoint["capabilities"] if known["interface"] == interface), None)


def combinations(endpoint: dict[str, Any]) -> list[dict[str, Any]]:
    """The advertised streams that an Echo plays: HLS, H.264, at most 1080p, with or without sound."""
    offered = capability_of(endpoint, CAMERA_STREAM)
    return [
        {
            "protocol": "HLS",
            "resolution": resolution,
            "authorizationType": "NONE",
            "videoCodec": "H264",
            "audioCodec": audio,
        }
        for offer in (offered or {}).get("cameraStreamConfigurations", [])
        if "HLS" in offer["protocols"] and "NONE" in offer["authorizationTypes"] and "H264" in offer["videoCodecs"]
        for resolution in offer["resolutions"]
        if resolution["width"] <= 1920 and resolution["height"] <= 1080
        for audio in offer["audioCodecs"]
    ]


type PropertyKey = tuple[str, str, str | None]  # namespace, name, instance
REMEMBERED = 4096  # ids of earlier messages, to recognise a repeated event
RESENT_S = 1.0  # Amazon asks that an event is not sent again sooner


class Endpoints:
    """`listeners` are called after each event that changed something, with the event."""

    def __init__(self) -> None:
        self.by_id: dict[str, dict[str, Any]] = {}
        self.states: dict[str, dict[PropertyKey, dict[str, Any]]] = {}
        self.events: deque[dict[str, Any]] = deque(maxlen=1000)  # repeated events are left out, and each event's scope
        self.dropped: deque[str] = deque(maxlen=100)  # why an event that was answered 202 came to nothing
        self.repeated = 0
        self.listeners: list[Callable[[dict[str, Any]], None]] = []
        self._taken: dict[str, float] = {}  # when each event came, by message id, the oldest first

    def discovered(self, endpoints: list[dict[str, Any]]) -> None:
        """Discover's answer is the whole list: missing devices are gone."""
        self.by_id = {endpoint["endpointId"]: endpoint for endpoint in endpoints}
        self.states = {its_id: states for its_id, states in self.states.items() if its_id in self.by_id}

    def cameras(self) -> list[dict[str, Any]]:
        return [
            {
                "id": endpoint["endpointId"],
                "name": endpoint["friendlyName"],
                "description": endpoint["description"],
                "categories": endpoint["displayCategories"],
                "webrtc": capability_of(endpoint, RTC) is not None,
                "hls": bool(combinations(endpoint)),
            }
            for endpoint in self.by_id.values()
            if endpoint["displayCategories"] != [SCENE]
        ]

    def scenes(self) -> list[dict[str, Any]]:
        scenes = (endpoint for endpoint in self.by_id.values() if endpoint["displayCategories"] == [SCENE])
        return [{"id": scene["endpointId"], "name": scene["friendlyName"]} for scene in scenes]

    def values(self) -> dict[str, dict[str, Any]]:
        """Returns the reported values, by endpoint and by “name” or “instance: name”."""
        return {
            its_id: {
                f"{instance}: {name}" if instance else name: state["value"]
                for (_, name, instance), state in reported.items()
            }
            for its_id, reported in self.states.items()
        }

    def take(self, event: dict[str, Any], properties: list[dict[str, Any]]) -> None:
        """Applies an event that the gateway accepted; `properties` are from its context.

        As in life 202 promises nothing: an event about an endpoint that Alexa does not know, or older than what Alexa
        knows, comes to nothing.
        """
        header = event["header"]
        taken_at, now = self._taken.get(header["messageId"]), time.monotonic()
        if taken_at is not None:
            self.repeated += 1
            if now - taken_at < RESENT_S:
                self.dropped.append(f"{header['name']} came again within the same second")
            return
        self._taken[header["messageId"]] = now
        if len(self._taken) > REMEMBERED:
            del self._taken[next(iter(self._taken))]
        self.events.append(event)
        why = self._applied(header["name"], event, properties)
        if why:
            self.dropped.append(f"{header['name']} {why}")
        for listener in list(self.listeners):
            listener(event)

    def _applied(self, name: str, event: dict[str, Any], properties: list[dict[str, Any]]) -> str:
        """Applies an event. Returns the reason why it came to nothing, or ""."""
        if name == "AddOrUpdateReport":
            self.by_id |= {endpoint["endpointId"]: endpoint for endpoint in event["payload"]["endpoints"]}
            return ""
        if name == "DeleteReport":
            gone = [endpoint["endpointId"] for endpoint in event["payload"]["endpoints"]]
            unknown = [its_id for its_id in gone if self.by_id.pop(its_id, None) is None]
            for its_id in gone:
                self.states.pop(its_id, None)
            return f"deletes {len(unknown)} endpoints that Alexa does not know" if unknown else ""
        endpoint = self.by_id.get(event["endpoint"]["endpointId"])
        if endpoint is None:
            return "is about an endpoint that Alexa does not know"
        if name == "ChangeReport":
            return self._changed(endpoint, [*event["payload"]["change"]["properties"], *properties])
        wanted = event["header"]["namespace"]
        offered = capability_of(endpoint, wanted)
        if offered is None:
            return f"is of {wanted}, which the endpoint does not have"
        if name == "DoorbellPress" and not offered.get("proactivelyReported"):
            return "comes from a doorbell that reports nothing by itself"
        return ""

    def _changed(self, endpoint: dict[str, Any], properties: list[dict[str, Any]]) -> str:
        states, why = self.states.setdefault(endpoint["endpointId"], {}), ""
        for state in properties:
            key = state["namespace"], state["name"], state.get("instance")
            if not _reports(endpoint, key):
                why = f"reports {key[1]}, of which the endpoint did not say that it is proactively reported"
            elif key in states and states[key]["timeOfSample"] > state["timeOfSample"]:
                why = f"has {key[1]} older than what Alexa knows"
            else:
                states[key] = state
        return why


def _reports(endpoint: dict[str, Any], key: PropertyKey) -> bool:
    for offered in endpoint["capabilities"]:
        if (offered["interface"], offered.get("instance")) == (key[0], key[2]):
            properties = offered.get("properties", {})
            names = [state["name"] for state in properties.get("supported", [])]
            return key[1] in names and bool(properties.get("proactivelyReported"))
    return False
