"""Measures until the service of a phone has the message of a ring or of motion, with its still.

The bell's still is EZVIZ's own picture. Of the camera by RTSP nobody keeps one: its stream is opened for it, and ended
since the message before.
"""

import time

import requests

from bench.progress import say
from tests.doubles.console_browser import Page
from tests.doubles.notice_services import WebReceiver
from tests.doubles.program import Program

BARN = "Barn"
WITHIN_S = 20.0
MOTION_S = 31.0  # motion within half a minute is the same
READY_S = 40.0  # a new preference and the camera's own messages are followed within this


def subscribe(program: Program, web: WebReceiver, door: str) -> None:
    """Has rings of `door` and motion at the barn sent to the service."""
    Page(program).notify("demo@example.com", web.webhook)
    for camera, when in ((door, "doorbell"), (BARN, "motion")):
        for name, value in (("phone_when", when), ("ring_pause_s", "0")):
            program.command("cameras", "set", camera, name, value, "--demo")


def came(web: WebReceiver, camera: str, before: int) -> float:
    """The time of the first message of `camera` after the first `before` messages, epoch s.

    Raises TimeoutError if it does not come, or comes without a still.
    """
    end = time.monotonic() + WITHIN_S
    while time.monotonic() < end:
        for number, (_, body) in enumerate(web.got[before:], before):
            if camera in f"{body['title']} {body['message']}":
                if not web.stills[number]:
                    raise TimeoutError(f"the message of {camera} came without a still")
                return time.time()
        time.sleep(0.005)
    raise TimeoutError(f"no message of {camera} came within {WITHIN_S:.0f} s")


def moved(program: Program, web: WebReceiver, times: int) -> list[float]:
    """Seconds from motion at the barn to its message, of movements half a minute apart."""
    took = []
    for number in range(times):
        say(f"Motion: {number + 1} of {times}")
        time.sleep(MOTION_S if number else 0)
        [barn] = requests.get(f"{program.simulator}/_control", timeout=5).json()["own"]
        before, began = len(web.got), time.time()
        requests.post(f"{program.simulator}/_control/{barn['serial']}", json={"motion": True}, timeout=5)
        took.append(came(web, BARN, before) - began)
    return took
