"""The interaction models, compared with what the spoken half handles and with Amazon's rules."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from showcam.alexa.spoken.conversation import SLOT_TYPE
from showcam.alexa.spoken.skill import INTENTS, PLAIN, SILENT
from showcam.alexa.spoken.slots import PLACE, SLOT
from showcam.alexa.spoken.texts import TEXTS, spoken_language
from showcam.i18n.catalogue import OURS

FOLDER = Path(__file__).parents[2] / "showcam" / "alexa" / "skill_package" / "interactionModels" / "custom"
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
BUILT_IN = {  # of Alexa's built-in intents
    "en": {"yes": "AMAZON.YesIntent", "no": "AMAZON.NoIntent"},
    "de": {"ja": "AMAZON.YesIntent", "nein": "AMAZON.NoIntent"},
}
# By text: what a person answers, and the intent. Every text with a question or a hint what to say is listed.
MENDS = {
    "en": {"mend garage": "MendIntent", "mend it": "MendIntent", "yes": "AMAZON.YesIntent"},
    "de": {"wie repariere ich garage": "MendIntent", "was ist zu tun": "MendIntent", "ja": "AMAZON.YesIntent"},
}
NAMES = {
    "en": ["garden", "the garden", "garden camera", "the garden camera", "i mean the garden", "front door"],
    "de": ["garten", "den garten", "die garage", "kamera garten", "ich meine den garten", "ich meine die garage"],
}
CHOICES = {
    "en": ["the second one", "second", "i mean the second", "show the second one"],
    "de": ["die zweite", "den zweiten", "zweite", "ich meine die zweite", "zeige die zweite"],
}
PLACES = {"en": ["second"], "de": ["zweite", "zweiten"]}  # what AMAZON.Ordinal takes
TYPES = {SLOT: SLOT_TYPE, PLACE: "AMAZON.Ordinal"}
WISHES = {
    "en": {
        "which cameras are ready": "ReadyCamerasIntent",
        "why can't i see a camera": "WhyIntent",
        "why can't i see the garage": "WhyIntent",
        "mend the garage": "MendIntent",
        "turn on the nursery's sound": "SoundOnIntent",
        "show the garden": "ShowIntent",
        "nothing": "AMAZON.CancelIntent",
        "no": "AMAZON.NoIntent",
    },
    "de": {
        "welche kameras sind bereit": "ReadyCamerasIntent",
        "warum kann ich eine kamera nicht sehen": "WhyIntent",
        "warum kann ich die garage nicht sehen": "WhyIntent",
        "wie repariere ich die garage": "MendIntent",
        "schalte den ton vom kinderzimmer ein": "SoundOnIntent",
        "zeige den garten": "ShowIntent",
        "nichts": "AMAZON.CancelIntent",
        "nein": "AMAZON.NoIntent",
    },
}
UTTERANCES: dict[str, dict[str, dict[str, str]]] = {
    "en": {
        **dict.fromkeys(("welcome", "help", "again", "not_understood"), WISHES["en"]),
        **dict.fromkeys(("which", "unknown"), dict.fromkeys(NAMES["en"], "CameraIntent")),
        "which_of": dict.fromkeys([*NAMES["en"], "the garden one"], "CameraIntent")
        | dict.fromkeys(CHOICES["en"], "ChoiceIntent"),
        "fine_here": {"show garden": "ShowIntent", "show it": "ShowIntent", "yes": "AMAZON.YesIntent"},
        **dict.fromkeys(("refused", "fine_elsewhere"), MENDS["en"]),
        "sound_ask": {"yes": "AMAZON.YesIntent", "turn it on": "AMAZON.YesIntent", "leave it off": "AMAZON.NoIntent"},
    },
    "de": {
        **dict.fromkeys(("welcome", "help", "again", "not_understood"), WISHES["de"]),
        **dict.fromkeys(("which", "unknown"), dict.fromkeys(NAMES["de"], "CameraIntent")),
        "which_of": dict.fromkeys(NAMES["de"], "CameraIntent") | dict.fromkeys(CHOICES["de"], "ChoiceIntent"),
        "fine_here": {"zeige garten": "ShowIntent", "zeig sie mir": "ShowIntent", "ja": "AMAZON.YesIntent"},
        **dict.fromkeys(("refused", "fine_elsewhere"), MENDS["de"]),
        "sound_ask": {"ja": "AMAZON.YesIntent", "schalte ihn ein": "AMAZON.YesIntent", "nein": "AMAZON.NoIntent"},
    },
}
ELSEWHERE = {"no_camera", "no_screen"}  # answered to Alexa itself, or on another Echo
BUILT_IN_REQUIRED = {"AMAZON.HelpIntent", "AMAZON.StopIntent", "AMAZON.CancelIntent", "AMAZON.NavigateHomeIntent"}
LONGEST = 200


def model(locale: str) -> dict[str, Any]:
    text = (FOLDER / f"{locale}.json").read_text()
    return dict(json.loads(text)["interactionModel"]["languageModel"])


def test_every_spoken_language_has_a_model() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(LOCALES)
    assert {spoken_language(locale) for locale in LOCALES} == {"en", "de"}


@pytest.mark.parametrize("locale", LOCALES)
def test_every_intent_is_handled_and_none_is_missing(locale: str) -> None:
    names = [intent["name"] for intent in model(locale)["intents"]]
    assert len(names) == len(set(names))
    assert set(names) == INTENTS.keys() | PLAIN.keys() | SILENT
    assert set(names) >= BUILT_IN_REQUIRED


@pytest.mark.parametrize("locale", LOCALES)
def test_every_slot_is_handled_and_used(locale: str) -> None:
    given = model(locale)
    assert [slot_type["name"] for slot_type in given["types"]] == [SLOT_TYPE]
    for intent in given["intents"]:
        for slot in intent.get("slots", []):
            assert slot == {"name": slot["name"], "type": TYPES[slot["name"]]}
        used = set(re.findall(r"\{(\w+)\}", " ".join(intent["samples"])))
        assert used == {slot["name"] for slot in intent.get("slots", [])}, intent["name"]


@pytest.mark.parametrize("locale", LOCALES)
def test_every_sample_is_legal(locale: str) -> None:
    intent_of: dict[str, str] = {}
    for intent in model(locale)["intents"]:
        assert intent["samples"] or intent["name"].startswith("AMAZON.")
        for sample in intent["samples"]:
            assert SIGNS.fullmatch(re.sub(r"\{\w+\}", "", sample)), sample
            assert sample == " ".join(sample.split())
            assert 0 < len(sample) <= LONGEST
            assert len(re.findall(r"\{", sample)) <= 1, sample
            assert sample not in intent_of, f"{sample}: {intent_of.get(sample)} and {intent['name']}"
            intent_of[sample] = intent["name"]


def phrases(locale: str) -> dict[str, str]:
    """Every sample of the model, with its intent."""
    given, found = model(locale), dict(BUILT_IN[spoken_language(locale)])
    names = [value["name"]["value"] for value in given["types"][0]["values"]]
    for intent in given["intents"]:
        for sample in intent["samples"]:
            filled = names if f"{{{SLOT}}}" in sample else PLACES[spoken_language(locale)]
            for phrase in {re.sub(r"\{\w+\}", name, sample) for name in filled}:
                assert found.setdefault(phrase, intent["name"]) == intent["name"], phrase
    return found


@pytest.mark.parametrize("locale", LOCALES)
def test_every_question_has_samples_for_its_answers(locale: str) -> None:
    tongue, known = spoken_language(locale), phrases(locale)
    for key, answers in UTTERANCES[tongue].items():
        assert {phrase: known.get(phrase) for phrase in answers} == answers, key


@pytest.mark.parametrize("tongue", ["en", "de"])
def test_every_text_with_a_question_or_a_hint_is_covered(tongue: str) -> None:
    texts = {key: OURS.translate(tongue, text) for key, text in TEXTS.items()}
    asks = {key for key, text in texts.items() if re.search(r"\?|\b(?:Ask|Say|say|Frage|Sage|sage)\b", text)}
    assert asks - ELSEWHERE <= UTTERANCES[tongue].keys()


@pytest.mark.parametrize("locale", LOCALES)
def test_slot_values_are_legal_and_unique(locale: str) -> None:
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
