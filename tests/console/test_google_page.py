"""The page of Google's console: what it says before and after showcam was linked there."""

import pytest

from showcam.console.pages import day
from tests.doubles.home_world import HomeWorld

AT = "/home/google"
SAID = {
    "en": "showcam has been successfully linked to Google, on {day}.",
    "nb": "showcam er koblet til Google, {day}.",
    "de": "showcam wurde am {day} erfolgreich mit Google verknüpft.",
}


@pytest.mark.parametrize("language", SAID)
def test_after_linking_it_says_so_in_the_page_s_language(world: HomeWorld, language: str) -> None:
    browser = world.signed_in()
    browser.headers["Accept-Language"] = language
    before = browser.visit(AT).text
    said = SAID[language].format(day=day(world.home.another_link("google").created))
    assert (said in before, said in browser.visit(AT).text) == (False, True)


def test_a_link_of_alexa_is_none_of_google(world: HomeWorld) -> None:
    world.home.another_link("alexa")
    assert "successfully linked" not in world.signed_in().visit(AT).text


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Leave it without a tick."), ("nb", "La det stå uten kryss."), ("de", "Lass es ohne Häkchen.")],
)
def test_what_is_no_value_is_said_in_the_page_s_language(world: HomeWorld, language: str, said: str) -> None:
    browser = world.signed_in()
    browser.headers["Accept-Language"] = language
    text = browser.send(AT, step="project", project="my-cameras-123").text
    assert said in text
    assert "google-icon.png:" not in text  # a path of this machine


def test_the_icon_is_there_to_download_for_who_is_signed_in(world: HomeWorld) -> None:
    answer = world.signed_in().ask("GET", f"{AT}/icon.png")
    assert (answer.status_code, answer.data[:8]) == (200, b"\x89PNG\r\n\x1a\n")
    assert answer.headers["Content-Type"] == "image/png"
    assert world.browser().ask("GET", f"{AT}/icon.png").status_code == 303
