"""The form for a camera's code at home, in a real browser, with a camera that has RTSP."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.browser.conftest import LONGEST_WORDS, looks
from tests.browser.test_console_pages import fits
from tests.browser.test_home import FOCUSED, enter, open_settings, plays, watched
from tests.doubles.program import Program

pytestmark = pytest.mark.proves(
    "A camera's code on its page brings its video from home, and a wrong code is counted",
    leans_on="second stack: Chromium; double: EZVIZ's camera",
    also=("tests/console/test_home_codes.py",),
)

OPEN = "Use the home network"
CODE = "GKRTUV"  # on Garden's label


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    made = chromium.new_context(viewport={"width": 360, "height": 640}, locale="en-US")
    yield made
    made.close()


def test_by_keyboard_a_code_brings_the_picture_from_home(context: BrowserContext, program: Program) -> None:
    page, complaints = watched(context)
    enter(page, program)
    open_settings(page, "Garden")
    settings = page.locator("#settings")
    settings.locator("> summary").press("Enter")
    settings.locator("summary", has_text=OPEN).press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "home_code"
    page.keyboard.type("WRONGX")
    page.keyboard.press("Enter")
    page.get_by_text("Garden does not take that code.").wait_for(timeout=90_000)

    page.locator("[name=home_code]:focus").wait_for()  # its form stays open
    page.keyboard.type(CODE)
    page.keyboard.press("Enter")
    page.wait_for_selector("#settings:not([open])")
    settings.locator("> summary").press("Enter")
    forget = settings.get_by_role("button", name="Stop using the home network")
    forget.wait_for(timeout=90_000)
    try:
        plays(page, "Garden", 90)
        assert (
            "Picture by: your network, then"
            in program.command("cameras", "show", "Garden", "--verbose", "--demo").stdout
        )
    finally:
        forget.click()
    page.wait_for_selector("#settings:not([open])")
    settings.locator("> summary").press("Enter")
    settings.locator("summary", has_text=OPEN).wait_for(timeout=90_000)
    assert [complaint for complaint in complaints if "403" not in complaint] == []  # of the wrong code


def test_it_fits(chromium: Browser, program: Program) -> None:
    context = chromium.new_context(locale=LONGEST_WORDS)
    page, _ = watched(context)
    enter(page, program)
    page.wait_for_selector(".tiles")
    open_settings(page, "Garage")
    page.locator("#settings > summary").press("Enter")
    page.wait_for_selector(".settings")
    page.locator(".group .mending.quiet summary").first.click()  # encrypted: it has the tick
    for look in looks(page):
        fits(page, f"code-at-home-{look}")
    context.close()
