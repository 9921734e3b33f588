"""The log line of each request, or of each directive and intent in it, written a few at a time.

So no request waits for a system call or a slow reader.

What is logged during a request is written at once (showcam.process.logs). A process that is killed loses at most the
request lines of its last 50 ms.
"""

import atexit
import contextlib
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import asdict, replace

from showcam.http_types import Answered
from showcam.redaction import redact

WITHIN_S = 0.05
MOST = 20_000  # lines that wait for a reader who has stopped reading; the oldest are dropped
_AT_ONCE = 4096  # bytes that a pipe takes whole (PIPE_BUF), so that lines of several processes don't mix
_SHORTEST = 12  # characters; no secret is shorter
_POLLED = ("healthz", "readyz", "metrics", "internal")  # routes that are requested all the time


class _Line(msgspec.Struct):
    route: str
    method: str
    status: int
    ms: float
    request: str
    part: str
    timestamp: datetime
    level: str
    event: str = "request"
    # of a directive, an intent or a device's commands
    name: str | UnsetType = UNSET
    link: str | UnsetType = UNSET
    account: str | UnsetType = UNSET
    camera: str | UnsetType = UNSET
    way: str | UnsetType = UNSET
    outcome: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class RequestLines:
    def __init__(self, part: str, level: str, write: Callable[[bytes], None]) -> None:
        self._part, self._write = part, write
        self._least = logging.getLevelNamesMapping()[level.upper()]
        self._encode = msgspec.json.Encoder().encode
        self._waiting: deque[tuple[Answered, float]] = deque(maxlen=MOST)
        self._due = threading.Event()
        self._writing = threading.Lock()
        self._begun = False

    def write(self, done: Answered) -> None:
        if self._least > (logging.DEBUG if _quiet(done) else logging.INFO):
            return
        self._waiting.append((done, time.time()))
        if not self._due.is_set():
            self._due.set()
            if not self._begun:
                self._begin()

    def flush(self) -> None:
        with self._writing:
            lines = b""
            while self._waiting:
                line = self._encoded(*self._waiting.popleft())
                if lines and len(lines) + len(line) > _AT_ONCE:
                    self._write(lines)
                    lines = b""
                lines += line
            if lines:
                self._write(lines)

    def _begin(self) -> None:
        # not before the first request, since the constructor may run in a process that forks
        with self._writing:
            if not self._begun:
                self._begun = True
                atexit.register(self.flush)
                threading.Thread(target=self._go_on, name="request-lines", daemon=True).start()

    def _go_on(self) -> None:
        while self._due.wait():
            time.sleep(WITHIN_S)
            self._due.clear()  # before the lines are taken, so that none is added unnoticed
            self.flush()

    def _encoded(self, done: Answered, at: float) -> bytes:
        # the only text in the line that the caller chose
        method = done.method if len(done.method) < _SHORTEST else redact(done.method)
        level = "debug" if _quiet(done) else "info"
        ms = int(done.seconds * 10_000 + 0.5) / 10
        when = datetime.fromtimestamp(at, UTC)
        line = _Line(done.route, method, done.status, ms, done.request, self._part, when, level)
        if not done.outcomes:
            return self._encode(line) + b"\n"
        return b"".join(self._encode(replace(line, **asdict(outcome))) + b"\n" for outcome in done.outcomes)


def _quiet(done: Answered) -> bool:
    return done.route in _POLLED and (done.status < 400 or done.route == "healthz")


def to_stderr(lines: bytes) -> None:
    with contextlib.suppress(OSError):  # nobody reads stderr; requests are answered all the same
        os.write(2, lines)
