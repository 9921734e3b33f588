"""Alexa's Smart Home skill: a directive in, an event out, whatever the directive is."""

import logging
import re
from collections.abc import Callable

from accounts.tokens import TokenExpired, TokenInvalid
from alexa import (
    discovery,
    mode_controller,
    object_detection_sensor,
    power_controller,
    snapshot_provider,
    toggle_controller,
)
from alexa.accept_grant import AcceptGrant
from alexa.camera_stream import CameraStreams
from alexa.controls import Controls
from alexa.directive import Directive, Unreadable, read
from alexa.discovery import Discovery
from alexa.errors import (
    BridgeUnreachable,
    DirectiveError,
    ExpiredAuthorization,
    InternalError,
    InvalidAuthorization,
    InvalidDirective,
)
from alexa.event import Reply
from alexa.gateway import Gateway
from alexa.mode_controller import Modes
from alexa.object_detection_sensor import ObjectDetection
from alexa.power_controller import Power
from alexa.rtc_session import RtcSessions
from alexa.snapshot_provider import Snapshots
from alexa.state import properties
from alexa.state_report import StateReport
from alexa.toggle_controller import Toggles
from registry.registry import Registry
from store.ports import StoreUnavailable
from store.records import Link

log = logging.getLogger(__name__)

type Handler = Callable[[Link, str, Directive, Reply], bytes]

_printable = re.compile(r"[a-zA-Z0-9\-]{1,127}").fullmatch


class SmartHome:
    """`authenticate` raises TokenInvalid or TokenExpired. Safe to use from many threads.

    `snapshots`: whether still pictures are advertised and given.
    """

    def __init__(
        self,
        authenticate: Callable[[str], Link],
        registry: Registry,
        gateway: Gateway | None = None,
        *,
        snapshots: bool = True,
    ) -> None:
        self._authenticate = authenticate
        self._grants = AcceptGrant(authenticate, gateway)
        self._discovery = Discovery(registry, snapshots=snapshots)
        controls = Controls(registry, properties)
        streams, sessions, toggles = CameraStreams(registry), RtcSessions(registry), Toggles(controls)
        self._handlers: dict[tuple[str, str], Handler] = {
            ("Alexa", "ReportState"): StateReport(controls).report,
            ("Alexa.CameraStreamController", "InitializeCameraStreams"): streams.initialize,
            ("Alexa.RTCSessionController", "InitiateSessionWithOffer"): sessions.initiate,
            ("Alexa.RTCSessionController", "SessionConnected"): sessions.connected,
            ("Alexa.RTCSessionController", "SessionDisconnected"): sessions.disconnected,
            (snapshot_provider.INTERFACE, "GetSnapshot"): Snapshots(
                registry, enabled=snapshots and registry.stills
            ).get,
            (object_detection_sensor.INTERFACE, "SetObjectDetectionClasses"): ObjectDetection(controls).set_classes,
            (power_controller.INTERFACE, "TurnOn"): Power(controls).turn_on,
            (power_controller.INTERFACE, "TurnOff"): Power(controls).turn_off,
            (toggle_controller.INTERFACE, "TurnOn"): toggles.turn_on,
            (toggle_controller.INTERFACE, "TurnOff"): toggles.turn_off,
            (mode_controller.INTERFACE, "SetMode"): Modes(controls).set,
        }

    def answer(self, body: bytes, received: float | None = None) -> bytes:
        """Never raises: what goes wrong is an ErrorResponse. `received`: when it came, by time.monotonic."""
        try:
            directive = read(body)
        except Unreadable as unreadable:
            reply = Reply(unreadable.header, unreadable.endpoint_id)
            return reply.error(InvalidDirective("This is not a Smart Home directive."))
        reply = Reply.to(directive, received)
        try:
            return self._handle(directive, reply)
        except DirectiveError as error:
            log.info("answered with %s (request %s)", error.kind, _request(directive), extra={"reason": "refused"})
            return reply.error(error)
        except StoreUnavailable:
            log.warning("the store can't be reached (request %s)", _request(directive), extra={"reason": "store"})
            return reply.error(BridgeUnreachable("showcam can't reach its store just now. Try again in a moment."))
        except Exception:
            # the outermost edge of the skill: told once here, and to Alexa only that it happened
            log.exception("a directive failed (request %s)", _request(directive))
            return reply.error(InternalError("Something went wrong in showcam. It is in its log."))

    def _handle(self, directive: Directive, reply: Reply) -> bytes:
        kind = directive.header.namespace, directive.header.name
        if kind == ("Alexa.Discovery", "Discover"):
            scope = directive.read(discovery.PAYLOAD).scope
            return self._discovery.discover(self._link(scope.token if scope else ""), reply)
        if kind == ("Alexa.Authorization", "AcceptGrant"):
            return self._grants.accept(directive, reply)
        handler = self._handlers.get(kind)
        if handler is None:
            raise InvalidDirective("showcam does not know this directive.")
        endpoint = directive.endpoint
        if endpoint is None:
            raise InvalidDirective("This directive needs an endpoint.")
        link = self._link(endpoint.scope.token if endpoint.scope else "")
        return handler(link, endpoint.endpoint_id, directive, reply)

    def _link(self, token: str) -> Link:
        try:
            return self._authenticate(token)
        except TokenExpired:
            raise ExpiredAuthorization("The access token has expired.") from None
        except TokenInvalid:
            raise InvalidAuthorization("The access token is not valid here.") from None


def _request(directive: Directive) -> str:
    given = directive.header.message_id
    return given if given and _printable(given) else "without a readable id"
