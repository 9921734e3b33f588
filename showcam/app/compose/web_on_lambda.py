"""Linking, pages, signalling and webhook as a function behind an HTTP API.

AWS freezes the environment after each answer, so no work is left for later. Directives and fulfillment have their own
functions.
"""

import contextlib
from collections.abc import Iterable, MutableMapping
from functools import partial
from typing import Any, NoReturn
from wsgiref.types import StartResponse, WSGIEnvironment

import structlog
from apig_wsgi import make_lambda_handler

from showcam.app import keys
from showcam.app.aws.cloudwatch import CloudWatch, Event, Handler, Reply
from showcam.app.compose import doors, ground, pages
from showcam.app.edge.edge import REQUEST_ID, Answered, Edge
from showcam.app.http_types import Route
from showcam.app.settings import Settings
from showcam.console.door.phones import Phones
from showcam.console.home.page import Home, Page
from showcam.registry.watch.hints import AtOnce
from showcam.store.ports import StoreUnavailable


def build() -> Handler:
    """Builds the function. Raises every error that prevents a start, so that AWS counts it."""
    settings, watch = ground.function("web")
    _hand_lines_to(watch)
    edge = _edge(settings, watch)

    def named(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[REQUEST_ID] = environ["apig_wsgi.context"].aws_request_id
        return edge(environ, start_response)

    through = make_lambda_handler(named)

    def answer(event: Event, context: Any) -> Reply:
        # the adapter would take other formats too, and with them a client's word for its address
        if event.get("version") != "2.0":
            raise ValueError("an HTTP API's event of payload format 2.0 is wanted")
        reply: Reply = through(event, context)
        return reply

    return watch.watched(answer)


def _edge(settings: Settings, watch: CloudWatch) -> Edge:
    def note(done: Answered) -> None:
        watch.note(route=done.route, method=done.method)

    held = keys.of(settings)
    base = ground.build(settings, held)
    health = Route("healthz", "/healthz", ("GET",), partial(doors.ready, base.store))
    routes = doors.limited(settings, [*doors.routes(settings, base, AtOnce(base.adapter.noticing)), health])
    edge = Edge(routes, pages.app(settings, held, base, _phones), doors.rules(settings), (note,))
    with contextlib.suppress(StoreUnavailable):  # then the driver loads with the first request
        base.load()
    return edge


def _phones(home: Home) -> list[Page]:
    """The page that signs a phone in, at the address that the owner's browser has."""
    return [Phones(home.area, home.phone_codes, home.entrance)]


def _hand_lines_to(watch: CloudWatch) -> None:
    def take(_logger: Any, _name: str, line: MutableMapping[str, Any]) -> NoReturn:
        number = structlog.processors.NAME_TO_LEVEL[line.pop("level")]
        watch.log(number, line.pop("event"), line.pop("exception", ""), line.pop("reason", ""), **line)
        raise structlog.DropEvent

    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.format_exc_info, take],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
    )
