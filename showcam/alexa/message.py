"""The wire format of messages from and to Alexa: a directive is typed as far as dispatch and authentication need it.

Unknown keys are ignored, since real directives carry more than is published. The interface that makes an answer types
its payload, and a message that is no directive is still read for what its error answer needs.
https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-interface.html
https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-response.html
"""

import functools
import json
import re
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Raw, Struct

from showcam.alexa.errors import InvalidDirective
from showcam.net.text import JsonObject, shallow, too_deep

type Value = str | int | Struct | tuple[Struct, ...]  # the value of a property
_MS = [f".{ms:03d}Z" for ms in range(1000)]
DEEP = 3  # the fields read from header and endpoint lie no deeper
# more lenient than the decoder of directives; numbers are not used, so each becomes a float
_decode = json.JSONDecoder(parse_int=float, strict=False).decode
_unpaired = re.compile(r"[\ud800-\udfff]").search


class Header(Struct, rename="camel", omit_defaults=True):
    namespace: str
    name: str
    payload_version: str
    message_id: str
    correlation_token: str | None = None


class EndpointId(Struct, rename="camel"):
    """The id of an endpoint without a scope: a bearer token is never sent back."""

    endpoint_id: str


class Event(Struct, omit_defaults=True):
    header: Header
    payload: Struct
    endpoint: EndpointId | None = None


class Property(Struct, rename="camel", omit_defaults=True):
    """One property of a camera at `time_of_sample`."""

    namespace: str
    name: str
    value: Value
    time_of_sample: str
    uncertainty_in_milliseconds: int
    instance: str | None = None


class Context(Struct):
    properties: list[Property]


class Message(Struct, omit_defaults=True):
    event: Event
    context: Context | None = None


class Empty(Struct, frozen=True):
    """A payload without fields."""


EMPTY = Empty()


def timestamp(at: float) -> str:
    """Epoch seconds in Alexa's format: ISO 8601, UTC, with milliseconds."""
    ms = int(at * 1000)
    return _second(ms // 1000) + _MS[ms % 1000]


def seconds(at: float) -> str:
    """Epoch seconds in the format of an event that takes no fractions."""
    return _second(int(at)) + "Z"


@functools.lru_cache(1024)  # many readings and streams fall into the same second
def _second(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")


class DirectiveHeader(Struct, rename="camel"):
    namespace: str
    name: str
    message_id: str | None = None
    correlation_token: str | None = None
    instance: str | None = None


class Scope(Struct):
    token: str = ""


class Endpoint(Struct, rename="camel"):
    endpoint_id: str
    scope: Scope | None = None


class Directive(Struct):
    header: DirectiveHeader
    endpoint: Endpoint | None = None
    payload: Raw = Raw(b"{}")

    def read[T](self, shape: msgspec.json.Decoder[T]) -> T:
        """The payload, decoded by the handler's decoder. Raises InvalidDirective."""
        try:
            return shape.decode(self.payload)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise InvalidDirective("The payload does not have the shape this directive has.") from None


class _Message(Struct):
    directive: Directive


_message = msgspec.json.Decoder(_Message)


def read(body: bytes) -> Directive:
    """Reads a directive. Raises Unreadable."""
    try:
        if not too_deep(body):
            return _message.decode(body).directive
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    raise Unreadable(body)


class Unreadable(Exception):
    """The body is no directive.

    `correlation_token` and `endpoint_id` are None if the body does not hold them as text.
    """

    def __init__(self, body: bytes) -> None:
        super().__init__("not a directive")
        directive = _within(_object(body), "directive")
        self.correlation_token = _text(_within(directive, "header"), "correlationToken")
        self.endpoint_id = _text(_within(directive, "endpoint"), "endpointId")


def _object(body: bytes) -> Any:
    try:
        return _decode(shallow(body, DEEP).decode("utf-8", "surrogateescape"))
    except ValueError:
        return None


def _within(given: Any, key: str) -> JsonObject:
    value = given.get(key) if isinstance(given, dict) else None
    return value if isinstance(value, dict) else {}


def _text(given: JsonObject, key: str) -> str | None:
    """The value if it is text and can be sent back unchanged."""
    value = given.get(key)
    return value if isinstance(value, str) and not _unpaired(value) else None
