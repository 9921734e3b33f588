"""The WSGI edge: machine endpoints as plain callables beside the Flask app, all under one wrapper.

The wrapper gives each request an id, believes only trusted proxies, caps bodies, counts, and writes the one log line;
paths are logged as route names, since grants stand in paths.
"""

import io
import ipaddress
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog

from showcam.bodies import Bodies
from showcam.exchange import Headers, Refuse, Request, Response, Route, problem

log = structlog.get_logger()

type Network = ipaddress.IPv4Network | ipaddress.IPv6Network

REQUEST_ID = "showcam.request_id"  # in the environ; set there already where a request came with one

_FORWARDING = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PROTO", "HTTP_VIA")


@dataclass(frozen=True)
class EdgeRules:
    body_limit: int
    threads: int = 128
    trusted_proxies: tuple[Network, ...] = ()
    only_hosts: tuple[str, ...] = ()  # the demo: answers 421 to any other Host and to every forwarding header


class Edge:
    """The program as one WSGI callable."""

    def __init__(
        self,
        routes: list[Route],
        pages: WSGIApplication,
        rules: EdgeRules,
        observe: Callable[[str, int, float], None] = lambda route, status, seconds: None,
    ) -> None:
        self._exact = {route.path: route for route in routes if not route.path.endswith("/")}
        self._prefixed = [route for route in routes if route.path.endswith("/")]
        self._pages = pages
        self._rules = rules
        self._bodies = Bodies(rules.body_limit, rules.threads)
        self._observe = observe

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request_id = environ.get(REQUEST_ID) or secrets.token_hex(16)
        started = time.perf_counter()
        seen: dict[str, Any] = {"route": "pages", "status": 500}

        def start(status: str, headers: Headers, exc_info: Any = None) -> Any:
            seen["status"] = int(status.split(" ", 1)[0])
            return start_response(status, [*headers, ("X-Request-Id", request_id)], exc_info)

        structlog.contextvars.bind_contextvars(request=request_id)
        try:
            return self._answer(environ, start, request_id, seen)
        finally:
            seconds = time.perf_counter() - started
            self._observe(seen["route"], seen["status"], seconds)
            quiet = seen["route"] == "healthz" or (
                seen["route"] in ("readyz", "metrics", "internal") and seen["status"] < 400
            )
            (log.debug if quiet else log.info)(
                "request",
                route=seen["route"],
                method=environ["REQUEST_METHOD"],
                status=seen["status"],
                ms=round(seconds * 1000, 1),
            )
            structlog.contextvars.unbind_contextvars("request")

    def _answer(self, environ: WSGIEnvironment, start: Any, request_id: str, seen: dict[str, Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        route = self._route(path)
        if route is not None:
            seen["route"] = route.name
        try:
            self._admit(environ)
            if route is None:
                environ[REQUEST_ID] = request_id
                if environ["REQUEST_METHOD"] not in ("GET", "HEAD", "OPTIONS"):
                    body = self._bodies.read(environ)
                    environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))
                return self._pages(environ, start)
            request = self._request(environ, route, path, request_id)
            response = route.endpoint(request)
        except Refuse as refused:
            response = refused.response
            if route is not None:
                response = replace(response, headers=[*response.headers, *route.refusal_headers(environ)])
        except Exception:
            # the outermost edge: whatever it was, it is told once, with the id, and never to the caller
            log.exception("unexpected")
            response = problem(500, "Something went wrong here", f"It is noted under {request_id}. Try again.")
        headers = [*response.headers, ("Content-Length", str(len(response.body)))]
        start(f"{response.status} {HTTPStatus(response.status).phrase}", headers)
        return [response.body]

    def _route(self, path: str) -> Route | None:
        route = self._exact.get(path)
        if route is None:
            route = next((each for each in self._prefixed if path.startswith(each.path)), None)
        return route

    def _admit(self, environ: WSGIEnvironment) -> None:
        rules = self._rules
        if rules.only_hosts:
            host = environ.get("HTTP_HOST", "")
            if host not in rules.only_hosts or any(name in environ for name in _FORWARDING):
                raise Refuse(
                    problem(421, "This is a demo for this machine alone", "Open it at the address it printed.")
                )
        elif rules.trusted_proxies and _within(environ.get("REMOTE_ADDR", ""), rules.trusted_proxies):
            _believe(environ, rules.trusted_proxies)

    def _request(self, environ: WSGIEnvironment, route: Route, path: str, request_id: str) -> Request:
        method = environ["REQUEST_METHOD"]
        if method not in route.methods:
            allowed = ", ".join(route.methods)
            answer = problem(405, "That method is not for this address", f"It takes {allowed}.")
            raise Refuse(Response(405, answer.body, [*answer.headers, ("Allow", allowed)]))
        body = self._bodies.read(environ) if method == "POST" else b""
        if route.json and method == "POST":
            kind = environ.get("CONTENT_TYPE", "").split(";", 1)[0].strip().lower()
            if kind != "application/json":
                raise Refuse(problem(415, "JSON is wanted here", "Send it with Content-Type: application/json."))
        return Request(request_id, method, path, path.removeprefix(route.path), body, environ)


def _within(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(ip in network for network in networks)


def _believe(environ: WSGIEnvironment, networks: tuple[Network, ...]) -> None:
    """Take client address and scheme from a trusted proxy: the last address in the chain that is not one itself."""
    chain = [part.strip() for part in environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    for address in reversed(chain):
        environ["REMOTE_ADDR"] = address
        if not _within(address, networks):
            break
    if environ.get("HTTP_X_FORWARDED_PROTO") in ("http", "https"):
        environ["wsgi.url_scheme"] = environ["HTTP_X_FORWARDED_PROTO"]
