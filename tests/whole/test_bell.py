"""Somebody presses the bell: what reaches the assistants, through the running demo, also while its worker is killed."""

import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from showcam.registry.readings.changes import SAME_S
from tests.doubles.listening import below, words_of
from tests.doubles.program import Program, running
from tests.doubles.waiting import LONG_S, until

pytestmark = pytest.mark.proves(
    "With the worker killed every ten seconds each press rings at the Echo once",
    leans_on="double: EZVIZ and Alexa's gateway",
    also=("tests/soak/test_bell.py",),
)

DOOR = "Front Door"
APART_S = 10.0  # between two kills
# each press relative to a kill: the worker has read of it and told nobody, is about to read, or is not there
PRESSES_S = (-0.3, 0.3, -1.5, 2.0, -4.0, 1.0)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with running(tmp_path_factory.mktemp("bell"), troubled=True, SHOWCAM_EXPLAIN="no") as started:
        for assistant in ("alexa", "google"):
            started.link(assistant)
            until(lambda assistant=assistant: len(told(started, assistant)["states"]) == 8)  # type: ignore[misc]
        yield started


def told(program: Program, assistant: str) -> dict[str, Any]:
    return dict(requests.get(f"{program.simulator}/assistants/{assistant}", timeout=LONG_S).json())


def trace(program: Program, assistant: str, title: str) -> list[dict[str, Any]]:
    entries = requests.get(f"{program.simulator}/assistants/{assistant}/trace", timeout=LONG_S).json()["entries"]
    return [entry["request"] for entry in entries if entry["title"] == title]


def presses(program: Program) -> list[str]:
    """When the button was pressed, as Alexa is told of it, oldest first."""
    events = program.cameras()[DOOR]["events"]
    return [
        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(event["at"]))
        for event in events[::-1]
        if event["kind"] == "press"
    ]


def rings(program: Program) -> list[str]:
    """When it rang according to the Echo's gateway. A message that was sent twice has the same id."""
    found = [report["event"] for report in trace(program, "alexa", "Event gateway: DoorbellPress")]
    return list({event["header"]["messageId"]: event["payload"]["timestamp"] for event in found}.values())


def kill_worker(program: Program) -> None:
    assert program.process is not None
    for pid in below(program.process.pid):
        if "worker" in words_of(pid):
            os.kill(pid, signal.SIGKILL)


def rung_while_killed(program: Program, kills: int) -> None:
    """Presses once at each kill, and compares what rang."""
    before, kill = len(rings(program)), time.monotonic()
    for number, offset_s in zip(range(kills), PRESSES_S, strict=False):
        # on a busy machine the next worker takes longer to come up, and an old ring is told to nobody
        until(lambda number=number: len(rings(program)) >= before + number)  # type: ignore[misc]
        kill = max(kill, time.monotonic()) + APART_S
        for at, act in sorted([(kill, "kill"), (kill + offset_s, "press")]):
            time.sleep(max(0.0, at - time.monotonic()))
            if act == "kill":
                kill_worker(program)
            else:
                program.change(DOOR, press=True)
    until(lambda: len(rings(program)) >= before + kills)
    assert rings(program)[before:] == presses(program)[-kills:]


def test_a_press_that_no_push_brings_rings_at_both_assistants(program: Program) -> None:
    program.change(DOOR, press=True)
    until(lambda: rings(program))
    assert rings(program) == presses(program)

    def notified() -> list[int]:
        reports = trace(program, "google", "HomeGraph: report")
        return [len(report["payload"]["devices"].get("notifications", {})) for report in reports]

    until(lambda: 1 in notified())
    assert notified().count(1) == 1


def test_a_press_that_is_pushed_and_listed_rings_once(program: Program) -> None:
    time.sleep(SAME_S["doorbell"])  # two presses within that are one ring, and the last test may just have pressed
    program.configure(pushes_rings=True)
    before = len(rings(program))
    program.change(DOOR, press=True)
    until(lambda: len(rings(program)) > before)
    time.sleep(6.0)  # the list is read again and again
    assert len(rings(program)) == before + 1
    program.configure(pushes_rings=False)


def test_no_ring_is_lost_while_the_worker_is_killed_every_ten_seconds(program: Program) -> None:
    rung_while_killed(program, 3)
