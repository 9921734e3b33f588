"""Somebody rings, in the demo: from the press at the camera until the assistants have it, and until the Echo shows it.

A press is in EZVIZ's list of messages only. Whoever presses was seen some seconds before, which is pushed, or not: then
the press comes at any time between two reads of the list. The Echo opens the view by itself. Its pull begins cold: the
one before has ended.
"""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from bench import cores
from bench.practice import demo
from bench.progress import say
from bench.run import Results, Run
from bench.table import Bound, LeftOut, Row
from bench.timing import percentile
from tests.doubles.program import Program

DOOR = "Front Door"
OF = "press at the camera to"
RINGS = 6  # the p95 of so few is the slowest
APART_S = 4.0  # two presses within three seconds are one
SEEN_S = (APART_S, 8.0)  # whoever presses was seen so long before, which keeps presses apart too
HURRIED_S = 32.0  # after a push: the list is read every second until then
BETWEEN_READS_S = 5.0
IDLE_S = "1"  # a pull ends so long after its last viewer
SETTLED_S = 10.0  # after linking: every camera has been reported by then


def measure(run: Run) -> Results:
    unseen: list[float] = []
    alexa: list[float] = []
    google: list[float] = []
    frames: list[float] = []
    rings = 3 if run.quick else RINGS
    with demo(SHOWCAM_IDLE_S=IDLE_S, SHOWCAM_OPENS_PER_MINUTE="600") as program, cores.beside():
        for assistant in ("alexa", "google"):
            program.link(assistant)
        time.sleep(SETTLED_S)
        time.sleep(HURRIED_S)
        for number in range(rings):
            say(f"Ring of somebody who was not seen: {number + 1}")
            time.sleep(APART_S + random.uniform(0.0, BETWEEN_READS_S))
            pressed = _press(program)
            unseen.append(_announced(program, pressed) - pressed)
        row = f"{OF} the notification at HomeGraph, nobody seen before, p95"
        yield Row(row, "s", percentile(unseen, 0.95), bound=_most(6), runs=unseen)
        for number in range(rings):
            say(f"Ring: {number + 1}")
            program.change(DOOR, person=True)
            time.sleep(random.uniform(*SEEN_S))
            pressed, shown = _rung(program)
            if not shown["outcome"]["shown"]:
                yield LeftOut("ring", f"ring {number + 1} was not shown: {shown['outcome']['person']}")
                return
            alexa.append(shown["rang_at"] - pressed)
            frames.append(shown["shown"]["first_at"] - pressed)
            google.append(_announced(program, pressed) - pressed)
    yield Row(f"{OF} DoorbellPress at Alexa's gateway, p95", "s", percentile(alexa, 0.95), bound=_most(1.5), runs=alexa)
    yield Row(f"{OF} the notification at HomeGraph, p95", "s", percentile(google, 0.95), bound=_most(1.5), runs=google)
    yield Row(f"{OF} the Echo's first frame, cold, p95", "s", percentile(frames, 0.95), bound=_most(4), runs=frames)


def _most(seconds: float) -> Bound:
    return Bound(most=seconds)


def _rung(program: Program) -> tuple[float, dict[str, Any]]:
    """When the button was pressed, epoch s, and what the Echo showed."""
    with ThreadPoolExecutor(1) as echo:
        waiting = echo.submit(program.assistant, "alexa", "ring", within=15, seconds=0.3)
        time.sleep(0.3)  # the Echo listens
        return _press(program), waiting.result()


def _press(program: Program) -> float:
    """When the button was pressed, epoch s."""
    serial = program.cameras()[DOOR]["serial"]
    pressed = time.time()
    requests.post(f"{program.simulator}/_control/{serial}", json={"press": True}, timeout=5).raise_for_status()
    return pressed


def _announced(program: Program, since: float, within_s: float = 15.0) -> float:
    """When HomeGraph took the first notification after `since`, epoch s."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        entries = requests.get(f"{program.simulator}/assistants/google/trace", timeout=5).json()["entries"]
        reports = [entry for entry in entries if entry["title"] == "HomeGraph: report" and entry["at"] >= since]
        for entry in reports:
            if entry["request"]["payload"]["devices"].get("notifications"):
                return float(entry["at"])
        time.sleep(0.1)
    raise TimeoutError("HomeGraph got no notification of the ring")
