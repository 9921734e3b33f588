"""The wire format of a message to Alexa. The interface that makes a message types its payload.

https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-response.html
"""

import functools
from datetime import UTC, datetime

from msgspec import Struct

type Value = str | int | Struct | tuple[Struct, ...]  # of a property


class Header(Struct, rename="camel", omit_defaults=True):
    namespace: str
    name: str
    payload_version: str
    message_id: str
    correlation_token: str | None = None


class EndpointId(Struct, rename="camel"):
    """Has no scope: a bearer token is never sent back."""

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
_MS = [f".{ms:03d}Z" for ms in range(1000)]


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
