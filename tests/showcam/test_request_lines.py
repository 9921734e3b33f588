"""The log line of each request: its fields, when it is written, and that none is lost at the end."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from showcam.http_types import Answered
from showcam.process.request_lines import MOST, RequestLines, to_stderr

type Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(capfd: pytest.CaptureFixture[str]) -> Lines:
    return lambda: [json.loads(line) for line in capfd.readouterr().err.splitlines()]


def write_lines(level: str, *requests: Answered) -> None:
    made = RequestLines("web", level, to_stderr)
    for request in requests:
        made.write(request)
    made.flush()


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


MANY = """
import os, sys, threading
from showcam.http_types import Answered
from showcam.process.request_lines import RequestLines, to_stderr

lines = RequestLines("web", "info", to_stderr)

def ask(who):
    for number in range(int(sys.argv[1])):
        lines.write(Answered(f"{who}-{number}", "alexa", "POST", 200, 0.001))

threads = [threading.Thread(target=ask, args=(who,)) for who in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("answered", flush=True)
sys.stdin.read()
"""


def test_every_line_is_written_whole_before_the_process_ends() -> None:
    many = subprocess.run([sys.executable, "-c", MANY, "500"], input=b"", capture_output=True, timeout=60, check=True)
    requests = [json.loads(line)["request"] for line in many.stderr.splitlines()]
    assert sorted(requests) == sorted(f"{who}-{number}" for who in range(4) for number in range(500))


def test_no_request_waits_for_a_reader_that_stopped_reading() -> None:
    read, write = os.pipe()
    many = subprocess.Popen(
        [sys.executable, "-c", MANY, str(MOST)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=write
    )
    os.close(write)
    assert many.stdout is not None
    assert many.stdout.readline() == b"answered\n"
    os.close(read)
    many.communicate(timeout=60)
    assert many.returncode == 0


def test_a_line_comes_by_itself(capfd: pytest.CaptureFixture[str]) -> None:
    RequestLines("web", "info", to_stderr).write(Answered("id-1", "alexa", "POST", 200, 0.001))
    written, until = "", time.monotonic() + 10
    while not written and time.monotonic() < until:
        time.sleep(0.01)
        written = capfd.readouterr().err
    assert json.loads(written)["request"] == "id-1"
