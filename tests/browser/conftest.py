"""Headless Chromium and a demo to walk through.

SHOWCAM_TEST_PICTURES=1: pictures of all pages are kept in tests/screenshots, and not only of those with which a test
found a fault.
"""

import os
import shutil
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from functools import partialmethod
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from tests.doubles.needs import CHROMIUM
from tests.doubles.program import Program, running
from tests.doubles.simulator_process import STEADY
from tests.doubles.waiting import LONG_S

expect.set_options(timeout=LONG_S * 1000)  # by default five seconds, which a busy machine may take for a page
SCREENSHOTS = Path(__file__).parents[1] / "screenshots"
# each costs half a second of a core
ALL_PICTURES = "SHOWCAM_TEST_PICTURES" in os.environ
POLLED_MS = 100  # by default Playwright has a page at rest painted sixty times a second as long as a test waits
FAILED = pytest.StashKey[bool]()
# language, width and colours of pages that are looked at for their layout: the longest words where there is least room
# for them; English is on the pages that all other tests open
LOOKS = [("nb", 1280, "dark"), ("de", 360, "light")]
# a page with the longest words is looked at in both widths and both colours without walking to it twice
LONGEST_WORDS = "de"
WIDE_AND_NARROW: list[tuple[int, Literal["dark", "light"]]] = [(1280, "dark"), (360, "light")]
# An Echo has six seconds for its first picture, and a tile nine by WebRTC: both have more on a busy machine.
PATIENT = """(() => {
  const wait = window.setTimeout;
  window.setTimeout = (done, ms, ...more) => wait(done, [6000, 9000].includes(ms) ? 10 * ms : ms, ...more);
})()"""
FLAGS = [
    "--allow-loopback-in-peer-connection",
    # the second: a page of a public origin may reach the demo, which is on loopback
    "--disable-features=WebRtcHideLocalIpsWithMdns,LocalNetworkAccessChecks",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--no-first-run",
    "--no-sandbox",
]


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A window of a phone's size: each video on the screen takes a good part of a core."""
    made = chromium.new_context(viewport={"width": 360, "height": 640}, locale="en-US")
    yield made
    made.close()


def picture(page: Page, name: str, *, wanted: bool = ALL_PICTURES) -> None:
    """Keeps one of the whole page."""
    if wanted:
        SCREENSHOTS.mkdir(exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name.replace('/', '-')}.png", full_page=True)


def looks(page: Page) -> Iterator[str]:
    """Shows the page wide and dark, then as narrow and light as on a phone, and names each."""
    for width, scheme in WIDE_AND_NARROW:
        page.set_viewport_size({"width": width, "height": 740})
        page.emulate_media(color_scheme=scheme)
        yield f"{LONGEST_WORDS}-{width}-{scheme}"


@contextmanager
def pictured(page: Page, name: str) -> Iterator[None]:
    """A page with its styles, as a person sees it; a picture is kept where something that is said of it is wrong."""
    page.wait_for_load_state("load")
    picture(page, name)
    try:
        yield
    except AssertionError:
        picture(page, name, wanted=True)
        raise


def until_true(page: Page, script: str, arg: object = None, within_s: float = LONG_S) -> None:
    """Waits for what a script promises. Playwright's wait_for_function takes a promise itself for true."""
    deadline = time.monotonic() + within_s
    while not page.evaluate(script, arg):
        assert time.monotonic() < deadline, script
        page.wait_for_timeout(100)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    browser = getattr(item, "funcargs", {}).get("chromium")
    if report.failed and browser is not None:
        pages = [page for context in browser.contexts for page in context.pages]
        report.sections.append(("Pages that were open", "\n\n".join(map(_shown, pages)) or "none"))
    return report


def _shown(page: Page) -> str:
    """The address and text of a page. A tile's text says why the camera has no picture."""
    try:
        return f"{page.url.partition('#')[0]}\n{page.locator('body').inner_text(timeout=2000)}"
    except PlaywrightError as error:
        return f"unreadable: {error}"


def patient[Opened: (BrowserContext, Page)](opens: Callable[..., Opened]) -> Callable[..., Opened]:
    """Opens what waits for a page, an element or an answer as long as `expect` does: by default half a minute."""

    def opened(**looks: Any) -> Opened:
        made = opens(**looks)
        made.set_default_timeout(LONG_S * 1000)
        return made

    return opened


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Its client keeps an event loop running in the thread until the folder's tests are over."""
    path = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium"))), None)
    if path is None:
        CHROMIUM.skip()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        with pytest.MonkeyPatch.context() as patch:
            for made in ("new_context", "new_page"):
                patch.setattr(browser, made, patient(getattr(browser, made)))
            for kind in (Page, Frame):
                patch.setattr(kind, "wait_for_function", partialmethod(kind.wait_for_function, polling=POLLED_MS))
            yield browser
        browser.close()


@pytest.fixture(scope="package")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Program]]:
    """The demo of a group of files: a worker may take several groups, and none finds what another one left."""
    with ExitStack() as running_now:
        last = dict[str, Program]()

        def of(group: str) -> Program:
            if group not in last:
                running_now.close()
                last.clear()
                last[group] = running_now.enter_context(_demo(tmp_path_factory.mktemp(group)))
            return last[group]

        yield of


@pytest.fixture(scope="module")
def program(demos: Callable[[str], Program], request: pytest.FixtureRequest) -> Program:
    return demos(str(next(request.node.iter_markers("xdist_group")).args[0]))


@contextmanager
def steadily(folder: Path, **settings: Any) -> Iterator[Program]:
    """A demo whose vendor answers each request."""
    with running(folder, troubled=True, **settings) as demo:
        demo.configure(**STEADY)
        yield demo


@contextmanager
def _demo(folder: Path) -> Iterator[Program]:
    settings: dict[str, Any] = {
        "SHOWCAM_EXPLAIN": "no",  # refusals are error codes, not cards
        "SHOWCAM_IDLE_S": "10",  # no picture goes on for half a minute when its test is over
        # the folder's tests share the links, which each opens more cameras in a minute than a household does
        "SHOWCAM_OPENS_PER_MINUTE": "60",
        "SHOWCAM_POLL_S": "10",  # what EZVIZ announces to nobody is found soon
    }
    with steadily(folder, **settings) as demo:
        yield demo


@pytest.fixture
def page(chromium: Browser, program: Program, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The practice page in a window of its own; what its console complains of fails the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 1000}, locale="en-US")
    page = context.new_page()
    page.add_init_script(PATIENT)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(program.simulator)
    yield page
    picture(page, request.node.name, wanted=ALL_PICTURES or request.node.stash[FAILED])
    context.close()
    assert complaints == []
