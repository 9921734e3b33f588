"""What is asked at the practice page beyond a picture, and how its answers are said."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_practice_page import ask, link, plays, say
from tests.doubles.program import Program
from tests.doubles.speech import SPEECH

QUESTIONS = [
    ("ask my cameras which cameras are ready", "Garage can't be shown"),
    ("ask my cameras why I can't see the garage camera", "Image Encryption is on"),
    ("ask my cameras to mend the garage", "Image Encryption"),
    ("ask my cameras to turn on the nursery's sound", "has not allowed that"),
]


def test_the_skill_answers_in_words_and_shows_a_camera_by_pressing(page: Page) -> None:
    link(page, "alexa")
    page.get_by_test_id("alexa-more").click()
    examples = page.get_by_role("group", name="Examples for the skill my cameras")
    for words, speech in QUESTIONS:
        ask(page, "alexa", examples.get_by_role("button", name=words).click)
        expect(page.get_by_test_id("alexa-outcome")).to_contain_text(speech)
    ask(page, "alexa", examples.get_by_role("button", name="ask my cameras to show the garden").click)
    plays(page, "alexa")
    assert page.get_by_test_id("google-skill").is_hidden()


@pytest.mark.parametrize(("scheme", "width"), [("dark", 360), ("light", 1280)])
def test_what_the_skill_is_asked_fits(page: Page, scheme: Any, width: int) -> None:
    link(page, "alexa")
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.get_by_test_id("alexa-more").click()
    examples = page.get_by_test_id("alexa-skill").get_by_role("button")
    expect(examples).to_have_count(5)
    for box in (example.bounding_box() for example in examples.all()):
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_display_says_why_a_camera_is_not_ok(page: Page) -> None:
    link(page, "google")
    say(page, "google", "is the garage ok")
    expect(page.get_by_test_id("google-outcome")).to_contain_text("Garage has a security restriction")
    expect(page.get_by_test_id("google-person")).to_contain_text("Image Encryption is on for Garage")


def test_an_answer_stands_on_the_glass_and_above_six_examples(page: Page) -> None:
    link(page, "alexa")
    say(page, "alexa", "show the attic")
    glass = page.get_by_test_id("alexa-answer")
    expect(glass).to_contain_text(
        "isn't responding. Please check its network connection and power supply. Attic is offline."
    )
    outcome, chips = page.get_by_test_id("alexa-outcome"), page.get_by_test_id("alexa-chips")
    above, below = outcome.bounding_box(), chips.bounding_box()
    assert above is not None
    assert below is not None
    assert above["y"] < below["y"]
    assert chips.get_by_role("button").count() == 6
    expect(page.get_by_test_id("alexa-rest")).to_be_hidden()
    page.get_by_test_id("alexa-more").click()
    expect(page.get_by_test_id("alexa-rest").get_by_role("button")).to_have_count(3)


def test_a_picture_that_is_cut_says_why(page: Page, program: Program) -> None:
    link(page, "google")
    say(page, "google", "show the garden camera")
    plays(page, "google")
    try:
        program.change("Garden", encryption=True)
        expect(page.get_by_test_id("google-person")).to_contain_text(
            "Image Encryption is on for Garden", timeout=90_000
        )
        expect(page.get_by_test_id("google-answer")).to_contain_text("Image Encryption is on for Garden")
    finally:
        program.change("Garden", encryption=False)


def test_an_answer_is_read_aloud_where_that_is_wanted(page: Page) -> None:
    link(page, "alexa")
    page.add_init_script(SPEECH)
    page.reload()
    say(page, "alexa", "is the attic online")
    expect(page.get_by_test_id("alexa-outcome")).to_have_text("Attic is offline.")
    assert page.evaluate("() => spoken") == []
    page.get_by_label("Read the answers aloud").check()
    page.get_by_test_id("alexa-microphone").click()
    page.wait_for_function("() => spoken.length")
    assert page.evaluate("() => spoken") == [["Attic is offline.", "en"]]


@pytest.mark.parametrize(
    ("locale", "heading", "linked", "google", "reason"),
    [
        (
            "de-DE",
            "Zeig eine Kamera",
            "showcam wurde erfolgreich mit Google verknüpft.",
            "zeig Garage",
            "Die Bildverschlüsselung ist für Garage eingeschaltet",
        ),
        (
            "nb-NO",
            "Vis et kamera",
            "showcam er nå koblet til Google.",
            "vis Garage",
            "Bildekryptering er på for Garage",
        ),
    ],
)
def test_the_page_is_in_the_browser_s_language(
    chromium: Browser, program: Program, locale: str, heading: str, linked: str, google: str, reason: str
) -> None:
    context = chromium.new_context(locale=locale, viewport={"width": 360, "height": 900})
    try:
        page = context.new_page()
        page.goto(program.simulator)
        expect(page.locator("h1")).to_have_text(heading)
        screen = page.locator("[data-assistant=google]")
        if screen.get_attribute("data-linked") == "yes":
            page.get_by_test_id("google-link").click()
            expect(screen).to_have_attribute("data-linked", "no")
        page.get_by_test_id("google-link").click()
        page.locator("button[value=fill]").click()
        page.locator("button[value=sign-in]").click()
        page.locator("button[value=agree]").click()
        expect(page.get_by_test_id("google-outcome")).to_have_text(linked)
        ask(page, "google", page.get_by_test_id("google-chips").get_by_role("button", name=google).click)
        expect(page.get_by_test_id("google-person")).to_contain_text(reason)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    finally:
        context.close()
        program.assistant("google", "unlink")
