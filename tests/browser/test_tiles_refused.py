"""Tiles without a picture: how often each asks for it by itself, and when it waits until somebody is there."""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, Route, ViewportSize, expect

from tests.browser.test_home import MOVING, enter, let_in, plays, tile, watched
from tests.doubles.program import Program
from tests.doubles.waiting import LONG_S

TALL: ViewportSize = {"width": 360, "height": 3000}  # all cameras are on the screen
MINUTES_MS = 150_000  # longer than two of the longest pauses between a tile's requests
BACK = "how => dispatchEvent(new PageTransitionEvent(how, { persisted: true }))"


class Requests:
    """The requests of a page's tiles, counted by the cameras' names.

    `refused`: the reason that a camera's tile is answered; "" as a name is every other camera. A tile that is answered
    "" gets its picture of showcam.
    """

    def __init__(self, page: Page, program: Program) -> None:
        let_in(page.context, program)
        listed = page.request.get(f"{program.web}/home").text()
        self.ids = {name: camera for camera, name in re.findall(r'data-camera="([\w-]+)" data-name="([^"]+)"', listed)}
        self.asked = Counter[str]()
        self.refused: dict[str, str] = {}
        page.route("**/home/cameras/*", self._answer)

    def _answer(self, route: Route) -> None:
        camera = route.request.url.rsplit("/", 1)[1]
        name = next(name for name, known in self.ids.items() if known == camera)
        self.asked[name] += 1
        reason = self.refused.get(name, self.refused.get("", ""))
        if reason:
            route.fulfill(json={"wrong": f"{name} is refused.", "mend": "Wait.", "reason": reason})
        else:
            route.fallback()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Its clock is the test's."""
    made, _ = watched(context)
    made.clock.install()
    yield made
    made.unroute_all(behavior="ignoreErrors")


def wait(page: Page, ms: int) -> None:
    """Lets the time pass for the page in steps: what it asks for in one of them is answered before the next."""
    for _ in range(0, ms, 5000):
        page.clock.run_for(5000)
        page.wait_for_timeout(100)


def asked_again(page: Page, asked: Callable[[], int], than: int) -> None:
    """Lets the time pass until more was asked: on a busy machine an offer takes seconds of no page's clock."""
    deadline = time.monotonic() + LONG_S
    while asked() <= than:
        assert time.monotonic() < deadline, "no picture is asked for"
        wait(page, 5000)


def arrived(page: Page) -> None:
    """Waits for requests that are on their way: they come before the answer to another one of the page."""
    page.evaluate("() => fetch('/home/open').then(answer => answer.text())")
    page.wait_for_timeout(500)


def served(page: Page, change: Callable[[str], str]) -> None:
    """Changes the page of cameras as showcam answers it."""

    def answer(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, body=change(response.text()))

    page.route(re.compile(r"/home$"), answer)


def press(page: Page, name: str, button: str) -> None:
    tile(page, name).get_by_role("button", name=button, exact=True).press("Enter")


def test_a_reason_that_the_page_does_not_know_waits_for_a_press_or_for_its_pause(page: Page, program: Program) -> None:
    """The page's list of cameras says meanwhile that each can be shown. A password would be used up."""
    requests = Requests(page, program)
    requests.refused = {"": "code_wrong", "Barn": "household_full"}
    page.set_viewport_size(TALL)  # a notice above the tiles moves them down
    enter(page, program)
    for name in ("Barn", "Garden"):
        expect(tile(page, name).locator(".wrong")).to_have_text(f"{name} is refused.")
    wait(page, MINUTES_MS)
    assert requests.asked["Garden"] == 1
    asked_again(page, lambda: requests.asked["Barn"], 1)
    assert requests.asked["Barn"] <= 10, "5, 10, 20, 40 and then 60 seconds lie between two requests"


def test_while_it_is_asked_whether_somebody_is_there_no_picture_is_asked_for(page: Page, program: Program) -> None:
    requests = Requests(page, program)
    requests.refused = {"": "busy", "Garden": ""}
    page.set_viewport_size(TALL)  # a scroll would be a sign of somebody
    enter(page, program)
    plays(page, "Garden", LONG_S)
    expect(tile(page, "Pond").locator(".wrong")).to_have_text("Pond is refused.")
    dialog = page.get_by_role("dialog")
    page.clock.fast_forward("02:02:00")
    expect(dialog).to_contain_text("Is somebody there?")
    arrived(page)
    asked = requests.asked.total()
    requests.refused = {}
    wait(page, MINUTES_MS)
    assert requests.asked.total() == asked
    expect(tile(page, "Pond").locator(".wrong")).to_have_text("Pond is refused.")
    requests.refused = {"": "busy"}
    page.get_by_role("button", name="Go on").press("Enter")
    expect(dialog).to_be_hidden()
    asked_again(page, requests.asked.total, asked)


def test_in_stills_no_refused_tile_goes_live_later(page: Page, program: Program) -> None:
    """Neither one that was refused when the page was opened, nor one that was refused since."""

    def refused(html: str) -> str:
        at = html.index('data-name="Barn"')
        shown = html[at:].replace('data-reason="" data-starts', 'data-reason="busy"', 1)
        return html[:at] + shown.replace('<div class="why" hidden>', '<div class="why">', 1)

    served(page, refused)
    requests = Requests(page, program)
    requests.refused = {"": "busy"}
    page.set_viewport_size(TALL)
    enter(page, program)
    wait(page, 10_000)
    for name in ("Barn", "Garden"):
        expect(tile(page, name).locator(".wrong")).to_have_text(f"{name} is refused.")
    page.get_by_role("button", name="Stills").press("Enter")
    arrived(page)
    asked = requests.asked.total()
    wait(page, MINUTES_MS)
    assert requests.asked.total() == asked
    expect(tile(page, "Garden").locator(".wrong")).to_be_visible()
    page.get_by_role("button", name="Live").press("Enter")
    asked_again(page, requests.asked.total, asked)


def test_a_tile_that_finds_all_places_taken_keeps_its_reason_and_asks_later(page: Page, program: Program) -> None:
    served(page, lambda html: re.sub(r'data-live="\d+"', 'data-live="1"', html))
    requests = Requests(page, program)
    requests.refused = {"Barn": "busy"}
    page.set_viewport_size(TALL)
    page.goto(f"{program.web}/home#{requests.ids['Garden']}")  # which has its picture first
    plays(page, "Garden", LONG_S)
    press(page, "Barn", "Show")
    expect(tile(page, "Barn").locator(".wrong")).to_have_text("Barn is refused.")
    press(page, "Garden", "Show")
    plays(page, "Garden", LONG_S)
    # while the clock runs ahead of the pictures, one that moves would be taken for lost
    tile(page, "Garden").locator("video").evaluate("video => video.pause()")
    arrived(page)
    asked = requests.asked["Barn"]
    wait(page, MINUTES_MS)
    assert requests.asked["Barn"] == asked
    expect(tile(page, "Barn").get_by_text("Barn is refused.")).to_be_visible()
    press(page, "Garden", "Stop")
    asked_again(page, lambda: requests.asked["Barn"], asked)


def test_a_page_that_the_browser_kept_shows_its_pictures_again(context: BrowserContext, program: Program) -> None:
    """The browser's memory is off in tests: the page hears what it would hear."""
    page, complaints = watched(context)
    enter(page, program)
    plays(page, "Garden", LONG_S)
    video = tile(page, "Garden").locator("video")
    page.evaluate(BACK, "pagehide")
    assert video.evaluate("video => video.srcObject === null && !video.src && video.hidden")
    page.evaluate(BACK, "pageshow")
    expect(video).to_be_visible()
    page.wait_for_function(MOVING, arg=video.element_handle())
    expect(tile(page, "Garden").locator(".age")).to_have_text("Live")
    assert [each for each in complaints if "Failed to load" not in each] == []
