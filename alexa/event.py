"""The envelope of every event that answers a directive, in one place.

Shape: Smart Home API, "Alexa Responses". The scope is left out on purpose: a bearer token is never sent back.
"""

import re
import uuid
from datetime import UTC, datetime
from typing import Any

import msgspec

from alexa.directive import Directive, Header
from alexa.errors import DirectiveError

_endpoint_id = re.compile(r"[a-zA-Z0-9_\-=#;:?@&]{1,256}").fullmatch
_encode = msgspec.json.Encoder().encode


class Reply:
    """Carries the correlation token and endpoint of a directive, so that no handler can forget them."""

    __slots__ = ("_correlation", "_endpoint")

    def __init__(self, header: Header, endpoint_id: str | None = None) -> None:
        self._correlation = header.correlation_token
        self._endpoint = endpoint_id if endpoint_id and _endpoint_id(endpoint_id) else None

    @classmethod
    def to(cls, directive: Directive) -> "Reply":
        return cls(directive.header, directive.endpoint.endpoint_id if directive.endpoint else None)

    def event(
        self,
        namespace: str,
        name: str,
        payload: Any,
        properties: list[dict[str, Any]] | None = None,
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
        properties: list[dict[str, Any]] | None,
        version: str = "3",
    ) -> bytes:
        header = {"namespace": namespace, "name": name, "payloadVersion": version, "messageId": str(uuid.uuid4())}
        if self._correlation:
            header["correlationToken"] = self._correlation
        event: dict[str, Any] = {"header": header, "payload": payload}
        if endpoint:
            event["endpoint"] = {"endpointId": endpoint}
        return _encode({"event": event, "context": {"properties": properties}} if properties else {"event": event})


def timestamp(at: float) -> str:
    """Epoch seconds as Alexa writes times: UTC with at most three digits of a second."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
