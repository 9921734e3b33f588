"""The time until a picture on the practice page plays again after the media process is killed.

It is counted from the kill to the first picture that plays for three seconds. The page repeats its wish by itself, as
displays do. Each turn has a new program: one waits longer each time a process of it dies. An Echo watches by WebRTC and
a Google display by HLS. The turns differ in the time from a player's look at its list, which it takes every two
seconds, to the kill.
"""

import itertools
import os
import signal
from pathlib import Path

from playwright.sync_api import Page

from bench.practice import chromium, practice, show
from bench.progress import say
from bench.run import Results, Run
from bench.table import Bound, LeftOut, Row
from bench.wire import tree
from tests.doubles.program import Program

IDLE_S = 30
PLAYS_MS = (4_000, 5_000)  # before the kill
WATCH_MS = 10_000
STANDSTILL_MS = 500  # between two frames; the camera sends fifteen a second
PLAYS_ON_MS = 3_000
SCREENS = (
    ("WebRTC", "alexa", "webrtc", Bound(most=1.5)),
    ("HLS", "google", "hls", Bound(most=3)),
)

# Records the time of each presented frame.
WATCH = """(assistant) => {
    const video = document.querySelector(`[data-testid="${assistant}-video"]`);
    const presented = [performance.now()];
    window.presented = {...window.presented, [assistant]: presented};
    const present = (now) => { presented.push(now); video.requestVideoFrameCallback(present); };
    video.requestVideoFrameCallback(present);
}"""


def measure(run: Run) -> Results:
    path = chromium()
    if path is None:
        yield LeftOut(
            "a picture again after kill -9", "Chromium is not installed (apt install chromium-headless-shell)"
        )
        return
    took: dict[str, list[float]] = {assistant: [] for _, assistant, *_ in SCREENS}
    for plays_ms in PLAYS_MS[: 1 if run.quick else None]:
        say(f"Killed: after {plays_ms / 1000} s")
        with practice(path, IDLE_S) as (program, page):
            for assistant, again_s in _again_s(program, page, plays_ms).items():
                took[assistant].append(again_s)
    for name, assistant, _, bound in SCREENS:
        runs = took[assistant]
        yield Row(f"a picture again after kill -9 of the media process, {name}", "s", max(runs), bound=bound, runs=runs)


def _again_s(program: Program, page: Page, plays_ms: int) -> dict[str, float]:
    """Seconds, by assistant."""
    for _, assistant, via, _ in reversed(SCREENS):
        show(page, assistant, via)
    page.wait_for_timeout(plays_ms)
    for _, assistant, *_ in SCREENS:
        page.evaluate(WATCH, assistant)
    os.kill(_media(program), signal.SIGKILL)
    page.wait_for_timeout(WATCH_MS)
    presented: dict[str, list[float]] = page.evaluate("window.presented")
    return {assistant: plays_on(times) / 1000 for assistant, times in presented.items()}


def plays_on(presented: list[float]) -> float:
    """ms from the first time to the end of the last standstill before three seconds of picture; 0: no standstill."""
    again = presented[0]
    for before, now in itertools.pairwise(presented):
        if now - before > STANDSTILL_MS:
            again = now
        elif again > presented[0] and now - again > PLAYS_ON_MS:
            return again - presented[0]
    if again > presented[0] or presented[-1] - again < WATCH_MS - STANDSTILL_MS:
        raise TimeoutError(f"no picture again within {WATCH_MS / 1000:.0f} s")
    return 0.0  # the buffered segments were enough


def _media(program: Program) -> int:
    assert program.process is not None
    for pid in tree(program.process.pid):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if words[-3:-1] == [b"showcam", b"media"]:
            return pid
    raise LookupError("no media process")
