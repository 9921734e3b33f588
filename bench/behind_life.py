"""How far behind life players of HLS show a camera at home on Chromium's screen; a keyframe comes every two seconds.

Each picture's brightness is its number, and the camera notes when it sent it. The median of what a viewer sees counts,
and the median of three viewers, who come at different times since the last segment. Another viewer has opened the
camera before: the one who opens it is nearer. All players watch the same camera, each on its own page.
"""

import logging
import statistics
from collections.abc import Callable
from functools import partial

import structlog
from playwright.sync_api import Page, sync_playwright

from bench.practice import chromium
from bench.progress import say
from bench.run import Results, Run
from bench.table import Bound, LeftOut, Row
from tests.browser.conftest import FLAGS
from tests.doubles.behind_life import GRANTS, SHAKA, Clapper, grant, late, opened, play, play_as_receiver
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.rtsp_camera import RtspCamera
from tests.media.test_rtsp import House

TIMES = 3
JOINED_MS, APART_MS = 9_000, 700  # a segment is ready every two seconds: each turn comes at another time since then
PLAYS_MS = 15_000
# Google's default receiver is on a TV: its player shows how far behind life it is
PLAYERS: dict[str, tuple[Callable[[Page, PlaneThread], None], Bound | None]] = {
    "behind life by HLS in hls.js, as our pages set it": (
        partial(play, player="hls.js, as our pages set it"),
        Bound(most=4),
    ),
    "behind life by HLS in hls.js by default": (partial(play, player="hls.js by default"), None),
    "behind life by HLS in Shaka Player by default": (partial(play, player="Shaka Player by default"), Bound(most=6)),
    "default receiver in its player, behind life": (play_as_receiver, Bound(most=6)),
}
OF_SHAKA = [*PLAYERS][2:]


def measure(run: Run) -> Results:
    path = chromium()
    if path is None:
        yield LeftOut("behind life", "Chromium is not installed (apt install chromium-headless-shell)")
        return
    names = [name for name in PLAYERS if SHAKA.exists() or name not in OF_SHAKA]
    if len(names) < len(PLAYERS):
        yield LeftOut("behind life in Shaka Player", "shaka-player is not installed (npm ci)")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))  # of the picture process
    times = 1 if run.quick else TIMES
    say(f"Behind life: {len(names)} players, {times} times")
    for name, runs in _late(path, names, times).items():
        yield Row(name, "s", statistics.median(runs), bound=PLAYERS[name][1], runs=runs)


def _late(path: str, names: list[str], times: int) -> dict[str, list[float]]:
    clapper = Clapper()
    camera = RtspCamera(wire=clapper)
    try:
        with PlaneThread(GRANTS, House(camera), SETTINGS) as plane, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
            pages = [(name, opened(browser)) for name in names * times]
            first = pages[0][1]
            first.evaluate("fetch", f"{plane.url}/s/{grant('hls')}/master.m3u8")
            first.wait_for_timeout(JOINED_MS)
            for number, (name, page) in enumerate(pages):
                PLAYERS[name][0](page, plane)
                if (number + 1) % len(names) == 0:
                    page.wait_for_timeout(APART_MS)
            first.wait_for_timeout(PLAYS_MS)
            found: dict[str, list[float]] = {name: [] for name in names}
            for name, page in pages:
                found[name].append(late(page, clapper))
            browser.close()
            return found
    finally:
        camera.close()
