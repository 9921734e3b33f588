"""The envelope of every event that answers a directive, in one place.

Shape: Smart Home API, "Alexa Responses". The scope is left out on purpose: a bearer token is never sent back.
"""

import re
import time
import uuid
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Raw

from alexa.directive import Directive, Header
from alexa.errors import DirectiveError
from net.cache import kept

ANSWER_S = (
    5.0  # of the six that Alexa gives a camera's answer; all others have eight, and the forwarder gives all alike
)
_endpoint_id = re.compile(r"[a-zA-Z0-9_\-=#;:?@&]{1,256}").fullmatch
_encode = msgspec.json.Encoder().encode
_MS = [f".{ms:03d}Z" for ms in range(1000)]


class Reply:
    """Carries the correlation token and endpoint of a directive, so that no handler can forget them.

    `received`: when the directive came, by time.monotonic; None: just now.
    """

    __slots__ = ("_correlation", "_endpoint", "_late")

    def __init__(self, header: Header, endpoint_id: str | None = None, received: float | None = None) -> None:
        self._correlation = header.correlation_token
        self._endpoint = endpoint_id if endpoint_id and _endpoint_id(endpoint_id) else None
        self._late = late(received)

    @classmethod
    def to(cls, directive: Directive, received: float | None = None) -> "Reply":
        return cls(directive.header, directive.endpoint.endpoint_id if directive.endpoint else None, received)

    @property
    def left_s(self) -> float:
        """Seconds in which the answer has to be known; what is left of Alexa's own is for the way there and back."""
        return left_s(self._late)

    def event(
        self,
        namespace: str,
        name: str,
        payload: Any,
        properties: Raw | None = None,
        version: str = "3",
    ) -> bytes:
        """`properties` become the event's context; `version` is the payload's."""
        return self._message(namespace, name, payload, self._endpoint, properties, version)

    def listing(self, payload: Any) -> bytes:
        """Discover.Response: about the household, so it has no endpoint."""
        return self._message("Alexa.Discovery", "Discover.Response", payload, None, None)

    def error(self, error: DirectiveError) -> bytes:
        payload = {"type": error.kind, "message": error.message, **error.extra}
        return self._message(error.namespace, "ErrorResponse", payload, self._endpoint, None, error.version)

    def _message(
        self,
        namespace: str,
        name: str,
        payload: Any,
        endpoint: str | None,
        properties: Raw | None,
        version: str = "3",
    ) -> bytes:
        header = {"namespace": namespace, "name": name, "payloadVersion": version, "messageId": str(uuid.uuid4())}
        if self._correlation:
            header["correlationToken"] = self._correlation
        event: dict[str, Any] = {"header": header, "payload": payload}
        if endpoint:
            event["endpoint"] = {"endpointId": endpoint}
        return _encode({"event": event, "context": {"properties": properties}} if properties else {"event": event})


def late(received: float | None) -> float:
    """When an answer comes too late, by time.monotonic."""
    return (time.monotonic() if received is None else received) + ANSWER_S


def left_s(late: float) -> float:
    return max(0.0, late - time.monotonic())


def timestamp(at: float) -> str:
    """Epoch seconds as Alexa writes times: UTC with at most three digits of a second."""
    ms = int(at * 1000)
    return _second(ms // 1000) + _MS[ms % 1000]


@kept(1024)  # a second is named by many readings and streams
def _second(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")
