"""The WSGI edge: one wrapper around the machine endpoints, which are plain callables, and the Flask app.

It gives each request an id, believes only trusted proxies, limits bodies, and reports each answer once. A report names
the route and not the path, since a path may hold a grant.
"""

import io
import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import msgspec
import structlog
from msgspec import Struct

from showcam.app.http_types import (
    AT_WORK,
    RECEIVED,
    SENDER_S,
    Headers,
    Refuse,
    Request,
    Response,
    Route,
    problem,
)
from showcam.app.redaction import SHORTEST, redact
from showcam.net.addresses import BASE, PEER, Network, counted_as, within
from showcam.registry.outcomes import Outcome, collected
from showcam.store.records import HOUR_S

log = structlog.get_logger()

KNOWN_S = HOUR_S  # a client whose proof was valid stays known for this many seconds
MOST_KNOWN = 1024
REQUEST_ID = "showcam.request_id"  # a key of the environ; on AWS a layer around the edge sets it

_POLLED = ("healthz", "readyz", "metrics", "internal")  # routes that are requested all the time
_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_FORWARDING = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PROTO", "HTTP_VIA")


class _Share:
    """Places of one kind: `most` in all, `most_of_one` for a single client."""

    __slots__ = ("most", "most_of_one", "of_one", "taken")

    def __init__(self, most: int, most_of_one: int) -> None:
        self.most, self.most_of_one = max(1, most), max(1, most_of_one)
        self.taken = 0
        self.of_one: dict[str, int] = {}

    def take(self, client: str) -> bool:
        of_one = self.of_one.get(client, 0)
        if self.taken >= self.most or of_one >= self.most_of_one:
            return False
        self.taken += 1
        self.of_one[client] = of_one + 1
        return True

    def give_back(self, client: str) -> None:
        self.taken -= 1
        left = self.of_one.pop(client) - 1
        if left:
            self.of_one[client] = left


class Bodies:
    """Reads the bodies of requests. `places`: the number of bodies that are waited for at once.

    granian hands a request over before its body has arrived, so a thread waits for it. A client may occupy a small
    share of the places for such threads, and half of them are kept for clients whose signature or bearer was valid
    before.

    `known_s`: how long a client stays known after a valid proof. `most_known`: the number of known clients.
    """

    def __init__(
        self,
        limit: int,
        places: int,
        *,
        known_s: float = KNOWN_S,
        most_known: int = MOST_KNOWN,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._limit, self._known_s, self._most_known = limit, known_s, most_known
        self._of_known = _Share(places // 2, places // 2)  # bodies of clients whose proof was valid before
        # bodies with a signature or bearer that is not verified yet
        self._of_claims = _Share(places // 4, places // 16)
        self._of_others = _Share(places // 4, places // 16)
        self._waiting: dict[int, tuple[float, str]] = {}  # by thread: since when, and the peer
        self._known: OrderedDict[str, float] = OrderedDict()  # by client: until when
        self._lock = threading.Lock()

    def read(self, environ: WSGIEnvironment, *, claims: bool = False) -> bytes:
        """The whole body. Raises Refuse: 413 too long, 503 too many requests wait, 408 too slow or incomplete.

        `claims`: the request carries a signature or bearer, not verified yet.
        """
        claimed = environ.get("CONTENT_LENGTH") or ""
        known = claimed.isdecimal()
        size = int(claimed) if known else self._limit + 1
        if claimed and size > self._limit:
            raise self._too_much()
        body: bytes = b""
        if size:
            address = environ.get("REMOTE_ADDR", "")
            since = environ.get(RECEIVED) or self._clock()
            client = counted_as(address)
            share = self._begin(client, claims, since, environ.get(PEER) or address)
            try:
                read = environ["wsgi.input"].read
                body = read(size)
                while len(body) < size and (chunk := read(size - len(body))):
                    body += chunk
            finally:
                self._end(share, client)
            if len(body) > self._limit:
                raise self._too_much()
            # a body of unknown length ends short, too, when its sender is cut off
            if len(body) < size and (known or self._clock() - since > SENDER_S):
                late = f"Send all of it within {SENDER_S:.0f} seconds."
                raise Refuse(problem(408, "The request did not come whole", late))
        return body

    def proved(self, environ: WSGIEnvironment) -> None:
        """Counts a client as known, since its request had a valid signature or token."""
        client, now = counted_as(environ.get("REMOTE_ADDR", "")), self._clock()
        if self._known.get(client, 0.0) - now > KNOWN_S / 2:
            return
        with self._lock:
            self._known[client] = now + self._known_s
            self._known.move_to_end(client)
            if len(self._known) > self._most_known:
                self._known.popitem(last=False)

    def overdue(self) -> set[str]:
        """The peers whose bodies have been waited for longer than SENDER_S."""
        before = self._clock() - SENDER_S
        with self._lock:
            return {peer for since, peer in self._waiting.values() if since < before}

    def _begin(self, client: str, claims: bool, since: float, peer: str) -> _Share:
        with self._lock:
            share = self._of_others
            if claims:
                share = self._of_known if self._known.get(client, 0.0) > since else self._of_claims
            if share.take(client):
                self._waiting[threading.get_ident()] = since, peer
                return share
        busy = problem(503, "Too many requests are being read", "Try again in a few seconds.")
        raise Refuse(Response(503, busy.body, [*busy.headers, ("Retry-After", "5")]))

    def _end(self, share: _Share, client: str) -> None:
        with self._lock:
            del self._waiting[threading.get_ident()]
            share.give_back(client)

    def _too_much(self) -> Refuse:
        return Refuse(problem(413, "That is too much", f"At most {self._limit} bytes are taken."))


@dataclass(frozen=True)
class EdgeRules:
    body_limit: int
    bodies: int = 256  # the number of bodies that may be waited for at once
    trusted_proxies: tuple[Network, ...] = ()
    only_hosts: tuple[str, ...] = ()  # the demo: answers 421 to any other Host and to every forwarding header


class Answered(Struct, frozen=True):
    """The facts about an answered request that are counted and logged."""

    request: str
    route: str
    method: str
    status: int
    seconds: float
    outcomes: tuple[Outcome, ...] = ()  # of the directive or intents in it


class Edge:
    """The web process or web function as one WSGI callable; each of `reports` is called after each answer."""

    def __init__(
        self,
        routes: list[Route],
        pages: WSGIApplication,
        rules: EdgeRules,
        reports: tuple[Callable[[Answered], None], ...] = (),
    ) -> None:
        self._exact = {route.path: route for route in routes if not route.path.endswith("/")}
        self._prefixed = [route for route in routes if route.path.endswith("/")]
        self._pages = pages
        self._rules = rules
        self.bodies = Bodies(rules.body_limit, rules.bodies)
        self._reports = reports

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with collected() as outcomes:
            return self._served(environ, start_response, outcomes)

    def _served(
        self, environ: WSGIEnvironment, start_response: StartResponse, outcomes: list[Outcome]
    ) -> Iterable[bytes]:
        # a layer around the edge may have set the time before
        started: float = environ.setdefault(RECEIVED, time.monotonic())
        request_id = environ.get(REQUEST_ID) or os.urandom(16).hex()
        path = environ.get("PATH_INFO", "")
        route = self._exact.get(path) or self._by_prefix(path)
        if route is not None and route.behind_proxy is not (BASE in environ):
            route = None
        name, status = route.name if route is not None else "pages", 500
        within = AT_WORK.set(request_id)
        try:
            if route is None:
                status, answer = self._page(environ, start_response, request_id)
                return answer
            response = self._answer(environ, route, path, request_id)
            status = response.status
            _send(response, start_response, request_id)
            return [response.body]
        finally:
            seconds = time.monotonic() - started
            done = Answered(request_id, name, environ["REQUEST_METHOD"], status, seconds, tuple(outcomes))
            for report in self._reports:
                report(done)
            AT_WORK.reset(within)

    def _answer(self, environ: WSGIEnvironment, route: Route, path: str, request_id: str) -> Response:
        try:
            self._admit(environ)
            claims = route.claims(environ)
            response = route.endpoint(self._request(environ, route, path, request_id, claims))
            if claims and response.status < 400 and environ["REQUEST_METHOD"] == "POST":
                self.bodies.proved(environ)
            return response
        except Refuse as refused:
            return route.refused(environ, refused.response)
        except Exception:
            log.exception("unexpected")  # the only place where it is logged; the caller gets only the request id
            return _unexpected(request_id)

    def _page(
        self, environ: WSGIEnvironment, start_response: StartResponse, request_id: str
    ) -> tuple[int, Iterable[bytes]]:
        statuses: list[int] = []

        def start(status: str, headers: Headers, exc_info: Any = None) -> Any:
            statuses.append(int(status.split(" ", 1)[0]))
            return start_response(status, [*headers, ("X-Request-Id", request_id)], exc_info)

        environ[REQUEST_ID] = request_id
        try:
            self._admit(environ)
            if environ["REQUEST_METHOD"] not in ("GET", "HEAD", "OPTIONS"):
                body = self.bodies.read(environ)
                environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))
            answer = self._pages(environ, start)
            return statuses[-1], answer
        except Refuse as refused:
            response = refused.response
        except Exception:
            log.exception("unexpected")
            response = _unexpected(request_id)
        _send(response, start_response, request_id)
        return response.status, [response.body]

    def _by_prefix(self, path: str) -> Route | None:
        for route in self._prefixed:
            if path.startswith(route.path):
                return route
        return None

    def _admit(self, environ: WSGIEnvironment) -> None:
        rules = self._rules
        if rules.only_hosts:
            host = environ.get("HTTP_HOST", "")
            if host not in rules.only_hosts or any(name in environ for name in _FORWARDING):
                raise Refuse(
                    problem(421, "This is a demo for this machine alone", "Open it at the address it printed.")
                )
        elif rules.trusted_proxies and within(environ.get("REMOTE_ADDR", ""), rules.trusted_proxies):
            believe(environ, rules.trusted_proxies)

    def _request(self, environ: WSGIEnvironment, route: Route, path: str, request_id: str, claims: bool) -> Request:
        method = environ["REQUEST_METHOD"]
        if method not in route.methods:
            allowed = ", ".join(route.methods)
            answer = problem(405, "That method is not for this address", f"It takes {allowed}.")
            raise Refuse(Response(405, answer.body, [*answer.headers, ("Allow", allowed)]))
        body = self.bodies.read(environ, claims=claims) if method == "POST" else b""
        if route.json and method == "POST":
            kind = environ.get("CONTENT_TYPE", "")
            if kind != "application/json" and kind.split(";", 1)[0].strip().lower() != "application/json":
                raise Refuse(problem(415, "JSON is wanted here", "Send it with Content-Type: application/json."))
        return Request(request_id, method, path, path.removeprefix(route.path), body, environ)


def _send(response: Response, start_response: StartResponse, request_id: str) -> None:
    own = [("Content-Length", str(len(response.body))), ("X-Request-Id", request_id)]
    start_response(_STATUS_LINES[response.status], [*response.headers, *own])


def _unexpected(request_id: str) -> Response:
    return problem(500, "Something went wrong here", f"It is noted under {request_id}. Try again.")


def believe(environ: WSGIEnvironment, networks: tuple[Network, ...]) -> None:
    """Take scheme and client address from a trusted proxy: the last address in the chain that is no trusted proxy's.

    Caddy, Cloudflare and Tailscale Funnel all set X-Forwarded-For. showcam.app.edge.server drops X_Forwarded_For.
    """
    environ[PEER] = environ["REMOTE_ADDR"]
    chain = [address.strip() for address in environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if address.strip()]
    for address in reversed(chain):
        environ["REMOTE_ADDR"] = address
        if not within(address, networks):
            break
    if environ.get("HTTP_X_FORWARDED_PROTO") in ("http", "https"):
        environ["wsgi.url_scheme"] = environ["HTTP_X_FORWARDED_PROTO"]


class RequestLines:
    """Writes a line for each request, or for each directive and intent in it."""

    def __init__(self, part: str, level: str, write: Callable[[bytes], None]) -> None:
        self._part, self._write = part, write
        self._least = logging.getLevelNamesMapping()[level.upper()]
        self._encode = msgspec.json.Encoder().encode

    def write(self, done: Answered) -> None:
        quiet = done.route in _POLLED and (done.status < 400 or done.route == "healthz")
        if self._least > (logging.DEBUG if quiet else logging.INFO):
            return
        # the only text in the line that the caller chose
        method = done.method if len(done.method) < SHORTEST else redact(done.method)
        ms, level = int(done.seconds * 10_000 + 0.5) / 10, "debug" if quiet else "info"
        line = {
            "route": done.route,
            "method": method,
            "status": done.status,
            "ms": ms,
            "request": done.request,
            "part": self._part,
            "timestamp": datetime.now(UTC),
            "level": level,
            "event": "request",
        }
        lines = [line | outcome.fields() for outcome in done.outcomes] or [line]
        self._write(b"".join(self._encode(each) + b"\n" for each in lines))
