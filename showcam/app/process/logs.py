"""Logging: one JSON line per event on stderr, redacted whoever wrote it.

At a terminal a person reads, so stderr gets only warnings and errors, as short text, and the JSON lines go into a file
of the data folder.
"""

import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

import msgspec
import structlog

from showcam.app.http_types import AT_WORK
from showcam.app.redaction import QUIET, SHORTEST, SILENT, redact
from showcam.app.settings import Settings

_OURS = frozenset({"request", "timestamp"})  # long, and never secret
LARGEST_FILE = 4 * 1024 * 1024
_NOT_FOR_A_PERSON = ("part", "level", "timestamp", "event", "request", "exception")


def _redactor(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str) and len(value) >= SHORTEST and key not in _OURS:
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


def _text(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> str:
    return for_person(event)


def _plain(text: str) -> str:
    """Escapes control characters: they let a stranger's text move the cursor, hide a line or rename the window."""
    return "".join([character if character.isprintable() else ascii(character)[1:-1] for character in text])


class LineFile:
    """The log of one process, made when the first line comes. Lines that can't be written are dropped.

    At `most` bytes it is renamed to `{name}.1`, which replaces the last, and a new one begins.
    """

    def __init__(self, path: Path, most: int = LARGEST_FILE) -> None:
        self.path, self._most = path, most
        self._file, self._size = -1, 0
        self._writing = threading.Lock()

    def write(self, lines: bytes) -> None:
        with self._writing, contextlib.suppress(OSError):
            if self._file < 0:
                self._open()
            if self._size and self._size + len(lines) > self._most:
                os.close(self._file)
                self._file = -1
                self.path.replace(self.path.with_name(f"{self.path.name}.1"))
                self._open()
            self._size += os.write(self._file, lines)

    def _open(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._size = os.fstat(self._file).st_size


def start(process: str, settings: Settings) -> Callable[[bytes], None]:
    """Configures logging for a process that stays. Returns a function for the lines that the process encodes itself."""
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
    stderr = logging.StreamHandler(sys.stderr)
    handlers: list[logging.Handler] = [stderr]
    at_terminal = sys.stderr.isatty()
    if at_terminal:
        stderr.setLevel(logging.WARNING)
        if file:
            handlers.append(_ToFile(file))
    formatting = structlog.stdlib.ProcessorFormatter
    for handler in handlers:
        last: Any = structlog.processors.JSONRenderer(_encode)
        if at_terminal and handler is stderr:
            last = _text
        steps = [formatting.remove_processors_meta, _redactor, last]
        handler.setFormatter(formatting(foreign_pre_chain=shared, processors=steps))
    structlog.configure(
        processors=[*shared, formatting.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    root = logging.getLogger()
    root.handlers = handlers
    root.setLevel(number)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    for name, least in SILENT.items():
        logging.getLogger(name).setLevel(least)


class _ToFile(logging.Handler):
    def __init__(self, file: LineFile) -> None:
        super().__init__()
        self._file = file

    def emit(self, record: logging.LogRecord) -> None:
        self._file.write(self.format(record).encode() + b"\n")


def to_stderr(lines: bytes) -> None:
    with contextlib.suppress(OSError):  # nobody reads stderr; requests are answered all the same
        os.write(2, lines)
