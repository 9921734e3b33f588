"""From pressing Say on the practice page to the first frame in headless Chromium, the demo's processes and all.

The camera streams as the vendor does, in HLS segments of two seconds that each begin with a keyframe. Cold: nobody has
pulled it for a while, though the vendor has it ready. Warm: it was shown a moment ago. The floor is the vendor's own
HLS fetched and decoded without showcam and without a browser.
"""

import random
import shutil
import statistics
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench.progress import say
from bench.run import Results, Run
from bench.table import Bound, LeftOut, Row
from bench.vendor_floor import Vendor
from tests.browser.conftest import FLAGS
from tests.doubles.program import Program, running

CAMERA = "Garden"
IDLE_S = 3  # a pull ends this long after its last viewer, so that cold comes round again soon
TIMES = 5
WITHIN_MS = 20_000
# what is shown, on which screen, by which protocol; bounds cold and warm
SCREENS = (
    ("WebRTC, Echo", "alexa", "webrtc", Bound(most=0.8), Bound(most=0.6)),
    ("WebRTC, Google display", "google", "webrtc", Bound(most=0.8), Bound(most=0.6)),
    ("HLS, Echo", "alexa", "hls", Bound(most=3), Bound(most=0.5)),
    ("HLS, Google display", "google", "hls", Bound(most=3), Bound(most=0.5)),
)

# The form is submitted as the button does it; the clock is the page's own, and stops when a frame is presented.
SAY = """([assistant, text, via, withinMs]) => new Promise((resolve, reject) => {
    const part = (name) => document.querySelector(`[data-testid="${assistant}-${name}"]`);
    part("via").value = via;
    part("text").value = text;
    part("video").requestVideoFrameCallback((now) => resolve((now - began) / 1000));
    const began = performance.now();
    part("say").click();
    const why = () => `no frame came; the page says: ${part("outcome").textContent} ${part("person").textContent}`;
    setTimeout(() => reject(new Error(why())), withinMs);
})"""
# Only once the page is at rest is the next thing said.
AT_REST = """(assistant) => {
    const screen = window.showcamScreens[assistant];
    return !screen.player && screen.element.dataset.state === "idle";
}"""


def measure(run: Run) -> Results:
    path = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium"))), None)
    if path is None:
        yield LeftOut("first frame in a browser", "Chromium is not installed (apt install chromium-headless-shell)")
        return
    say("First frame: starting the demo")
    with (
        tempfile.TemporaryDirectory(prefix="showcam-bench-") as folder,
        running(Path(folder), SHOWCAM_IDLE_S=str(IDLE_S)) as program,
        sync_playwright() as playwright,
    ):
        for assistant in ("alexa", "google"):
            program.link(assistant)
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = browser.new_page()
        page.set_default_timeout(WITHIN_MS)
        page.goto(program.simulator)
        for name, assistant, via, cold_bound, warm_bound in SCREENS[: 1 if run.quick else None]:
            cold, warm, floor = _shown(program, page, name, assistant, via, 1 if run.quick else TIMES)
            yield Row(f"first frame, {name}, cold", "s", cold, "floor", floor, cold_bound)
            yield Row(f"first frame, {name}, warm", "s", warm, bound=warm_bound)
        browser.close()


def _shown(program: Program, page: Page, name: str, assistant: str, via: str, times: int) -> tuple[float, float, float]:
    """Medians: cold, warm, floor."""
    vendor = Vendor(program)
    cold, warm, floor = [], [], []
    for turn in range(times):
        say(f"First frame: {name}, {turn + 1} of {times}")
        # the vendor's encoder runs from here on, as a real camera's always does; and no turn meets the same second
        vendor.first_frame_s(CAMERA)
        time.sleep(random.uniform(0, 2))
        floor.append(vendor.first_frame_s(CAMERA))
        cold.append(_say(page, assistant, via))
        page.wait_for_timeout(1000)
        _hide(page, assistant, via)
        warm.append(_say(page, assistant, via))
        _hide(page, assistant, via)
        _cooled(program)
    return statistics.median(cold), statistics.median(warm), statistics.median(floor)


def _say(page: Page, assistant: str, via: str) -> float:
    took: float = page.evaluate(SAY, [assistant, f"show the {CAMERA.lower()} camera", via, WITHIN_MS])
    return took


def _hide(page: Page, assistant: str, via: str) -> None:
    page.get_by_test_id(f"{assistant}-text").fill("hide the camera")
    # an Echo's session is ended by a request of its own, which must be over before a new one is begun
    ends = assistant == "alexa" and via == "webrtc"
    closed = page.expect_response(lambda answer: answer.url.endswith("/session")) if ends else nullcontext()
    with closed:
        page.get_by_test_id(f"{assistant}-say").click()
    page.wait_for_function(AT_REST, arg=assistant)


def _cooled(program: Program, within_s: float = 60) -> None:
    """Until the media process has ended every pull."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        told = program.log.read_text()
        if told.count('"pull ended"') >= told.count('"pull opened"') > 0:
            return
        time.sleep(0.1)
    raise TimeoutError("a pull did not end after its last viewer")
