"""The pages of account linking in a real browser: a telephone's width, both colour schemes, two languages."""

import http.server
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import SCREENSHOTS
from tests.doubles.program import Program

pytestmark = pytest.mark.browser

TOO_WIDE = "document.documentElement.scrollWidth - innerWidth"
TARGETS = "button, input:not([type=hidden]):not([type=checkbox]), label.tick, footer a"
TOO_SMALL = """targets => [...document.querySelectorAll(targets)]
    .map(each => [each.outerHTML, each.getBoundingClientRect().height]).filter(([, height]) => height < 44)"""
UNLABELLED = """[...document.querySelectorAll('input:not([type=hidden])')]
    .filter(each => !each.labels.length).map(each => each.name)"""


class Callback(http.server.BaseHTTPRequestHandler):
    """The assistant's end, which leads on within itself as the real ones do."""

    def do_GET(self) -> None:
        if self.path.startswith("/callback"):
            self.send_response(302)
            self.send_header("Location", "/arrived" + self.path.removeprefix("/callback"))
        else:
            self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Silent."""


@pytest.fixture
def callback() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Callback)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/callback"
    server.shutdown()
    thread.join()
    server.server_close()


def address(program: Program, callback: str, assistant: str, language: str) -> str:
    asked = {"response_type": "code", "client_id": assistant, "redirect_uri": callback, "state": "s+/="}
    return f"{program.web}/oauth/authorize?{urlencode(asked | {'ui_locales': language})}"


def fits(page: Page, name: str) -> None:
    page.screenshot(path=SCREENSHOTS / f"linking-{name}.png", full_page=True)
    assert page.evaluate(TOO_WIDE) <= 0
    assert page.evaluate(TOO_SMALL, TARGETS) == []
    assert page.evaluate(UNLABELLED) == []


@pytest.mark.parametrize(("assistant", "language"), [("google", "en"), ("alexa", "nb")])
@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (360, "dark"), (1280, "dark")])
def test_linking(
    chromium: Browser, program: Program, callback: str, assistant: str, language: str, width: int, scheme: Any
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 740}, color_scheme=scheme)
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text) if "Policy" in message.text else None)
    name = f"{language}-{width}-{scheme}"
    page.goto(address(program, callback, assistant, language))
    fits(page, f"sign-in-{name}")
    page.fill("input[name=user]", "mfa@example.com")
    page.fill("input[name=password]", "showcam-demo")
    page.press("input[name=password]", "Enter")
    page.wait_for_selector("input[name=code]")
    fits(page, f"code-{name}")
    page.fill("input[name=code]", "999999")
    page.press("input[name=code]", "Enter")
    page.wait_for_selector("[role=alert]")
    fits(page, f"wrong-code-{name}")
    page.fill("input[name=code]", "012345")
    page.press("input[name=code]", "Enter")
    page.wait_for_selector("input[name=cameras]")
    fits(page, f"consent-{name}")
    page.fill("input[name=label]", "Kari")
    page.press("input[name=label]", "Enter")  # the first button of the form is the one that agrees
    page.wait_for_url("**/arrived?*")
    answered = parse_qs(urlsplit(page.url).query)
    assert answered["state"] == ["s+/="]
    assert answered["iss"] == [program.web]
    assert answered["code"]
    assert complaints == []
    context.close()


@pytest.mark.parametrize("language", ["en", "nb"])
def test_what_leads_nowhere(chromium: Browser, program: Program, language: str) -> None:
    page = chromium.new_page(viewport={"width": 360, "height": 740})
    page.goto(address(program, "https://evil.example/cb", "alexa", language))
    fits(page, f"refused-{language}")
    page.goto(f"{program.web}/oauth/privacy?ui_locales={language}")
    fits(page, f"privacy-{language}")
    page.close()
