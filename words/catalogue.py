"""Sentences with their translations, which `make words` compiles from the `.po` files beside them."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gettext import GNUTranslations


def mark(sentence: str) -> str:
    """The sentence unchanged: `make words` collects what is marked, where the translation happens elsewhere."""
    return sentence


class Catalogue:
    """`locale/{language}/LC_MESSAGES/{domain}.mo` below a package.

    A file is read with the first sentence in its language. Safe to use from many threads.
    """

    def __init__(self, package: Path, domain: str) -> None:
        self._locale, self._domain = package / "locale", domain
        self._read: dict[str, GNUTranslations] = {}

    def translate(self, language: str, sentence: str, /) -> str:
        """The sentence with its gaps left open; in English where the language has no translation."""
        if language == "en" or not sentence:  # gettext answers "" with the file's header
            return sentence
        return self._translations(language).gettext(sentence)

    def say(self, language: str, sentence: str, /, **gaps: object) -> str:
        """The translation with each {gap} filled."""
        return self.translate(language, sentence).format(**gaps)

    def _translations(self, language: str) -> "GNUTranslations":
        translations = self._read.get(language)
        if translations is None:
            from gettext import GNUTranslations

            with (self._locale / language / "LC_MESSAGES" / f"{self._domain}.mo").open("rb") as file:
                translations = self._read[language] = GNUTranslations(file)
        return translations


OURS = Catalogue(Path(__file__).parent, "showcam")
