"""The console's page at an owner's defaults: opened again and again, left unseen, and with reasons that end."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.browser.conftest import steadily
from tests.browser.test_home import MOVING, another, enter, sign_in, tile
from tests.doubles.program import Program, running

# a minute of views, and some waits of LONG_MS: a test that ends by this one names no picture
pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.proves(
        "40 page views of two browsers in a minute lose no video, and a hidden tab lets its video go",
        leans_on="second stack: Chromium; double: EZVIZ's cameras",
    ),
]
VIEWS, WITHIN_S = 40, 60.0
PHONE: ViewportSize = {"width": 360, "height": 640}  # only what is on the screen plays
LONG_MS = 180_000  # generous: a busy machine is not what is tested
# keeps each answer to the page that is no picture
NOTING = """const ask = window.fetch;
window.fetch = async (where, how) => {
  const answer = await ask(where, how);
  if (how?.method === "POST" && String(where).startsWith("/home/cameras/")) {
    const text = await answer.clone().text();
    if (!answer.ok || text.includes('"wrong"')) localStorage.refused = (localStorage.refused ?? "") + text;
  }
  return answer;
}"""
LOST = """() => [...document.querySelectorAll(".tile[data-starts]")].filter((tile) => {
  const video = tile.querySelector("video");
  return video.hidden || video.getVideoPlaybackQuality().totalVideoFrames <= 5;
}).map((tile) => tile.innerText.replaceAll("\\n", " "))"""
LIMITS = ("busy", "too_often", "household_full", "machine_full")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """With an owner's defaults, also for the time that a page waits for the vendor, who fails now and then."""
    with running(tmp_path_factory.mktemp("views"), troubled=True, SHOWCAM_REQUEST_S="3.0") as program:
        yield program


@pytest.fixture
def contexts(chromium: Browser) -> Iterator[list[BrowserContext]]:
    made = [chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-US") for _ in range(2)]
    for context in made:
        context.set_default_timeout(LONG_MS)
    yield made
    for context in made:
        context.close()


def test_forty_page_views_of_two_browsers_in_a_minute_lose_no_picture(
    contexts: list[BrowserContext], home: Program
) -> None:
    pages = [context.new_page() for context in contexts]
    for page in pages:
        page.add_init_script(NOTING)
        sign_in(page, another(home), "demo@example.com")
        page.wait_for_selector(".tiles")
    assert pages[0].locator(".tile[data-starts]").count() == 5
    for page in pages:
        assert lost(page) == []
    began = time.monotonic()
    for number in range(VIEWS):
        # a view of each browser begins while the other's is open
        time.sleep(max(0.0, began + number * WITHIN_S / VIEWS - time.monotonic()))
        pages[number % 2].goto(f"{home.web}/home", wait_until="commit")
    for page in pages:
        assert lost(page) == []
        refused = page.evaluate("localStorage.refused ?? ''")
        assert [limit for limit in LIMITS if f'"{limit}"' in refused] == []


def test_a_reason_that_ends_is_followed_by_the_picture_without_a_press(
    contexts: list[BrowserContext], home: Program
) -> None:
    page = contexts[0].new_page()
    page.set_viewport_size(PHONE)
    enter(page, home)
    shown(page, "Garden")
    home.change("Garden", fault="http500")
    try:
        page.reload()
        tile(page, "Garden").scroll_into_view_if_needed()
        tile(page, "Garden").get_by_text("This page tries again.").wait_for(timeout=LONG_MS)
    finally:
        home.change("Garden", fault=None)
    shown(page, "Garden")


def test_a_list_that_could_not_be_read_yet_is_followed_by_the_pictures_without_a_press(
    contexts: list[BrowserContext], tmp_path: Path
) -> None:
    """As on a busy machine, on which the vendor's answer to the first reading came too late."""
    pages = [context.new_page() for context in contexts]
    with steadily(tmp_path) as program:
        program.change("Garden", fault="http500")
        for page, at in zip(pages, ("/home", "/home/setup"), strict=True):
            page.set_viewport_size(PHONE)
            sign_in(page, another(program), "demo@example.com")
            page.get_by_text("This page tries again.").wait_for(timeout=LONG_MS)
            page.goto(f"{program.web}{at}")
            page.get_by_text("This page tries again.").wait_for(timeout=LONG_MS)
        program.change("Garden", fault=None)
        shown(pages[0], "Garden")
        pages[1].get_by_role("link", name="Your cameras").click(timeout=LONG_MS)
        shown(pages[1], "Garden")


def test_a_tab_that_nobody_sees_lets_its_pictures_go_after_a_minute_and_shows_them_again(
    contexts: list[BrowserContext], home: Program
) -> None:
    page = contexts[0].new_page()
    page.clock.install()
    page.add_init_script("Object.defineProperty(document, 'hidden', { get: () => window.unseen ?? false })")
    page.set_viewport_size(PHONE)
    enter(page, home)
    shown(page, "Garden")
    video = tile(page, "Garden").locator("video")

    def see(seen: bool) -> None:
        page.evaluate("(unseen) => { window.unseen = unseen }", not seen)
        page.evaluate("() => { document.dispatchEvent(new Event('visibilitychange')) }")

    see(False)
    page.clock.fast_forward(50_000)
    expect(video).to_be_visible()
    page.clock.fast_forward(11_000)
    expect(video).to_be_hidden()
    assert video.evaluate("video => video.srcObject === null && !video.src")
    see(True)
    shown(page, "Garden")


def test_a_page_whose_session_has_ended_says_so_and_is_there_again_after_the_sign_in(
    contexts: list[BrowserContext], home: Program
) -> None:
    page, other = (context.new_page() for context in contexts)
    for each in (page, other):
        each.set_viewport_size(PHONE)
        sign_in(each, another(home), "demo@example.com")
        each.wait_for_selector(".tiles")
    page.goto(tile(page, "Garden").locator("a[href^='/home/cameras/']").evaluate("link => link.href"))
    at = page.url
    shown(page, "Garden", heading=False)
    other.goto(f"{home.web}/home/phones")
    button = other.get_by_role("button", name="Sign it out")
    other.locator("li", has=button).filter(has_not_text="(this one)").first.get_by_role("button").click()
    page.get_by_text("Your session has ended.").wait_for(timeout=LONG_MS)
    page.fill("input[name=user]", "demo@example.com")
    page.fill("input[name=password]", "showcam-demo")
    page.press("input[name=password]", "Enter")
    page.wait_for_url(at, timeout=LONG_MS)
    shown(page, "Garden", heading=False)


def lost(page: Page) -> list[str]:
    """The words of the tiles that show no picture, once all of them do or a minute has passed."""
    deadline = time.monotonic() + LONG_MS / 1000
    while (found := page.evaluate(LOST)) and time.monotonic() < deadline:
        page.wait_for_timeout(250)
    return [str(words) for words in found]


def shown(page: Page, name: str, *, heading: bool = True) -> None:
    """Waits until the camera's picture moves."""
    at = tile(page, name) if heading else page.locator(".tile")
    at.scroll_into_view_if_needed()
    video = at.locator("video")
    page.wait_for_function(MOVING, arg=video.element_handle(), timeout=LONG_MS)
