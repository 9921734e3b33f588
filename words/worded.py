"""English sentences for a person that can be said in showcam's other languages too, where they are shown."""

from collections.abc import Callable

from words.catalogue import OURS
from words.languages import Language


class Worded(str):
    """Everywhere else it is its English text."""

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
    """In the language, where it can be said in it."""
    return text.into(language) if isinstance(text, Worded) else text
