"""Runs the worker's jobs, each at its own interval, and counts its reports to assistants for /metrics.

A failure of a job is logged, and the job runs again when it is due.
"""

import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest

from showcam.store.records import ASSISTANTS, Assistant

log = structlog.get_logger()

BOUNDS_S = (0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 10.0, 60.0)  # of the histogram of reports
METRICS_FILE = Path("run", "telling.prom")  # in the data folder; the web process appends it to /metrics


class TellingMetrics:
    def __init__(self, file: Path) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # when each was first counted is of no use
        self._file = file
        self._registry = registry = CollectorRegistry()
        by = ["assistant"]
        self._outcomes = Counter("showcam_reports", "Reports by how they ended", [*by, "outcome"], registry=registry)
        self._lag = Histogram(
            "showcam_report_seconds", "Time from a change to its receipt", by, registry=registry, buckets=BOUNDS_S
        )
        self._waiting = Gauge("showcam_outbox_waiting", "Changes that wait to be reported", by, registry=registry)
        self._oldest = Gauge("showcam_outbox_oldest_seconds", "Since when the first waits", by, registry=registry)
        self._laid = Gauge("showcam_outbox_laid_down", "Changes that can't be reported", by, registry=registry)

    def count(self, assistant: Assistant, outcome: str, lag_s: float) -> None:
        self._outcomes.labels(assistant, outcome).inc()
        if outcome in ("told", "first"):
            self._lag.labels(assistant).observe(lag_s)

    def write(self, backlog: Mapping[Assistant, tuple[int, float]], laid: Mapping[Assistant, int], now: float) -> None:
        """Replaces the file; `backlog` and `laid` as the store has them."""
        for assistant in ASSISTANTS:
            count, since = backlog.get(assistant, (0, now))
            self._waiting.labels(assistant).set(count)
            self._oldest.labels(assistant).set(max(0.0, now - since))
            self._laid.labels(assistant).set(laid.get(assistant, 0))
        new = self._file.with_suffix(".new")
        new.write_bytes(generate_latest(self._registry))
        new.replace(self._file)


@dataclass
class Job:
    name: str
    every_s: float
    do: Callable[[], object]


def run(jobs: list[Job]) -> None:
    """Runs each job in its own thread until SIGTERM or SIGINT, so that a slow vendor does not delay the heartbeat."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())

    def repeat(job: Job) -> None:
        while not ended.is_set():
            started = time.monotonic()
            try:
                job.do()
            except Exception:
                if not ended.is_set():  # when the worker ends, the store is closed while jobs still run
                    log.exception("job failed", job=job.name)
            ended.wait(max(0.0, job.every_s - (time.monotonic() - started)))

    for job in jobs:
        threading.Thread(target=repeat, args=(job,), name=job.name, daemon=True).start()
    ended.wait()
