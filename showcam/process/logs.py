"""Logging: one JSON line per event on stderr, redacted whoever wrote it.

At a terminal a person reads, so stderr gets only warnings and errors, as short text, and the JSON lines go into a file
of the data folder. showcam.process.request_lines writes the lines of requests.
"""

import logging
import os
import sys
import time
from collections.abc import Callable, MutableMapping
from typing import Any

import msgspec
import structlog

from showcam.http_types import AT_WORK
from showcam.process.line_file import LineFile
from showcam.process.request_lines import to_stderr
from showcam.redaction import QUIET, SILENT, redact
from showcam.settings import Settings

_SHORTEST = 12
_OURS = frozenset({"request", "timestamp"})  # long, and never secret
_NOT_FOR_A_PERSON = ("part", "level", "timestamp", "event", "request", "exception")


def _redactor(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        # every secret is longer
        if isinstance(value, str) and len(value) >= _SHORTEST and key not in _OURS:
            event[key] = redact(value)
    return event


def _encode(event: Any, **_: Any) -> str:
    return msgspec.json.encode(event, enc_hook=repr).decode()


def for_person(event: MutableMapping[str, Any]) -> str:
    """An event as one line: time, process, event, details, and the last line of an exception."""
    more = [f"{name}={value}" for name, value in event.items() if name not in _NOT_FOR_A_PERSON]
    if exception := str(event.get("exception") or "").strip():
        more.append(exception.splitlines()[-1].strip())
    details = f" ({', '.join(more)})" if more else ""
    return _plain(f"{time.strftime('%H:%M:%S')} {event['part']}: {event['event']}{details}")


def _plain(text: str) -> str:
    """Escape control characters, by which a stranger's text could move the cursor, hide a line or rename the window."""
    return "".join([character if character.isprintable() else ascii(character)[1:-1] for character in text])


def start(process: str, settings: Settings) -> Callable[[bytes], None]:
    """Configure logging for a process that stays; return what takes the lines that it encodes by itself."""
    folder = settings.data / "log"
    usable = sys.stderr.isatty() and os.access(settings.data, os.W_OK | os.X_OK)
    file = LineFile(folder / f"{process}.jsonl") if usable else None
    configure(process, settings.log_level, file)
    return file.write if file else to_stderr


def configure(process: str, level: str, file: LineFile | None = None) -> None:
    """`process` is named in each line. At a terminal without a file, lines below warning are dropped."""
    number = logging.getLevelNamesMapping()[level.upper()]

    def named(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["part"] = process
        if request := AT_WORK.get(""):
            event["request"] = request
        return event

    shared: list[Any] = [
        named,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    as_json: Any = structlog.processors.JSONRenderer(_encode)
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if not sys.stderr.isatty():
        _formatted(handlers[0], shared, as_json)
        last = as_json
    else:
        last = _Both(file)
        handlers[0].setLevel(logging.WARNING)
        _formatted(handlers[0], shared, lambda _logger, _name, event: for_person(event))
        if file:
            handlers.append(_formatted(_ToFile(file), shared, as_json))
    structlog.configure(
        processors=[*shared, _redactor, last],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    root = logging.getLogger()
    root.handlers = handlers
    root.setLevel(number)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    for name, least in SILENT.items():
        logging.getLogger(name).setLevel(least)


def _formatted(handler: logging.Handler, shared: list[Any], last: Any) -> logging.Handler:
    left_out = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[left_out, _redactor, last])
    )
    return handler


class _Both:
    """A structlog processor: writes the JSON line into the file, and returns a warning or an error as text."""

    def __init__(self, file: LineFile | None) -> None:
        self._file = file

    def __call__(self, _logger: Any, _name: str, event: MutableMapping[str, Any]) -> str:
        if self._file:
            self._file.write(_encode(event).encode() + b"\n")
        if structlog.processors.NAME_TO_LEVEL[event["level"]] < logging.WARNING:
            raise structlog.DropEvent
        return for_person(event)


class _ToFile(logging.Handler):
    def __init__(self, file: LineFile) -> None:
        super().__init__()
        self._file = file

    def emit(self, record: logging.LogRecord) -> None:
        self._file.write(self.format(record).encode() + b"\n")
