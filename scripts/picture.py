"""Draws docs/garden.png and docs/garage.png from a running demo: a camera that is shown, and a refused one.

Each picture has the practice page's Echo Show above the camera's switches.
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
    """A screenshot of the screen, from its head to the line of figures below the picture."""
    screen.scroll_into_view_if_needed()
    whole, last = screen.bounding_box(), screen.locator(".under").bounding_box()
    assert whole is not None
    assert last is not None
    height = last["y"] + last["height"] - whole["y"] + GAP
    inside = FloatRect(x=whole["x"] + 1, y=whole["y"] + 1, width=whole["width"] - 2, height=height - 1)
    return page.screenshot(clip=inside)


def stacked(*pictures: bytes) -> Image.Image:
    """The pictures one above the other, in 256 colours."""
    images = [Image.open(io.BytesIO(picture)).convert("RGB") for picture in pictures]
    height = sum(image.height for image in images) + GAP * (len(images) - 1)
    width = max(image.width for image in images)
    whole = Image.new("RGB", (width, height), "white")
    top = 0
    for image in images:
        whole.paste(image, ((width - image.width) // 2, top))
        top += image.height + GAP
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
