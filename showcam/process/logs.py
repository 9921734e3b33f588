"""One JSON line per event on stderr; what is secret never reaches it, also when a caller forgets.

Where stderr is a terminal, a person reads: there only warnings and errors come, in few words, and the JSON lines go
into a file of the data folder. The lines of requests are showcam.request_lines.
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
_OURS = frozenset({"request", "timestamp"})
_NOT_FOR_A_PERSON = ("part", "level", "timestamp", "event", "request", "exception")


def _redactor(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        # our own words are short, and every secret is long
        if isinstance(value, str) and len(value) >= _SHORTEST and key not in _OURS:
            event[key] = redact(value)
    return event


def _encode(event: Any, **_: Any) -> str:
    return msgspec.json.encode(event, enc_hook=repr).decode()


def of_person(event: MutableMapping[str, Any]) -> str:
    """An event in a line: the time, which part, what, and of an exception its last line alone."""
    more = [f"{name}={value}" for name, value in event.items() if name not in _NOT_FOR_A_PERSON]
    if exception := str(event.get("exception") or "").strip():
        more.append(exception.splitlines()[-1].strip())
    details = f" ({', '.join(more)})" if more else ""
    return _plain(f"{time.strftime('%H:%M:%S')} {event['part']}: {event['event']}{details}")


def _plain(text: str) -> str:
    """One line, in which no sign of a stranger's moves the cursor, hides a line or renames the window."""
    return "".join([each if each.isprintable() else ascii(each)[1:-1] for each in text])


def start(part: str, settings: Settings) -> Callable[[bytes], None]:
    """For a process that stays; where lines that it makes by itself go."""
    folder = settings.data / "log"
    usable = sys.stderr.isatty() and os.access(settings.data, os.W_OK | os.X_OK)
    file = LineFile(folder / f"{part}.jsonl") if usable else None
    configure(part, settings.log_level, file)
    return file.write if file else to_stderr


def configure(part: str, level: str, file: LineFile | None = None) -> None:
    """`part` names the process in each line. Without a file a person at a terminal sees warnings, and that is all."""
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
    ends: Any = structlog.processors.JSONRenderer(_encode)
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if not sys.stderr.isatty():
        _formatted(handlers[0], shared, ends)
        last = ends
    else:
        last = _Both(file)
        handlers[0].setLevel(logging.WARNING)
        _formatted(handlers[0], shared, lambda _logger, _name, event: of_person(event))
        if file:
            handlers.append(_formatted(_ToFile(file), shared, ends))
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
    """A processor: the JSON line into the file, and what a person has to know in words."""

    def __init__(self, file: LineFile | None) -> None:
        self._file = file

    def __call__(self, _logger: Any, _name: str, event: MutableMapping[str, Any]) -> str:
        if self._file:
            self._file.write(_encode(event).encode() + b"\n")
        if structlog.processors.NAME_TO_LEVEL[event["level"]] < logging.WARNING:
            raise structlog.DropEvent
        return of_person(event)


class _ToFile(logging.Handler):
    def __init__(self, file: LineFile) -> None:
        super().__init__()
        self._file = file

    def emit(self, record: logging.LogRecord) -> None:
        self._file.write(self.format(record).encode() + b"\n")
