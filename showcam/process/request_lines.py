"""The line of each request, a few at a time, so that no request waits for a system call or a slow reader.

Whatever is told during a request goes out at once (showcam.logs); a killed process takes at most the last twentieth of
a second of these lines with it.
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

from showcam.http_types import Answered
from showcam.redaction import redact

WITHIN_S = 0.05
MOST = 20_000  # lines that wait for a reader that has stopped reading; older ones are dropped
_AT_ONCE = 4096  # bytes: what a pipe takes whole, so that lines of several processes don't mix (PIPE_BUF)
_SHORTEST = 12  # no secret is shorter
_ASKED_ALL_THE_TIME = ("healthz", "readyz", "metrics", "internal")


class _Line(msgspec.Struct):
    route: str
    method: str
    status: int
    ms: float
    request: str
    part: str
    timestamp: str
    level: str
    event: str = "request"


class RequestLines:
    """`together`: as the module says; else each line is written by the thread that answered."""

    def __init__(self, part: str, level: str, write: Callable[[bytes], None], *, together: bool = True) -> None:
        self._part, self._write, self._together = part, write, together
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
        if not self._together:
            self.flush()
            return
        if not self._due.is_set():
            self._due.set()
            if not self._begun:
                self._begin()

    def flush(self) -> None:
        """Writes what waits."""
        with self._writing:
            part = b""
            while self._waiting:
                line = self._encoded(*self._waiting.popleft())
                if part and len(part) + len(line) > _AT_ONCE:
                    self._write(part)
                    part = b""
                part += line
            if part:
                self._write(part)

    def _begin(self) -> None:
        # not before the first request: this may be made in a process that forks
        with self._writing:
            if not self._begun:
                self._begun = True
                atexit.register(self.flush)
                threading.Thread(target=self._go_on, name="request-lines", daemon=True).start()

    def _go_on(self) -> None:
        while self._due.wait():
            time.sleep(WITHIN_S)
            self._due.clear()  # before the lines are taken: one that comes now is written now or by the next round
            self.flush()

    def _encoded(self, done: Answered, at: float) -> bytes:
        # the only word in it that is the caller's
        method = done.method if len(done.method) < _SHORTEST else redact(done.method)
        level = "debug" if _quiet(done) else "info"
        timestamp = f"{datetime.fromtimestamp(at, UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
        ms = int(done.seconds * 10_000 + 0.5) / 10
        line = _Line(done.route, method, done.status, ms, done.request, self._part, timestamp, level)
        return self._encode(line) + b"\n"


def _quiet(done: Answered) -> bool:
    return done.route in _ASKED_ALL_THE_TIME and (done.status < 400 or done.route == "healthz")


def to_stderr(lines: bytes) -> None:
    with contextlib.suppress(OSError):  # nobody reads; the answers are as good
        os.write(2, lines)
