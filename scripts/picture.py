"""Draws docs/practice.png: the practice page with both screens showing the garden."""

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.doubles.program import Program, running  # noqa: E402

FLAGS = [
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--autoplay-policy=no-user-gesture-required",
    "--no-sandbox",
]


def draw(page: Page, program: Program) -> None:
    page.goto(program.simulator)
    for assistant in ("alexa", "google"):
        page.get_by_test_id(f"{assistant}-text").fill("show the garden camera")
        page.get_by_test_id(f"{assistant}-say").click()
    for assistant in ("alexa", "google"):
        video = page.get_by_test_id(f"{assistant}-video")
        page.wait_for_function(
            "video => video.getVideoPlaybackQuality().totalVideoFrames > 20", arg=video.element_handle()
        )
    page.get_by_test_id("trace").locator("summary").first.click()
    page.screenshot(path=ROOT / "docs" / "practice.png")


def main() -> None:
    browser_path = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium"))), None)
    if browser_path is None:
        sys.exit("Chromium is not installed: apt install chromium-headless-shell")
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as program, sync_playwright() as playwright:
        for assistant in ("alexa", "google"):
            program.link(assistant)
        browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
        draw(browser.new_page(viewport={"width": 1280, "height": 820}, locale="en-US"), program)
        browser.close()
    print("docs/practice.png is drawn anew")  # noqa: T201


if __name__ == "__main__":
    main()
