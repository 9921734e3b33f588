"""One JSON line per event on stderr; what is secret never reaches it, also when a caller forgets."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import msgspec
import structlog

# What our own secrets look like: tokens, grants in paths, OAuth queries, bearer headers, URLs with credentials.
_SECRET = re.compile(
    r"sc[ar]\.[a-z2-7]+\.[\w-]+"
    r"|(?<=/s/)[\w.-]{20,}"
    r"|(?<=/google/webrtc/)[\w.-]{20,}"
    r"|(?<=[Bb]earer )\S+"
    r"|(?<=://)[^/\s@]+@"
    r"|(?<=[?&]code=)[^&\s]+"
    r"|(?<=[?&]state=)[^&\s]+"
    r"|(?<=accessToken=)[^&\s]+"
)
# Libraries that would tell more than we may: issued tokens, raw vendor answers, SDP, whole requests.
_QUIET = ("authlib", "pyezvizapi", "aioice", "aiortc", "urllib3", "requests", "botocore", "boto3", "aiohttp.access")


_SHORTEST = 12
_OURS = frozenset({"request", "timestamp"})


def redact(text: str) -> str:
    return _SECRET.sub("…", text)


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
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, _redactor, structlog.processors.JSONRenderer(_encode)],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    structlog.contextvars.bind_contextvars(part=part)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, lambda logger, name, event: {**event, "part": part}],
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
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    # these two put raw vendor answers and SDP into warnings
    logging.getLogger("pyezvizapi").setLevel(logging.CRITICAL)
    logging.getLogger("aiortc").setLevel(logging.ERROR)
