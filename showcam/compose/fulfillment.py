"""Google's fulfillment: as a door of the web process, and alone as an HTTP API's event in and its answer out."""

from collections.abc import Callable
from functools import partial
from typing import Any

from accounts.pins import Pins
from accounts.tokens import authenticate
from actions.fulfillment import Fulfillment
from showcam import keys
from showcam.cloudwatch import CloudWatch, Event, Handler
from showcam.compose import parts
from showcam.exchange import Refuse, Request, Response
from showcam.http_event import answer_of, request_of
from showcam.settings import Settings, load

_JSON = ("Content-Type", "application/json")


def door(settings: Settings, base: parts.Ground) -> Callable[[Request], Response]:
    fulfillment = Fulfillment(
        partial(authenticate, base.store, assistant="google"),
        base.registry,
        parts.unlinker(base.store, base.pictures),
        settings.web_url,
        Pins(base.store),
    )

    def fulfil(request: Request) -> Response:
        status, body = fulfillment.answer(request.body, request.bearer)
        headers = [_JSON, ("WWW-Authenticate", 'Bearer error="invalid_token"')] if status == 401 else [_JSON]
        return Response(status, body, headers)

    return fulfil


def build() -> Handler:
    """Raises what stands in the way, so that AWS counts it as an error."""
    settings = load()
    watch = CloudWatch(settings.log_level)
    watch.install()
    fulfil = door(settings, parts.ground(settings, keys.of(settings)))

    def answer(event: Event, _context: Any) -> Event:
        try:
            return answer_of(fulfil(request_of(event, settings.body_limit)))
        except Refuse as refused:
            return answer_of(refused.response)

    return watch.watched(answer)
