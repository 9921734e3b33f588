"""First pictures of EZVIZ's cloud stream at life's pace: each call of the vendor takes 300 ms, and its node 0.6 s.

A node sends what it has in clumps of two seconds. Cold: nobody has watched the camera since showcam was started. Warm:
its list and its token are known, and its pull ended some seconds before. The floor is what node and camera take: until
the node answers, and until the camera's first keyframe has come.
"""

import json
import statistics
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import requests
from playwright.sync_api import Error, Page, sync_playwright

from bench import cores
from bench.practice import chromium, demo, hide, show
from bench.progress import say
from bench.run import Results, Run
from bench.table import Bound, LeftOut, Row
from tests.browser.conftest import FLAGS

ACCOUNT, CAMERA = "real@example.com", "Terrace"  # an account without an Open Platform key
CALL_MS = 300
STARTS, AGAIN = 2, 3
IDLE_S, ENDED_MS = "2", 6_000  # a pull has surely ended some time after its last viewer
KEY_MS = 4_000  # between the smaller picture's keyframes
PROTOCOLS = (("WebRTC", "webrtc"), ("HLS", "hls"))
WITHIN_MS = 60_000
PATIENCE = ("FIRST_PICTURE_MS = 6000", "FIRST_PICTURE_MS = 30000")  # the display's: by HLS two keyframes must come
KEYFRAME = "first keyframe of a session"


class Shown(NamedTuple):
    """Seconds. `floor`: what node and camera took of them."""

    took: float
    floor: float


def measure(run: Run) -> Results:
    path = chromium()
    if path is None:
        yield LeftOut("first frame by the cloud", "Chromium is not installed (apt install chromium-headless-shell)")
        return
    protocols = PROTOCOLS[: 1 if run.quick else None]
    # nearly all of it is waiting for the vendor, so each protocol has its own program at the same time
    with ThreadPoolExecutor(len(protocols)) as both:
        for rows in [both.submit(_of, run, path, *protocol) for protocol in protocols]:
            yield from rows.result()


def _of(run: Run, path: str, called: str, via: str) -> list[Row | LeftOut]:
    name = f"first frame, EZVIZ's cloud at life's pace, {called}"
    cold: list[Shown] = []
    warm: list[Shown] = []
    try:
        for start in range(1 if run.quick else STARTS):
            say(f"Cloud: {called}, start {start + 1}")
            first, *again = _shown(path, via, 1 if run.quick else AGAIN)
            cold.append(first)
            warm += again
    except Error as error:
        return [LeftOut(name, str(error).splitlines()[0])]
    rows: list[Row | LeftOut] = []
    for state, bound, shown in (("cold", Bound(most=6), cold), ("warm", Bound(most=2.5), warm)):
        took, floors = [picture.took for picture in shown], [picture.floor for picture in shown]
        slowest, median, floor = max(shown), statistics.median(took), statistics.median(floors)
        rows += [
            Row(f"{name}, {state}, the slowest", "s", slowest.took, "floor", slowest.floor, bound, took),
            Row(f"{name}, {state}, the median", "s", median, "floor", floor, runs=took),
        ]
    return rows


def _shown(path: str, via: str, again: int) -> list[Shown]:
    """Of the first time since showcam was started, and of each time after that."""
    took = []
    with (
        demo(SHOWCAM_IDLE_S=IDLE_S, SHOWCAM_OPENS_PER_MINUTE="600") as program,
        cores.beside(),
        sync_playwright() as playwright,
    ):
        control = f"{program.simulator}/_control"
        requests.post(control, json={"latency_ms": CALL_MS}, timeout=5).raise_for_status()
        program.link("google", ACCOUNT)
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = _page(browser.new_page(), program.simulator)
        for turn in range(1 + again):
            begun = len(_floors(program.log))
            took.append(Shown(show(page, "google", via, CAMERA), _floors(program.log)[begun]))
            page.wait_for_timeout(1000)
            hide(page, "google", via)
            # a picture is shown when a keyframe comes: without this all wishes would come equally long after one
            page.wait_for_timeout(ENDED_MS + turn * KEY_MS / again)
        browser.close()
        calls = requests.get(control, timeout=5).json()["calls"]
        assert calls.get("vtdu", 0) > again, f"the pictures did not come by the stream nodes: {calls}"
    return took


def _page(page: Page, url: str) -> Page:
    def patient(route: Any) -> None:
        answer = route.fetch()
        assert PATIENCE[0] in answer.text()
        route.fulfill(response=answer, body=answer.text().replace(*PATIENCE))

    page.set_default_timeout(WITHIN_MS)
    page.route("**/player.js", patient)
    page.goto(url)
    return page


def _floors(log: Path) -> list[float]:
    """Seconds from the connection to the node to the first keyframe, of each pull."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if KEYFRAME in line]
    return [line["answered_s"] + line["came_s"] for line in lines if line["event"] == KEYFRAME]
