"""The languages showcam has, and which of them a tag of a browser or an assistant asks for."""

from collections.abc import Iterable
from typing import Literal

type Language = Literal["en", "nb", "de"]

# English stands in the code; each other one is a folder of `locale/`.
LANGUAGES: tuple[Language, ...] = ("en", "nb", "de")
# Whoever writes Nynorsk reads Bokmål.
_READ_AS: dict[str, Language] = {**{each: each for each in LANGUAGES}, "no": "nb", "nn": "nb"}


def known(tag: str) -> Language | None:
    """By a tag such as "nb-NO" or "de_AT"; None for a language that showcam does not have."""
    return _READ_AS.get(tag.replace("_", "-").split("-")[0].strip().lower())


def chosen(tags: Iterable[str]) -> Language:
    """The first that showcam has of those asked for, or English."""
    return next((language for tag in tags if (language := known(tag))), "en")
