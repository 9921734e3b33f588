"""From pressing Say on the practice page to the first frame in headless Chromium, through all of the demo's processes.

The camera streams as the vendor does, in HLS segments of two seconds that each begin with a keyframe. Cold: the
camera has not been pulled for a while, though the vendor has it ready. Warm: it was shown a moment ago. The floor is
the vendor's own HLS, fetched and decoded without showcam and without a browser.
"""

import random
import statistics
import time

from playwright.sync_api import Page

from bench.practice import CAMERA, chromium, hide, practice, show
from bench.progress import say
from bench.run import Results, Run
from bench.table import Bound, LeftOut, Row
from bench.vendor_floor import Vendor
from tests.doubles.program import Program

IDLE_S = 2  # a pull ends this long after its last viewer, so that the next cold turn is soon
TIMES = 3
# name, screen, protocol; bounds cold and warm
SCREENS = (
    ("WebRTC, Echo", "alexa", "webrtc", Bound(most=0.8), Bound(most=0.6)),
    ("WebRTC, Google display", "google", "webrtc", Bound(most=0.8), Bound(most=0.6)),
    ("HLS, Echo", "alexa", "hls", Bound(most=3), Bound(most=0.5)),
    ("HLS, Google display", "google", "hls", Bound(most=3), Bound(most=0.5)),
)


def measure(run: Run) -> Results:
    path = chromium()
    if path is None:
        yield LeftOut("first frame in a browser", "Chromium is not installed (apt install chromium-headless-shell)")
        return
    say("First frame: starting the demo")
    times = 1 if run.quick else TIMES
    with practice(path, IDLE_S) as (program, page):
        floor = _floor(program, times)
        for name, assistant, via, cold_bound, warm_bound in SCREENS[: 1 if run.quick else None]:
            cold, warm = _shown(program, page, name, assistant, via, times)
            yield Row(f"first frame, {name}, cold", "s", cold, "floor", floor, cold_bound)
            yield Row(f"first frame, {name}, warm", "s", warm, bound=warm_bound)


def _shown(program: Program, page: Page, name: str, assistant: str, via: str, times: int) -> tuple[float, float]:
    """Medians: cold, warm."""
    vendor = Vendor(program)
    cold, warm = [], []
    for turn in range(times):
        say(f"First frame: {name}, {turn + 1} of {times}")
        # starts the vendor's encoder, which a real camera's always is; a random pause spreads the turns over its GOP
        vendor.first_frame_s(CAMERA)
        time.sleep(random.uniform(0, 2))
        cold.append(show(page, assistant, via))
        page.wait_for_timeout(1000)
        hide(page, assistant, via)
        warm.append(show(page, assistant, via))
        hide(page, assistant, via)
        cooled(program)
    return statistics.median(cold), statistics.median(warm)


def _floor(program: Program, times: int) -> float:
    """The median of the vendor's own seconds; the first call starts its encoder."""
    vendor = Vendor(program)
    vendor.first_frame_s(CAMERA)
    return statistics.median(vendor.first_frame_s(CAMERA) for _ in range(times))


def cooled(program: Program, within_s: float = 60) -> None:
    """Waits until the media process has ended every pull. Raises TimeoutError."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        log = program.log.read_text()
        if log.count('"pull ended"') >= log.count('"pull opened"') > 0:
            return
        time.sleep(0.1)
    raise TimeoutError("a pull did not end after its last viewer")
