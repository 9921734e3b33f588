"""Somebody rings, or moves at a camera, in the demo: until the service of a phone has the message with its still.

The bell's still is EZVIZ's own picture. Of the camera by RTSP nobody keeps one: its stream is opened for it, and ended
since the message before.
"""

import random
import time
from collections.abc import Callable

import requests

from bench import cores
from bench.practice import demo
from bench.progress import say
from bench.ring import APART_S, DOOR, IDLE_S, SEEN_S
from bench.run import Results, Run
from bench.table import Bound, LeftOut, Row
from bench.timing import percentile
from tests.doubles.console_browser import Page
from tests.doubles.notice_services import WebReceiver
from tests.doubles.program import Program

BARN = "Barn"
TIMES = 5  # the pauses between them are most of this group's time
WITHIN_S = 20.0
MOTION_S = 31.0  # motion within half a minute is the same
READY_S = 40.0  # a new preference and the camera's own messages are followed within this


def measure(run: Run) -> Results:
    times = 3 if run.quick else TIMES
    web = WebReceiver()
    try:
        with demo(SHOWCAM_IDLE_S=IDLE_S) as program, cores.beside():
            Page(program).notify("demo@example.com", web.webhook)
            for camera, when in ((DOOR, "doorbell"), (BARN, "motion")):
                for name, value in (("phone_when", when), ("ring_pause_s", "0")):
                    program.command("cameras", "set", camera, name, value, "--demo")
            time.sleep(READY_S)
            for name, still, most_s, apart_s, press in (
                ("press", "a still that is there", 2, APART_S, _press),
                ("motion", "a still that is taken", 5, MOTION_S, _move),
            ):
                took: list[float] = []
                for number in range(times):
                    say(f"Message of a {name}: {number + 1}")
                    if press is _press:
                        program.change(DOOR, person=True)
                        time.sleep(random.uniform(*SEEN_S))
                    time.sleep(apart_s)
                    waited = _sent(program, web, press)
                    if waited is None:
                        yield LeftOut("phone", f"{name} {number + 1} came without a still, or not within {WITHIN_S} s")
                        return
                    took.append(waited)
                row = f"{name} at the camera to the message at a phone's service, {still}, p95"
                yield Row(row, "s", percentile(took, 0.95), bound=Bound(most=most_s), runs=took)
    finally:
        web.close()


def _sent(program: Program, web: WebReceiver, press: Callable[[Program], None]) -> float | None:
    before, began = len(web.got), time.monotonic()
    press(program)
    while len(web.got) == before:
        if time.monotonic() - began > WITHIN_S:
            return None
        time.sleep(0.005)
    return time.monotonic() - began if web.stills[before] else None


def _press(program: Program) -> None:
    program.change(DOOR, press=True)


def _move(program: Program) -> None:
    [barn] = requests.get(f"{program.simulator}/_control", timeout=5).json()["own"]
    requests.post(f"{program.simulator}/_control/{barn['serial']}", json={"motion": True}, timeout=5).raise_for_status()
