"""The routes beside the pages that web process and web function share: signalling, webhook, /internal, /readyz."""

import ipaddress
import json
from dataclasses import replace
from functools import partial
from typing import Literal, TypedDict
from wsgiref.types import WSGIEnvironment

import structlog

from accounts.links import authenticate
from actions.signalling import Signalling
from media.grants import HEADER
from registry.drivers.ezviz.messages import Inbox, Webhook
from showcam.aws import boto
from showcam.compose import ground
from showcam.edge import webhook
from showcam.edge.edge import EdgeRules
from showcam.edge.internal import Internal
from showcam.http_types import LONGEST_BODY, Request, Response, Route, carries, problem
from showcam.settings import Settings
from store.ports import Store, StoreUnavailable

log = structlog.get_logger()

JSON = ("Content-Type", "application/json")
ORIGINS: tuple[str, ...] = ("https://www.gstatic.com",)  # where Google's displays load the player that posts offers
THREADS = 128  # requests that are answered at once
BODIES_TO_A_THREAD = 2  # a thread that waits for a body costs a few kilobytes


class Ready(TypedDict):
    ok: Literal[True]
    client: str


def routes(settings: Settings, base: ground.Ground, inbox: Inbox) -> list[Route]:
    key = settings.ezviz_webhook_key
    return [
        _signalling(settings, base),
        *([_internal(base)] if settings.pictures == "plane" else []),
        webhook.route(Webhook(key, base.store, inbox) if key else None),
        Route("readyz", "/readyz", ("GET",), partial(ready, base.store)),
    ]


def _internal(base: ground.Ground) -> Route:
    answer = Internal(base.adapter.questions, base.grants.proof(), partial(authenticate, base.store)).answer
    return Route("internal", "/internal/sources/", ("POST",), answer, json=True, claims=carries(HEADER))


def limited(settings: Settings, routes: list[Route]) -> list[Route]:
    """The routes with a time limit on their calls to a DynamoDB table; SQLite has a limit of its own."""
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
