"""Players on one page of headless Chromium, each of which notes when it showed which of a camera's pictures."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench import cores
from tests.browser.conftest import FLAGS

ORIGIN = "http://127.0.0.1:9/"
HLS_JS = Path("showcam/simulator/assistants/page/vendor/hls.light.min.mjs")
PAGE = """<!doctype html><body></body><script>
window.seen = [];
window.add = () => {
  const video = document.createElement("video"), canvas = new OffscreenCanvas(8, 8), shown = [];
  const brush = canvas.getContext("2d", { willReadFrequently: true });
  Object.assign(video, { autoplay: true, muted: true, playsInline: true });
  document.body.append(video);
  seen.push(shown);
  const look = (now) => {
    brush.drawImage(video, 0, 0, 8, 8, 0, 0, 8, 8);
    shown.push([(performance.timeOrigin + now) / 1000, brush.getImageData(2, 2, 1, 1).data[1]]);
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  return video;
};
window.follow = async ([url, config]) => {
  const { default: Hls } = await import("/hls.mjs");
  const hls = new Hls(config);
  hls.on(Hls.Events.ERROR, (_, error) => {
    // as a page does that shows the camera still: it begins again
    if (error.fatal) setTimeout(() => { hls.loadSource(url); hls.startLoad(); }, 1000);
  });
  hls.attachMedia(add());
  hls.loadSource(url);
};
window.play = async (url) => {
  const pc = new RTCPeerConnection(), video = add();
  pc.ontrack = ({ track }) => { video.srcObject = new MediaStream([track]); };
  pc.addTransceiver("video", { direction: "recvonly" });
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
SHOWCAM_HLS = {"lowLatencyMode": False, "liveSyncDurationCount": 1, "backBufferLength": 10}  # as the practice page
HOME_ASSISTANT_HLS = {"backBufferLength": 60, "maxLiveSyncPlaybackRate": 2, "lowLatencyMode": True}  # as its frontend


@dataclass(frozen=True)
class Screen:
    page: Page

    def follow(self, url: str, config: Mapping[str, object]) -> None:
        self.page.evaluate("follow", [url, config])

    def play(self, url: str) -> None:
        self.page.evaluate("play", url)

    def wait(self, seconds: float) -> None:
        self.page.wait_for_timeout(1000 * seconds)

    def seen(self) -> list[list[tuple[float, int]]]:
        """Of each player, the epoch s and the brightness of each picture that it showed."""
        rows: list[list[tuple[float, int]]] = self.page.evaluate("seen")
        return rows

    def first_s(self, began: list[float], within_s: float) -> list[float]:
        """Seconds to each player's first picture. Raises TimeoutError."""
        until = time.monotonic() + within_s
        while not all(rows := self.seen()):
            if time.monotonic() > until:
                raise TimeoutError(f"no picture within {within_s:.0f} s")
            self.wait(0.2)
        return [shown[0][0] - at for shown, at in zip(rows, began, strict=True)]


@contextmanager
def screen(chromium: str) -> Iterator[Screen]:
    with cores.beside(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page()
        page.route(ORIGIN, lambda route: route.fulfill(body=PAGE, content_type="text/html"))
        page.route(f"{ORIGIN}hls.mjs", lambda route: route.fulfill(path=HLS_JS, content_type="text/javascript"))
        page.goto(ORIGIN)
        page.evaluate("import('/hls.mjs')")
        yield Screen(page)
        browser.close()
