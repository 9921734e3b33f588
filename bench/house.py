"""A camera on the LAN by RTSP, a keyframe every two seconds: its first frame in headless Chromium.

Cold: the camera is not being pulled. Warm: it is. One camera starts on a keyframe when it is opened, as those do that
force one; the other is joined half-way between two.
"""

import shutil
import statistics
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench.picture_process import PictureProcess, picture_process
from bench.progress import say
from bench.run import Results, Run
from bench.table import Bound, LeftOut, Row
from tests.browser.conftest import FLAGS

TIMES = 5
IDLE_S = 3.0  # a pull ends this soon after its last viewer, so that the next cold turn is soon
WITHIN_MS = 20_000
PAGE = "http://127.0.0.1:9/"
HLS = Path("simulator/assistants/page/vendor/hls.light.min.mjs")
# where it is joined, name; bounds cold of WebRTC and of HLS
CAMERAS = (("keyframe", "starts on a keyframe", 0.4, 2.0), ("middle", "joined in mid-GOP", 1.0, 3.0))
WARM = {"webrtc": 0.3, "hls": 0.3}

SHOW = """async ([protocol, url]) => {
    const video = document.createElement("video");
    video.muted = video.autoplay = true;
    document.body.replaceChildren(video);
    const began = performance.now();
    const shown = new Promise((resolve, reject) => {
        video.requestVideoFrameCallback((now) => resolve((now - began) / 1000));
        setTimeout(() => reject(new Error("no frame arrived")), 20000);
    });
    if (protocol === "hls") {
        const {default: Hls} = await import("/hls.mjs");
        const hls = new Hls({liveSyncDurationCount: 1});
        hls.loadSource(url);
        hls.attachMedia(video);
        window.end = () => hls.destroy();
    } else {
        const peer = new RTCPeerConnection();
        for (const kind of ["video", "audio"]) peer.addTransceiver(kind, {direction: "recvonly"});
        peer.ontrack = ({track}) => {
            if (track.kind === "video") video.srcObject = new MediaStream([track]);
        };
        await peer.setLocalDescription(await peer.createOffer());
        const headers = {"Content-Type": "application/sdp"};
        const answer = await fetch(url, {method: "POST", headers, body: peer.localDescription.sdp});
        await peer.setRemoteDescription({type: "answer", sdp: await answer.text()});
        window.end = () => peer.close();
    }
    video.play();
    return shown;
}"""


def measure(run: Run) -> Results:
    path = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium"))), None)
    if path is None:
        yield LeftOut("first frame by RTSP", "Chromium is not installed (apt install chromium-headless-shell)")
        return
    times = 1 if run.quick else TIMES
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        for joins, called, webrtc, hls in CAMERAS[: 1 if run.quick else None]:
            with picture_process(joins=joins, idle_s=IDLE_S) as home:
                for protocol, most in (("webrtc", webrtc), ("hls", hls)):
                    say(f"First frame: RTSP, {called}, {protocol}")
                    cold, warm = _shown(home, _page(browser.new_page()), protocol, times)
                    name = {"webrtc": "WebRTC", "hls": "HLS"}[protocol]
                    yield Row(f"first frame, RTSP, {called}, {name}, cold", "s", cold, bound=Bound(most=most))
                    yield Row(f"first frame, RTSP, {called}, {name}, warm", "s", warm, bound=Bound(most=WARM[protocol]))
        browser.close()


def _page(page: Page) -> Page:
    page.set_default_timeout(WITHIN_MS)
    page.route(PAGE, lambda route: route.fulfill(body="<!doctype html><body></body>", content_type="text/html"))
    page.route(f"{PAGE}hls.mjs", lambda route: route.fulfill(body=HLS.read_text(), content_type="text/javascript"))
    page.goto(PAGE)
    page.evaluate("import('/hls.mjs')")  # the player is loaded before it is measured
    return page


def _shown(home: PictureProcess, page: Page, protocol: str, times: int) -> tuple[float, float]:
    """Medians, cold and warm."""
    cold, warm = [], []
    for _ in range(times):
        cold.append(_show(home, page, protocol))
        page.wait_for_timeout(1500)
        page.evaluate("window.end()")
        warm.append(_show(home, page, protocol))
        page.evaluate("window.end()")
        page.goto(PAGE)
        home.cooled()
    page.close()
    return statistics.median(cold), statistics.median(warm)


def _show(home: PictureProcess, page: Page, protocol: str) -> float:
    grant = home.grant(0, protocol)
    url = f"http://127.0.0.1:{home.port}/s/{grant}/{'whep' if protocol == 'webrtc' else 'master.m3u8'}"
    took: float = page.evaluate(SHOW, [protocol, url])
    return took
