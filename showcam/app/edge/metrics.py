"""Counters of the web process for Prometheus, shown to whoever holds the setting metrics_token.

While no public address leads here, this machine needs no token. With a public address it does: a proxy on this machine
that adds no header looks as a Prometheus on this machine does.
"""

import contextlib
import hmac
from functools import lru_cache
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from showcam.app.edge.edge import Answered
from showcam.app.http_types import Refuse, Request, Response, problem
from showcam.console.look.reach import from_house

BOUNDS_S = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
_KEPT = 1024  # more than there are routes and statuses, which are ours


class Metrics:
    """`beside`: a file of another process's counters, which are answered after the counters of this process.

    `token`: the bearer that opens the counters to anybody; "" opens them to none. `exposed`: a public address leads
    here.
    """

    def __init__(self, beside: Path | None = None, token: str = "", *, exposed: bool) -> None:
        self._beside, self._token, self._exposed = beside, token.encode(), exposed
        disable_created_metrics()  # type: ignore[no-untyped-call]  # when each was first counted is left out
        self._registry = CollectorRegistry()
        answered = Counter("showcam_requests", "Requests answered", ["route", "status"], registry=self._registry)
        taken = Histogram(
            "showcam_request_seconds", "Time to an answer", ["route"], registry=self._registry, buckets=BOUNDS_S
        )
        self._came_to = Counter(
            "showcam_outcomes",
            "Directives and intents, by what they came to",
            ["route", "outcome", "reason"],
            registry=self._registry,
        )
        # held, as the library advises: looked up by their labels for each request they cost more than twice as much
        self._of = lru_cache(_KEPT)(lambda route, status: (answered.labels(route, status), taken.labels(route)))

    def count(self, done: Answered) -> None:
        answered, taken = self._of(done.route, done.status)
        answered.inc()
        taken.observe(done.seconds)
        for one in done.outcomes:
            self._came_to.labels(done.route, one.outcome, one.reason).inc()

    def answer(self, request: Request) -> Response:
        if not self._is_here(request) and not self._is_trusted(request):
            if not self._token:
                raise Refuse(problem(404, "There is nothing here", "Set metrics_token to read metrics."))
            refusal = problem(401, "A token is missing or wrong", "Send metrics_token as Authorization: Bearer.")
            raise Refuse(Response(401, refusal.body, [*refusal.headers, ("WWW-Authenticate", "Bearer")]))
        counted = generate_latest(self._registry)
        if self._beside is not None:
            with contextlib.suppress(OSError):  # none was written yet
                counted += self._beside.read_bytes()
        return Response(200, counted, [("Content-Type", CONTENT_TYPE_LATEST)])

    def _is_here(self, request: Request) -> bool:
        environ = request.environ
        is_local = environ.get("REMOTE_ADDR") in ("127.0.0.1", "::1")
        return is_local and from_house(environ, (), exposed=self._exposed)

    def _is_trusted(self, request: Request) -> bool:
        given = (request.bearer or "").encode()
        return bool(self._token) and hmac.compare_digest(given, self._token)
