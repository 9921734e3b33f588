"""Google's fulfillment: as a door of the web process, and alone as an HTTP API's event in and its answer out."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any
from wsgiref.types import WSGIEnvironment

from accounts.pins import Pins
from accounts.tokens import authenticate
from actions.errors import IntentError, Malformed, Transient
from actions.fulfillment import Fulfillment, unread
from showcam import keys
from showcam.aws import boto
from showcam.aws.cloudwatch import CloudWatch, Event, Handler, Reply
from showcam.aws.http_event import answer_of, request_of
from showcam.compose import parts, shares
from showcam.http_types import Refuse, Request, Response, Route, carries
from showcam.settings import Settings, load

_JSON = ("Content-Type", "application/json")
# what Google is told where the body was not even read
_UNREAD: dict[int, type[IntentError]] = {400: Malformed, 408: Transient, 413: Malformed, 503: Transient}


def door(settings: Settings, base: parts.Ground) -> Callable[[Request], Response]:
    fulfillment = Fulfillment(
        partial(authenticate, base.store, assistant="google"),
        base.adapter.registry,
        parts.unlinker(base.store, base.pictures),
        settings.web_url,
        Pins(base.store),
    )

    def fulfil(request: Request) -> Response:
        status, body = fulfillment.answer(request.body, request.bearer, request.received)
        headers = [_JSON, ("WWW-Authenticate", 'Bearer error="invalid_token"')] if status == 401 else [_JSON]
        return Response(status, body, headers)

    return fulfil


def route(settings: Settings, base: parts.Ground) -> Route:
    claims = carries("Authorization")
    return Route("google", "/google/fulfillment", ("POST",), door(settings, base), claims=claims, refused=_refused)


def _refused(_environ: WSGIEnvironment, refusal: Response) -> Response:
    """As fulfillment tells what is wrong: of other statuses Google says that the server is broken."""
    error = _UNREAD.get(refusal.status)
    return Response(200, unread(error(json.loads(refusal.body)["detail"])), [_JSON]) if error else refusal


def build() -> Handler:
    """Raises what stands in the way, so that AWS counts it as an error."""
    settings = load()
    watch = CloudWatch(settings.log_level)
    watch.install()
    settings = shares.of("fulfillment", settings)
    fulfil = door(settings, parts.ground(settings, keys.of(settings)))

    @boto.within(boto.ASSISTANT_S)
    def answer(event: Event, _context: Any) -> Reply:
        try:
            return answer_of(fulfil(request_of(event, settings.body_limit)))
        except Refuse as refusal:
            return answer_of(_refused({}, refusal.response))

    return watch.watched(answer)
