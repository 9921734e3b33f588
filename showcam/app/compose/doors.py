"""The routes, other than pages, that web process and web function share: signalling, webhook, /internal, /readyz."""

import ipaddress
import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Literal, TypedDict
from wsgiref.types import WSGIEnvironment

import structlog

from actions.signalling import Signalling
from showcam.accounts.links import authenticate
from showcam.app.aws import boto
from showcam.app.compose import ground
from showcam.app.edge.edge import EdgeRules
from showcam.app.edge.machines import Internal, PlayersByRtsp
from showcam.app.http_types import LONGEST_BODY, Request, Response, Route, carries, problem
from showcam.app.settings import Settings
from showcam.drivers.vendor import Full, Inbox, Posts, Unreadable, Untrusted
from showcam.engine.grants import HEADER
from showcam.store.ports import Store, StoreUnavailable
from showcam.store.processes import Processes

log = structlog.get_logger()

_WEBHOOK_TYPES = ("text/plain", "application/json")
JSON = ("Content-Type", "application/json")
# Google's displays load the player that posts offers from these hosts
ORIGINS: tuple[str, ...] = ("https://www.gstatic.com",)
THREADS = 128  # requests that are answered at once
BODIES_TO_A_THREAD = 2  # a thread that waits for a body costs a few kilobytes


class Ready(TypedDict):
    ok: Literal[True]
    client: str


def routes(
    settings: Settings, base: ground.Ground, inbox: Inbox, players: Callable[[], PlayersByRtsp] | None = None
) -> list[Route]:
    """`players`: makes what answers for the household's own programs, if these may watch here."""
    return [
        _signalling(settings, base),
        *([_internal(settings, base, players)] if settings.pictures == "plane" else []),
        *(_webhook(kind, driver, inbox) for kind, driver in base.drivers.items() if isinstance(driver, Posts)),
        Route("readyz", "/readyz", ("GET",), partial(ready, base.store)),
    ]


def _internal(settings: Settings, base: ground.Ground, players: Callable[[], PlayersByRtsp] | None) -> Route:
    processes = Processes(base.store, ground.MEDIA) if settings.fleet_url else None
    known = partial(authenticate, base.store)
    answer = Internal(base.adapter.questions, base.grants.proof(), known, processes, players).answer
    return Route("internal", "/internal/sources/", ("POST",), answer, json=True, claims=carries(HEADER))


def _webhook(kind: str, vendor: Posts, inbox: Inbox) -> Route:
    """The route for messages of the vendor."""
    webhook, key = vendor.webhook(inbox) if vendor.webhook_key else None, vendor.webhook_setting
    signature, at = vendor.webhook_headers

    def answer(request: Request) -> Response:
        if webhook is None:
            return problem(404, "There is no such address here", f"Set {key} to take messages of {vendor.vendor}.")
        given = request.environ.get("CONTENT_TYPE", "").split(";", 1)[0].strip().lower()
        if given not in _WEBHOOK_TYPES:
            return problem(415, "Messages come as text/plain", "Send the JSON with Content-Type: text/plain.")
        try:
            answered = webhook.take(request.body, request.header(signature) or "", request.header(at) or "")
        except Untrusted as error:
            log.warning("a message to the webhook was refused", why=str(error))
            return problem(401, f"That is not signed as {vendor.vendor} signs", f"See {key}, and this machine's clock.")
        except Unreadable:
            return problem(400, "That is no message", f"It lacks what every message of {vendor.vendor} has.")
        except (Full, StoreUnavailable) as error:
            log.warning(
                "a message to the webhook was not taken and has to be sent again",
                reason="full" if isinstance(error, Full) else "store",
            )
            return problem(503, "Too much is going on", "Send it again in a moment.")
        return Response(200, answered, [("Content-Type", "application/json")])

    return Route("webhook", f"/webhooks/{kind}", ("POST",), answer, claims=carries(signature))


def limited(settings: Settings, routes: list[Route]) -> list[Route]:
    """The routes with a time limit on their calls to a DynamoDB table; SQLite has its own limit."""
    if settings.store != "dynamodb":
        return routes
    within = boto.within(settings.request_s + boto.STORE_S)
    return [replace(route, endpoint=within(route.endpoint)) for route in routes]


def ready(store: Store, request: Request) -> Response:
    """Answers the client address that showcam takes the sender for, so that the doctor can test trusted_proxies."""
    try:
        store.ping()
    except StoreUnavailable as error:
        log.warning("the store can't be used", error=str(error), reason="store")
        return problem(503, "The store can't be used just now", "The log says why.")
    answered: Ready = {"ok": True, "client": request.environ.get("REMOTE_ADDR", "")}
    return Response(200, json.dumps(answered).encode(), [JSON])


def rules(settings: Settings) -> EdgeRules:
    hosts = tuple(f"{host}:{settings.port}" for host in ("127.0.0.1", "localhost"))
    return EdgeRules(
        body_limit=LONGEST_BODY,
        bodies=THREADS * BODIES_TO_A_THREAD,
        trusted_proxies=tuple(ipaddress.ip_network(network, strict=False) for network in settings.trusted_proxies),
        only_hosts=hosts if settings.demo else (),
    )


def _signalling(settings: Settings, base: ground.Ground) -> Route:
    origins = ORIGINS
    if settings.demo:
        origins += tuple(f"http://{host}:{settings.simulator_port}" for host in ("127.0.0.1", "localhost"))
    signalling = Signalling(base.adapter.offers, origins)

    def readable(environ: WSGIEnvironment, refusal: Response) -> Response:
        headers = [*refusal.headers, *signalling.cors(environ.get("HTTP_ORIGIN"))]
        return Response(refusal.status, refusal.body, headers)

    def signal(request: Request) -> Response:
        header = request.header
        token = header("Authorization") or header("Authentication")
        status, headers, body = signalling.answer(request.method, request.rest, header("Origin"), token, request.body)
        return Response(status, body, headers)

    claims = carries("Authorization", "Authentication")
    return Route("signalling", "/google/webrtc/", ("POST", "OPTIONS"), signal, claims=claims, refused=readable)
