"""The page of Google's console: what it says before and after showcam was linked there."""

import re

import pytest

from showcam.accounts import clients
from showcam.console.look import qr_code
from tests.doubles.home_browser import HomeBrowser
from tests.doubles.home_world import HomeWorld, day_of

AT = "/home/google"
SAID = {
    "en": "Linked to Google on {day}.",
    "nb": "Koblet til Google {day}.",
    "de": "Am {day} mit Google verknüpft.",
}


@pytest.mark.parametrize("language", SAID)
def test_after_linking_it_says_so_in_the_page_s_language(world: HomeWorld, language: str) -> None:
    browser = world.signed_in()
    browser.headers["Accept-Language"] = language
    before = browser.visit(AT).text
    said = SAID[language].format(day=day_of(world.home.another_link("google").created))
    assert (said in before, said in browser.visit(AT).text) == (False, True)


def test_a_link_of_alexa_is_none_of_google(world: HomeWorld) -> None:
    world.home.another_link("alexa")
    assert "successfully linked" not in world.signed_in().visit(AT).text


def opened(browser: HomeBrowser) -> list[str]:
    """The parts of the road that are open on the page last shown."""
    assert browser.answer is not None
    return re.findall(r'<li class="part" id="(\w+)"><details name="road" open>', browser.answer.text)


def test_the_first_part_that_is_not_done_is_open(world: HomeWorld) -> None:
    browser = world.signed_in()
    assert opened(browser.visit(AT)) == ["create"]
    assert opened(browser.send(AT, step="project", project="my-cameras-123")) == ["integration"]
    assert opened(browser.visit(f"{AT}?open=link")) == ["link"]
    assert opened(browser.visit(f"{AT}?open=nonsense")) == ["integration"]
    world.home.another_link("google")
    assert opened(browser.visit(AT)) == ["say"]


def test_values_to_paste_are_few_and_in_the_order_of_the_screen(world: HomeWorld) -> None:
    browser = world.signed_in().visit(AT).send(AT, step="project", project="my-cameras-123").send(AT, step="secret")
    assert browser.answer is not None
    pasted = re.findall(r'<input type="text" id="(\w+)" value="[^"]+" readonly>', browser.answer.text)
    assert pasted == ["client", "secret", "authorize", "token", "fulfillment", "scope"]


def test_a_demand_for_pkce_outlives_a_new_project_and_a_new_secret(world: HomeWorld) -> None:
    redirect = ("https://oauth-redirect.googleusercontent.com/r/first",)
    before = clients.register(world.home.store, "google", "google", redirect, require_pkce=True)
    browser = world.signed_in().visit(AT).send(AT, step="project", project="my-cameras-123")
    moved = world.home.store.client("google")
    assert moved is not None
    assert clients.check_secret(moved, before)
    assert moved.redirect_uris != redirect
    browser.send(AT, step="secret")
    after = world.home.store.client("google")
    assert after is not None
    assert not clients.check_secret(after, before)
    assert (moved.require_pkce, after.require_pkce) == (True, True)


def test_the_icon_is_there_to_download_for_who_is_signed_in(world: HomeWorld) -> None:
    answer = world.signed_in().ask("GET", f"{AT}/icon.png")
    assert (answer.status_code, answer.data[:8]) == (200, b"\x89PNG\r\n\x1a\n")
    assert answer.headers["Content-Type"] == "image/png"
    assert world.browser().ask("GET", f"{AT}/icon.png").status_code == 303


LINKS = {
    "en": ("Link Google", "Works with Google Home"),
    "nb": ("Koble til Google", "Fungerer med Google Home"),
    "de": ("Google verknüpfen", "Funktioniert mit Google Home"),
}


@pytest.mark.parametrize("language", LINKS)
def test_googles_app_opens_by_a_press_or_by_a_code_once_the_project_is_known(world: HomeWorld, language: str) -> None:
    button, menu = LINKS[language]
    browser = world.signed_in()
    browser.headers["Accept-Language"] = language
    before = browser.visit(f"{AT}?open=link").answer
    browser.send(AT, step="project", project="my-cameras-123")
    after = browser.visit(f"{AT}?open=link").answer
    assert before is not None
    assert after is not None
    link = "https://home.google.com/home-app/?deeplink=setup%2Fha_linking%3Fagent_id%3Dmy-cameras-123"
    assert f'href="{link}" rel="noreferrer">{button}</a>' in after.text
    assert (qr_code.svg(link) in after.text, 'class="qr"' in before.text) == (True, False)
    for answer in (before, after):
        assert f"{menu} › [test] showcam" in answer.text
