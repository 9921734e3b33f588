"""Help for everybody: each reason has a page and a short address, and is found by what an assistant said."""

import html
import re

import pytest
from flask import Flask
from werkzeug.test import Client

from showcam.alexa.texts import LOCALES
from showcam.app.compose.pages import error_codes
from showcam.console.help.page import PLACES, SAID
from showcam.console.help.public import blueprint
from showcam.console.look import files
from showcam.drivers.errors import REASONS, Reason
from showcam.i18n.catalogue import OURS
from showcam.registry.gate.reasons import FACTS, of_number, row_text, short

pytestmark = pytest.mark.proves(
    "Each reason has a help page in three languages and a short address on its card",
    also=("tests/registry/test_cards.py",),
)


def visitor(*, vendor: str = "EZVIZ") -> Client:
    app = Flask("test", static_folder=None)
    app.register_blueprint(files.blueprint())
    app.register_blueprint(blueprint(practice_url="", vendor=vendor, heard=error_codes()))
    return app.test_client()


def text(client: Client, path: str, language: str = "en") -> str:
    answer = client.get(path, headers={"Accept-Language": language})
    assert answer.status_code == 200
    return html.unescape(answer.text)


@pytest.mark.parametrize("language", ["en", "nb", "de"])
@pytest.mark.parametrize("vendor", ["", "EZVIZ", "Lakeside"])
def test_each_reason_has_a_page_that_says_what_mends_it(language: str, vendor: str) -> None:
    client = visitor(vendor=vendor)
    listed = text(client, "/help", language)
    for reason in REASONS:
        wrong, mend = row_text(reason, language, vendor=vendor)
        page = text(client, f"/help/{reason}", language)
        assert (f"<h1>{wrong}</h1>" in page, mend in page) == (True, True)
        assert f'<a href="/help/{reason}">{wrong}</a>' in listed


def test_a_short_address_leads_to_the_page_and_no_two_are_alike() -> None:
    client = visitor()
    assert len({FACTS[reason].number for reason in REASONS}) == len(REASONS)
    for reason in REASONS:
        answer = client.get(short(reason))
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/help/{reason}")
        assert of_number(FACTS[reason].number) == reason


def test_numbers_that_stand_on_pictures_stay() -> None:
    """A reason that is new takes the next; none takes another's."""
    first: dict[Reason, int] = {"not_found": 1, "offline": 5, "asleep": 6, "encryption_on": 8, "audio_off": 10}
    assert {reason: FACTS[reason].number for reason in first} == first


@pytest.mark.parametrize(
    "path", ["/help/nothing", "/help/OFFLINE", "/help/..%2f", "/h/0", "/h/999999999999", "/h/x", "/h/-5", "/h/"]
)
def test_what_there_is_not_is_no_page(path: str) -> None:
    assert visitor().get(path).status_code == 404


@pytest.mark.parametrize(
    ("reason", "alexa", "google"),
    [
        ("offline", "“… isn't responding.”", "“… isn't available right now.”"),
        ("encryption_on", "“I can't do that with … in its current mode.”", "can't play the stream from …"),
        ("signed_out", "“I don't have permission to use ….”", "“I can't reach …"),
    ],
)
def test_what_is_heard_of_a_reason_leads_to_it(reason: str, alexa: str, google: str) -> None:
    client = visitor()
    page, listed = text(client, f"/help/{reason}"), text(client, "/help")
    for phrase in (alexa, google):
        assert phrase in page
        assert f'href="/help/{reason}"' in listed.partition(phrase)[2].partition("</dd>")[0]


def test_whatever_the_assistants_are_told_has_its_words() -> None:
    for assistant, words in error_codes().items():
        assert set(words.values()) <= set(SAID[assistant]), assistant


@pytest.mark.parametrize("language", ["en", "nb", "de"])
def test_the_devices_of_the_manual_are_listed(language: str) -> None:
    page = text(visitor(), "/help", language)
    for device in ("Echo Show", "Echo Spot", "Fire TV, Fire TV Stick, Fire TV Edition", "Chromecast"):
        assert device in page
    assert OURS.say(language, "Help") in page


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "“Open my cameras”: English, German."),
        ("nb", "Alexa snakker ikke norsk: si det på engelsk."),
        ("de", "„Öffne meine Kameras“: Deutsch, Englisch."),
    ],
)
def test_where_and_in_which_language_is_said(language: str, said: str) -> None:
    page = text(visitor(), "/help", language)
    assert (said in page, "[test] showcam" in page) == (True, True)


def test_alexas_languages_are_those_in_which_it_shows_cameras() -> None:
    names = {
        "ar": "Arabic", "de": "German", "en": "English", "es": "Spanish", "fr": "French", "hi": "Hindi",
        "it": "Italian", "ja": "Japanese", "nl": "Dutch", "pt": "Portuguese",
    }  # fmt: skip
    listed = dict(PLACES)["Alexa"].partition(".")[0]
    assert set(re.findall(r"[A-Z]\w+", listed)) == {names[locale[:2]] for locale in LOCALES}
