"""A camera on the LAN by RTSP, a keyframe every two seconds: its first frame in headless Chromium.

Cold: the camera is not being pulled. Warm: it is. One camera starts on a keyframe when it is opened, as those do that
force one; the other is joined half-way between two.
"""

import itertools
import random
from collections.abc import Iterable
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from bench import cores
from bench.lan_cameras import lan_cameras
from bench.picture_process import PictureProcess, master, picture_process, whep
from bench.practice import chromium
from bench.progress import say
from bench.run import Results, Run
from bench.table import Bound, LeftOut, Row
from bench.timing import percentile
from tests.browser.conftest import FLAGS

TIMES = 8  # each turn has a camera of its own, which nobody has watched before
TOGETHER, APART_MS = 4, 300  # several are waited for at once, each of which begins some time after the one before
IDLE_S = 8.0  # a pull ends this soon after its last viewer, so that few others run beside a turn
WITHIN_MS = 20_000
PAGE = "http://127.0.0.1:9/"
HLS = Path("showcam/simulator/assistants/page/vendor/hls.light.min.mjs")
# where it is joined, name; bounds cold of WebRTC and of HLS
CAMERAS = (("keyframe", "starts on a keyframe", 0.4, 2.0), ("middle", "joined in mid-GOP", 1.0, 3.0))
WARM = {"webrtc": 0.3, "hls": 0.3}

SHOW = """async (shown) => {
    const {default: Hls} = await import("/hls.mjs");
    const ends = [];
    window.end = () => { ends.forEach((end) => end()); document.body.replaceChildren(); };
    const show = async ([protocol, url, after]) => {
        await new Promise((go) => setTimeout(go, after));
        const video = document.createElement("video");
        video.muted = video.autoplay = true;
        document.body.append(video);
        const began = performance.now();
        const first = new Promise((resolve) => {
            video.requestVideoFrameCallback((now) => resolve((now - began) / 1000));
            setTimeout(() => resolve(15), 15000);  // what did not come by then counts as come then
        });
        if (protocol === "hls") {
            const hls = new Hls({liveSyncDurationCount: 1});
            hls.loadSource(url);
            hls.attachMedia(video);
            ends.push(() => hls.destroy());
        } else {
            const peer = new RTCPeerConnection();
            ends.push(() => peer.close());
            for (const kind of ["video", "audio"]) peer.addTransceiver(kind, {direction: "recvonly"});
            peer.ontrack = ({track}) => {
                if (track.kind === "video") video.srcObject = new MediaStream([track]);
            };
            await peer.setLocalDescription(await peer.createOffer());
            const headers = {"Content-Type": "application/sdp"};
            const answer = await fetch(url, {method: "POST", headers, body: peer.localDescription.sdp});
            await peer.setRemoteDescription({type: "answer", sdp: await answer.text()});
        }
        video.play();
        return first;
    };
    return Promise.all(shown.map(show));
}"""


def measure(run: Run) -> Results:
    path = chromium()
    if path is None:
        yield LeftOut("first frame by RTSP", "Chromium is not installed (apt install chromium-headless-shell)")
        return
    times = 2 if run.quick else TIMES
    with cores.beside(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        for joins, called, webrtc, hls in CAMERAS[: 1 if run.quick else None]:
            for protocol, most in (("webrtc", webrtc), ("hls", hls)):
                say(f"First frame: RTSP, {called}, {protocol}, {times} times")
                name = f"first frame, RTSP, {called}, {'WebRTC' if protocol == 'webrtc' else 'HLS'}"
                with lan_cameras(times, joins=joins) as cameras, picture_process(cameras.ports, idle_s=IDLE_S) as home:
                    cold, warm = _shown(home, page_of(browser), protocol, times)
                yield _row(f"{name}, cold", cold, most)
                yield _row(f"{name}, warm", warm, WARM[protocol])
        browser.close()


def _row(name: str, runs: list[float], most: float) -> Row:
    return Row(f"{name}, p95", "s", percentile(runs, 0.95), bound=Bound(most=most), runs=runs)


def page_of(browser: Browser) -> Page:
    """A page with hls.js loaded, before anything is measured."""
    page = browser.new_page()
    page.set_default_timeout(WITHIN_MS)
    page.route(PAGE, lambda route: route.fulfill(body="<!doctype html><body></body>", content_type="text/html"))
    page.route(f"{PAGE}hls.mjs", lambda route: route.fulfill(body=HLS.read_text(), content_type="text/javascript"))
    page.goto(PAGE)
    page.evaluate("import('/hls.mjs')")
    return page


def _shown(home: PictureProcess, page: Page, protocol: str, times: int) -> tuple[list[float], list[float]]:
    """Seconds, cold and warm."""
    cold: list[float] = []
    warm: list[float] = []
    for numbers in itertools.batched(range(times), TOGETHER, strict=False):
        cold += _show(home, page, numbers, protocol)
        page.evaluate("window.end()")
        page.wait_for_timeout(random.uniform(0, 2000))  # a warm picture is asked for anywhere in its GOP
        warm += _show(home, page, numbers, protocol)
        page.evaluate("window.end()")
    page.close()
    return cold, warm


def _show(home: PictureProcess, page: Page, numbers: Iterable[int], protocol: str) -> list[float]:
    address = whep if protocol == "webrtc" else master
    shown = [[protocol, address(home, number), turn * APART_MS] for turn, number in enumerate(numbers)]
    took: list[float] = page.evaluate(SHOW, shown)
    return took
