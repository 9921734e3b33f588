"""The WSGI edge: one wrapper around the machine endpoints, which are plain callables, and the Flask app.

It gives each request an id, believes only trusted proxies, limits bodies, and reports each answer once. A report names
the route and not the path, since a path may hold a grant.
"""

import io
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog

from showcam.app.edge.connections import Bodies
from showcam.app.http_types import AT_WORK, RECEIVED, Answered, Headers, Refuse, Request, Response, Route, problem
from showcam.net.addresses import BASE, PEER, Network, within
from showcam.net.outcomes import Outcome, collected

log = structlog.get_logger()

REQUEST_ID = "showcam.request_id"  # a key of the environ; on AWS a layer around the edge sets it

_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_FORWARDING = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PROTO", "HTTP_VIA")


@dataclass(frozen=True)
class EdgeRules:
    body_limit: int
    bodies: int = 256  # the number of bodies that may be waited for at once
    trusted_proxies: tuple[Network, ...] = ()
    only_hosts: tuple[str, ...] = ()  # the demo: answers 421 to any other Host and to every forwarding header


class Edge:
    """The web process or web function as one WSGI callable; `report` is called after each answer."""

    def __init__(
        self,
        routes: list[Route],
        pages: WSGIApplication,
        rules: EdgeRules,
        report: Callable[[Answered], None] = lambda done: None,
    ) -> None:
        self._exact = {route.path: route for route in routes if not route.path.endswith("/")}
        self._prefixed = [route for route in routes if route.path.endswith("/")]
        self._pages = pages
        self._rules = rules
        self.bodies = Bodies(rules.body_limit, rules.bodies)
        self._report = report

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
            self._report(Answered(request_id, name, environ["REQUEST_METHOD"], status, seconds, tuple(outcomes)))
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
