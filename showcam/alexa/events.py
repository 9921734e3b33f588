"""The messages that showcam sends to Alexa unasked: cameras that are new or gone, changes, rings, detections.

https://developer.amazon.com/en-US/docs/alexa/smarthome/state-reporting-for-a-smart-home-skill.html
https://developer.amazon.com/en-US/docs/alexa/smarthome/send-events-to-the-alexa-event-gateway.html
https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-discovery.html
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec
from msgspec import Raw, Struct, field

from showcam.alexa.gateway import Amazon, ClientRefused, Gateway, NotGranted, NoTokens, OfWhichClient, Posted, Revoked
from showcam.alexa.interface import Context, EndpointId, Event, Header, Message, Property, seconds, timestamp
from showcam.net.exchange import Unreached
from showcam.registry.reporting.reporter import GrantDead, Refused, RefusedKey, Rejected, TryAgain, Unlinked
from showcam.store.outbox import Why

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


log = logging.getLogger(__name__)


class EventSender:
    """Sends events, and maps Amazon's answers to errors. Safe to use from many threads."""

    def __init__(self, gateway: Gateway, amazon: Amazon, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._gateway, self._amazon, self._monotonic = gateway, amazon, monotonic

    def send(self, link_id: str, report: Report, end: float) -> None:
        """Returns when the gateway has taken the event. `end`: the end of the whole call, by the monotonic clock.

        An event is posted once: Amazon takes the same event within the same second for another event. Raises Rejected,
        TryAgain, Refused, GrantDead, Unlinked.
        """
        try:
            grant = self._gateway.grant(link_id)
            posted = self._post(grant.gateway, report, grant.access, end)
            if posted.status == 401:
                self._gateway.renew(link_id, grant.access)
        except Revoked:
            raise Unlinked("Login with Amazon has withdrawn the grant (invalid_grant)") from None
        except OfWhichClient as error:
            raise Refused(str(error)) from None
        except ClientRefused as error:
            raise RefusedKey(str(error)) from None
        except NotGranted:
            raise GrantDead("Amazon has given no grant for this link") from None
        except Unreached as error:
            why: Why = "trouble" if isinstance(error, NoTokens) else "unreached"
            raise TryAgain(f"Amazon could not be reached: {error}", why=why) from None
        self._judge(link_id, posted)

    def _post(self, gateway: str, report: Report, token: str, end: float) -> Posted:
        left_s = end - self._monotonic()
        if left_s <= 0:
            raise TryAgain("the time for this turn was over", why="unreached")
        return self._amazon.post_event(gateway, report.encoded(token), token, left_s)

    def _judge(self, link_id: str, posted: Posted) -> None:
        status, code = posted.status, posted.code
        said = f"the event gateway answered {status} {code}".rstrip()
        if status == 202:
            return
        if code == "SKILL_DISABLED_EXCEPTION":
            raise Unlinked(said)
        if code == "SKILL_NEVER_ENABLED_EXCEPTION":
            self._gateway.move(link_id)
            raise Refused(f"{said}: the customer's region is requested again", posted.after_s)
        # a 403 or 404 with another code or none may be temporary: some came from a proxy on the way
        if status in (403, 404):
            raise Refused(said, posted.after_s)
        if status in (400, 413):
            log.warning("%s to a message of showcam's own making", said, extra={"reason": "rejected"})
            raise Rejected(said, "too_large" if status == 413 else "refused")
        raise TryAgain(said, posted.after_s, why="busy" if status == 429 else "trouble")
