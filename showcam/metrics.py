"""Counters of the web process for Prometheus; told to this machine alone."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from showcam.exchange import Refuse, Request, Response, problem


class Metrics:
    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter("showcam_requests", "Requests answered", ["route", "status"], registry=self._registry)
        self._seconds = Histogram(
            "showcam_request_seconds",
            "Time to an answer",
            ["route"],
            buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3),
            registry=self._registry,
        )

        self._counted: dict[tuple[str, int], tuple[Counter, Histogram]] = {}  # few: routes and statuses are ours

    def observe(self, route: str, status: int, seconds: float) -> None:
        counted = self._counted.get((route, status))
        if counted is None:
            counted = self._requests.labels(route, str(status)), self._seconds.labels(route)
            self._counted[route, status] = counted
        counted[0].inc()
        counted[1].observe(seconds)

    def answer(self, request: Request) -> Response:
        # a proxy on this machine asks from here too, but in the name of the public host
        local = request.environ.get("REMOTE_ADDR") in ("127.0.0.1", "::1")
        named = (request.header("Host") or "").rpartition(":")[0] in ("127.0.0.1", "localhost", "[::1]")
        if not (local and named) or request.header("X-Forwarded-For") or request.header("Forwarded"):
            raise Refuse(problem(404, "There is nothing here", "Metrics are told to this machine alone."))
        return Response(200, generate_latest(self._registry), [("Content-Type", CONTENT_TYPE_LATEST)])
