"""How long after the camera sent it a picture is on Chromium's screen: each picture's brightness is its number."""

import statistics
import time
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page

from showcam.engine.grants import Grants, Protocol
from tests.doubles.hls_camera import FPS
from tests.doubles.plane_thread import PlaneThread
from tests.doubles.rtsp_camera import Frame

ROOT = Path(__file__).parents[2]
HLS_JS = ROOT / "showcam/simulator/assistants/page/vendor/hls.light.min.mjs"
SHAKA = ROOT / "node_modules/shaka-player/dist/shaka-player.compiled.js"
GRANTS = Grants([b"grant key of the tests, 32 bytes"])
LEVELS = 190
ORIGIN = "http://display.example"
OURS = {"liveSyncDurationCount": 1}  # as the pages of showcam set hls.js

type Surface = Literal["page", "google", "tv"]
type Player = Literal["webrtc", "hls.js, as our pages set it", "hls.js by default", "Shaka Player by default"]

PAGE = """<!doctype html><video id="video" autoplay playsinline muted></video><script>
const video = document.getElementById("video"), canvas = new OffscreenCanvas(8, 8);
const brush = canvas.getContext("2d", { willReadFrequently: true });
window.seen = [];
window.errors = [];
const look = (now) => {
  brush.drawImage(video, 0, 0, 8, 8, 0, 0, 8, 8);
  seen.push([(performance.timeOrigin + now) / 1000, brush.getImageData(2, 2, 1, 1).data[1]]);
  video.requestVideoFrameCallback(look);
};
window.follow = async ([url, config]) => {
  const { default: Hls } = await import("/hls.mjs");
  window.hls = new Hls(config);
  hls.on(Hls.Events.ERROR, (_, error) => errors.push(`${error.details} ${error.fatal ? "fatal" : ""}`.trim()));
  video.requestVideoFrameCallback(look);
  hls.loadSource(url);
  hls.attachMedia(video);
};
window.shake = async ([url]) => {
  await new Promise((done, failed) => {
    const script = document.createElement("script");
    Object.assign(script, { src: "/shaka.js", onload: done, onerror: failed });
    document.head.append(script);
  });
  shaka.polyfill.installAll();
  window.player = new shaka.Player();
  await player.attach(video);
  video.requestVideoFrameCallback(look);
  await player.load(url);
};
window.play = async (url) => {
  const pc = (window.pc = new RTCPeerConnection());
  pc.ontrack = ({ track }) => { video.srcObject = new MediaStream([track]); };
  pc.addTransceiver("video", { direction: "recvonly" });
  video.requestVideoFrameCallback(look);
  await pc.setLocalDescription();
  await new Promise((done) => {
    const end = () => pc.iceGatheringState === "complete" && done();
    pc.onicegatheringstatechange = end;
    end();
  });
  const headers = { "Content-Type": "application/sdp" };
  const answer = await fetch(url, { method: "POST", headers, body: pc.localDescription.sdp });
  await pc.setRemoteDescription({ type: "answer", sdp: await answer.text() });
};
</script>"""


class Clapper:
    """Notes when the camera sent each picture."""

    def __init__(self) -> None:
        self.sent: list[float] = []

    def __call__(self, frames: list[Frame]) -> list[Frame]:
        video = [data for channel, data in frames if channel == 0]
        if video and video[-1][1] & 0x80:  # the marker of a picture's last packet
            self.sent.append(time.time())
        return frames


def opened(browser: Browser) -> Page:
    """A page of another origin, with the players."""
    page = browser.new_page()
    page.route(f"{ORIGIN}/", lambda route: route.fulfill(content_type="text/html", body=PAGE))
    _serve(page, "hls.mjs", HLS_JS)
    _serve(page, "shaka.js", SHAKA)
    page.goto(f"{ORIGIN}/")
    return page


def _serve(page: Page, name: str, path: Path) -> None:
    page.route(f"{ORIGIN}/{name}", lambda route: route.fulfill(content_type="text/javascript", path=path))


def play(page: Page, plane: PlaneThread, player: Player) -> None:
    """A player by default gets the grant of a Google display, and each other player that of a showcam page."""
    if player == "webrtc":
        page.evaluate("play", f"{plane.url}/s/{grant()}/whep")
        return
    surface: Surface = "google" if player.endswith("by default") else "page"
    url = f"{plane.url}/s/{grant('hls', surface)}/master.m3u8"
    if player == "Shaka Player by default":
        page.evaluate("shake", [url])
    else:
        page.evaluate("follow", [url, OURS if player == "hls.js, as our pages set it" else {}])


def play_as_receiver(page: Page, plane: PlaneThread) -> None:
    """What a TV gets, in the player of Google's default receiver by that player's own settings.

    By Google's plan Cast plays HLS in Shaka Player from May 2026 on; with what settings is not published
    (developers.google.com/cast/docs/web_receiver/shaka_migration).
    """
    page.evaluate("shake", [f"{plane.url}/s/{grant('hls', 'tv')}/master.m3u8"])


def late(page: Page, clapper: Clapper) -> float:
    """The median of what was seen so far."""
    found = behind(page.evaluate("seen"), clapper.sent, 12.0)
    if len(found) < 5 * FPS:
        raise TimeoutError(f"only {len(found)} pictures were seen")
    return statistics.median(found)


def grant(protocol: Protocol = "webrtc", surface: Surface = "page") -> str:
    made, _ = GRANTS.issue(
        account="home", link="l", camera="yard", protocol=protocol, surface=surface, now=time.time(), life_s=60
    )
    return made


def behind(seen: list[tuple[float, int]], sent: list[float], within_s: float = 5.0) -> list[float]:
    """Seconds; of the last pictures, whose number is found by their brightness among those sent lately."""
    out = []
    for at, green in seen[FPS:]:
        level = green * 219 / 255 + 16
        lately = [number for number, when in enumerate(sent) if at - within_s < when <= at]
        # the recording starts again after twelve seconds, and so do its numbers
        near = min(lately, key=lambda number: abs(30 + number % 180 * 7 % LEVELS - level), default=None)
        out += [at - sent[near]] if near is not None else []
    return out
