"""Draws docs/garden.png and docs/garage.png from a running demo: a camera that is shown, and one refused with why.

Each is what the practice page's Echo Show and the camera's own switches look like, one above the other.
"""

import io
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import FloatRect, Locator, Page, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.doubles.program import Program, running  # noqa: E402

FLAGS = [
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--autoplay-policy=no-user-gesture-required",
    "--no-sandbox",
]
FRAMES = 40
GAP = 12  # pixels between screen and switches


def draw(page: Page, program: Program, camera: str) -> None:
    page.goto(program.simulator)
    page.get_by_test_id("alexa-text").fill(f"show the {camera} camera")
    page.get_by_test_id("alexa-say").click()
    video = page.get_by_test_id("alexa-video")
    page.wait_for_function(
        f"video => video.getVideoPlaybackQuality().totalVideoFrames > {FRAMES}", arg=video.element_handle()
    )
    serial = program.cameras()[camera.capitalize()]["serial"]
    screen = page.locator(".screen").first
    switches = page.locator(f".camera:has([data-testid='switch-{serial}-encryption'])")
    switches.scroll_into_view_if_needed()
    stacked(_screen(page, screen), switches.screenshot()).save(ROOT / "docs" / f"{camera}.png", optimize=True)


def _screen(page: Page, screen: Locator) -> bytes:
    """From its head to the line that tells how the picture came."""
    screen.scroll_into_view_if_needed()
    whole, last = screen.bounding_box(), screen.locator(".under").bounding_box()
    assert whole is not None
    assert last is not None
    height = last["y"] + last["height"] - whole["y"] + GAP
    inside = FloatRect(x=whole["x"] + 1, y=whole["y"] + 1, width=whole["width"] - 2, height=height - 1)
    return page.screenshot(clip=inside)


def stacked(*pictures: bytes) -> Image.Image:
    """One above the other, in as few colours as they need to look the same."""
    parts = [Image.open(io.BytesIO(each)).convert("RGB") for each in pictures]
    height = sum(each.height for each in parts) + GAP * (len(parts) - 1)
    width = max(each.width for each in parts)
    whole = Image.new("RGB", (width, height), "white")
    top = 0
    for each in parts:
        whole.paste(each, ((width - each.width) // 2, top))
        top += each.height + GAP
    return whole.quantize(256)


def main() -> None:
    browser_path = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium"))), None)
    if browser_path is None:
        sys.exit("Chromium is not installed: apt install chromium-headless-shell")
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as program, sync_playwright() as playwright:
        program.link("alexa")
        browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1600}, locale="en-US")
        for camera in ("garden", "garage"):
            draw(page, program, camera)
        browser.close()
    print("docs/garden.png and docs/garage.png are drawn from the demo as it is now")  # noqa: T201


if __name__ == "__main__":
    main()
