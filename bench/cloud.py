"""First pictures of EZVIZ's cloud stream at life's pace: each call of the vendor takes 300 ms, and its node 0.6 s.

A node sends what it has in clumps of two seconds. Cold: nobody has watched the camera since showcam was started. Warm:
its list and its token are known, and its pull ended some seconds before.
"""

import statistics
import tempfile
from pathlib import Path

import requests
from playwright.sync_api import sync_playwright

from bench import cores
from bench.first_frame import cooled
from bench.practice import chromium, hide, show
from bench.progress import say
from bench.run import Results, Run
from bench.table import Bound, LeftOut, Row
from tests.browser.conftest import FLAGS
from tests.doubles.program import running

ACCOUNT = "fleet@example.com"
CALL_MS = 300
CAMERAS = 5
IDLE_S = "3"
PROTOCOLS = (("WebRTC", "webrtc"), ("HLS", "hls"))
NOTE_MS = 60_000


def measure(run: Run) -> Results:
    path = chromium()
    if path is None:
        yield LeftOut("first frame by the cloud", "Chromium is not installed (apt install chromium-headless-shell)")
        return
    count = 1 if run.quick else CAMERAS
    for called, via in PROTOCOLS[: 1 if run.quick else None]:
        cold, warm = _shown(path, called, via, count)
        name = f"first frame, EZVIZ's cloud at life's pace, {called}"
        yield Row(f"{name}, cold, the slowest", "s", max(cold), bound=Bound(most=6), runs=cold)
        yield Row(f"{name}, warm, the slowest", "s", max(warm), "cold:", statistics.median(cold), Bound(most=2.5), warm)


def _shown(path: str, called: str, via: str, count: int) -> tuple[list[float], list[float]]:
    """Seconds, cold and warm."""
    cold, warm = [], []
    with (
        cores.beside(),
        tempfile.TemporaryDirectory(prefix="showcam-bench-") as folder,
        running(Path(folder), SHOWCAM_IDLE_S=IDLE_S, SHOWCAM_OPENS_PER_MINUTE="600") as program,
        sync_playwright() as playwright,
    ):
        control = f"{program.simulator}/_control"
        # an account without an Open Platform key, whose cameras are in another house
        wanted = {"fleet": {"account": ACCOUNT, "cameras": count}, "latency_ms": CALL_MS}
        requests.post(control, json=wanted, timeout=5).raise_for_status()
        program.link("alexa", ACCOUNT)
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = browser.new_page()
        page.set_default_timeout(NOTE_MS)
        page.goto(program.simulator)
        for number in range(1, count + 1):
            say(f"Cloud: {called}, {number} of {count}")
            camera = f"Camera {number}"
            cold.append(show(page, "alexa", via, camera))
            hide(page, "alexa", via)
            cooled(program)
            warm.append(show(page, "alexa", via, camera))
            hide(page, "alexa", via)
            cooled(program)
        browser.close()
        calls = requests.get(control, timeout=5).json()["calls"]
        assert calls["vtdu"] >= 2 * count, "the pictures did not come by the stream nodes"
    return cold, warm
