"""The messages that showcam sends to Alexa unasked: cameras that are new or gone, changes, rings, detections.

https://developer.amazon.com/en-US/docs/alexa/smarthome/state-reporting-for-a-smart-home-skill.html
https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-discovery.html
"""

from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec import Raw, Struct, field

from showcam.alexa.message import Context, EndpointId, Event, Header, Message, Property, seconds, timestamp

type CauseOf = Literal["APP_INTERACTION", "PHYSICAL_INTERACTION", "PERIODIC_POLL"]

OBJECTS = "Alexa.SmartVision.ObjectDetectionSensor"
_encode = msgspec.json.Encoder().encode


class Scope(Struct, tag_field="type", tag="BearerToken", frozen=True):
    """Amazon's token, which tells the gateway the customer of the event."""

    token: str = ""


class ReportedEndpoint(EndpointId):
    scope: Scope


class Listed(Struct):
    """New or changed cameras. `endpoints`: whole endpoints, each encoded."""

    endpoints: list[Raw]
    scope: Scope = Scope()


class Gone(Struct):
    endpoints: list[EndpointId]
    scope: Scope = Scope()


class Cause(Struct, frozen=True):
    kind: CauseOf = field(name="type")


class Change(Struct):
    cause: Cause
    properties: list[Property]


class Changed(Struct):
    change: Change


class Press(Struct):
    cause: Cause
    timestamp: str  # without fractions of a second


class Detection(Struct, rename="camel"):
    event_identifier: str
    image_net_class: str
    time_of_sample: str
    uncertainty_in_milliseconds: int


class Detections(Struct):
    events: list[Detection]


class Report(Struct, frozen=True):
    """A message before it is signed with a token. `camera`: "" if it is about several."""

    header: Header
    payload: Listed | Gone | Changed | Press | Detections
    camera: str = ""
    context: tuple[Property, ...] | None = None

    def encoded(self, token: str) -> bytes:
        scope, payload = Scope(token), self.payload
        endpoint = ReportedEndpoint(self.camera, scope) if self.camera else None
        if isinstance(payload, Listed | Gone):
            payload = msgspec.structs.replace(payload, scope=scope)
        context = None if self.context is None else Context(list(self.context))
        return _encode(Message(Event(self.header, payload, endpoint), context))


def listed(message_id: str, endpoints: Sequence[bytes]) -> Report:
    header = Header("Alexa.Discovery", "AddOrUpdateReport", "3", message_id)
    return Report(header, Listed([Raw(endpoint) for endpoint in endpoints]))


def gone(message_id: str, cameras: Sequence[str]) -> Report:
    header = Header("Alexa.Discovery", "DeleteReport", "3", message_id)
    return Report(header, Gone([EndpointId(camera) for camera in cameras]))


def changed(
    message_id: str, camera: str, cause: CauseOf, changed: list[Property], unchanged: Sequence[Property]
) -> Report:
    """A report of changes. Every property is either among the changed ones or in the context, and none in both."""
    payload = Changed(Change(Cause(cause), changed))
    return Report(Header("Alexa", "ChangeReport", "3", message_id), payload, camera, tuple(unchanged))


def pressed(message_id: str, camera: str, at: float) -> Report:
    payload = Press(Cause("PHYSICAL_INTERACTION"), seconds(at))
    return Report(Header("Alexa.DoorbellEventSource", "DoorbellPress", "3", message_id), payload, camera)


def detected(message_id: str, camera: str, at: float, uncertainty_ms: int) -> Report:
    """Reports a person: showcam knows no other class of object."""
    detection = Detection(message_id, "person", timestamp(at), uncertainty_ms)
    return Report(Header(OBJECTS, "ObjectDetection", "1.0", message_id), Detections([detection]), camera)
