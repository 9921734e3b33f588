"""The words of the custom skill: a sentence for each reason, and the names that it hears."""

import re
from typing import Any

import pytest

from showcam.alexa.spoken import texts
from showcam.alexa.spoken.slots import find, plain
from showcam.alexa.spoken.texts import TEXTS, say, spoken_language
from showcam.drivers import SPEECHES
from showcam.drivers.camera import Failed, Refusal
from showcam.drivers.errors import REASONS, Reason


@pytest.mark.parametrize("tongue", ["en", "de"])
@pytest.mark.parametrize("vendor", ["", "EZVIZ", "Lakeside"])
def test_every_reason_has_a_sentence_in_both_languages(tongue: Any, vendor: str) -> None:
    for reason in REASONS:
        refusal = Refusal((Failed(reason),), "Garden", vendor)
        why, mend = texts.why(refusal, tongue), texts.mend(refusal, tongue)
        assert not why.endswith(".")
        assert mend.endswith(".")
        assert not set(f"{why}{mend}") & set("<>&{}“”×")
        assert "EZVIZ" not in f"{why}{mend}" or vendor == "EZVIZ"


# Utterances that say a refusal, with the gaps that they have beside {why} and {mend}.
REFUSING = ("unreadable", "shown_why", "refused", "fine_elsewhere", "mend", "not_changed")
MOST = 15


def words_beside_names(utterance: str) -> int:
    for name in ("Garden", "Lakeside", "EZVIZ", "LAN", "showcam", "Alexa"):
        utterance = re.sub(rf"\b{name}(?:'?s)?\b", "", utterance)
    return len(re.findall(r"[\w'’]+", utterance))


@pytest.mark.parametrize("tongue", ["en", "de"])
@pytest.mark.parametrize("vendor", ["", "Lakeside", *SPEECHES])
def test_a_spoken_refusal_has_at_most_15_words_beside_names(tongue: Any, vendor: str) -> None:
    long = []
    for reason in REASONS:
        for shared in (False, True):
            refusal = Refusal((Failed(reason), Failed("audio_off")), "Garden", vendor, shared=shared)
            why, mend = texts.why(refusal, tongue), texts.mend(refusal, tongue)
            for key in REFUSING:
                spoken = say(key, tongue, name="Garden", why=why, mend=mend)
                long += [spoken] if words_beside_names(spoken) > MOST else []
    assert long == []


@pytest.mark.parametrize("tongue", ["en", "de"])
def test_what_is_spoken_where_nothing_can_be_answered_is_as_short(tongue: Any) -> None:
    for key in ("link", "broken", "no_screen", "no_camera", "no_sound", "not_here", "unknown"):
        spoken = say(key, tongue, name="Garden", names="Garden", heard="Garden", number=2)
        assert words_beside_names(spoken) <= MOST, spoken


def test_every_utterance_that_says_a_refusal_is_measured() -> None:
    assert {key for key, text in TEXTS.items() if "{why}" in text} == set(REFUSING)


@pytest.mark.parametrize(
    ("locale", "vendor", "reason", "why", "mend"),
    [
        ("en-US", "EZVIZ", "encryption_on", "Encryption is on", "Switch it off in the EZVIZ app."),
        ("de-DE", "EZVIZ", "encryption_on", "ist eingeschaltet", "Schalte sie in der EZVIZ-App aus."),
        ("en-US", "Lakeside", "asleep", "it is in Sleep Mode", "Wake it in the Lakeside app."),
        ("de-DE", "Lakeside", "vendor_down", "der Lakeside-Dienst antwortet nicht", "Versuche es später"),
        ("en-US", "", "signed_out", "signed out of the camera account", "Link this skill again."),
        ("de-DE", "", "signed_out", "beim Kamera-Konto abgemeldet", "Verknüpfe den Skill noch einmal."),
        ("en-US", "EZVIZ", "no_internet", "there is no internet here", "router"),
        ("de-DE", "EZVIZ", "no_internet", "hier ist kein Internet", "Router"),
    ],
)
def test_a_refusal_names_the_vendor(locale: str, vendor: str, reason: Reason, why: str, mend: str) -> None:
    refusal, tongue = Refusal((Failed(reason),), "Garden", vendor), spoken_language(locale)
    assert why in texts.why(refusal, tongue)
    assert mend in texts.mend(refusal, tongue)


@pytest.mark.parametrize(
    ("heard", "names", "found"),
    [
        ("garden", ["Garden", "Garage"], ["Garden"]),
        ("the garden camera", ["Garden", "Garden 2"], ["Garden"]),
        ("garden two", ["Garden", "Garden 2"], ["Garden 2"]),
        ("Gartenkamera", ["Garten", "Garage"], ["Garten"]),
        ("die eingangskamera", ["Eingang", "Garage"], ["Eingang"]),
        ("front", ["Front Door", "Back Door"], ["Front Door"]),
        ("door", ["Front Door", "Back Door"], ["Front Door", "Back Door"]),
        ("nurserie", ["Nursery", "Garage"], ["Nursery"]),
        ("karis room", ["Kari’s room"], ["Kari’s room"]),
        ("submarine", ["Nursery", "Garage"], []),
        ("camera", ["Camera"], ["Camera"]),
        ("", ["Garden"], []),
        ("!", ["Garden"], []),
    ],
)
def test_a_recognised_name_finds_its_camera(heard: str, names: list[str], found: list[str]) -> None:
    assert list(find(heard, {name: name for name in names})) == found


def test_plain_names() -> None:
    assert plain("  The Front-Door Camera ") == "front door"
    assert plain("Kamera") == "kamera"
