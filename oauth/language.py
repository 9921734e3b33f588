"""The language of the pages, and that of the household, by the request."""

import re

from flask import Request

from words.languages import Language, chosen

# What assistants speak; a household that asks for nothing of it is taken to speak English.
_ALEXA = ("ar", "de", "en", "es", "fr", "hi", "it", "ja", "nl", "pt")
_GOOGLE_BESIDE = ("da", "id", "ko", "nb", "pl", "ru", "sv", "th", "tr", "zh")
_SPOKEN = frozenset(_ALEXA + _GOOGLE_BESIDE)
_BOKMAL = ("no", "nn")
_TAG = re.compile(r"([A-Za-z]{2})(?:[-_]([A-Za-z]{2}))?(?:[-_]|$)")


def read(request: Request) -> Language:
    """What the client says (`ui_locales`, Google's `user_locale`), then what the browser says."""
    return chosen(_wanted(request))


def spoken(request: Request) -> str:
    """What the household speaks with its assistant, whatever the pages are in: "de", or "de-DE" where that is told."""
    return next((locale for tag in _wanted(request) if (locale := _spoken(tag))), "en")


def _wanted(request: Request) -> list[str]:
    try:
        wanted = [*request.args.get("ui_locales", "").split(), request.args.get("user_locale", "")]
    except UnicodeDecodeError:
        wanted = []
    return [*wanted, *request.accept_languages.values()]


def _spoken(tag: str) -> str | None:
    found = _TAG.match(tag)
    if found is None:
        return None
    language = found[1].lower()
    language = "nb" if language in _BOKMAL else language
    if language not in _SPOKEN:
        return None
    return f"{language}-{found[2].upper()}" if found[2] else language
