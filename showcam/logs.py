"""One JSON line per event on stderr; what is secret never reaches it, also when a caller forgets."""

import contextlib
import logging
import os
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog

from showcam.exchange import AT_WORK, Answered
from showcam.redaction import QUIET, SILENT, redact

_SHORTEST = 12
_OURS = frozenset({"request", "timestamp"})
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
    """The line of each request, written at one go and without a lock, so that no request waits for another's."""

    def __init__(self, part: str, level: str) -> None:
        self._part = part
        self._least = logging.getLevelNamesMapping()[level.upper()]
        self._encode = msgspec.json.Encoder().encode

    def write(self, done: Answered) -> None:
        quiet = done.route in _ASKED_ALL_THE_TIME and (done.status < 400 or done.route == "healthz")
        if self._least > (logging.DEBUG if quiet else logging.INFO):
            return
        # the only word in it that is the caller's
        method = done.method if len(done.method) < _SHORTEST else redact(done.method)
        ms, now = round(done.seconds * 1000, 1), datetime.now(UTC).isoformat()[:-6] + "Z"
        level = "debug" if quiet else "info"
        line = _Line(done.route, method, done.status, ms, done.request, self._part, now, level)
        with contextlib.suppress(OSError):  # nobody reads; the answer is as good
            os.write(2, self._encode(line) + b"\n")


def _redactor(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        # our own words are short, and every secret is long
        if isinstance(value, str) and len(value) >= _SHORTEST and key not in _OURS:
            event[key] = redact(value)
    return event


def _encode(event: Any, **_: Any) -> str:
    return msgspec.json.encode(event, enc_hook=repr).decode()


def configure(part: str, level: str) -> None:
    """`part` names the process in each line."""
    number = logging.getLevelNamesMapping()[level.upper()]

    def placed(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["part"] = part
        if request := AT_WORK.get(""):
            event["request"] = request
        return event

    shared: list[Any] = [
        placed,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, _redactor, structlog.processors.JSONRenderer(_encode)],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _redactor,
                structlog.processors.JSONRenderer(_encode),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(number)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    for name, least in SILENT.items():
        logging.getLogger(name).setLevel(least)
