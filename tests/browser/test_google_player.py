"""Google's player: a page of Google's own origin that shows a camera by our signalling, in a real browser."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.browser.conftest import picture
from tests.doubles.program import Program
from tests.doubles.waiting import LONG_S

pytestmark = pytest.mark.proves(
    "Google's WebRTC signalling works from a page of Google's origin",
    leans_on="second stack: Chromium; double: the page, after Google's description",
)

GSTATIC = "https://www.gstatic.com"
ELSEWHERE = "https://elsewhere.example"
PLAYER = """<!doctype html><html lang="en"><title>Player</title><video id="video" autoplay playsinline></video>
<script>
// As documented for the trait: the player offers to receive, gathers every candidate first, and posts once.
window.tell = async (stream, body) => {
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${stream.authToken}` };
  try {
    const response = await fetch(stream.signalingUrl, { method: "POST", headers, body: JSON.stringify(body) });
    return { status: response.status, ...(await response.json()) };
  } catch (error) {
    return { status: 0, error: error.name };
  }
};
window.play = async (stream, deviceId) => {
  const pc = (window.pc = new RTCPeerConnection());
  const media = new MediaStream();
  pc.ontrack = ({ track }) => media.addTrack(track);
  for (const kind of ["audio", "video"]) pc.addTransceiver(kind, { direction: "recvonly" });
  await pc.setLocalDescription();
  await new Promise((done) => {
    const look = () => pc.iceGatheringState === "complete" && done();
    pc.onicegatheringstatechange = look;
    look();
  });
  const answer = await window.tell(stream, { action: "offer", deviceId, sdp: pc.localDescription.sdp });
  if (answer.status === 200) {
    await pc.setRemoteDescription({ type: "answer", sdp: answer.sdp });
    document.getElementById("video").srcObject = media;
  }
  return answer;
};
window.received = async () => {
  const found = {}, rows = await window.pc.getStats();
  for (const row of rows.values())
    if (row.type === "inbound-rtp")
      found[row.kind] = { ...row, codec: rows.get(row.codecId)?.mimeType };
  return { ...found, state: window.pc.connectionState };
};
</script></html>"""


@pytest.fixture
def open_player(chromium: Browser, program: Program) -> Iterator[Any]:
    """Opens the player's page under a given origin, which the test serves itself."""
    context = chromium.new_context()

    def serve(route: Route) -> None:
        route.fulfill(content_type="text/html", body=PLAYER)

    for origin in (GSTATIC, ELSEWHERE):
        context.route(f"{origin}/**", serve)

    def opened(origin: str) -> Page:
        page = context.new_page()
        page.goto(f"{origin}/player.html")
        return page

    yield opened
    context.close()


def requested_stream(program: Program, camera: str) -> tuple[dict[str, str], str]:
    """What Google's cloud hands its player for a requested camera, and the camera's id."""
    deadline = time.monotonic() + LONG_S
    while not (said := program.assistant("google", "say", text=f"show the {camera} camera")).get("webrtc"):
        assert time.monotonic() < deadline, said
        program.link("google")
    return said["webrtc"], said["camera"]["id"]


def playing(page: Page, within_s: float = LONG_S) -> dict[str, Any]:
    """The values of getStats once video and sound were received."""
    deadline = time.monotonic() + within_s
    received: dict[str, Any] = {}
    while time.monotonic() < deadline:
        received = page.evaluate("received()")
        video, audio = received.get("video", {}), received.get("audio", {})
        if video.get("framesDecoded", 0) >= 30 and audio.get("totalAudioEnergy", 0) > 0:
            return received
        page.wait_for_timeout(100)
    raise AssertionError(f"nothing is seen or heard within {within_s} s: {received}")


def test_a_page_of_googles_origin_plays_the_camera_with_sound(open_player: Any, program: Program) -> None:
    stream, device = requested_stream(program, "garden")
    page = open_player(GSTATIC)
    answer = page.evaluate("([stream, device]) => play(stream, device)", [stream, device])
    assert (answer["status"], answer.get("action")) == (200, "answer"), answer
    assert "a=candidate:" in answer["sdp"]  # no candidate is sent later
    assert answer["sdp"].count("a=sendonly") == 2
    received = playing(page)
    picture(page, "google-player")
    assert (received["video"]["codec"], received["audio"]["codec"]) == ("video/H264", "audio/opus")
    quality = page.evaluate("document.getElementById('video').getVideoPlaybackQuality().totalVideoFrames")
    assert quality > 0

    assert (
        page.evaluate("([stream, deviceId]) => tell(stream, {action: 'end', deviceId})", [stream, device])["status"]
        == 200
    )
    page.wait_for_function("['closed', 'failed', 'disconnected'].includes(pc.connectionState)", timeout=90_000)


def test_the_token_of_one_camera_opens_no_other(open_player: Any, program: Program) -> None:
    garden, _ = requested_stream(program, "garden")
    door, front_door = requested_stream(program, "front door")
    page = open_player(GSTATIC)
    mixed = {"signalingUrl": door["signalingUrl"], "authToken": garden["authToken"]}
    for stream, device in ((garden, front_door), (mixed, front_door)):
        refused = page.evaluate("([stream, device]) => play(stream, device)", [stream, device])
        assert refused["status"] == 403
        assert refused["detail"]  # the page may read why


def test_a_page_of_another_origin_gets_nothing(open_player: Any, program: Program) -> None:
    stream, device = requested_stream(program, "garden")
    answer = open_player(ELSEWHERE).evaluate("([stream, device]) => play(stream, device)", [stream, device])
    assert answer == {"status": 0, "error": "TypeError"}
