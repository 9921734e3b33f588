"""The log line of each request: its fields, and which requests have one."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from showcam.app.edge.edge import Answered, RequestLines
from showcam.app.process.logs import to_stderr

type Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(capfd: pytest.CaptureFixture[str]) -> Lines:
    return lambda: [json.loads(line) for line in capfd.readouterr().err.splitlines()]


def write_lines(level: str, *requests: Answered) -> None:
    made = RequestLines("web", level, to_stderr)
    for request in requests:
        made.write(request)


def test_a_request_is_one_line(lines: Lines) -> None:
    write_lines("info", Answered("id-1", "alexa", "POST", 200, 0.01234))
    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "request",
        "level": "info",
        "part": "web",
        "request": "id-1",
        "route": "alexa",
        "method": "POST",
        "status": 200,
        "ms": 12.3,
    }


@pytest.mark.parametrize(
    ("level", "route", "status", "written"),
    [
        ("debug", "alexa", 200, ["info"]),
        ("debug", "readyz", 200, ["debug"]),
        ("info", "readyz", 200, []),
        ("info", "readyz", 503, ["info"]),
        ("info", "healthz", 503, []),
        ("warning", "alexa", 200, []),
    ],
)
def test_the_level_decides_which_requests_are_written(
    level: str, route: str, status: int, written: list[str], lines: Lines
) -> None:
    write_lines(level, Answered("id-1", route, "GET", status, 0.001))
    assert [line["level"] for line in lines()] == written


def test_a_method_that_is_a_secret_is_not_written(lines: Lines) -> None:
    secret = "sca.abcdefgh.q1w2e3r4t5y6u7i8o9p0"
    write_lines("info", Answered("id-1", "pages", secret, 405, 0.001))
    assert lines()[0]["method"] == "…"
