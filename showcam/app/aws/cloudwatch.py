"""A function's log for CloudWatch: JSON lines, one of them for each request, with metrics embedded in it (EMF).

AWS counts a function that answers an error as one that ran well, so showcam itself counts the events that alarms watch.
The counts are in namespace "showcam", by FunctionName: the number of requests with the event. Asks for a live picture
and reports are counted by assistant. An ask that showed nothing is counted by assistant and reason. These are in the
installation's own namespace, which has its table's name. A metric is only written if the event happened, since each
costs by the hour; AWS itself counts requests and their durations.
"""

import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from showcam.app.redaction import QUIET, SILENT, redact
from showcam.net.text import JsonObject

if TYPE_CHECKING:
    from showcam.registry.outcomes import Outcome

type Unit = Literal["Count", "Milliseconds", "Seconds"]
type Event = JsonObject
type Reply = Mapping[str, object]  # of a function: an assistant's answer, or an HTTP API's
type Handler = Callable[[Event, Any], Reply]
type Collected = Callable[[], AbstractContextManager[list[Outcome]]]

NAMESPACE = "showcam"
FAILED, REFUSED = "InternalErrors", "Refusals"
# metrics by the `reason` of a log line
COUNTED = {
    "store": "StoreUnavailable",
    "no_internet": FAILED,
    "vendor_down": "VendorUnavailable",
    "vendor_busy": "VendorUnavailable",
    "TryAgain": "ReportsRetried",
    "Refused": "ReportsRetried",
    "RefusedKey": "GrantsLost",
    "endings": FAILED,
    "left": "SweepsCutShort",
    "Undeliverable": "ReportsLaidDown",
    "GrantDead": "GrantsLost",
}
# metrics by assistant. Each ask ends as one of Pictures and NotShown; an offer that never came leaves it without both.
UNITS: dict[str, Unit] = {
    "Asks": "Count",
    "Pictures": "Count",
    "Cards": "Count",
    "HandedOut": "Milliseconds",
    "FirstPicture": "Seconds",
    "ReportLag": "Seconds",
}
NOT_SHOWN = "NotShown"  # the metric by assistant and reason
NO_REASON = "failed"  # a dimension has to have a value


class Metric(TypedDict):
    Name: str
    Unit: Unit


class MetricsOf(TypedDict):
    Namespace: str
    Dimensions: list[list[str]]
    Metrics: list[Metric]


class Embedded(TypedDict):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html"""

    Timestamp: int  # ms since the epoch
    CloudWatchMetrics: list[MetricsOf]


class Line(TypedDict):
    level: str
    event: str
    request: str


class RequestLine(Line):
    api_request: str | None
    status: object
    ms: float
    cold: bool


class CloudWatch(logging.Handler):
    """Writes the log lines of the process. A function handles requests one after the other; threads may log too.

    `collected` collects the outcomes of a request's directives and intents. Without it a request has none. `namespace`:
    of the metrics by assistant.
    """

    def __init__(self, level: str, collected: Collected = lambda: nullcontext([]), namespace: str = NAMESPACE) -> None:
        super().__init__()
        self._collected, self._namespace = collected, namespace
        self._least = logging.getLevelNamesMapping()[level.upper()]
        self._function = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
        self._request, self._cold = "", True
        self._happened: set[str] = set()
        self._more: dict[str, object] = {}

    def install(self) -> None:
        """Replace the log handler of Lambda's runtime client."""
        root = logging.getLogger()
        root.handlers = [self]
        root.setLevel(min(self._least, logging.INFO))  # lines that are not written may be counted
        for name in QUIET:
            logging.getLogger(name).setLevel(logging.WARNING)
        for name, least in SILENT.items():
            logging.getLogger(name).setLevel(least)

    def watched(self, answer: Handler) -> Handler:
        """Wraps a handler, to write a line for each request. Errors are raised again, and AWS counts them as Errors."""

        def handler(event: Event, context: Any) -> Reply:
            self._request = str(getattr(context, "aws_request_id", ""))
            self._happened, self._more = set(), {}
            began, reply = time.perf_counter(), None
            with self._collected() as outcomes:
                try:
                    reply = answer(event, context)
                finally:
                    self._close(event, reply, time.perf_counter() - began, outcomes)
            return reply

        return handler

    def emit(self, record: logging.LogRecord) -> None:
        try:
            failure = "".join(traceback.format_exception(record.exc_info[1])) if record.exc_info else ""
            self.log(record.levelno, record.getMessage(), failure, str(getattr(record, "reason", "")))
        except Exception:
            self.handleError(record)

    def log(self, level: int, event: str, failure: str = "", reason: str = "", **more: Any) -> None:
        """Logs one line. `failure` is a traceback; `reason` may be a key of COUNTED."""
        if kind := COUNTED.get(reason) or (FAILED if failure else None):
            self._happened.add(kind)
        if level < self._least:
            return
        line: Line = {"level": logging.getLevelName(level).lower(), "event": event, "request": self._request}
        _write({**line, **more, **({"exception": failure} if failure else {})})

    def note(self, **more: Any) -> None:
        """Add fields to the request's own line."""
        self._more |= more

    def audit(self, **fields: str) -> None:
        """Writes the audit line of an operator's call, at every log level: caller, call, household and outcome."""
        _write({"level": "info", "event": "audit", "request": self._request, **fields})

    def _close(self, event: Event, reply: Reply | None, seconds: float, outcomes: "list[Outcome]") -> None:
        """Writes the request's line, or one for each directive and intent; the first has the metrics by function."""
        status = reply.get("statusCode") if reply is not None else None
        line: RequestLine = {
            "level": "info",
            "event": "request",
            "request": self._request,
            "api_request": _of_api(event),
            "status": status if reply is not None else "raised",
            "ms": round(seconds * 1000, 1),
            "cold": self._cold,
        }
        self._cold = False
        if any(one.outcome == "refused" for one in outcomes):
            self._happened.add(REFUSED)
        given = {key: value for key, value in {**line, **self._more}.items() if value is not None}
        happened = sorted(self._happened)
        is_written = bool(happened) or self._least <= logging.INFO
        for one in outcomes or (None,):
            counted = self._metrics(happened, one, line["ms"])
            if counted or is_written:
                _write({**given, **(one.fields() if one else {}), **counted})
            happened = []

    def _metrics(self, happened: list[str], one: "Outcome | None", ms: float) -> dict[str, object]:
        """The fields of a line that are metrics, those that describe them, and those of their dimensions."""
        found, described = dict[str, object](), list[MetricsOf]()
        if happened:
            counts: dict[str, Unit] = dict.fromkeys(happened, "Count")
            described.append(_described(NAMESPACE, ["FunctionName"], counts))
            found |= {"FunctionName": self._function, **dict.fromkeys(happened, 1)}
        if one and (measured := _measured(one, ms)):
            units = {name: UNITS[name] for name in measured}
            described.append(_described(self._namespace, ["assistant"], units))
            found |= measured
        if one and one.picture in ("none", "card"):
            described.append(_described(self._namespace, ["assistant", "reason"], {NOT_SHOWN: "Count"}))
            found |= {NOT_SHOWN: 1, "reason": one.reason or NO_REASON}
        if not described:
            return {}
        embedded: Embedded = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": described}
        return {"_aws": embedded, **found}


def _described(namespace: str, dimensions: list[str], units: Mapping[str, Unit]) -> MetricsOf:
    metrics: list[Metric] = [{"Name": name, "Unit": unit} for name, unit in units.items()]
    return {"Namespace": namespace, "Dimensions": [dimensions], "Metrics": metrics}


def _measured(one: "Outcome", ms: float) -> dict[str, float]:
    """The values by the names in UNITS."""
    if one.took_s is not None:
        return {"ReportLag" if one.is_report else "FirstPicture": one.took_s}
    found: dict[str, float] = {"Asks": 1} if one.picture and not one.is_offer else {}
    if one.picture == "shown":
        found |= {"Pictures": 1, "HandedOut": ms}
    elif one.picture == "card":
        found |= {"Cards": 1}
    return found


def _of_api(event: Event) -> str | None:
    """The request's id in the HTTP API's own access log."""
    try:
        return str(event["requestContext"]["requestId"])
    except (KeyError, TypeError):
        return None


def _write(line: Mapping[str, object]) -> None:
    given = {
        key: redact(value) if isinstance(value, str) and key != "request" else value for key, value in line.items()
    }
    sys.stdout.write(json.dumps(given, ensure_ascii=False, default=repr) + "\n")
    sys.stdout.flush()
