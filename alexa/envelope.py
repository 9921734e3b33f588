"""The envelope of every message that answers a directive, in one place."""

import os
import re

import msgspec

from alexa.directive import Directive
from alexa.errors import DirectiveError
from alexa.interface import Answer
from alexa.message import Context, EndpointId, Event, Header, Message, Property

_valid_endpoint_id = re.compile(r"[a-zA-Z0-9_\-=#;:?@&]{1,256}").fullmatch
_encode = msgspec.json.Encoder().encode


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
