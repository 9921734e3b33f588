"""The interaction models, held to what the spoken half handles and to what Amazon lets a model say."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from alexa.spoken.response import SLOT_TYPE
from alexa.spoken.skill import INTENTS, PLAIN, SLOT
from alexa.spoken.texts import TEXTS, language

FOLDER = Path(__file__).parents[2] / "skill-package" / "interactionModels" / "custom"
LOCALES = ("de-DE", "en-GB", "en-US")

# Alexa Skills Kit, "Choose the Invocation Name" and "Create Intents, Utterances, and Slots".
LAUNCH = {"run", "start", "play", "resume", "use", "launch", "ask", "open", "tell", "load", "begin", "enable"} | {
    "starte", "öffne", "frage", "frag", "sage", "spiele", "lade", "beginne", "verwende"
}  # fmt: skip
CONNECTING = {"from", "through", "using", "and", "to", "of", "with", "by", "at", "off", "the", "a", "an", "for"} | {
    "von", "mit", "und", "zu", "der", "die", "das", "ein", "eine", "auf", "in"
}  # fmt: skip
WAKE = {"alexa", "amazon", "echo", "computer", "skill", "app", "ziggy"}
SIGNS = re.compile(r"[a-zäöüß' .\-]*")
BUILT_IN_REQUIRED = {"AMAZON.HelpIntent", "AMAZON.StopIntent", "AMAZON.CancelIntent", "AMAZON.NavigateHomeIntent"}
LONGEST = 200


def model(locale: str) -> dict[str, Any]:
    text = (FOLDER / f"{locale}.json").read_text()
    return dict(json.loads(text)["interactionModel"]["languageModel"])


def test_there_is_a_model_for_each_language_spoken() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(LOCALES)
    assert {language(locale) for locale in LOCALES} == set(TEXTS)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_intent_is_handled_and_none_is_missing(locale: str) -> None:
    names = [intent["name"] for intent in model(locale)["intents"]]
    assert len(names) == len(set(names))
    assert set(names) == INTENTS.keys() | PLAIN.keys()
    assert set(names) >= BUILT_IN_REQUIRED


@pytest.mark.parametrize("locale", LOCALES)
def test_every_slot_is_handled_and_used(locale: str) -> None:
    given = model(locale)
    assert [each["name"] for each in given["types"]] == [SLOT_TYPE]
    for intent in given["intents"]:
        for slot in intent.get("slots", []):
            assert slot == {"name": SLOT, "type": SLOT_TYPE}
        used = set(re.findall(r"\{(\w+)\}", " ".join(intent["samples"])))
        assert used == {slot["name"] for slot in intent.get("slots", [])}, intent["name"]


@pytest.mark.parametrize("locale", LOCALES)
def test_every_sample_is_legal(locale: str) -> None:
    seen: dict[str, str] = {}
    for intent in model(locale)["intents"]:
        assert intent["samples"] or intent["name"].startswith("AMAZON.")
        for sample in intent["samples"]:
            assert SIGNS.fullmatch(re.sub(r"\{\w+\}", "", sample)), sample
            assert sample == " ".join(sample.split())
            assert 0 < len(sample) <= LONGEST
            assert len(re.findall(r"\{", sample)) <= 1, sample
            assert sample not in seen, f"{sample}: {seen.get(sample)} and {intent['name']}"
            seen[sample] = intent["name"]


@pytest.mark.parametrize("locale", LOCALES)
def test_slot_values_are_legal_and_apart(locale: str) -> None:
    values = [value["name"]["value"] for value in model(locale)["types"][0]["values"]]
    assert len(values) == len({value.casefold() for value in values})
    assert all(SIGNS.fullmatch(value) and value.strip() == value and len(value) <= 140 for value in values)


@pytest.mark.parametrize("locale", LOCALES)
def test_the_invocation_name_keeps_amazons_rules(locale: str) -> None:
    name = model(locale)["invocationName"]
    words = name.split()
    assert re.fullmatch(r"[a-zäöüß' .]+", name)
    assert len(words) >= 2
    assert 2 <= len(name) <= 50
    assert not set(words) & (LAUNCH | CONNECTING | WAKE)
