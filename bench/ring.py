"""Measures a ring in the demo: from the press until assistants and the phone's service know, and the Echo shows it.

A press is in EZVIZ's list of messages only. Whoever presses was seen some seconds before, which is pushed, or not: then
the press comes at any time between two reads of the list. The Echo opens the view by itself. Its pull begins cold: the
one before has ended. Meanwhile somebody moves at a camera by RTSP.
"""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import requests

from bench import cores, phone
from bench.practice import demo
from bench.progress import say
from bench.run import Results, Run
from bench.table import Bound, LeftOut, Row
from bench.timing import percentile
from tests.doubles.notice_services import WebReceiver
from tests.doubles.program import Program

DOOR = "Front Door"
OF = "press at the camera to"
RINGS, MOTIONS = 4, 3  # the p95 of so few is the slowest
APART_S = 4.0  # two presses within three seconds are one
SEEN_S = (APART_S, 8.0)  # whoever presses was seen so long before, which keeps presses apart too
HURRIED_S = 32.0  # after a push: the list is read every second until then
BETWEEN_READS_S = 5.0
IDLE_S = "1"  # a pull ends so long after its last viewer
SETTLED_S = 10.0  # after linking: every camera has been reported by then


def measure(run: Run) -> Results:
    unseen: list[float] = []
    seen: dict[str, list[float]] = {"alexa": [], "google": [], "frames": [], "phone": []}
    rings, motions = (2, 1) if run.quick else (RINGS, MOTIONS)
    with (
        closing(WebReceiver()) as web,
        demo(SHOWCAM_IDLE_S=IDLE_S, SHOWCAM_OPENS_PER_MINUTE="600") as program,
        cores.beside(),
        ThreadPoolExecutor(1) as meanwhile,
    ):
        phone.subscribe(program, web, DOOR)
        for assistant in ("alexa", "google"):
            program.link(assistant)
        time.sleep(max(phone.READY_S, SETTLED_S + HURRIED_S))
        moving = meanwhile.submit(phone.moved, program, web, motions)
        for number in range(rings):
            say(f"Ring of somebody who was not seen: {number + 1}")
            time.sleep(APART_S + random.uniform(0.0, BETWEEN_READS_S))
            pressed = _press(program)
            unseen.append(_announced(program, pressed) - pressed)
        row = f"{OF} the notification at HomeGraph, nobody seen before, p95"
        yield _row(row, unseen, 6)
        for number in range(rings):
            say(f"Ring: {number + 1}")
            program.change(DOOR, person=True)
            time.sleep(random.uniform(*SEEN_S))
            pressed, shown, sent = _rung(program, web)
            if not shown["outcome"]["shown"]:
                yield LeftOut("ring", f"ring {number + 1} was not shown: {shown['outcome']['person']}")
                return
            seen["alexa"].append(shown["rang_at"] - pressed)
            seen["frames"].append(shown["shown"]["first_at"] - pressed)
            seen["phone"].append(sent - pressed)
            seen["google"].append(_announced(program, pressed) - pressed)
        moved = moving.result()
    yield _row(f"{OF} DoorbellPress at Alexa's gateway, p95", seen["alexa"], 1.5)
    yield _row(f"{OF} the notification at HomeGraph, p95", seen["google"], 1.5)
    yield _row(f"{OF} the Echo's first frame, cold, p95", seen["frames"], 4)
    yield _row(f"{OF} the message at a phone's service, a still that is there, p95", seen["phone"], 2)
    yield _row("motion at the camera to the message at a phone's service, a still that is taken, p95", moved, 5)


def _row(name: str, runs: list[float], most_s: float) -> Row:
    return Row(name, "s", percentile(runs, 0.95), bound=Bound(most=most_s), runs=runs)


def _rung(program: Program, web: WebReceiver) -> tuple[float, dict[str, Any], float]:
    """When the button was pressed, epoch s; what the Echo showed; and when the phone's service had the message."""
    with ThreadPoolExecutor(2) as waiters:
        echo = waiters.submit(program.assistant, "alexa", "ring", within=15, seconds=0.3)
        sent = waiters.submit(phone.came, web, DOOR, len(web.got))
        time.sleep(0.3)  # the Echo listens
        return _press(program), echo.result(), sent.result()


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
