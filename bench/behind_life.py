"""How far behind life a picture is on Chromium's screen: a camera at home with a keyframe every two seconds.

Each picture's brightness is its number, and the camera notes when it sent it. The median of what a viewer sees counts,
and the median of three viewers, who come at different times since the last segment. Another viewer has opened the
camera before: who opens it is nearer.
"""

import logging
import statistics
from typing import get_args

import structlog
from playwright.sync_api import Browser, sync_playwright

from bench.practice import chromium
from bench.progress import say
from bench.run import Results, Run
from bench.table import Bound, LeftOut, Row
from tests.browser.conftest import FLAGS
from tests.doubles.behind_life import GRANTS, SHAKA, Clapper, Player, grant, late, opened, play
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.rtsp_camera import RtspCamera
from tests.media.test_rtsp import House

TIMES = 3
# a segment is ready every two seconds: each turn comes at another time since the last one
JOINED_MS = (9_000, 9_700, 10_400)
PLAYS_MS = {"webrtc": 8_000}
BOUNDS: dict[Player, Bound | None] = {
    "webrtc": Bound(most=0.3),
    "hls.js, as our pages set it": Bound(most=4),
    "hls.js by default": None,
    "Shaka Player by default": Bound(most=6),
}


def measure(run: Run) -> Results:
    path = chromium()
    if path is None:
        yield LeftOut("behind life", "Chromium is not installed (apt install chromium-headless-shell)")
        return
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))  # of the picture process
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        for player in get_args(Player.__value__)[: 1 if run.quick else None]:
            name = "by WebRTC" if player == "webrtc" else f"by HLS in {player}"
            if "Shaka" in player and not SHAKA.exists():
                yield LeftOut(f"behind life {name}", "shaka-player is not installed (npm ci)")
                continue
            say(f"Behind life: {name}")
            found = [_late(browser, player, joined_ms) for joined_ms in JOINED_MS[: 1 if run.quick else TIMES]]
            yield Row(f"behind life {name}", "s", statistics.median(found), bound=BOUNDS[player])
        browser.close()


def _late(browser: Browser, player: Player, joined_ms: int) -> float:
    clapper = Clapper()
    camera = RtspCamera(wire=clapper)
    try:
        with PlaneThread(GRANTS, House(camera), SETTINGS) as plane:
            page = opened(browser)
            page.evaluate("fetch", f"{plane.url}/s/{grant('hls')}/master.m3u8")
            page.wait_for_timeout(joined_ms)
            play(page, plane, player)
            page.wait_for_timeout(PLAYS_MS.get(player, 15_000))
            found = late(page, clapper)
            page.close()
            return found
    finally:
        camera.close()
