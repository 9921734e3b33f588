"""Google's fulfillment: as a route of the web process, and as a separate function behind an HTTP API."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any
from wsgiref.types import WSGIEnvironment

from actions.errors import IntentError, Malformed, Transient
from actions.fulfillment import Fulfillment, unread
from showcam.accounts.links import authenticate
from showcam.accounts.pins import Pins
from showcam.app import keys
from showcam.app.aws import boto
from showcam.app.aws.cloudwatch import Event, Handler, Reply
from showcam.app.aws.http_event import answer_of, request_of
from showcam.app.compose import ground
from showcam.app.http_types import LONGEST_BODY, Refuse, Request, Response, Route, carries
from showcam.app.settings import Settings
from showcam.app.setup.google_console import reported
from showcam.registry.reporting.sender import Listed

_JSON = ("Content-Type", "application/json")
# Google's answer by HTTP status, if the body was not even read
_UNREAD: dict[int, type[IntentError]] = {400: Malformed, 408: Transient, 413: Malformed, 503: Transient}


def door(settings: Settings, base: ground.Ground) -> Callable[[Request], Response]:
    fulfillment = Fulfillment(
        partial(authenticate, base.store, assistant="google"),
        base.adapter.registry,
        base.end,
        settings.web_url,
        Pins(base.store),
        settings.cast_receiver_app_id,
        reported(settings, base.store),
    )

    def fulfil(request: Request) -> Response:
        status, body = fulfillment.answer(request.body, request.bearer, request.received)
        headers = [_JSON, ("WWW-Authenticate", 'Bearer error="invalid_token"')] if status == 401 else [_JSON]
        return Response(status, body, headers)

    return fulfil


def route(settings: Settings, base: ground.Ground) -> Route:
    claims = carries("Authorization")
    return Route("google", "/google/fulfillment", ("POST",), door(settings, base), claims=claims, refused=_refused)


def _refused(_environ: WSGIEnvironment, refusal: Response) -> Response:
    """The refusal as fulfillment's own answer: Google takes any status but 200 and 401 for a broken server."""
    error = _UNREAD.get(refusal.status)
    return Response(200, unread(error(json.loads(refusal.body)["detail"])), [_JSON]) if error else refusal


def build() -> Handler:
    """Builds the function. Raises every error that prevents a start, so that AWS counts it."""
    settings, watch = ground.function("fulfillment")
    base = ground.build(settings, keys.of(settings))
    base.adapter.registry.when_listed(Listed(base.store).note)
    fulfil = door(settings, base)

    @boto.within(boto.ASSISTANT_S)
    def answer(event: Event, _context: Any) -> Reply:
        try:
            return answer_of(fulfil(request_of(event, LONGEST_BODY)))
        except Refuse as refusal:
            return answer_of(_refused({}, refusal.response))

    return watch.watched(answer)
