"""A camera on a TV: from LOAD to the first picture, and how far behind life, on both receivers.

From LOAD Google's default receiver is the simulator's television, which fetches and decodes; its own part is what it
needs for the same pictures as ready HLS of a plain web server. How far behind life it is, its player in Chromium shows.
showcam's own receiver is its page in Chromium.
"""

import logging
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal
from urllib.request import urlopen

import structlog
from playwright.sync_api import Browser, sync_playwright

from bench.practice import chromium
from bench.progress import say
from bench.run import Results, Run
from bench.table import Bound, LeftOut, Row
from showcam.cast.device import Picture
from showcam.cast.screen import Screen
from tests.browser.conftest import FLAGS
from tests.cast.conftest import TelevisionThread
from tests.doubles.behind_life import GRANTS, SHAKA, Clapper, behind, grant, late, opened, play_as_receiver
from tests.doubles.hls_camera import recording
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.receiver_page import LOOK, ReceiverPage, served
from tests.doubles.rtsp_camera import RtspCamera
from tests.media.test_rtsp import House

TIMES = 5
BEYOND_S = 0.5
FIRST_S, BEHIND_S = 1.0, 1.0
LINK = "l"  # of tests.doubles.behind_life.grant
LISTED = 3  # segments of the plain server's list
HLS_PLAYS_MS = 12_000
RECEIVER_BEHIND_S = 6.0

type Protocol = Literal["webrtc", "hls"]


def measure(run: Run) -> Results:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))  # of the picture process
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    times = 1 if run.quick else TIMES
    say("A TV: Google's default receiver")
    with tempfile.TemporaryDirectory() as folder, _television(Path(folder)) as television, _plain() as plain:
        own = [_loaded(television, plain) for _ in range(times)]
        floor = statistics.median(own)
        for name, watched in (("camera in use", True), ("camera at rest", False)):
            found = [_cast(television, watched=watched) for _ in range(times)]
            bound = Bound(most=round(floor + BEYOND_S, 2)) if watched else None
            yield Row(
                f"on a TV, LOAD to picture, {name}",
                "s",
                statistics.median(found),
                "plain receiver",
                floor,
                bound,
                found,
            )
    path = chromium()
    if path is None:
        yield LeftOut("on showcam's own receiver", "Chromium is not installed (apt install chromium-headless-shell)")
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield from _default_receiver(browser, times)
        for protocol, first, late in (("webrtc", FIRST_S, BEHIND_S), ("hls", None, None)):
            say(f"A TV: showcam's own receiver by {protocol}")
            rested = [_shown(browser, protocol, watched=False)[0] for _ in range(times)]  # type: ignore[arg-type]
            shown = [_shown(browser, protocol) for _ in range(times)]  # type: ignore[arg-type]
            by = "WebRTC" if protocol == "webrtc" else "HLS"
            yield Row(
                f"own receiver by {by}, first picture, camera at rest", "s", statistics.median(rested), runs=rested
            )
            firsts, lates = [seen_s[0] for seen_s in shown], [seen_s[1] for seen_s in shown]
            yield Row(
                f"own receiver by {by}, first picture, camera in use", "s", statistics.median(firsts),
                bound=Bound(most=first) if first else None, runs=firsts,
            )  # fmt: skip
            yield Row(
                f"own receiver by {by}, behind life", "s", statistics.median(lates),
                bound=Bound(most=late) if late else None, runs=lates,
            )  # fmt: skip
        browser.close()


def _default_receiver(browser: Browser, times: int) -> Results:
    """How far behind life Google's default receiver is, as far as its player alone can show."""
    if not SHAKA.exists():
        yield LeftOut("default receiver, behind life", "shaka-player is not installed (npm ci)")
        return
    say("A TV: how far behind life Google's default receiver is")
    found = [_late(browser, joined_s=number * 0.4) for number in range(times)]
    bound = Bound(most=RECEIVER_BEHIND_S)
    yield Row("default receiver in its player, behind life", "s", statistics.median(found), bound=bound, runs=found)


def _late(browser: Browser, joined_s: float) -> float:
    """`joined_s`: so much later than another viewer's third segment."""
    clapper = Clapper()
    camera = RtspCamera(wire=clapper)
    try:
        with PlaneThread(GRANTS, House(camera), SETTINGS) as plane:
            page = opened(browser)
            _watch(plane)
            page.wait_for_timeout(6_000 + joined_s * 1000)
            play_as_receiver(page, plane)
            page.wait_for_timeout(15_000)
            found = late(page, clapper)
            page.close()
            return found
    finally:
        camera.close()


@contextmanager
def _television(folder: Path) -> Iterator[TelevisionThread]:
    television = TelevisionThread(folder, 300.0)
    try:
        yield television
    finally:
        television.close()


def _loaded(television: TelevisionThread, at: str, path: str = "/master.m3u8") -> float:
    """Seconds from LOAD to the first picture."""
    screen = Screen(television.device, lambda why: None)
    try:
        screen.show(Picture("hls", (at,), path, "Garden"))
        return television.television.took_s
    finally:
        screen.stop()


def _cast(television: TelevisionThread, *, watched: bool) -> float:
    """As the worker does it: the picture is opened, the TV is connected and launches, then LOAD."""
    camera = RtspCamera()
    try:
        with PlaneThread(GRANTS, House(camera), SETTINGS) as plane:
            if watched:
                _watch(plane)
            given = grant("hls", "tv")
            client = plane.client()
            client.warm(GRANTS.verify(given, ("hls",), time.time()), camera.spec())
            return _loaded(television, client.lend(LINK, "127.0.0.1"), f"/s/{given}/master.m3u8")
    finally:
        camera.close()


def _watch(plane: PlaneThread) -> None:
    """Somebody has watched it by HLS for some seconds, and its pull goes on."""
    with urlopen(f"{plane.url}/s/{grant('hls')}/master.m3u8", timeout=20) as answer:
        answer.read()
    time.sleep(3.0)


def _shown(browser: Browser, protocol: Protocol, *, watched: bool = True) -> tuple[float, float]:
    """Seconds from showcam's word to the first picture, and how far behind life the picture then is."""
    clapper = Clapper()
    camera = RtspCamera(wire=clapper)
    try:
        with served() as address, PlaneThread(GRANTS, House(camera), SETTINGS) as plane:
            if watched:
                _watch(plane)
            receiver = ReceiverPage(browser, address)
            path = f"/s/{grant(protocol, 'tv')}/{'whep' if protocol == 'webrtc' else 'master.m3u8'}"
            asked = {"type": "show", "id": "1", "protocol": protocol, "at": [plane.url], "path": path, "title": ""}
            began = time.monotonic()
            receiver.hear(asked)
            receiver.until(partial(_plays, receiver))
            first = time.monotonic() - began
            if not watched:
                receiver.close()
                return first, 0.0
            receiver.page.evaluate(LOOK)
            receiver.page.wait_for_timeout(5_000 if protocol == "webrtc" else HLS_PLAYS_MS)
            found = behind(receiver.page.evaluate("seen"), clapper.sent, 5.0 if protocol == "webrtc" else 12.0)
            receiver.close()
            return first, statistics.median(found)
    finally:
        camera.close()


def _plays(receiver: ReceiverPage) -> bool:
    return any(message.get("state") == "playing" for message in receiver.said)


@contextmanager
def _plain() -> Iterator[str]:
    """A web server with live HLS that is ready: the same kind of pictures, a keyframe every two seconds."""
    segments = recording(gop_s=2)[:LISTED]
    lists = {
        "/master.m3u8": '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=500000,CODECS="avc1.42c00c,mp4a.40.2"\n/live.m3u8\n',
        "/live.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n"
        + "".join(f"#EXTINF:2.0,\n/{number}.ts\n" for number in range(LISTED)),
    }

    class Plain(BaseHTTPRequestHandler):
        wbufsize = -1  # head and body leave together

        def do_GET(self) -> None:
            is_list = self.path in lists
            body = lists[self.path].encode() if is_list else segments[int(self.path[1:-3])]
            self.send_response(200)
            self.send_header("Content-Type", "application/vnd.apple.mpegurl" if is_list else "video/mp2t")
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Plain) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
