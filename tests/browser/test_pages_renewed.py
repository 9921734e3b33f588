"""Pages that ask showcam again and again: what they do if an answer breaks off, and at the end of the session."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.test_home import let_in
from tests.doubles.program import Program
from tests.doubles.waiting import LONG_S

LONG_MS = LONG_S * 1000
# the body of the first answer breaks off
BREAKS_OFF = """() => {
    for (const name of ["text", "json"]) {
        const whole = Response.prototype[name];
        Response.prototype[name] = function () {
            if (window.brokenOff) return whole.call(this);
            window.brokenOff = true;
            return Promise.reject(new TypeError("network error"));
        };
    }
}"""
PAGE = "/home/health"
# each script with what it needs of its page, and what it asks for
ASKS = {
    "unlisted": ("", PAGE),
    "said": ('<ul id="happens"></ul>', PAGE),
    "examining": ('<p data-examining data-words="{count}"></p>', "/home/health/progress"),
    "happened": ('<ol data-happened="/home/happened"></ol><p></p>', "/home/happened"),
    "adding": ('<div id="progress" data-runs></div>', PAGE),
}
LOADS = """([script, html]) => {
    document.querySelector("main").insertAdjacentHTML("beforeend", html);
    return import(`/static/${script}.js`);
}"""


@pytest.fixture
def page(chromium: Browser, program: Program) -> Iterator[Page]:
    """Its clock stands still."""
    context = chromium.new_context(locale="en-US")
    context.set_default_timeout(LONG_MS)
    let_in(context, program)
    made = context.new_page()
    made.clock.install(time=0)
    made.goto(f"{program.web}{PAGE}")
    made.clock.pause_at(3_600_000)
    yield made
    context.close()


def asked(page: Page, program: Program, path: str) -> None:
    """Waits for the next request of the script, within the pauses of all of them."""
    with page.expect_request(f"{program.web}{path}"):
        page.clock.run_for(20_000)


@pytest.mark.parametrize("script", ASKS)
def test_what_breaks_off_is_asked_for_again(page: Page, program: Program, script: str) -> None:
    html, path = ASKS[script]
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url) if request.url == f"{program.web}{path}" else None)
    page.evaluate(BREAKS_OFF)
    page.evaluate(LOADS, [script, html])
    deadline = time.monotonic() + LONG_S
    while len(seen) < 2:
        assert time.monotonic() < deadline, seen
        page.clock.run_for(1000)
        page.wait_for_timeout(50)  # for the answer


@pytest.mark.parametrize("script", ["unlisted", "said", "examining"])
def test_who_is_signed_out_is_led_to_the_sign_in(page: Page, program: Program, script: str) -> None:
    html, path = ASKS[script]
    page.evaluate(LOADS, [script, html])
    page.context.clear_cookies()
    asked(page, program, path)
    page.wait_for_url(f"{program.web}/home")
