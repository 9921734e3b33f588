"""What a function tells CloudWatch: JSON lines, one of them for each request, with metrics embedded in it (EMF).

A function that answers an error has run well in AWS's eyes, so what an alarm should know of is counted here: in
namespace "showcam", by FunctionName, as the number of requests in which it happened. Of what did not happen nothing is
told, for each metric costs by the hour; how many requests there are and how long they take AWS counts by itself.
"""

import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypedDict

from net.incoming import JsonObject
from showcam.redaction import QUIET, SILENT, redact

type Event = JsonObject
type Reply = Mapping[str, object]  # of a function: an assistant's answer, or an HTTP API's
type Handler = Callable[[Event, Any], Reply]

NAMESPACE = "showcam"
FAILED = "InternalErrors"
# by the `reason` that a line is logged with
COUNTED = {
    "store": "StoreUnavailable",
    "vendor_down": "VendorUnavailable",
    "vendor_busy": "VendorUnavailable",
    "refused": "Refusals",
}


class Metric(TypedDict):
    Name: str
    Unit: Literal["Count"]


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
    """Takes the process's lines. One request at a time runs in a function; its threads may tell lines too."""

    def __init__(self, level: str) -> None:
        super().__init__()
        self._least = logging.getLevelNamesMapping()[level.upper()]
        self._function = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
        self._request, self._cold = "", True
        self._happened: set[str] = set()
        self._more: dict[str, object] = {}

    def install(self) -> None:
        """Instead of the handler of Lambda's runtime client. What is only counted has to come here too."""
        root = logging.getLogger()
        root.handlers = [self]
        root.setLevel(min(self._least, logging.INFO))
        for name in QUIET:
            logging.getLogger(name).setLevel(logging.WARNING)
        for name, least in SILENT.items():
            logging.getLogger(name).setLevel(least)

    def watched(self, answer: Handler) -> Handler:
        """The same, with a line for each request. What it raises AWS counts (Errors) and is raised on."""

        def handler(event: Event, context: Any) -> Reply:
            self._request = str(getattr(context, "aws_request_id", ""))
            self._happened, self._more = set(), {}
            began, reply = time.perf_counter(), None
            try:
                reply = answer(event, context)
            finally:
                self._close(event, reply, time.perf_counter() - began)
            return reply

        return handler

    def emit(self, record: logging.LogRecord) -> None:
        try:
            failure = "".join(traceback.format_exception(record.exc_info[1])) if record.exc_info else ""
            self.tell(record.levelno, record.getMessage(), failure, str(getattr(record, "reason", "")))
        except Exception:
            self.handleError(record)

    def tell(self, level: int, event: str, failure: str = "", reason: str = "", **more: Any) -> None:
        """`failure` is a traceback; `reason` may be one that is counted."""
        if kind := COUNTED.get(reason) or (FAILED if failure else None):
            self._happened.add(kind)
        if level < self._least:
            return
        line: Line = {"level": logging.getLevelName(level).lower(), "event": event, "request": self._request}
        _write({**line, **more, **({"exception": failure} if failure else {})})

    def note(self, **more: Any) -> None:
        """For the request's own line."""
        self._more |= more

    def _close(self, event: Event, reply: Reply | None, seconds: float) -> None:
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
        happened = sorted(self._happened)
        if happened or self._least <= logging.INFO:
            told = {**line, **self._more}
            _write({key: value for key, value in told.items() if value is not None} | self._metrics(happened))

    def _metrics(self, happened: list[str]) -> dict[str, object]:
        if not happened:
            return {}
        described: MetricsOf = {
            "Namespace": NAMESPACE,
            "Dimensions": [["FunctionName"]],
            "Metrics": [{"Name": name, "Unit": "Count"} for name in happened],
        }
        embedded: Embedded = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [described]}
        return {"_aws": embedded, "FunctionName": self._function, **dict.fromkeys(happened, 1)}


def _of_api(event: Event) -> str | None:
    """The id under which the HTTP API's own log has the request."""
    try:
        return str(event["requestContext"]["requestId"])
    except (KeyError, TypeError):
        return None


def _write(line: Mapping[str, object]) -> None:
    told = {key: redact(value) if isinstance(value, str) and key != "request" else value for key, value in line.items()}
    sys.stdout.write(json.dumps(told, ensure_ascii=False, default=repr) + "\n")
    sys.stdout.flush()
