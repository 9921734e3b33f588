"""The routes, other than pages, that web process and web function share: signalling, webhook, /internal, /readyz."""

import ipaddress
import json
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
from showcam.app.edge.internal import Internal
from showcam.app.http_types import LONGEST_BODY, Request, Response, Route, carries, problem
from showcam.app.settings import Settings
from showcam.drivers.ezviz.messages import Full, Inbox, Unreadable, Untrusted, Webhook
from showcam.engine.grants import HEADER
from showcam.store.ports import Store, StoreUnavailable

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


def routes(settings: Settings, base: ground.Ground, inbox: Inbox) -> list[Route]:
    key = settings.ezviz_webhook_key
    return [
        _signalling(settings, base),
        *([_internal(base)] if settings.pictures == "plane" else []),
        webhook_route(Webhook(key, base.store, inbox) if key else None),
        Route("readyz", "/readyz", ("GET",), partial(ready, base.store)),
    ]


def _internal(base: ground.Ground) -> Route:
    answer = Internal(base.adapter.questions, base.grants.proof(), partial(authenticate, base.store)).answer
    return Route("internal", "/internal/sources/", ("POST",), answer, json=True, claims=carries(HEADER))


def webhook_route(webhook: Webhook | None) -> Route:
    """`webhook` is None if ezviz_webhook_key is not set: the address then answers 404."""

    def answer(request: Request) -> Response:
        if webhook is None:
            return problem(404, "There is no such address here", "Set ezviz_webhook_key to take EZVIZ's messages.")
        kind = request.environ.get("CONTENT_TYPE", "").split(";", 1)[0].strip().lower()
        if kind not in _WEBHOOK_TYPES:
            return problem(415, "Messages come as text/plain", "Send the JSON with Content-Type: text/plain.")
        try:
            answered = webhook.take(request.body, request.header("signature") or "", request.header("t") or "")
        except Untrusted as error:
            log.warning("a message to the webhook was refused", why=str(error))
            return problem(401, "That is not signed as EZVIZ signs", "See ezviz_webhook_key, and this machine's clock.")
        except Unreadable:
            return problem(400, "That is no message", "A header with deviceId, messageId and type is wanted.")
        except (Full, StoreUnavailable) as error:
            log.warning(
                "a message to the webhook was not taken and has to be sent again",
                reason="full" if isinstance(error, Full) else "store",
            )
            return problem(503, "Too much is going on", "Send it again in a moment.")
        return Response(200, answered, [("Content-Type", "application/json")])

    return Route("webhook", "/webhooks/ezviz", ("POST",), answer, claims=carries("signature"))


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
