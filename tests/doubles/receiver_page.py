"""showcam's receiver page in Chromium as on a Cast device; a stand-in takes the place of Google's framework."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize

from showcam.cast import receiver_page
from showcam.cast.screen import NAMESPACE
from showcam.console.look import files
from tests.doubles import served_app
from tests.doubles.waiting import LONG_S

FRAMEWORK = "https://www.gstatic.com/cast/sdk/libs/caf_receiver/v3/cast_receiver_framework.js"
STAND_IN = Path(__file__).with_name("cast_framework.js")
CAST_DEVICE = (
    "Mozilla/5.0 (X11; Linux armv7l) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 "
    "CrKey/1.56.500000"
)
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"

# The page's deadlines for a connection and a first picture are ten times as long, unless a test has a clock of its own:
# a busy machine is not what is tested.
PATIENT = """(() => {
  const wait = window.setTimeout;
  window.setTimeout = (done, ms, ...more) => wait(done, [2000, 8000, 15000].includes(ms) ? 10 * ms : ms, ...more);
})()"""
LOOK = """() => {
  const video = document.querySelector("#picture"), canvas = new OffscreenCanvas(8, 8);
  const brush = canvas.getContext("2d", { willReadFrequently: true });
  window.seen = [];
  const look = (now) => {
    brush.drawImage(video, 0, 0, 8, 8, 0, 0, 8, 8);
    seen.push([(performance.timeOrigin + now) / 1000, brush.getImageData(2, 2, 1, 1).data[1]]);
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
}"""


@contextmanager
def served() -> Iterator[str]:
    """The address of the page, as the web process serves it."""
    app = Flask("receiver", static_folder=None)
    app.register_blueprint(files.blueprint())
    app.register_blueprint(receiver_page.blueprint())
    with served_app.served(app) as web:
        yield f"{web}/receiver"


class ReceiverPage:
    """`said`: what the page sent to its senders; `complaints`: errors, those of its own policy too."""

    def __init__(self, browser: Browser, address: str, agent: str = CAST_DEVICE, locale: str = "en-GB") -> None:
        viewport: ViewportSize = {"width": 1280, "height": 720}
        self._context = browser.new_context(user_agent=agent, viewport=viewport, locale=locale)
        self.page: Page = self._context.new_page()
        self.said: list[dict[str, Any]] = []
        self.complaints: list[str] = []
        self.elsewhere: list[str] = []
        self.when_said: Callable[[dict[str, Any]], None] = lambda message: None
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._console)
        self.page.add_init_script(PATIENT)
        self.page.route(re.compile("^https://"), self._elsewhere)
        self.page.expose_function("toSenders", self._say)
        self.page.goto(address)
        if agent == CAST_DEVICE:
            self.ready()

    def close(self) -> None:
        self._context.close()

    def ready(self) -> None:
        """Waits until the page has begun; the page's own policy forbids what playwright waits by."""
        self.until(lambda: bool(self.page.evaluate("() => Boolean(window.framework?.options)")))

    def hear(self, message: dict[str, Any]) -> None:
        self.page.evaluate("([space, data]) => framework.hear(space, data)", [NAMESPACE, message])

    def until(self, done: Callable[[], bool], within_s: float = LONG_S) -> None:
        """Messages come and go meanwhile."""
        deadline = time.monotonic() + within_s
        while not done():
            assert time.monotonic() < deadline, (self.said, self.complaints)
            self.page.wait_for_timeout(10)

    def _say(self, message: dict[str, Any]) -> None:
        self.said.append(message)
        self.when_said(message)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            self.complaints.append(message.text)

    def _elsewhere(self, route: Any) -> None:
        self.elsewhere.append(route.request.url)
        if route.request.url == FRAMEWORK:
            route.fulfill(content_type="text/javascript", path=STAND_IN)
        else:
            route.abort()
