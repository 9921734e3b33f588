"""The page that tries a sentence: what an earlier sentence still does once another was sent, or the page was left."""

from collections.abc import Callable

from playwright.sync_api import Page, Request, Route, expect

from tests.browser import test_console_pages
from tests.browser.conftest import PATIENT
from tests.browser.test_console_pages import tried
from tests.browser.test_home import MOVING
from tests.browser.test_tiles_refused import BACK
from tests.doubles.program import Program
from tests.doubles.waiting import LONG_S, until

linked, session, signed_in = test_console_pages.linked, test_console_pages.session, test_console_pages.signed_in

LONG_MS = LONG_S * 1000


def asked_for(page: Page) -> list[str]:
    """The Echo's offers that the page sends from now on; "" asks for HLS."""
    offers: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith("/try/offer"):
            offers.append(dict(request.post_data_json or {})["sdp"])

    page.on("request", note)
    return offers


def plays(page: Page) -> None:
    expect(page.locator(".display video")).to_have_count(2)
    for video in page.locator(".display video").all():
        page.wait_for_function(MOVING, arg=video.element_handle(), timeout=LONG_MS)


def test_a_sentence_that_another_followed_asks_for_no_picture_by_hls(
    signed_in: Callable[..., Page], linked: Program
) -> None:
    page = signed_in()
    page.add_init_script(PATIENT)
    page.goto(f"{linked.web}/home/try")
    offers, held = asked_for(page), list[Route]()
    page.route("**/home/try/offer", lambda route: route.fallback() if held else held.append(route))
    page.fill("input[name=text]", "show the garden camera")
    page.press("input[name=text]", "Enter")
    until(lambda: page.title() and held)
    page.press("input[name=text]", "Enter")
    until(lambda: page.title() and len(offers) == 2)
    held[0].abort()
    plays(page)
    page.wait_for_timeout(500)  # for what the first sentence would ask
    assert (len(offers), "" in offers) == (2, False)


def test_a_page_that_the_browser_kept_shows_both_pictures_again(
    signed_in: Callable[..., Page], linked: Program
) -> None:
    """The browser's memory is off in tests: the page hears what it would hear."""
    page = signed_in()
    page.add_init_script(PATIENT)
    tried(page, linked)
    plays(page)
    echo = page.locator(".display video").first
    before = echo.evaluate("video => video.srcObject.id")
    page.evaluate(BACK, "pagehide")
    page.evaluate(BACK, "pageshow")
    page.wait_for_function(
        "([video, id]) => video.srcObject?.id !== id", arg=[echo.element_handle(), before], timeout=LONG_MS
    )
    plays(page)
    expect(page.locator(".display .failed:visible")).to_have_count(0)
