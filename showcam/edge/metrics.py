"""Counters of the web process for Prometheus; told to this machine alone."""

import threading
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from showcam.http_types import Answered, Refuse, Request, Response, problem

BOUNDS_S = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)


class Metrics(Collector):
    """Counted in plain numbers under one lock, which every request takes; put into words only when asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answered: dict[tuple[str, int], int] = {}  # few: routes and statuses are ours
        self._seconds: dict[str, float] = {}
        self._within: dict[str, list[int]] = {}  # by route: how many up to each bound and not to the one before
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def count(self, done: Answered) -> None:
        route, seconds = done.route, done.seconds
        key, place = (route, done.status), bisect_left(BOUNDS_S, seconds)
        with self._lock:
            self._answered[key] = self._answered.get(key, 0) + 1
            if route not in self._within:
                self._within[route], self._seconds[route] = [0] * (len(BOUNDS_S) + 1), 0.0
            self._within[route][place] += 1
            self._seconds[route] += seconds

    def collect(self) -> Iterator[Metric]:
        with self._lock:
            answered, seconds = self._answered.copy(), self._seconds.copy()
            within = {route: list(accumulate(counts)) for route, counts in self._within.items()}
        requests = CounterMetricFamily("showcam_requests", "Requests answered", labels=["route", "status"])
        for (route, status), count in answered.items():
            requests.add_metric([route, str(status)], count)
        times = HistogramMetricFamily("showcam_request_seconds", "Time to an answer", labels=["route"])
        names = [*map(str, BOUNDS_S), "+Inf"]
        for route, counts in within.items():
            times.add_metric([route], list(zip(names, counts, strict=True)), seconds[route])
        yield requests
        yield times

    def answer(self, request: Request) -> Response:
        # a proxy on this machine asks from here too, but in the name of the public host
        local = request.environ.get("REMOTE_ADDR") in ("127.0.0.1", "::1")
        named = (request.header("Host") or "").rpartition(":")[0] in ("127.0.0.1", "localhost", "[::1]")
        if not (local and named) or request.header("X-Forwarded-For") or request.header("Forwarded"):
            raise Refuse(problem(404, "There is nothing here", "Metrics are told to this machine alone."))
        return Response(200, generate_latest(self._registry), [("Content-Type", CONTENT_TYPE_LATEST)])
