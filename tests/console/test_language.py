"""The language of the console: what a browser chose, else what it asks for."""

import pytest

from tests.doubles.home_browser import HomeBrowser
from tests.doubles.home_world import HomeWorld

HEADINGS = {"en": "Sign in", "nb": "Logg inn", "de": "Anmelden"}


def lang(browser: HomeBrowser) -> str:
    assert browser.answer is not None
    return browser.answer.text.partition('<html lang="')[2].partition('"')[0]


@pytest.mark.parametrize("chosen", HEADINGS)
def test_a_browser_keeps_the_language_that_it_chose_on_every_page(world: HomeWorld, chosen: str) -> None:
    browser = world.browser(headers={"Accept-Language": "de" if chosen == "en" else "en"}).get()
    browser.send("/home/language", language=chosen, at="/home/phone")
    assert (browser.status, lang(browser)) == (200, chosen)
    assert HEADINGS[chosen] in browser.get().text
    browser.sign_in()
    for path in ("/home", "/home/phones", "/home/setup", "/home/health", "/", "/help"):
        assert (browser.visit(path).status, lang(browser)) == (200, chosen), path
    other = world.browser(headers={"Accept-Language": "nb"}).get()
    assert lang(other) == "nb"


@pytest.mark.parametrize(
    ("at", "led_to"),
    [
        ("/home/setup", "/home/setup"),
        ("", "/home"),
        ("/elsewhere", "/home"),
        ("//evil.example/home", "/home"),
        ("https://evil.example/home", "/home"),
        ("//home/x", "/home/x"),
        ("/homes", "/home"),
    ],
)
def test_it_leads_back_to_a_page_of_the_console_only(world: HomeWorld, at: str, led_to: str) -> None:
    browser = world.browser().get()
    answer = browser.ask("POST", "/home/language", data={"csrf_token": browser.token, "language": "nb", "at": at})
    assert (answer.status_code, answer.location) == (303, led_to)


@pytest.mark.parametrize("language", ["", "xx", "nb; Path=/", "x" * 5000])
def test_a_language_that_there_is_not_is_not_kept(world: HomeWorld, language: str) -> None:
    browser = world.browser().get()
    answer = browser.ask("POST", "/home/language", data={"csrf_token": browser.token, "language": language, "at": ""})
    assert (answer.status_code, "showcam-language" in str(answer.headers)) == (303, False)
