"""A display that restarts ICE in its session goes on, with new credentials of the relay."""

import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from showcam.engine.grants import Grants
from tests.doubles.hls_camera import Authority, Camera, Household, Vendor, recording
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.relay import Relay
from tests.doubles.waiting import LONG_S

pytestmark = pytest.mark.proves(
    "An ICE restart is answered with new credentials of the relay",
    leans_on="second stack: Chromium; double: the relay, which relays nothing",
)

GRANTS = Grants([b"grant key of the tests, 32 bytes"])
PAGE = """<!doctype html><video id="video" autoplay playsinline muted></video><script>
window.pc = new RTCPeerConnection();
pc.ontrack = ({ track }) => { document.getElementById("video").srcObject = new MediaStream([track]); };
for (const kind of ["audio", "video"]) pc.addTransceiver(kind, { direction: "recvonly" });
window.agree = async (url, restart) => {
  await pc.setLocalDescription(await pc.createOffer({ iceRestart: restart }));
  await new Promise((done) => {
    const look = () => pc.iceGatheringState === "complete" && done();
    pc.onicegatheringstatechange = look;
    look();
  });
  const headers = { "Content-Type": "application/sdp" };
  const answer = await fetch(url, { method: "POST", headers, body: pc.localDescription.sdp });
  const sdp = await answer.text();
  await pc.setRemoteDescription({ type: "answer", sdp });
  return new URL(answer.headers.get("Location"), url).href;
};
window.frames_ = async () => {
  let frames = 0;
  for (const row of (await pc.getStats()).values())
    if (row.type === "inbound-rtp" && row.kind === "video") frames += row.framesDecoded;
  return frames;
};
</script>"""


def frames_over(page: Page, than: int, within_s: float = LONG_S) -> int:
    """How many were decoded, once they are more."""
    deadline = time.monotonic() + within_s
    while (frames := int(page.evaluate("frames_()"))) <= than:
        assert time.monotonic() < deadline, "no more pictures came"
        page.wait_for_timeout(100)
    return frames


def test_an_ice_restart_in_the_session_is_answered_with_new_credentials(tmp_path: Path, chromium: Browser) -> None:
    authority = Authority(tmp_path)
    vendor = Vendor(authority)
    vendor.cameras["garden"] = Camera(recording())
    with Relay("shared with the relay") as relay:
        settings = SETTINGS.__replace__(
            ca_file=authority.ca_file, turn=f"turn:127.0.0.1:{relay.port}", turn_secret="shared with the relay"
        )
        with PlaneThread(GRANTS, Household(vendor), settings) as plane:
            grant, _ = GRANTS.issue(
                account="home", link="l", camera="garden", protocol="webrtc", surface="page", now=time.time(), life_s=60
            )
            page = chromium.new_page()
            page.set_content(PAGE)
            session = page.evaluate("([url]) => agree(url, false)", [f"{plane.url}/s/{grant}/whep"])
            before = frames_over(page, 15)
            time.sleep(1.1)  # credentials are named by the second at which they are over
            again = page.evaluate("([url]) => agree(url, true)", [session])
            frames_over(page, before + 30)
            assert page.evaluate("pc.connectionState") == "connected"
            assert again == session
            assert len(set(relay.users)) == 2
            page.close()
    vendor.close()
