"""The words of the custom skill: a sentence for each reason, and the names that it hears."""

from typing import Any

import pytest

from alexa.spoken import refusals
from alexa.spoken.names import find, plain
from alexa.spoken.texts import spoken_language
from registry.camera import Failed, Refusal
from registry.reason import REASONS, Reason


@pytest.mark.parametrize("tongue", ["en", "de"])
@pytest.mark.parametrize("vendor", ["", "EZVIZ", "Lakeside"])
def test_every_reason_has_a_sentence_in_both_languages(tongue: Any, vendor: str) -> None:
    for reason in REASONS:
        refusal = Refusal((Failed(reason),), "Garden", vendor)
        why, mend = refusals.why(refusal, tongue), refusals.mend(refusal, tongue)
        assert not why.endswith(".")
        assert mend.endswith(".")
        assert not set(f"{why}{mend}") & set("<>&{}“”×")
        assert "EZVIZ" not in f"{why}{mend}" or vendor == "EZVIZ"


@pytest.mark.parametrize(
    ("locale", "vendor", "reason", "why", "mend"),
    [
        (
            "en-US",
            "EZVIZ",
            "encryption_on",
            "Encryption is on",
            "In the EZVIZ app open the camera, then Settings",
        ),
        (
            "de-DE",
            "EZVIZ",
            "encryption_on",
            "ist eingeschaltet",
            "Öffne in der EZVIZ App die Kamera, dann",
        ),
        ("en-US", "Lakeside", "asleep", "it is in Sleep Mode", "In the Lakeside app open the camera and switch Sleep"),
        ("de-DE", "Lakeside", "vendor_down", "der Lakeside Dienst antwortet gerade nicht", "Versuche es in ein paar"),
        (
            "en-US",
            "",
            "signed_out",
            "signed out of the camera account",
            "with the camera user name and password",
        ),
        ("de-DE", "", "signed_out", "beim Kamera Konto abgemeldet", "mit dem Kamera Benutzernamen und Passwort an"),
    ],
)
def test_a_refusal_names_the_vendor(locale: str, vendor: str, reason: Reason, why: str, mend: str) -> None:
    refusal, tongue = Refusal((Failed(reason),), "Garden", vendor), spoken_language(locale)
    assert why in refusals.why(refusal, tongue)
    assert mend in refusals.mend(refusal, tongue)


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
