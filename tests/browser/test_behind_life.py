"""How long after the camera sent it a picture is on Chromium's screen: each picture's brightness is its number."""

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from media.grants import Grants, Protocol
from tests.doubles.hls_camera import FPS
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.rtsp_camera import Frame, RtspCamera
from tests.media.test_rtsp import House

GRANTS = Grants([b"grant key of the tests, 32 bytes"])
LEVELS = 190
ORIGIN = "http://display.example"
HLS_JS = Path(__file__).parents[2] / "simulator/assistants/page/vendor/hls.light.min.mjs"
PAGE = """<!doctype html><video id="video" autoplay playsinline muted></video><script>
const video = document.getElementById("video"), canvas = new OffscreenCanvas(8, 8);
const brush = canvas.getContext("2d", { willReadFrequently: true });
window.seen = [];
const look = (now) => {
  brush.drawImage(video, 0, 0, 8, 8, 0, 0, 8, 8);
  seen.push([(performance.timeOrigin + now) / 1000, brush.getImageData(2, 2, 1, 1).data[1]]);
  video.requestVideoFrameCallback(look);
};
window.follow = async ([url, config]) => {
  const { default: Hls } = await import("/hls.mjs");
  window.hls = new Hls(config);
  video.requestVideoFrameCallback(look);
  hls.loadSource(url);
  hls.attachMedia(video);
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


@pytest.fixture
def clapper() -> Clapper:
    return Clapper()


@pytest.fixture
def plane(clapper: Clapper) -> Iterator[PlaneThread]:
    camera = RtspCamera(wire=clapper)
    with PlaneThread(GRANTS, House(camera), SETTINGS) as plane:
        yield plane
    camera.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page()
    page.route(f"{ORIGIN}/", lambda route: route.fulfill(content_type="text/html", body=PAGE))
    page.route(f"{ORIGIN}/hls.mjs", lambda route: route.fulfill(content_type="text/javascript", path=HLS_JS))
    page.goto(f"{ORIGIN}/")
    yield page
    page.close()


def grant(protocol: Protocol = "webrtc") -> str:
    made, _ = GRANTS.issue(
        account="home", link="l", camera="yard", protocol=protocol, surface="page", now=time.time(), life_s=60
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


def test_webrtc_is_three_tenths_of_a_second_behind_at_most(
    chromium: Browser, plane: PlaneThread, clapper: Clapper, tmp_path: Path
) -> None:
    first, second = chromium.new_page(), chromium.new_page()
    late = []
    for page in (first, second):  # the second joins in the middle of a group of pictures, and must not stay behind
        page.set_content(PAGE)
        page.evaluate("play", f"{plane.url}/s/{grant()}/whep")
        page.wait_for_timeout(5000)
        late.append(behind(page.evaluate("seen"), clapper.sent))
    for page in (first, second):
        page.close()
    assert all(len(each) > 2 * FPS for each in late), [len(each) for each in late]
    assert max(statistics.median(each) for each in late) <= 0.3


@pytest.mark.parametrize(
    ("config", "waits_s"),
    [({}, 0), ({"liveSyncDurationCount": 1}, 9)],
    ids=["opens the camera", "comes later, and begins a segment before the end"],
)
def test_hls_is_four_seconds_behind_at_most_in_hls_js(
    page: Page, plane: PlaneThread, clapper: Clapper, config: dict[str, int], waits_s: int
) -> None:
    if waits_s:
        page.evaluate("fetch", f"{plane.url}/s/{grant('hls')}/master.m3u8")
        page.wait_for_timeout(waits_s * 1000)
    page.evaluate("follow", [f"{plane.url}/s/{grant('hls')}/master.m3u8", config])
    page.wait_for_timeout(15_000)
    late = behind(page.evaluate("seen"), clapper.sent, 12.0)
    assert len(late) > 5 * FPS
    assert statistics.median(late) <= 4.0
