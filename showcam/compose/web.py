"""The web process: linking, both assistants' endpoints and pages, behind one edge on granian."""

import ipaddress
import threading
import time
from functools import cache, partial
from pathlib import Path
from wsgiref.types import WSGIEnvironment

import structlog
from flask import Flask
from granian import Granian
from granian.constants import Interfaces

from accounts.pins import Pins
from accounts.tokens import authenticate
from actions.fulfillment import Fulfillment
from actions.signalling import Signalling
from alexa.skill import SmartHome
from console import app as console
from oauth import app as oauth
from oauth.app import OAuthSettings
from registry.drivers.ezviz_webhook import Webhook
from registry.inbox import Inbox
from registry.registry import Registry
from registry.sign_in import Limits, SignIn
from showcam import keys, logs, spoken_door, webhook
from showcam.compose import amazon, parts, spoken
from showcam.data import handed_over
from showcam.edge import Edge, EdgeRules
from showcam.exchange import Headers, Refuse, Request, Response, Route, problem
from showcam.forwarded import HEADER, verified
from showcam.internal import Internal
from showcam.keys import Keys
from showcam.metrics import Metrics
from showcam.parent import end_with_parent
from showcam.settings import Settings, load
from showcam.supervisor import answers
from store.ports import Store, StoreUnavailable

log = structlog.get_logger()
_JSON = ("Content-Type", "application/json")
WORKER_LATE_S = 30.0


def build(settings: Settings, keys: Keys) -> Edge:
    """Everything the web process serves, as one WSGI callable."""
    base = parts.ground(settings, keys)
    store, registry = base.store, base.registry
    limits = Limits(per_user=settings.sign_ins_per_user, per_address=settings.sign_ins_per_address)
    sign_in = SignIn(store, base.driver, settings.sign_up, limits=limits, vendor_s=settings.sign_in_s)
    metrics = Metrics()
    routes = [
        *_alexa(settings, keys, base),
        *_google(settings, base),
        Route(
            "internal",
            "/internal/sources/",
            ("POST",),
            Internal(registry, base.grants.proof(), partial(authenticate, store)).answer,
            json=True,
        ),
        _webhook(settings, store, registry),
        *_health(settings, store),
        Route("metrics", "/metrics", ("GET",), metrics.answer),
    ]
    rules = EdgeRules(
        body_limit=settings.body_limit,
        threads=settings.threads,
        trusted_proxies=tuple(ipaddress.ip_network(each, strict=False) for each in settings.trusted_proxies),
        only_hosts=_only_hosts(settings),
    )
    pages = _pages(settings, keys, base, sign_in)
    threading.Thread(target=base.driver.load, name="driver-load", daemon=True).start()
    return Edge(routes, pages, rules, metrics.observe)


def _alexa(settings: Settings, keys: Keys, base: parts.Ground) -> list[Route]:
    store = base.store
    skill = SmartHome(
        partial(authenticate, store, assistant="alexa"),
        base.registry,
        amazon.gateway(settings, store),
        snapshots=settings.snapshots,
    )

    def smart_home(request: Request) -> Response:
        # the demo's simulated Alexa comes straight; everybody else only through the owner's forwarder
        if not settings.demo and not _forwarded(request, keys, store):
            raise Refuse(problem(403, "Directives come through the forwarder", "Its signature is missing or wrong."))
        return Response(200, skill.answer(request.body), [_JSON])

    return [
        Route("alexa", "/alexa/smart-home", ("POST",), smart_home, json=True),
        spoken_door.route(
            settings.alexa_skill_id,
            spoken.Lazy(settings, base).answer,
            cache(partial(amazon.chains, settings)),
            lambda request: request.header(HEADER) is not None and _forwarded(request, keys, store),
        ),
    ]


def _forwarded(request: Request, keys: Keys, store: Store) -> bool:
    try:
        return verified(request, keys.forwarder, store)
    except StoreUnavailable:
        raise Refuse(problem(503, "The store can't be reached just now", "Try again in a moment.")) from None


def _google(settings: Settings, base: parts.Ground) -> list[Route]:
    store, registry = base.store, base.registry
    unlink = parts.unlinker(store, base.pictures)
    known = partial(authenticate, store, assistant="google")
    fulfillment = Fulfillment(known, registry, unlink, settings.web_url, Pins(store))
    origins = settings.signal_origins
    if settings.demo:
        origins = (*origins, *(f"http://{host}:{settings.simulator_port}" for host in ("127.0.0.1", "localhost")))
    signalling = Signalling(registry, origins)

    def fulfil(request: Request) -> Response:
        status, body = fulfillment.answer(request.body, request.bearer)
        headers = [_JSON, ("WWW-Authenticate", 'Bearer error="invalid_token"')] if status == 401 else [_JSON]
        return Response(status, body, headers)

    def cors(environ: WSGIEnvironment) -> Headers:
        origin = environ.get("HTTP_ORIGIN", "")
        return [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")] if origin in origins else []

    def signal(request: Request) -> Response:
        header = request.header
        token = header("Authorization") or header("Authentication")
        status, headers, body = signalling.answer(request.method, request.rest, header("Origin"), token, request.body)
        return Response(status, body, headers)

    return [
        Route("google", "/google/fulfillment", ("POST",), fulfil, json=True),
        Route("signalling", "/google/webrtc/", ("POST", "OPTIONS"), signal, refusal_headers=cors),
    ]


def _webhook(settings: Settings, store: Store, registry: Registry) -> Route:
    key = settings.ezviz_webhook_key
    return webhook.route(Webhook(key, store, Inbox(registry)) if key else None)


def _health(settings: Settings, store: Store) -> list[Route]:
    beat = settings.data / "run" / "worker"

    def ready(_request: Request) -> Response:
        try:
            store.ping()
        except StoreUnavailable:
            return problem(503, "The store can't be written", "See the log of the web process.")
        return Response(200, b'{"ok":true}', [_JSON])

    def whole(request: Request) -> Response:
        missing = _missing(settings, beat)
        if missing:
            return problem(503, "Not all of it serves yet", f"Missing: {', '.join(missing)}.")
        return ready(request)

    return [Route("readyz", "/readyz", ("GET",), ready), Route("healthz", "/healthz", ("GET",), whole)]


def _missing(settings: Settings, beat: Path) -> list[str]:
    host = settings.own_host
    missing = ["media"] if settings.own_media and not answers(host, settings.media_port, "/healthz") else []
    if settings.demo and not answers(host, settings.simulator_port, "/healthz"):
        missing.append("simulator")
    try:
        late = time.time() - beat.stat().st_mtime > WORKER_LATE_S
    except OSError:
        late = True
    return [*missing, "worker"] if late else missing


def _pages(settings: Settings, keys: Keys, base: parts.Ground, sign_in: SignIn) -> Flask:
    app = Flask("showcam", static_folder=None)
    oauth.bind(
        app,
        base.store,
        sign_in,
        base.registry,
        OAuthSettings(
            issuer=settings.web_url,
            secure_cookies=settings.web_url.startswith("https://"),
            cookie_keys=keys.cookie,
        ),
        parts.unlinker(base.store, base.pictures),
    )
    practice = f"http://127.0.0.1:{settings.simulator_port}/" if settings.demo else ""
    app.register_blueprint(console.blueprint(practice_url=practice))
    return app


def _only_hosts(settings: Settings) -> tuple[str, ...]:
    if not settings.demo:
        return ()
    return tuple(f"{host}:{settings.port}" for host in ("127.0.0.1", "localhost"))


def load_app(*_: object) -> Edge:
    """In granian's worker process."""
    settings = handed_over() or load()
    logs.configure("web", settings.log_level)
    end_with_parent()
    return build(settings, keys.of(settings))


def serve(settings: Settings) -> None:
    logs.configure("web", settings.log_level)
    server = Granian(
        "showcam.compose.web:load_app",
        address=settings.bind,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=settings.threads,
        backpressure=settings.threads * 2,
        websockets=False,
        log_enabled=False,
        log_access=False,
        workers_kill_timeout=1,
        factory=True,
    )
    server.serve()
