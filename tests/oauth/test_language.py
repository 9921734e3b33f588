"""English and Norwegian: chosen by what the client and the browser say, complete, and filled alike."""

import re
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from oauth import wording
from tests.doubles.linking_world import CAREFUL, World

ROOM = Path(wording.__file__).parent

CHOSEN = [  # what is asked for, the pages' language, and the household's
    ({}, "", "en", "en"),
    # as browsers send it that are set to one language alone
    ({}, "de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7", "en", "de-DE"),
    ({}, "de,en-US;q=0.7,en;q=0.3", "en", "de"),
    ({}, "fr,fr-FR;q=0.8,en-US;q=0.5,en;q=0.3", "en", "fr"),
    ({}, "es-419,es;q=0.9,en;q=0.8", "en", "es"),
    ({}, "zh-Hant-TW,zh;q=0.9,en;q=0.8", "en", "zh"),
    ({}, "nb-NO,nb;q=0.9,no;q=0.8,nn;q=0.7,en-US;q=0.6,en;q=0.5", "nb", "nb-NO"),
    ({}, "en-GB,en-US;q=0.9,en;q=0.8", "en", "en-GB"),
    ({}, "fi-FI,fi;q=0.9,sv-FI;q=0.8,nb;q=0.5,en;q=0.3", "nb", "sv-FI"),
    ({}, "no", "nb", "nb"),
    ({}, "nn-NO", "nb", "nb-NO"),
    ({}, "sv,de;q=0.9,nb;q=0.5", "nb", "sv"),
    ({}, "de-DE,de", "en", "de-DE"),
    ({}, "en-GB,nb;q=0.9", "en", "en-GB"),
    ({}, "fi,xx;q=0.9", "en", "en"),
    ({}, "*;q=0.1, ;;;,\x01", "en", "en"),
    # what the client says comes first
    ({"user_locale": "nb-NO"}, "en", "nb", "nb-NO"),
    ({"user_locale": "nb_NO"}, "en", "nb", "nb-NO"),
    ({"user_locale": "en"}, "nb", "en", "en"),
    ({"user_locale": "de-DE"}, "nb", "nb", "de-DE"),
    ({"ui_locales": "de nb en", "user_locale": "en"}, "en", "nb", "de"),
    ({"ui_locales": "<script>"}, "", "en", "en"),
    ({"user_locale": "pt_BR"}, "", "en", "pt-BR"),
    ({"user_locale": "<script>"}, "fr-CA,fr;q=0.5", "en", "fr-CA"),
]


@pytest.mark.parametrize(("params", "accept", "locale", "spoken"), CHOSEN)
def test_language(world: World, params: dict[str, Any], accept: str, locale: str, spoken: str) -> None:
    browser = world.browse(**params)
    browser.headers = {"Accept-Language": accept}
    browser.get()
    assert browser.page.lang == locale
    assert ("Logg inn" in browser.page.said()) == (locale == "nb")
    assert browser.answer is not None
    assert browser.answer.headers["Content-Language"] == locale
    browser.sign_in().post("agree")
    assert world.links()[0].locale == spoken


def test_norwegian_from_end_to_end(world: World) -> None:
    browser = world.browse(user_locale="nb-NO")
    assert browser.page.said("h1") == "Koble EZVIZ-kameraene dine til Google"
    assert "Når du logger inn her, gir du Google tillatelse til å styre enhetene dine." in browser.page.said()
    browser.sign_in(CAREFUL, "x")
    assert browser.page.said("alert").startswith("Enten hører brukernavnet og passordet ikke til")
    browser.sign_in(CAREFUL)
    assert browser.page.said("h1") == "Skriv inn koden du har fått"
    browser.post("code", code="1")
    assert browser.page.said("alert").startswith("Det er ikke koden")
    browser.post("code", code="012345")
    assert "Godta og koble til" in browser.page.html
    assert "Denne tjenesten er ikke laget av EZVIZ." in browser.page.said()
    browser.url = world.url(user_locale="nb", redirect_uri="x")
    assert browser.get().page.said("h1") == "Denne lenken kan ikke brukes"


def texts() -> set[str]:
    """Everything the pages can say."""
    found = {wording.NOT_AGREED, wording.NOTHING_TICKED, wording.TOO_MANY_LINKS}
    found |= {text for _, text in wording.SIGN_IN.values()}
    found |= {text for _, heading, body in wording.PROBLEMS.values() for text in (heading, body)}
    for template in (ROOM / "templates").rglob("*.html"):
        with template.open("rb") as file:
            for _, _, message, _ in babel_extract(file, ("_",), (), {}):
                parts: Any = message if isinstance(message, tuple) else (message,)
                found |= {part for part in parts if part}
    return found


def test_the_catalogue_has_every_text_and_no_other() -> None:
    with (ROOM / "locale" / "nb.po").open("rb") as file:
        told = {str(each.id): str(each.string) for each in read_po(file, locale="nb") if each.id}
    assert told.keys() == texts()
    for text, translated in told.items():
        assert translated
        assert sorted(re.findall(r"%\(\w+\)s", text)) == sorted(re.findall(r"%\(\w+\)s", translated))


def test_no_text_stands_in_a_template_untranslated() -> None:
    for template in (ROOM / "templates").rglob("*.html"):
        bare = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", " ", template.read_text(), flags=re.S)
        assert set(bare.split()) <= {"–", "showcam", "myaccount.google.com", "."}, template.name
