"""A machine endpoint's request and answer, and the problem documents (RFC 9457) that say what was wrong with one."""

import json
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from wsgiref.types import WSGIEnvironment

from msgspec import Struct

from net.problem import problem_of
from net.visitors import counted_as

AT_WORK: ContextVar[str] = ContextVar("request")  # the id of the request that this thread is at work on

# in the environ
RECEIVED = "showcam.received"  # when the request was handed over by the server, in time.monotonic()
PEER = "showcam.peer"  # the other end of the connection, where REMOTE_ADDR is what a trusted proxy told

type Headers = list[tuple[str, str]]


def _key(header: str) -> str:
    return "HTTP_" + header.upper().replace("-", "_")


def carries(*headers: str) -> Callable[[WSGIEnvironment], bool]:
    first, *more = map(_key, headers)
    return lambda environ: first in environ or any(each in environ for each in more)


class Request(Struct, frozen=True):
    id: str
    method: str
    path: str
    rest: str  # the path behind the route's own part
    body: bytes
    environ: WSGIEnvironment

    def header(self, name: str) -> str | None:
        value: str | None = self.environ.get(_key(name))
        return value

    @property
    def received(self) -> float:
        """When it came, by time.monotonic: what was waited for since counts for whoever asked."""
        came: float | None = self.environ.get(RECEIVED)
        return time.monotonic() if came is None else came

    @property
    def network(self) -> str:
        """Whose it is, as far as one can tell: see `counted_as`."""
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
    """`path` ends in "/" when what follows belongs to the endpoint. `json`: other content types are refused.

    `claims`: whether a POST seems to carry what proves its sender, by its headers alone. One that does is answered
    below 400 only if the proof held.
    """

    name: str
    path: str
    methods: tuple[str, ...]
    endpoint: Callable[[Request], Response]
    json: bool = False
    claims: Callable[[WSGIEnvironment], bool] = lambda environ: False
    refused: Callable[[WSGIEnvironment, Response], Response] = lambda environ, refusal: refusal  # as it is told there


class Answered(Struct, frozen=True):
    """What is counted and logged of a request."""

    request: str
    route: str
    method: str
    status: int
    seconds: float


class Refuse(Exception):
    """Answered at once with this problem."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def problem(status: int, title: str, detail: str) -> Response:
    """What happened (`title`) and what to do (`detail`); nothing secret in either."""
    body = problem_of(status, title, detail)
    return Response(status, json.dumps(body).encode(), [("Content-Type", "application/problem+json")])
