"""Google's fulfillment: as a route of the web process, and as a function of its own behind an HTTP API."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any
from wsgiref.types import WSGIEnvironment

from accounts.links import authenticate
from accounts.pins import Pins
from actions.errors import IntentError, Malformed, Transient
from actions.fulfillment import Fulfillment, unread
from registry.reporting.sender import Listed
from showcam import keys
from showcam.aws import boto
from showcam.aws.cloudwatch import CloudWatch, Event, Handler, Reply
from showcam.aws.http_event import answer_of, request_of
from showcam.compose import google, ground, shares
from showcam.http_types import LONGEST_BODY, Refuse, Request, Response, Route, carries
from showcam.process.settings_sources import load
from showcam.settings import Settings

_JSON = ("Content-Type", "application/json")
# what Google is answered where the body was not even read
_UNREAD: dict[int, type[IntentError]] = {400: Malformed, 408: Transient, 413: Malformed, 503: Transient}


def door(settings: Settings, base: ground.Ground) -> Callable[[Request], Response]:
    fulfillment = Fulfillment(
        partial(authenticate, base.store, assistant="google"),
        base.adapter.registry,
        ground.unlinker(base.store, base.pictures),
        settings.web_url,
        Pins(base.store),
        settings.cast_receiver_app_id,
        google.reported(settings, base.store),
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
    """Raises whatever prevents a start, so that AWS counts it as an error."""
    settings = load()
    watch = CloudWatch(settings.log_level)
    watch.install()
    settings = shares.of("fulfillment", settings)
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
