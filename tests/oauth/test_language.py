"""The pages' language: chosen by client and browser, and kept from end to end."""

import re
from pathlib import Path
from typing import Any

import pytest

from oauth import wording
from showcam.drivers.vendor import Rejected
from tests.doubles.linking_world import CAREFUL, World

ROOM = Path(wording.__file__).parent

SIGN_IN = {
    "en": "The account with your cameras, not your",
    "nb": "Kontoen med kameraene dine, ikke",
    "de": "Das Konto mit deinen Kameras, nicht dein",
}
CHOSEN = [  # the request's languages, the pages' language, the household's
    ({}, "", "en", "en"),
    # browsers that are set to one language
    ({}, "de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7", "de", "de-DE"),
    ({}, "de,en-US;q=0.7,en;q=0.3", "de", "de"),
    ({}, "fr,fr-FR;q=0.8,en-US;q=0.5,en;q=0.3", "en", "fr"),
    ({}, "es-419,es;q=0.9,en;q=0.8", "en", "es"),
    ({}, "zh-Hant-TW,zh;q=0.9,en;q=0.8", "en", "zh"),
    ({}, "nb-NO,nb;q=0.9,no;q=0.8,nn;q=0.7,en-US;q=0.6,en;q=0.5", "nb", "nb-NO"),
    ({}, "en-GB,en-US;q=0.9,en;q=0.8", "en", "en-GB"),
    ({}, "fi-FI,fi;q=0.9,sv-FI;q=0.8,nb;q=0.5,en;q=0.3", "nb", "sv-FI"),
    ({}, "no", "nb", "nb"),
    ({}, "nn-NO", "nb", "nb-NO"),
    ({}, "sv,de;q=0.9,nb;q=0.5", "de", "sv"),
    ({}, "sv,nb;q=0.9,de;q=0.5", "nb", "sv"),
    ({}, "de_AT", "de", "de-AT"),
    ({}, "de-DE,de", "de", "de-DE"),
    ({}, "en-GB,nb;q=0.9", "en", "en-GB"),
    ({}, "fi,xx;q=0.9", "en", "en"),
    ({}, "*;q=0.1, ;;;,\x01", "en", "en"),
    # the client's parameters come first
    ({"user_locale": "nb-NO"}, "en", "nb", "nb-NO"),
    ({"user_locale": "nb_NO"}, "en", "nb", "nb-NO"),
    ({"user_locale": "en"}, "nb", "en", "en"),
    ({"user_locale": "de-DE"}, "nb", "de", "de-DE"),
    ({"user_locale": "fr-FR"}, "nb", "nb", "fr-FR"),
    ({"ui_locales": "de nb en", "user_locale": "en"}, "en", "de", "de"),
    ({"ui_locales": "fr nb en", "user_locale": "en"}, "en", "nb", "fr"),
    ({"ui_locales": "<script>"}, "", "en", "en"),
    ({"user_locale": "pt_BR"}, "", "en", "pt-BR"),
    ({"user_locale": "<script>"}, "fr-CA,fr;q=0.5", "en", "fr-CA"),
]


@pytest.mark.parametrize(("params", "accept", "locale", "spoken"), CHOSEN)
def test_a_request_chooses_the_language_of_page_and_household(
    world: World, params: dict[str, Any], accept: str, locale: str, spoken: str
) -> None:
    browser = world.browse(**params)
    browser.headers = {"Accept-Language": accept}
    browser.get()
    assert browser.page.lang == locale
    assert SIGN_IN[locale] in browser.page.text()
    assert browser.answer is not None
    assert browser.answer.headers["Content-Language"] == locale
    browser.sign_in().post("agree")
    assert world.links()[0].locale == spoken


def test_norwegian_from_end_to_end(world: World) -> None:
    browser = world.browse(user_locale="nb-NO")
    assert browser.page.text("h1") == "Koble EZVIZ-kameraene dine til Google"
    assert "Når du logger inn her, gir du Google tillatelse til å styre enhetene dine." in browser.page.text()
    browser.sign_in(CAREFUL, "x")
    assert browser.page.text("alert").startswith("Det virket ikke. Bruk dem")
    browser.sign_in(CAREFUL)
    assert browser.page.text("h1") == "Skriv inn koden du har fått"
    browser.post("code", code="1")
    assert browser.page.text("alert").startswith("Feil kode")
    browser.post("code", code="012345")
    assert "Godta og koble til" in browser.page.html
    assert "Denne tjenesten er uoffisiell: EZVIZ" in browser.page.text()
    browser.url = world.url(user_locale="nb", redirect_uri="x")
    assert browser.get().page.text("h1") == "Denne lenken kan ikke brukes"


def test_german_from_end_to_end(world: World) -> None:
    browser = world.browse(ui_locales="de")
    assert browser.page.text("h1") == "Verknüpfe deine EZVIZ-Kameras mit Google"
    assert "Wenn du dich hier anmeldest, erlaubst du Google, deine Geräte zu steuern." in browser.page.text()
    browser.sign_in(CAREFUL, "x")
    assert browser.page.text("alert").startswith("Das hat nicht funktioniert. Nimm die")
    browser.sign_in(CAREFUL)
    assert browser.page.text("h1") == "Gib den Code ein, den du bekommen hast"
    browser.post("code", code="1")
    assert browser.page.text("alert").startswith("Falscher Code")
    browser.post("code", code="012345")
    assert "Zustimmen und verknüpfen" in browser.page.html
    assert "Dieser Dienst ist inoffiziell: EZVIZ" in browser.page.text()
    browser.url = world.url(ui_locales="de", redirect_uri="x")
    assert browser.get().page.text("h1") == "Dieser Link lässt sich nicht verwenden"


@pytest.mark.parametrize(
    ("locale", "menu"),
    [
        ("en", "in the EZVIZ app under Account > Login settings"),
        ("nb", "i EZVIZ-appen under Konto > Innloggingsinnstillinger"),
        ("de", "in der EZVIZ-App unter Konto > Login-Einstellungen"),
    ],
)
def test_the_vendors_own_menus_are_named(world: World, locale: str, menu: str) -> None:
    world.vendor.verdict = Rejected("terminals")
    assert menu in world.browse(ui_locales=locale).sign_in().page.text("alert")


def test_every_text_of_a_template_is_translated() -> None:
    for template in (ROOM / "templates").rglob("*.html"):
        bare = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", " ", template.read_text(), flags=re.S)
        assert set(bare.split()) <= {"–", "showcam", "myaccount.google.com", "."}, template.name
