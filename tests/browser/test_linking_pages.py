"""The pages of account linking in a real browser: a telephone's width, both colour schemes, each language."""

import http.server
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Page

from showcam.i18n.catalogue import Language
from tests.browser.conftest import LOOKS, pictured
from tests.doubles.page_words import MOST, fixed_words
from tests.doubles.program import Program

TOO_WIDE = "document.documentElement.scrollWidth - innerWidth"
TARGETS = "button, a.button, input:not([type=hidden]):not([type=checkbox]), label.tick, footer a"
TOO_SMALL = """targets => [...document.querySelectorAll(targets)]
    .map(element => [element.outerHTML, element.getBoundingClientRect().height]).filter(([, height]) => height < 44)"""
OUT_OF_ITS_BOX = """targets => [...document.querySelectorAll(targets)].filter(element =>
    element.getBoundingClientRect().right > element.parentElement.getBoundingClientRect().right + 1)
    .map(element => element.outerHTML)"""
UNLABELLED = """[...document.querySelectorAll('input:not([type=hidden])')]
    .filter(element => !element.labels.length).map(element => element.name)"""


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
    query = {"response_type": "code", "client_id": assistant, "redirect_uri": callback, "state": "s+/="}
    return f"{program.web}/oauth/authorize?{urlencode(query | {'ui_locales': language})}"


def fits(page: Page, name: str) -> None:
    with pictured(page, f"linking-{name}"):
        assert page.evaluate(TOO_WIDE) <= 0
        assert page.evaluate(OUT_OF_ITS_BOX, TARGETS) == []
        assert page.evaluate(TOO_SMALL, TARGETS) == []
        assert page.evaluate(UNLABELLED) == []


# The vendor sends ten codes a minute: each of these takes one, and so does each form without its button.
@pytest.mark.parametrize(
    ("assistant", "language", "width", "scheme"),
    [(assistant, *look) for assistant, look in zip(("google", "alexa"), LOOKS, strict=True)],
)
def test_linking(
    chromium: Browser, program: Program, callback: str, assistant: str, language: Language, width: int, scheme: Any
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 740}, color_scheme=scheme)
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text) if "Policy" in message.text else None)
    name = f"{language}-{width}-{scheme}"
    page.goto(address(program, callback, assistant, language))
    assert fixed_words(page, language) <= MOST
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
    assert fixed_words(page, language) <= MOST
    page.locator("summary").last.click()
    fits(page, f"consent-{name}")
    page.fill("input[name=label]", "Kari")
    page.press("input[name=label]", "Enter")  # the form's first button is “Agree”
    page.wait_for_url("**/arrived?*")
    answered = parse_qs(urlsplit(page.url).query)
    assert answered["state"] == ["s+/="]
    assert answered["iss"] == [program.web]
    assert answered["code"]
    assert complaints == []
    context.close()


SUBMIT = """([form, filled]) => {
    for (const [name, value] of Object.entries(filled)) document.forms[form].elements[name].value = value;
    document.forms[form].submit();
}"""


def submit(page: Page, form: int = 0, **filled: str) -> None:
    """Submits like a password manager: without a button and without the form's validation."""
    with page.expect_navigation():
        page.evaluate(SUBMIT, [form, filled])


@pytest.mark.parametrize(("width", "scheme", "language"), [(360, "light", "en"), (1280, "dark", "nb")])
def test_forms_that_come_without_their_button(
    chromium: Browser, program: Program, callback: str, width: int, scheme: Any, language: str
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 740}, color_scheme=scheme)
    page, name = context.new_page(), f"{language}-{width}-{scheme}"
    page.goto(address(program, callback, "alexa", language))
    submit(page, user="mfa@example.com")
    assert page.input_value("input[name=user]") == "mfa@example.com"
    fits(page, f"sign-in-empty-{name}")
    submit(page, user="mfa@example.com", password="showcam-demo")
    submit(page)
    fits(page, f"code-empty-{name}")
    submit(page, code="012345")
    page.wait_for_selector("input[name=cameras]")
    page.uncheck("input[name=later]")
    page.uncheck("input[name=cameras] >> nth=0")
    chosen = page.evaluate("[...document.querySelectorAll('[name=cameras]')].map(box => box.checked)")
    submit(page, form=1, label="Kari")
    assert urlsplit(page.url).path == "/oauth/authorize"
    assert page.text_content("[role=alert]")
    assert page.evaluate("[...document.querySelectorAll('[name=cameras]')].map(box => box.checked)") == chosen
    assert not page.is_checked("input[name=later]")
    assert page.input_value("input[name=label]") == "Kari"
    fits(page, f"consent-without-button-{name}")
    submit(page, form=0)
    assert urlsplit(page.url).path == "/oauth/authorize"
    page.click("button[value=agree]")
    page.wait_for_url("**/arrived?*")
    assert parse_qs(urlsplit(page.url).query)["code"]
    context.close()


@pytest.mark.parametrize(("width", "scheme", "language"), [(360, "dark", "nb"), (1280, "light", "en")])
def test_a_second_window(
    chromium: Browser, program: Program, callback: str, width: int, scheme: Any, language: str
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 740}, color_scheme=scheme)
    first, second, third = context.new_page(), context.new_page(), context.new_page()
    name = f"{language}-{width}-{scheme}"
    for page, assistant in ((first, "google"), (second, "alexa"), (third, "google")):
        page.goto(address(program, callback, assistant, language))
    first.fill("input[name=user]", "demo@example.com")
    first.fill("input[name=password]", "showcam-demo")
    first.press("input[name=password]", "Enter")
    first.wait_for_selector("input[name=cameras]")
    second.reload()
    third.press("input[name=user]", "Tab")
    submit(third, user="demo@example.com", password="showcam-demo")  # a form from before the sign-in
    fits(third, f"no-longer-good-{name}")
    third.click("a.button")
    third.wait_for_selector("input[name=cameras]")
    first.click("button[value=agree]")
    first.wait_for_url("**/arrived?*")
    second.click("button[value=agree]")
    second.wait_for_selector("[role=alert]")
    fits(second, f"used-{name}")
    second.fill("input[name=user]", "demo@example.com")
    second.fill("input[name=password]", "showcam-demo")
    second.press("input[name=password]", "Enter")
    second.wait_for_selector("input[name=cameras]")
    second.click("button[value=agree]")
    second.wait_for_url("**/arrived?*")
    context.close()


@pytest.mark.parametrize("language", ["en", "nb", "de"])
def test_a_problem_page_has_no_way_on(chromium: Browser, program: Program, language: Language) -> None:
    page = chromium.new_page(viewport={"width": 360, "height": 740})
    page.goto(address(program, "https://evil.example/cb", "alexa", language))
    fits(page, f"refused-{language}")
    page.goto(f"{program.web}/oauth/privacy?ui_locales={language}")
    assert fixed_words(page, language) <= MOST
    fits(page, f"privacy-{language}")
    page.close()
