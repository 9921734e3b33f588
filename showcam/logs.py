"""One JSON line per event on stderr; what is secret never reaches it, also when a caller forgets.

The lines of requests are showcam.request_lines.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import msgspec
import structlog

from showcam.exchange import AT_WORK
from showcam.redaction import QUIET, SILENT, redact

_SHORTEST = 12
_OURS = frozenset({"request", "timestamp"})


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
