"""The page of Google's console: what it says before and after showcam was linked there."""

import pytest

from console.pages import day
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
