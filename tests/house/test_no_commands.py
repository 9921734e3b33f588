"""No page, card or assistant tells a person to type a command, and the buttons that sentences name are there."""

import re
from collections.abc import Iterator, Mapping

import pytest

import actions.sentences
import alexa.sentences
from cast.failed import SENTENCES
from console.adding_sentences import AT_ITS_TILE
from console.home_codes import AT_TILE
from console.sentences import ASKED_FOR, HERE, OWN
from registry.camera import Failed, Refusal
from registry.drivers import SPEECHES
from registry.gate.reasons import explain
from registry.notices.fault import KINDS, Fault
from registry.notices.texts import Names, notice
from registry.reason import REASONS, Reason
from registry.vendor import Sentence
from showcam.cli import main
from tests.doubles.packages import script
from words.languages import LANGUAGES

words = script("sentences")
GROUPS = "|".join(sorted(main.commands))  # what may follow the program's name in a terminal
OTHERS = (
    r"sudo|make (?:up|run|install|ship)|git (?:pull|clone)|docker(?: compose)? \w+|podman|systemctl|journalctl"
    r"|pip install|python3? -|curl|ssh|apt(?:-get)? install|cloudflared tunnel|tailscale (?:funnel|up|serve)"
)
COMMAND = re.compile(rf"\bshowcam (?:{GROUPS})\b|\b(?:{OTHERS})\b|\s--[a-z]")
NAMED = re.compile("[“„«](.+?)[”“»]")


def all_sentences() -> Iterator[str]:
    """Each sentence that pages, cards, notices and assistants say, and its translations."""
    for domain in words.domains():
        yield from words.said(domain)
        for language in words.LANGUAGES:
            yield from (str(message.string) for message in words.kept(domain.file(language, "po"), language))


def rendered() -> Iterator[str]:
    """Each reason as each surface says it, of cameras of each vendor, one's own and shared; and each notice."""
    surfaces: tuple[Mapping[Reason, Sentence], ...] = (
        {},
        alexa.sentences.WRITTEN,
        actions.sentences.WRITTEN,
        OWN,
        HERE,
        ASKED_FOR,
        AT_TILE,
        AT_ITS_TILE,
    )
    for language in LANGUAGES:
        for reason in REASONS:
            for vendor in ("", "Lakeside", *SPEECHES):
                for shared in (False, True):
                    refusal = Refusal((Failed(reason),), "Garden", vendor, shared=shared)
                    yield from (explain(refusal, language, own) for own in surfaces)
        for kind in KINDS:
            names = Names("Garden", "EZVIZ", "Alexa", "Kari")
            yield " ".join(notice(Fault("", kind, "", 0.0), names, "http://cam.local/home", language))


@pytest.mark.parametrize(
    "text",
    [
        'The owner can allow it with: showcam cameras set "Garden" voice_may …',
        "Get a new one on the machine showcam runs on: showcam home",
        "See which there are with showcam cast --list, and that the TV is on.",
        "Sign in to EZVIZ on http://cam.local, or where showcam runs with: showcam login",
        "Give it where showcam runs: showcam cameras move NAME ADDRESS.",
        "One comes as this one came: by git pull in its folder",
        "It is put back by the command showcam restore.",
        "The owner sets one: showcam pin set.",
        "your address is printed by: tailscale funnel status",
    ],
)
def test_what_counts_as_a_command(text: str) -> None:
    assert COMMAND.search(text)


def test_no_sentence_holds_a_command() -> None:
    assert [text for text in all_sentences() if COMMAND.search(text)] == []


def test_no_reason_and_no_notice_holds_a_command() -> None:
    texts = set(rendered())
    assert len(texts) > 300
    assert [text for text in texts if COMMAND.search(text)] == []


def test_no_tv_is_explained_by_a_command() -> None:
    assert [pair for pair in SENTENCES.values() if COMMAND.search(" ".join(pair))] == []


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_a_button_that_a_reason_names_is_one_of_the_pages(language: str) -> None:
    """What stands in quotation marks in the sentence of a reason is what the button says in that language."""
    ours = words.kept(words.domains()[0].file(language, "po"), language)
    found = 0
    for domain in words.domains():
        for message in words.kept(domain.file(language, "po"), language):
            of_reasons = any(place.endswith(("gate/reasons.py", "/sentences.py")) for place, _ in message.locations)
            if not of_reasons or any(place.startswith(("alexa/", "actions/")) for place, _ in message.locations):
                continue
            for english, translated in zip(
                NAMED.findall(str(message.id)), NAMED.findall(str(message.string)), strict=True
            ):
                button = ours.get(english)
                if button is not None:
                    found += 1
                    assert translated == button.string
    assert found >= 6
