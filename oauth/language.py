"""English, or Norwegian Bokmål from locale/nb.po; chosen by the request."""

import re
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po
from flask import Request

LOCALES = ("en", "nb")
_BOKMAL = ("nb", "no", "nn")
_TAG = re.compile(r"([A-Za-z]{2})(?:[-_]|$)")


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
    """The language of the household: that of the pages, or one they are not in, by its two letters."""
    tags = _wanted(request)
    known = next((locale for tag in tags if (locale := _known(tag))), None)
    return known or next((found[1].lower() for tag in tags if (found := _TAG.match(tag))), "en")


def _wanted(request: Request) -> list[str]:
    try:
        wanted = [*request.args.get("ui_locales", "").split(), request.args.get("user_locale", "")]
    except UnicodeDecodeError:
        wanted = []
    return [*wanted, *request.accept_languages.values()]


def _known(tag: str) -> str | None:
    language = tag.replace("_", "-").split("-")[0].lower()
    if language in _BOKMAL:
        return "nb"
    return "en" if language == "en" else None
