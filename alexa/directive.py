"""An incoming directive: typed as far as dispatch and authentication need; its handler decodes the payload.

https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-interface.html
Unknown keys are ignored: real requests carry more than is published.
"""

import msgspec
from msgspec import Raw, Struct

from alexa.errors import InvalidDirective
from alexa.unreadable import Unreadable
from net.text import too_deep


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
        """The payload, decoded by the handler's decoder. Raises InvalidDirective."""
        try:
            return shape.decode(self.payload)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise InvalidDirective("The payload does not have the shape this directive has.") from None


class _Message(Struct):
    directive: Directive


_message = msgspec.json.Decoder(_Message)


def read(body: bytes) -> Directive:
    """Raises Unreadable."""
    try:
        if not too_deep(body):
            return _message.decode(body).directive
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    raise Unreadable(body)
