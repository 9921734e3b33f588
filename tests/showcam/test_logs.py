import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from showcam import logs
from showcam.exchange import AT_WORK, Answered
from showcam.redaction import redact

type Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(capfd: pytest.CaptureFixture[str]) -> Lines:
    return lambda: [json.loads(line) for line in capfd.readouterr().err.splitlines()]


@pytest.fixture
def put_back() -> Iterator[None]:
    """What is configured for a test alone."""
    root = logging.getLogger()
    before = root.handlers, root.level
    yield
    structlog.reset_defaults()
    root.handlers, root.level = before


def test_a_request_is_one_line(lines: Lines) -> None:
    logs.RequestLines("web", "info").write(Answered("id-1", "alexa", "POST", 200, 0.01234))
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
    logs.RequestLines("web", level).write(Answered("id-1", route, "GET", status, 0.001))
    assert [line["level"] for line in lines()] == written


def test_a_method_that_is_a_secret_is_not_written(lines: Lines) -> None:
    secret = "sca.abcdefgh.q1w2e3r4t5y6u7i8o9p0"
    logs.RequestLines("web", "info").write(Answered("id-1", "pages", secret, 405, 0.001))
    assert lines()[0]["method"] == "…"


def test_what_is_told_during_a_request_carries_its_id_and_the_part(put_back: None, lines: Lines) -> None:
    logs.configure("web", "info")
    within = AT_WORK.set("id-2")
    structlog.get_logger().info("ours")
    logging.getLogger("somebody").warning("theirs")
    AT_WORK.reset(within)
    structlog.get_logger().info("later")
    told = [(line["event"], line["part"], line.get("request")) for line in lines()]
    assert told == [("ours", "web", "id-2"), ("theirs", "web", "id-2"), ("later", "web", None)]


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("token sca.abcdefgh.q1w2e3r4t5y6u7i8o9p0 used", "q1w2e3r4"),
        ("GET /s/WyJhIiwiYiJd.c2lnbmF0dXJlLXRhZw/master.m3u8", "c2lnbmF0dXJl"),
        ("POST /google/webrtc/WyJhIiwiYiJd.c2lnbmF0dXJlLXRhZw", "c2lnbmF0dXJl"),
        ("Authorization: Bearer abc.def", "abc.def"),
        ("rtsp://admin:ABCDEF@10.0.0.1/101", "ABCDEF"),
        ("/callback?code=s3cret&state=xyz", "s3cret"),
    ],
)
def test_what_looks_like_a_secret_of_ours_is_not_written(text: str, hidden: str) -> None:
    assert hidden not in redact(text)
    assert redact("nothing to hide") == "nothing to hide"
