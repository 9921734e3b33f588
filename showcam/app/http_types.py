"""A machine endpoint's request and response, and the problem documents (RFC 9457) of refused requests."""

import json
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from wsgiref.types import WSGIEnvironment

from msgspec import Struct

from showcam.net.addresses import counted_as
from showcam.net.text import problem_of

AT_WORK: ContextVar[str] = ContextVar("request")  # the id of the request that this thread works on

# a key of the environ: when the server handed the request over, by time.monotonic
RECEIVED = "showcam.received"

LONGEST_BODY = 256 * 1024  # bytes of a request
SENDER_S = 5.0  # a sender has this for the head of a request, for its body, and for whatever follows

type Headers = list[tuple[str, str]]


def key_of(header: str) -> str:
    """The key of a header in an environ."""
    return "HTTP_" + header.upper().replace("-", "_")


def carries(*headers: str) -> Callable[[WSGIEnvironment], bool]:
    """A function that says whether a request's environ has at least one of these headers."""
    first, *more = map(key_of, headers)
    return lambda environ: first in environ or any(key in environ for key in more)


class Request(Struct, frozen=True):
    id: str
    method: str
    path: str
    rest: str  # the path behind the route's own
    body: bytes
    environ: WSGIEnvironment

    def header(self, name: str) -> str | None:
        value: str | None = self.environ.get(key_of(name))
        return value

    @property
    def received(self) -> float:
        """The time of arrival, by time.monotonic; the time limits of a request run from then on."""
        received: float | None = self.environ.get(RECEIVED)
        return time.monotonic() if received is None else received

    @property
    def network(self) -> str:
        """The sender's network, for limits per visitor: see `counted_as`."""
        return counted_as(self.environ.get("REMOTE_ADDR", ""))

    @property
    def bearer(self) -> str | None:
        scheme, _, token = self.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" and token.strip() else None


class Response(Struct, frozen=True):
    status: int
    body: bytes = b""
    headers: Headers = []


@dataclass(frozen=True, slots=True)
class Route:
    """`path` ends in "/" if the rest of a path belongs to the endpoint. `json`: other content types are refused.

    `claims`: whether a POST seems to carry a proof of its sender, judged only by the headers. Such a POST may be
    answered below 400 only if the proof is valid.

    `behind_proxy`: only a request through the owner's proxy (showcam.app.edge.own_proxy) reaches the endpoint, and it
    reaches no other.
    """

    name: str
    path: str
    methods: tuple[str, ...]
    endpoint: Callable[[Request], Response]
    json: bool = False
    claims: Callable[[WSGIEnvironment], bool] = lambda environ: False
    refused: Callable[[WSGIEnvironment, Response], Response] = lambda environ, refusal: refusal  # in the route's form
    behind_proxy: bool = False


class Refuse(Exception):
    """Ends the handling of a request: it is answered with `response`."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def problem(status: int, title: str, detail: str) -> Response:
    """An error answer: `title` names the event, and `detail` the remedy. Neither may hold a secret."""
    body = problem_of(status, title, detail)
    return Response(status, json.dumps(body).encode(), [("Content-Type", "application/problem+json")])
