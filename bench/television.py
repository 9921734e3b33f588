"""A camera on a TV: from LOAD to the first picture, and how far behind life, on both receivers.

From LOAD Google's default receiver is the simulator's television, which fetches and decodes; its own part is what it
needs for the same pictures as ready HLS of a plain web server. showcam's own receiver is its page in Chromium. Those
that come to a camera in use watch it together.
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
from tests.doubles.behind_life import GRANTS, Clapper, behind, grant
from tests.doubles.hls_camera import recording
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.receiver_page import LOOK, ReceiverPage, served
from tests.doubles.rtsp_camera import RtspCamera
from tests.media.test_rtsp import House

TIMES = 3
BEYOND_S = 0.5
FIRST_S, BEHIND_S = 1.0, 1.0
LINK = "l"  # of tests.doubles.behind_life.grant
LISTED = 3  # segments of the plain server's list
PLAYS_MS = {"webrtc": 5_000, "hls": 12_000}
APART_MS = 700  # between two receivers, so that they come at different times since the last segment

type Protocol = Literal["webrtc", "hls"]
PROTOCOLS: tuple[tuple[Protocol, str, Bound | None, Bound | None], ...] = (
    ("webrtc", "WebRTC", Bound(most=FIRST_S), Bound(most=BEHIND_S)),
    ("hls", "HLS", None, None),
)


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
        for protocol, by, first, late in PROTOCOLS:
            say(f"A TV: showcam's own receiver by {protocol}")
            rested = [_shown(browser, protocol, 1, watched=False)[0][0] for _ in range(times)]
            shown = _shown(browser, protocol, times)
            firsts, lates = (list(seen_s) for seen_s in zip(*shown, strict=True))
            for what, runs, bound in (
                ("first picture, camera at rest", rested, None),
                ("first picture, camera in use", firsts, first),
                ("behind life", lates, late),
            ):
                yield Row(f"own receiver by {by}, {what}", "s", statistics.median(runs), bound=bound, runs=runs)
        browser.close()


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


def _shown(browser: Browser, protocol: Protocol, count: int, *, watched: bool = True) -> list[tuple[float, float]]:
    """Seconds from showcam's word to the first picture of each receiver, and how far behind life its video then is."""
    clapper = Clapper()
    camera = RtspCamera(wire=clapper)
    try:
        with served() as address, PlaneThread(GRANTS, House(camera), SETTINGS) as plane:
            receivers = [ReceiverPage(browser, address) for _ in range(count)]
            if watched:
                _watch(plane)
            firsts = [_first_s(receiver, plane, protocol) for receiver in receivers]
            lates = [0.0] * count
            if watched:
                receivers[0].page.wait_for_timeout(PLAYS_MS[protocol])
                within_s = PLAYS_MS[protocol] / 1000
                seen = [receiver.page.evaluate("seen") for receiver in receivers]
                lates = [statistics.median(behind(shown, clapper.sent, within_s)) for shown in seen]
            for receiver in receivers:
                receiver.close()
            return list(zip(firsts, lates, strict=True))
    finally:
        camera.close()


def _first_s(receiver: ReceiverPage, plane: PlaneThread, protocol: Protocol) -> float:
    path = f"/s/{grant(protocol, 'tv')}/{'whep' if protocol == 'webrtc' else 'master.m3u8'}"
    asked = {"type": "show", "id": "1", "protocol": protocol, "at": [plane.url], "path": path, "title": ""}
    began = time.monotonic()
    receiver.hear(asked)
    receiver.until(partial(_plays, receiver))
    first_s = time.monotonic() - began
    receiver.page.evaluate(LOOK)
    receiver.page.wait_for_timeout(APART_MS)
    return first_s


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
