"""First pictures of EZVIZ's cloud stream at life's pace: each call of the vendor takes 300 ms, and its node 0.6 s.

A node sends what it has in clumps of two seconds. Cold: nobody has watched the camera since showcam was started. Warm:
its list and its token are known, and its pull ended some seconds before.
"""

import statistics

import requests
from playwright.sync_api import Error, sync_playwright

from bench import cores
from bench.practice import chromium, demo, hide, show
from bench.progress import say
from bench.run import Results, Run
from bench.table import Bound, LeftOut, Row
from tests.browser.conftest import FLAGS

ACCOUNT, CAMERA = "real@example.com", "Terrace"  # an account without an Open Platform key
CALL_MS = 300
STARTS, AGAIN = 3, 2
IDLE_S, ENDED_MS = "2", 6_000  # a pull has surely ended some time after its last viewer
PROTOCOLS = (("WebRTC", "webrtc"), ("HLS", "hls"))
WITHIN_MS = 60_000


def measure(run: Run) -> Results:
    path = chromium()
    if path is None:
        yield LeftOut("first frame by the cloud", "Chromium is not installed (apt install chromium-headless-shell)")
        return
    for called, via in PROTOCOLS[: 1 if run.quick else None]:
        name = f"first frame, EZVIZ's cloud at life's pace, {called}"
        cold: list[float] = []
        warm: list[float] = []
        try:
            for start in range(1 if run.quick else STARTS):
                say(f"Cloud: {called}, start {start + 1}")
                first, *again = _shown(path, via, 1 if run.quick else AGAIN)
                cold.append(first)
                warm += again
        except Error as error:
            yield LeftOut(name, str(error).splitlines()[0])
            continue
        yield Row(f"{name}, cold, the slowest", "s", max(cold), bound=Bound(most=6), runs=cold)
        yield Row(f"{name}, warm, the slowest", "s", max(warm), "cold:", statistics.median(cold), Bound(most=2.5), warm)


def _shown(path: str, via: str, again: int) -> list[float]:
    """Seconds: of the first time since showcam was started, and of each time after that."""
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
        page = browser.new_page()
        page.set_default_timeout(WITHIN_MS)
        page.goto(program.simulator)
        for _ in range(1 + again):
            took.append(show(page, "google", via, CAMERA))
            page.wait_for_timeout(1000)
            hide(page, "google", via)
            page.wait_for_timeout(ENDED_MS)
        browser.close()
        calls = requests.get(control, timeout=5).json()["calls"]
        assert calls.get("vtdu", 0) > again, f"the pictures did not come by the stream nodes: {calls}"
    return took
