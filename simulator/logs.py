"""The simulator's log: JSON lines, or at a terminal only warnings and errors as short lines."""

import logging
import sys
import time
from collections.abc import MutableMapping
from typing import Any

import structlog


def configure() -> None:
    person = sys.stderr.isatty()
    shared: list[Any] = [
        _placed,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    last: Any = _of_person if person else structlog.processors.JSONRenderer()
    level = logging.WARNING if person else logging.INFO
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    left_out = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[left_out, last]))
    logging.getLogger().handlers = [handler]
    logging.getLogger().setLevel(logging.WARNING)  # of libraries


def _placed(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["part"] = "simulator"
    return event


def _of_person(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> str:
    why = str(event.get("exception") or "").strip().splitlines()[-1:]
    more = [f"{name}={value}" for name, value in event.items() if name not in ("part", "level", "timestamp", "event")]
    details = ", ".join([detail for detail in more if not detail.startswith("exception=")] + why)
    return f"{time.strftime('%H:%M:%S')} simulator: {event['event']}{f' ({details})' if details else ''}"
