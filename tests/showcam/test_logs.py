import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from showcam.app.http_types import AT_WORK
from showcam.app.process import logs
from showcam.app.redaction import redact

type Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(capfd: pytest.CaptureFixture[str]) -> Lines:
    return lambda: [json.loads(line) for line in capfd.readouterr().err.splitlines()]


@pytest.fixture
def put_back() -> Iterator[None]:
    """What is configured for a test alone."""
    yield
    structlog.reset_defaults()


def test_a_line_logged_during_a_request_has_its_id_and_the_process(put_back: None, lines: Lines) -> None:
    logs.configure("web", "info")
    within = AT_WORK.set("id-2")
    structlog.get_logger().info("ours")
    logging.getLogger("somebody").warning("theirs")
    AT_WORK.reset(within)
    structlog.get_logger().info("later")
    written = [(line["event"], line["part"], line.get("request")) for line in lines()]
    assert written == [("ours", "web", "id-2"), ("theirs", "web", "id-2"), ("later", "web", None)]


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
def test_text_that_looks_like_our_secrets_is_not_logged(text: str, hidden: str) -> None:
    assert hidden not in redact(text)
    assert redact("nothing to hide") == "nothing to hide"


def test_a_person_reads_the_time_the_part_and_of_an_exception_its_last_line() -> None:
    written = logs.for_person(
        {
            "event": "job failed",
            "part": "worker",
            "level": "error",
            "timestamp": "2026-01-01T00:00:00Z",
            "request": "id-1",
            "job": "sweep",
            "exception": 'Traceback (most recent call last):\n  File "x.py", line 1\nValueError: no such thing',
        }
    )
    assert written[8:] == " worker: job failed (job=sweep, ValueError: no such thing)"


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("Håge 🐕 “x”", "Håge 🐕 “x”"),
        ("a\x1b]0;owned\x07b", "a\\x1b]0;owned\\x07b"),
        ("a\r\n12:00:00 web: all is well", "a\\r\\n12:00:00 web: all is well"),
        ("a\x9b2Jb", "a\\x9b2Jb"),
        ("a\u202eb", "a\\u202eb"),
    ],
)
def test_a_strangers_word_does_nothing_to_a_terminal(word: str, shown: str) -> None:
    event = {"event": "refused", "part": "web", "level": "warning", "name": word}
    assert logs.for_person(event)[8:] == f" web: refused (name={shown})"
