"""Runs jobs again and again, each at its own interval. A failure is logged, and the job runs again when it is due."""

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

log = structlog.get_logger()


@dataclass
class Job:
    name: str
    every_s: float
    do: Callable[[], object]


class Worker:
    """Runs each job in a thread of its own, so that a slow vendor does not delay the heartbeat."""

    def __init__(self, jobs: list[Job]) -> None:
        self._jobs = jobs
        self._ended = threading.Event()

    def run(self) -> None:
        """Until SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._ended.set())
        for job in self._jobs:
            threading.Thread(target=self._turn, args=(job,), name=job.name, daemon=True).start()
        self._ended.wait()

    def _turn(self, job: Job) -> None:
        while not self._ended.is_set():
            started = time.monotonic()
            try:
                job.do()
            except Exception:
                if not self._ended.is_set():  # when the worker ends, the store is closed while jobs still run
                    log.exception("job failed", job=job.name)
            self._ended.wait(max(0.0, job.every_s - (time.monotonic() - started)))
