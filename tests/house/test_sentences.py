"""What people read: every sentence in every language, with the same gaps, compiled as it stands (`make words`)."""

import re
from collections.abc import Iterator
from types import ModuleType
from typing import cast

import pytest

import actions.errors
import showcam.alexa.errors
from oauth import wording
from showcam.alexa.spoken.texts import ALOUD, TEXTS
from showcam.drivers import SPEECHES
from showcam.i18n.catalogue import LANGUAGES
from showcam.registry.gate.reasons import WRITTEN
from tests.doubles.packages import script

pytestmark = pytest.mark.proves("Every sentence for people exists in Norwegian and German")

words = script("sentences")
TRANSLATED = [(domain, language) for domain in words.domains() for language in words.LANGUAGES]
BY_NAME = [f"{domain.name}-{language}" for domain, language in TRANSLATED]


def test_every_language_but_english_is_translated_into() -> None:
    assert {"en", *words.LANGUAGES} == set(LANGUAGES)
    assert [domain.name for domain in words.domains()] == ["showcam", "ezviz", "lan"]


@pytest.mark.parametrize(("domain", "language"), TRANSLATED, ids=BY_NAME)
def test_every_sentence_is_translated_with_the_same_gaps_and_no_other_is(domain: ModuleType, language: str) -> None:
    kept = words.kept(domain.file(language, "po"), language)
    assert {message.id for message in kept if message.id} == set(words.wanted(domain, language))
    assert [message.id for message in kept if not words.good(message)] == []
    assert kept.obsolete == {}


@pytest.mark.parametrize(("domain", "language"), TRANSLATED, ids=BY_NAME)
def test_what_stands_there_is_what_make_words_writes(domain: ModuleType, language: str) -> None:
    assert domain.file(language, "po").read_bytes() == words.update(domain, language)
    assert domain.file(language, "mo").read_bytes() == words.compiled(domain, language)


def kept_in_tables() -> Iterator[str]:
    """Sentences that stand in a table, to be said later."""
    tables: tuple[object, ...] = (WRITTEN, ALOUD, showcam.alexa.errors.WRITTEN, actions.errors.WRITTEN)
    for table in tables:
        for row in cast("dict[str, tuple[str, str]]", table).values():
            yield from row
    yield from TEXTS.values()
    yield from (sentence for _, sentence in wording.SIGN_IN.values())
    yield from (sentence for _, heading, text in wording.PROBLEMS.values() for sentence in (heading, text))
    yield from (wording.NOT_AGREED, wording.NOTHING_TICKED, wording.TOO_MANY_LINKS)


def test_every_sentence_of_a_table_is_marked() -> None:
    [showcam, *vendors] = words.domains()
    assert set(kept_in_tables()) - {""} <= set(words.said(showcam))
    for vendor, speech in zip(vendors, SPEECHES.values(), strict=True):
        tables = (speech.written, speech.aloud, speech.written_battery, speech.written_shared, speech.aloud_shared)
        rows = [row for table in tables for row in table.values()]
        own = {sentence for row in rows for sentence in row} | set(speech.sign_in.values())
        own |= set(speech.regions.values())
        assert own - {""} == set(words.said(vendor))


def test_showcams_own_sentences_name_no_vendor() -> None:
    named = re.compile(rf"\b({'|'.join(SPEECHES)})\b", re.IGNORECASE)
    assert [sentence for sentence in words.said(words.domains()[0]) if named.search(sentence)] == []


def test_a_new_language_or_sentence_is_asked_for() -> None:
    """What `make words` finds wanting: no translation, one with another gap, one that somebody is not sure of."""
    message = words.Message
    assert words.good(message("Hello {name}", "Hei {name}"))
    for wanting in (
        message("Hello {name}", ""),
        message("Hello {name}", "Hei"),
        message("Hello {name}", "Hei {navn}"),
        message("Hello {name}", "Hei {name}", flags=["fuzzy"]),
    ):
        assert not words.good(wanting)


SAID = re.compile("[“«„]([^”»“]+)[”»“]")


def spoken_to_alexa() -> Iterator[str]:
    """Sentences that quote what a person says to Alexa."""
    for sentence, files in words.said(words.domains()[0]).items():
        of_alexa = all(file.startswith("showcam/alexa/") for file in files) or "Alexa" in sentence
        if SAID.search(sentence) and (of_alexa or "discover devices" in sentence):
            yield sentence


def test_no_norwegian_is_asked_to_say_norwegian_to_alexa() -> None:
    """Alexa speaks none: what is quoted stands there as in English."""
    kept = words.kept(words.domains()[0].file("nb", "po"), "nb")
    written = {sentence: kept.get(sentence).string for sentence in spoken_to_alexa() if kept.get(sentence)}
    assert len(written) > 4
    for sentence, norwegian in written.items():
        assert set(SAID.findall(norwegian)) <= set(SAID.findall(sentence)), norwegian
