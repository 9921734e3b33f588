"""A directive as it comes in: enough of it typed to dispatch and authenticate, the payload left to its handler.

Shapes: Smart Home API, "Alexa Directives". Unknown keys are passed over: real requests carry more than is published.
"""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from alexa.errors import InvalidDirective
from registry.nesting import too_deep


class Header(Struct, rename="camel"):
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
    header: Header
    endpoint: Endpoint | None = None
    payload: Raw = Raw(b"{}")

    def read[T](self, shape: msgspec.json.Decoder[T]) -> T:
        """The payload in the handler's own shape. Raises InvalidDirective."""
        try:
            return shape.decode(self.payload)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise InvalidDirective("The payload does not have the shape this directive has.") from None


class _Message(Struct):
    directive: Directive


class Unreadable(Exception):
    """Not a directive; what could be read of its header is kept, so that the answer finds its question."""

    def __init__(self, header: Header) -> None:
        super().__init__("not a directive")
        self.header = header


_message = msgspec.json.Decoder(_Message)


def read(body: bytes) -> Directive:
    """Raises Unreadable."""
    if too_deep(body):
        raise Unreadable(Header("", ""))
    try:
        return _message.decode(body).directive
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Unreadable(_salvaged(body)) from None


def _salvaged(body: bytes) -> Header:
    try:
        given = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        given = None
    header = _within(_within(given, "directive"), "header")
    texts = {key: value for key, value in header.items() if isinstance(value, str)}
    return Header("", "", texts.get("messageId"), texts.get("correlationToken"))


def _within(given: Any, key: str) -> dict[str, Any]:
    value = given.get(key) if isinstance(given, dict) else None
    return value if isinstance(value, dict) else {}
