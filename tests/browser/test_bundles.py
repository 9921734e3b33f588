"""Answers to Chromium by each bundle policy: an Echo shows a camera whose Audio is off without sound."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from showcam.engine.grants import Grants
from tests.doubles.hls_camera import Authority, Camera, Household, Vendor, recording
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.waiting import LONG_S

pytestmark = pytest.mark.proves(
    "An Echo shows a camera without sound",
    leans_on="second stack: Chromium and GStreamer",
    also=("tests/media/test_gstreamer.py::test_a_camera_without_sound_is_seen_however_sections_are_bundled",),
)

ORIGIN = "https://display.example"
PAGE = """<!doctype html><html lang="en"><title>Display</title><video id="video" autoplay playsinline muted></video>
<script>
window.play = async (url, bundlePolicy, kinds) => {
  const pc = (window.pc = new RTCPeerConnection({ bundlePolicy }));
  const media = new MediaStream();
  pc.ontrack = ({ track }) => media.addTrack(track);
  for (const kind of kinds) pc.addTransceiver(kind, { direction: "recvonly" });
  await pc.setLocalDescription();
  await new Promise((done) => {
    const look = () => pc.iceGatheringState === "complete" && done();
    pc.onicegatheringstatechange = look;
    look();
  });
  const headers = { "Content-Type": "application/sdp" };
  const answer = await fetch(url, { method: "POST", headers, body: pc.localDescription.sdp });
  const sdp = await answer.text();
  await pc.setRemoteDescription({ type: "answer", sdp });
  document.getElementById("video").srcObject = media;
  return { offer: pc.localDescription.sdp, answer: sdp };
};
window.received = async () => {
  const found = { state: window.pc.connectionState };
  for (const row of (await window.pc.getStats()).values())
    if (row.type === "inbound-rtp") found[row.kind] = row;
  return found;
};
</script></html>"""


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlaneThread]:
    """A picture process and one camera, whose Audio is off."""
    authority = Authority(tmp_path_factory.mktemp("authority"))
    vendor = Vendor(authority)
    vendor.cameras["garden"] = Camera(recording(audio=False), sound="off")
    settings = SETTINGS.__replace__(ca_file=authority.ca_file)
    with PlaneThread(Grants([b"grant key of the tests, 32 bytes"]), Household(vendor), settings) as plane:
        yield plane
    vendor.close()


@pytest.fixture
def display(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()

    def serve(route: Route) -> None:
        route.fulfill(content_type="text/html", body=PAGE)

    context.route(f"{ORIGIN}/**", serve)
    page = context.new_page()
    page.goto(f"{ORIGIN}/")
    yield page
    context.close()


def grant(surface: str) -> str:
    made, _ = Grants([b"grant key of the tests, 32 bytes"]).issue(
        account="home", link="link-1", camera="garden", protocol="webrtc", surface=surface, now=time.time(), life_s=60
    )
    return made


def wait_for_picture(page: Page, within_s: float = LONG_S) -> dict[str, Any]:
    """The values of getStats once a second of video was decoded."""
    deadline = time.monotonic() + within_s
    found: dict[str, Any] = {}
    while time.monotonic() < deadline:
        found = page.evaluate("received()")
        if found.get("video", {}).get("framesDecoded", 0) >= 15:
            return found
        page.wait_for_timeout(100)
    raise AssertionError(f"nothing is seen within {within_s} s: {found}")


@pytest.mark.parametrize("policy", ["balanced", "max-compat", "max-bundle"])
@pytest.mark.parametrize(
    ("surface", "kinds", "direction"),
    [
        ("alexa", ["audio", "video"], "a=sendonly"),
        ("alexa", ["video", "audio"], "a=sendonly"),
        ("page", ["audio", "video"], "a=inactive"),
    ],
    ids=["silence", "silence after the video", "inactive"],
)
def test_a_camera_whose_audio_is_off_is_seen(
    display: Page, plane: PlaneThread, policy: str, surface: str, kinds: list[str], direction: str
) -> None:
    url = f"{plane.url}/s/{grant(surface)}/whep"
    played = display.evaluate("([url, policy, kinds]) => play(url, policy, kinds)", [url, policy, kinds])
    sections = {part.split()[0]: part for part in played["answer"].split("m=")[1:]}
    assert list(sections) == kinds
    assert direction in sections["audio"]
    found = wait_for_picture(display)
    assert found.get("audio", {}).get("totalAudioEnergy", 0) == 0
