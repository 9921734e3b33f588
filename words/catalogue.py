"""Sentences with their translations, which `make words` compiles from the `.po` files beside them."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gettext import GNUTranslations


def mark(sentence: str) -> str:
    """The sentence as it is: `make words` finds it by this, where it is translated later than it is written."""
    return sentence


class Catalogue:
    """`locale/{language}/LC_MESSAGES/{domain}.mo` below a package. Each file is read when a sentence is first asked
    for in its language; whoever says nothing loads nothing. Safe to use from many threads.
    """

    def __init__(self, package: Path, domain: str) -> None:
        self._locale, self._domain = package / "locale", domain
        self._read: dict[str, GNUTranslations] = {}

    def translate(self, language: str, sentence: str, /) -> str:
        """Its gaps left open; English where the language has no such sentence."""
        if language == "en" or not sentence:  # gettext answers "" with the file's header
            return sentence
        return self._translations(language).gettext(sentence)

    def say(self, language: str, sentence: str, /, **gaps: object) -> str:
        """In that language, each {gap} filled."""
        return self.translate(language, sentence).format(**gaps)

    def _translations(self, language: str) -> "GNUTranslations":
        translations = self._read.get(language)
        if translations is None:
            from gettext import GNUTranslations

            with (self._locale / language / "LC_MESSAGES" / f"{self._domain}.mo").open("rb") as file:
                translations = self._read[language] = GNUTranslations(file)
        return translations


OURS = Catalogue(Path(__file__).parent, "showcam")
