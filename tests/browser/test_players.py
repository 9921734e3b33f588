"""Programs of the household's own in Chromium: the page that adds them, and players of HLS and WHEP on another page."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import test_console_pages
from tests.browser.conftest import picture
from tests.browser.test_home import MOVING
from tests.doubles.behind_life import HLS_JS
from tests.doubles.program import Program
from tests.doubles.waiting import LONG_S

linked, session, signed_in = test_console_pages.linked, test_console_pages.session, test_console_pages.signed_in

OTHER = "http://dashboard.example"  # a page of another origin in the house
PAGE = """<!doctype html><video autoplay playsinline muted></video><script>
const video = document.querySelector("video");
window.byHls = async (url) => {
  const { default: Hls } = await import("/hls.mjs");
  const hls = new Hls();
  hls.loadSource(url);
  hls.attachMedia(video);
};
window.byWhep = async (url) => {
  const pc = (window.pc = new RTCPeerConnection());
  pc.ontrack = ({ streams }) => { video.srcObject = streams[0]; };
  pc.addTransceiver("video", { direction: "recvonly" });
  pc.addTransceiver("audio", { direction: "recvonly" });
  await pc.setLocalDescription(await pc.createOffer());
  while (pc.iceGatheringState !== "complete") await new Promise((done) => setTimeout(done, 50));
  const headers = { "Content-Type": "application/sdp" };
  const answer = await fetch(url, { method: "POST", headers, body: pc.localDescription.sdp });
  await pc.setRemoteDescription({ type: "answer", sdp: await answer.text() });
  return answer.status;
};
</script>"""


def add(page: Page, name: str) -> dict[str, str]:
    """Adds a player by keyboard, and returns its two addresses of the garden's camera."""
    page.get_by_role("link", name="Phones").first.click()
    page.get_by_role("link", name="Players").click()
    page.get_by_label("Name").fill(name)
    page.keyboard.press("Enter")
    page.locator(".banner summary", has_text="Home Assistant").click()
    text = page.locator("#home-assistant").input_value()
    page.locator(".banner summary", has_text="go2rtc").click()
    whep = next(line for line in page.locator("#go2rtc").input_value().splitlines() if line.startswith("  garden:"))
    hls = text.partition("Garden\n")[2].partition("Stream Source URL: ")[2].splitlines()[0]
    return {"hls": hls, "whep": whep.partition("webrtc:")[2]}


@pytest.mark.proves(
    "What the page of players shows plays on a page of another origin: hls.js by HLS, the browser itself by WHEP",
    leans_on="second stack: Chromium, hls.js",
)
@pytest.mark.parametrize("way", ["hls", "whep"])
def test_its_addresses_play_on_another_page_of_the_house(
    signed_in: Callable[..., Page], linked: Program, chromium: Browser, way: str
) -> None:
    page = signed_in(path="/home")
    address = add(page, f"dashboard-{way}")[way]
    context = chromium.new_context()
    try:
        other = context.new_page()
        other.route(f"{OTHER}/", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
        other.route(f"{OTHER}/hls.mjs", lambda route: route.fulfill(body=script(), content_type="text/javascript"))
        other.goto(f"{OTHER}/")
        played = other.evaluate("([way, url]) => way === 'hls' ? byHls(url) : byWhep(url)", [way, address])
        assert played == (201 if way == "whep" else None)
        video = other.locator("video").element_handle()
        other.wait_for_function(MOVING, arg=video, timeout=LONG_S * 1000)
    finally:
        context.close()


def script(file: Path = HLS_JS) -> str:
    return file.read_text()


@pytest.mark.parametrize(
    ("language", "width", "scheme"), [("en", 1280, "light"), ("nb", 360, "dark"), ("de", 360, "light")]
)
def test_a_player_that_was_added_is_shown_on_each_screen(
    signed_in: Callable[..., Page], language: str, width: int, scheme: str
) -> None:
    page = signed_in(language, width, scheme, path="/home/players")
    page.locator("#name").fill(f"shown-{language}")
    page.keyboard.press("Enter")
    page.locator(".banner summary").first.click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    picture(page, f"players-{language}-{width}-{scheme}")
    page.locator(f"li:has-text('shown-{language}') button[value=end]").press("Enter")
    page.locator(f"li:has-text('shown-{language}')").wait_for(state="detached")
