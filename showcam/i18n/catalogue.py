"""showcam's languages, and sentences in them, whose translations `make words` compiles from the `.po` files here."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from gettext import GNUTranslations

type Language = Literal["en", "nb", "de"]
# English is in the code; every other language is a folder of `locale/`.
LANGUAGES: tuple[Language, ...] = ("en", "nb", "de")
# Readers of Nynorsk get Bokmål.
_READ_AS: dict[str, Language] = {**{language: language for language in LANGUAGES}, "no": "nb", "nn": "nb"}


def mark(sentence: str) -> str:
    """The sentence unchanged. `make words` collects marked sentences, which other code translates later."""
    return sentence


OWN_NAME = "showcam"
# German and Norwegian add an s, as in “showcams Seite”
_NAMED = re.compile(rf"\b{OWN_NAME}(s?)\b")
_HISSING = ("s", "ß", "x", "z")  # after these an apostrophe takes the place of that s


class Naming:
    """The name of the product in all sentences of this process, which are written with showcam's own name."""

    name = OWN_NAME

    def put_into(self, sentence: str) -> str:
        return sentence if self.name == OWN_NAME else _NAMED.sub(self._named, sentence)

    def _named(self, found: re.Match[str]) -> str:
        genitive = "’" if self.name.endswith(_HISSING) else "s"
        return f"{self.name}{genitive}" if found[1] else self.name


NAMING = Naming()


class Catalogue:
    """The translations in `locale/{language}/LC_MESSAGES/{domain}.mo` below a package.

    A file is read with the first sentence in its language. Safe to use from many threads.
    """

    def __init__(self, package: Path, domain: str) -> None:
        self._locale, self._domain = package / "locale", domain
        self._read: dict[str, GNUTranslations] = {}

    def translate(self, language: str, sentence: str, /) -> str:
        """The translation with its gaps left open; English if the language has no translation."""
        if language == "en" or not sentence:  # gettext answers "" with the file's header
            return NAMING.put_into(sentence)
        return NAMING.put_into(self._translations(language).gettext(sentence))

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


def known(tag: str) -> Language | None:
    """The language of a tag such as "nb-NO" or "de_AT"; None for a language that showcam does not have."""
    return _READ_AS.get(tag.replace("_", "-").split("-")[0].strip().lower())


def chosen(tags: Iterable[str]) -> Language:
    """The first of the tags' languages that showcam has, else English."""
    return next((language for tag in tags if (language := known(tag))), "en")


class Worded(str):
    """An English sentence that a page can say in the reader's language. Other code gets the English text."""

    into: Callable[[Language], str]

    def __new__(cls, english: str, into: Callable[[Language], str]) -> "Worded":
        made = super().__new__(cls, english)
        made.into = into
        return made


def worded(sentence: str, /, **gaps: object) -> Worded:
    """`make words` collects the sentence. A gap may itself be worded."""

    def into(language: Language) -> str:
        return OURS.say(language, sentence, **{name: in_words(gap, language) for name, gap in gaps.items()})

    return Worded(sentence.format(**gaps), into)


def both(first: str, second: str) -> Worded:
    """One sentence after the other."""
    return Worded(f"{first} {second}", lambda language: f"{in_words(first, language)} {in_words(second, language)}")


def in_words(text: object, language: Language) -> object:
    """The text in the language if it is Worded, else unchanged."""
    return text.into(language) if isinstance(text, Worded) else text
