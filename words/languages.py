"""The languages of showcam, and the choice among them by a language tag of a browser or an assistant."""

from collections.abc import Iterable
from typing import Literal

type Language = Literal["en", "nb", "de"]

# English is in the code; every other language is a folder of `locale/`.
LANGUAGES: tuple[Language, ...] = ("en", "nb", "de")
# Readers of Nynorsk get Bokmål.
_READ_AS: dict[str, Language] = {**{language: language for language in LANGUAGES}, "no": "nb", "nn": "nb"}


def known(tag: str) -> Language | None:
    """By a tag such as "nb-NO" or "de_AT"; None for a language that showcam does not have."""
    return _READ_AS.get(tag.replace("_", "-").split("-")[0].strip().lower())


def chosen(tags: Iterable[str]) -> Language:
    """The first of the tags' languages that showcam has, else English."""
    return next((language for tag in tags if (language := known(tag))), "en")
