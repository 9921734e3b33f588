"""The language of the pages and the language of the household, from the request."""

import re

from flask import Request

from words.catalogue import Language, chosen

# The languages of the assistants. A household that names none of them is taken to speak English.
_ALEXA = ("ar", "de", "en", "es", "fr", "hi", "it", "ja", "nl", "pt")
_GOOGLE_BESIDE = ("da", "id", "ko", "nb", "pl", "ru", "sv", "th", "tr", "zh")
_SPOKEN = frozenset(_ALEXA + _GOOGLE_BESIDE)
_BOKMAL = ("no", "nn")
_TAG = re.compile(r"([A-Za-z]{2})(?:[-_]([A-Za-z]{2}))?(?:[-_]|$)")


def read(request: Request) -> Language:
    """From `ui_locales`, Google's `user_locale`, then Accept-Language."""
    return chosen(_tags(request))


def spoken(request: Request) -> str:
    """The language that the household speaks with its assistant: "de", or "de-DE" where the country is known."""
    return next((locale for tag in _tags(request) if (locale := _spoken(tag))), "en")


def _tags(request: Request) -> list[str]:
    try:
        tags = [*request.args.get("ui_locales", "").split(), request.args.get("user_locale", "")]
    except UnicodeDecodeError:
        tags = []
    return [*tags, *request.accept_languages.values()]


def _spoken(tag: str) -> str | None:
    matched = _TAG.match(tag)
    if matched is None:
        return None
    language = matched[1].lower()
    language = "nb" if language in _BOKMAL else language
    if language not in _SPOKEN:
        return None
    return f"{language}-{matched[2].upper()}" if matched[2] else language
