"""The language of the pages, English or Norwegian Bokmål (locale/nb.po), and that of the household, by the request."""

import re
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po
from flask import Request

LOCALES = ("en", "nb")
_BOKMAL = ("nb", "no", "nn")
# What assistants speak; a household that asks for nothing of it is taken to speak English.
_ALEXA = ("ar", "de", "en", "es", "fr", "hi", "it", "ja", "nl", "pt")
_GOOGLE_BESIDE = ("da", "id", "ko", "nb", "pl", "ru", "sv", "th", "tr", "zh")
_SPOKEN = frozenset(_ALEXA + _GOOGLE_BESIDE)
_TAG = re.compile(r"([A-Za-z]{2})(?:[-_]([A-Za-z]{2}))?(?:[-_]|$)")


def _read(locale: str) -> dict[str, str]:
    with (Path(__file__).parent / "locale" / f"{locale}.po").open("rb") as file:
        return {str(each.id): str(each.string) for each in read_po(file, locale=locale) if each.id and each.string}


class Words:
    """`words("Hello %(name)s", name=…)`: the text in one language, its gaps filled."""

    def __init__(self, locale: str, catalogue: dict[str, str]) -> None:
        self.locale = locale
        self._catalogue = catalogue

    def __call__(self, text: str, **values: Any) -> str:
        return self._catalogue.get(text, text) % values if values else self._catalogue.get(text, text)


_WORDS = {"en": Words("en", {}), "nb": Words("nb", _read("nb"))}


def words_for(request: Request) -> Words:
    """What the client says (`ui_locales`, Google's `user_locale`), then what the browser says."""
    return next((_WORDS[locale] for tag in _wanted(request) if (locale := _known(tag))), _WORDS["en"])


def spoken(request: Request) -> str:
    """What the household speaks with its assistant, whatever the pages are in: "de", or "de-DE" where that is told."""
    return next((locale for tag in _wanted(request) if (locale := _spoken(tag))), "en")


def _wanted(request: Request) -> list[str]:
    try:
        wanted = [*request.args.get("ui_locales", "").split(), request.args.get("user_locale", "")]
    except UnicodeDecodeError:
        wanted = []
    return [*wanted, *request.accept_languages.values()]


def _known(tag: str) -> str | None:
    language = _language(tag.replace("_", "-").split("-")[0])
    return language if language in LOCALES else None


def _spoken(tag: str) -> str | None:
    found = _TAG.match(tag)
    if found is None or (language := _language(found[1])) not in _SPOKEN:
        return None
    return f"{language}-{found[2].upper()}" if found[2] else language


def _language(text: str) -> str:
    language = text.lower()
    return "nb" if language in _BOKMAL else language
