"""How long after the camera sent it a picture is on Chromium's screen: each picture's brightness is its number."""

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from media.grants import Grants
from tests.doubles.hls_camera import FPS
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.rtsp_camera import Frame, RtspCamera
from tests.media.test_rtsp import House

GRANTS = Grants([b"grant key of the tests, 32 bytes"])
LEVELS = 190
PAGE = """<!doctype html><video id="video" autoplay playsinline muted></video><script>
const video = document.getElementById("video"), canvas = new OffscreenCanvas(8, 8);
const brush = canvas.getContext("2d", { willReadFrequently: true });
window.seen = [];
const look = (now) => {
  brush.drawImage(video, 0, 0, 8, 8, 0, 0, 8, 8);
  seen.push([(performance.timeOrigin + now) / 1000, brush.getImageData(2, 2, 1, 1).data[1]]);
  video.requestVideoFrameCallback(look);
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


def grant() -> str:
    made, _ = GRANTS.issue(
        account="home", link="l", camera="yard", protocol="webrtc", surface="page", now=time.time(), life_s=60
    )
    return made


def behind(seen: list[tuple[float, int]], sent: list[float]) -> list[float]:
    """Seconds; of the last pictures, whose number is found by their brightness among those sent lately."""
    out = []
    for at, green in seen[FPS:]:
        level = green * 219 / 255 + 16
        lately = [number for number, when in enumerate(sent) if at - 5 < when <= at]
        # the recording starts again after twelve seconds, and so do its numbers
        near = [number for number in lately if abs(30 + number % 180 * 7 % LEVELS - level) < 1]
        out += [at - sent[near[-1]]] if near else []
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
