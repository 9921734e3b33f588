"""Alexa's Smart Home skill: answers every directive with an event."""

import logging
import os
import re
from collections.abc import Callable

import msgspec

from showcam.accounts.links import TokenExpired, TokenInvalid
from showcam.alexa.errors import DirectiveError
from showcam.alexa.gateway import Gateway
from showcam.alexa.interface import (
    Answer,
    CameraDirective,
    Context,
    Deadline,
    Directive,
    EndpointId,
    Event,
    Handler,
    Header,
    HouseholdHandler,
    Message,
    Property,
    Unreadable,
    read,
)
from showcam.alexa.interfaces import household_interfaces, interfaces
from showcam.alexa.states import State
from showcam.alexa.streams import ASKS
from showcam.registry import outcomes
from showcam.registry.outcomes import Asking, Outcome
from showcam.registry.registry import Registry
from showcam.store.ports import StoreUnavailable
from showcam.store.records import Link

log = logging.getLogger(__name__)

type Kind = tuple[str, str]  # namespace and name of a directive

_printable = re.compile(r"[a-zA-Z0-9\-]{1,127}").fullmatch
_valid_endpoint_id = re.compile(r"[a-zA-Z0-9_\-=#;:?@&]{1,256}").fullmatch
_encode = msgspec.json.Encoder().encode
UNKNOWN = "unknown"  # the name of a directive that showcam does not know


class SmartHome:
    """Answers the skill's directives. `authenticate` raises TokenInvalid or TokenExpired. Safe to use from many
    threads.

    `snapshots`: whether stills are advertised and served; `reported`: whether changes are reported to a link;
    `granted` is called once a link has a grant for reports.
    """

    def __init__(
        self,
        authenticate: Callable[[str], Link],
        registry: Registry,
        gateway: Gateway | None = None,
        *,
        snapshots: bool = True,
        reported: Callable[[Link], bool] = lambda link: False,
        granted: Callable[[Link], None] = lambda link: None,
    ) -> None:
        self._authenticate = authenticate
        table = interfaces(registry, snapshots=snapshots)
        of_household = household_interfaces(registry, self._link, gateway, table, reported, granted)
        self._state = State(table)
        self._handlers: dict[Kind, Handler] = {
            (interface.name, name): handler for interface in table for name, handler in interface.directives().items()
        }
        self._household_handlers: dict[Kind, HouseholdHandler] = {
            (interface.name, name): handler
            for interface in of_household
            for name, handler in interface.directives().items()
        }

    def answer(self, body: bytes, received: float | None = None) -> bytes:
        """Answers a directive; never raises: a failure becomes an ErrorResponse.

        `received`: when the request arrived, by time.monotonic.
        """
        try:
            directive = read(body)
        except Unreadable as unreadable:
            outcomes.add(Outcome(UNKNOWN, "refused", "INVALID_DIRECTIVE", assistant="alexa"))
            envelope = Envelope(unreadable.correlation_token, unreadable.endpoint_id)
            return envelope.error(DirectiveError("INVALID_DIRECTIVE", "This is not a Smart Home directive."))
        name = self._named(directive)
        with outcomes.asking(name, "alexa", for_picture=name in ASKS) as asked:
            answer = self._enveloped(directive, Deadline(received), asked)
        outcomes.add(asked.ended())
        return answer

    def _enveloped(self, directive: Directive, deadline: Deadline, asked: Asking) -> bytes:
        envelope = Envelope.replying_to(directive)
        try:
            answer = self._answer(directive, deadline)
            properties = None if answer.camera is None else self._state.properties(answer.camera)
            return envelope.around(answer, properties)
        except DirectiveError as error:
            asked.refused(error.reason or error.kind)
            return envelope.error(error)
        except StoreUnavailable:
            log.warning("the store can't be reached (request %s)", _request(directive), extra={"reason": "store"})
            asked.failed("store")
            return envelope.error(
                DirectiveError("BRIDGE_UNREACHABLE", "showcam can't reach its store just now. Try again in a moment.")
            )
        except Exception:
            # the outermost edge of the skill: the traceback goes to the log, Alexa learns only that something failed
            log.exception("a directive failed (request %s)", _request(directive))
            asked.failed()
            return envelope.error(
                DirectiveError("INTERNAL_ERROR", "Something went wrong in showcam. It is in its log.")
            )

    def _named(self, directive: Directive) -> str:
        """The directive's name for the log, or "unknown". The name holds no text of a stranger."""
        kind = directive.header.namespace, directive.header.name
        return ".".join(kind) if kind in self._handlers or kind in self._household_handlers else UNKNOWN

    def _answer(self, directive: Directive, deadline: Deadline) -> Answer:
        kind = directive.header.namespace, directive.header.name
        if (of_household := self._household_handlers.get(kind)) is not None:
            return of_household(directive, deadline)
        handler = self._handlers.get(kind)
        if handler is None:
            raise DirectiveError("INVALID_DIRECTIVE", "showcam does not know this directive.")
        endpoint = directive.endpoint
        if endpoint is None:
            raise DirectiveError("INVALID_DIRECTIVE", "This directive needs an endpoint.")
        outcomes.current().about(endpoint.endpoint_id)
        link = self._link(endpoint.scope.token if endpoint.scope else "")
        return handler(CameraDirective(link, endpoint.endpoint_id, directive, deadline))

    def _link(self, token: str) -> Link:
        try:
            link = self._authenticate(token)
        except TokenExpired:
            raise DirectiveError("EXPIRED_AUTHORIZATION_CREDENTIAL", "The access token has expired.") from None
        except TokenInvalid:
            raise DirectiveError("INVALID_AUTHORIZATION_CREDENTIAL", "The access token is not valid here.") from None
        outcomes.current().by(link.id, link.account)
        return link


class Envelope:
    """Copies a directive's correlation token and endpoint into its answer, so that no handler has to."""

    __slots__ = ("_correlation_token", "_endpoint")

    def __init__(self, correlation_token: str | None = None, endpoint_id: str | None = None) -> None:
        self._correlation_token = correlation_token or None
        self._endpoint = EndpointId(endpoint_id) if endpoint_id and _valid_endpoint_id(endpoint_id) else None

    @classmethod
    def replying_to(cls, directive: Directive) -> "Envelope":
        endpoint = directive.endpoint
        return cls(directive.header.correlation_token, endpoint.endpoint_id if endpoint else None)

    def around(self, answer: Answer, properties: list[Property] | None) -> bytes:
        """The encoded event. `properties`: its context; None: it has no context."""
        endpoint = self._endpoint if answer.of_camera else None
        event = Event(self._header(answer.namespace, answer.name, answer.version), answer.payload, endpoint)
        return _encode(Message(event, None if properties is None else Context(properties)))

    def error(self, error: DirectiveError) -> bytes:
        header = self._header(error.namespace, "ErrorResponse", error.version)
        return _encode(Message(Event(header, error.payload, self._endpoint)))

    def _header(self, namespace: str, name: str, version: str) -> Header:
        return Header(namespace, name, version, os.urandom(16).hex(), self._correlation_token)


def _request(directive: Directive) -> str:
    given = directive.header.message_id
    return given if given and _printable(given) else "without a readable id"
