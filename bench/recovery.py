"""The time until a picture on the practice page plays again after the media process is killed.

It is counted from the kill to the first picture that plays for three seconds. The page repeats its wish by itself, as
displays do. Each turn has a new program: one waits longer each time a process of it dies. The turns differ in the time
from a player's look at its list, which it takes every two seconds, to the kill.
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
PLAYS_MS = (4_000, 4_700, 5_400)  # before the kill
WATCH_MS = 15_000
STANDSTILL_MS = 500  # between two frames; the camera sends fifteen a second
PLAYS_ON_MS = 3_000
SCREENS = (
    ("WebRTC", "alexa", "webrtc", Bound(most=1.5)),
    ("HLS", "google", "hls", Bound(most=3)),
)

# Records the time of each presented frame.
WATCH = """(assistant) => {
    const video = document.querySelector(`[data-testid="${assistant}-video"]`);
    window.presented = [performance.now()];
    const present = (now) => { window.presented.push(now); video.requestVideoFrameCallback(present); };
    video.requestVideoFrameCallback(present);
}"""


def measure(run: Run) -> Results:
    path = chromium()
    if path is None:
        yield LeftOut(
            "a picture again after kill -9", "Chromium is not installed (apt install chromium-headless-shell)"
        )
        return
    for name, assistant, via, bound in SCREENS[: 1 if run.quick else None]:
        took = []
        for plays_ms in PLAYS_MS[: 1 if run.quick else None]:
            say(f"Killed: {name}, after {plays_ms / 1000} s")
            with practice(path, IDLE_S) as (program, page):
                took.append(_again_s(program, page, assistant, via, plays_ms))
        yield Row(f"a picture again after kill -9 of the media process, {name}", "s", max(took), bound=bound, runs=took)


def _again_s(program: Program, page: Page, assistant: str, via: str, plays_ms: int) -> float:
    show(page, assistant, via)
    page.wait_for_timeout(plays_ms)
    page.evaluate(WATCH, assistant)
    os.kill(_media(program), signal.SIGKILL)
    page.wait_for_timeout(WATCH_MS)
    presented: list[float] = page.evaluate("window.presented")
    return plays_on(presented) / 1000


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
