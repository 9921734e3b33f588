"""Sentences, and the wishes that a screen recognises in them."""

import pytest

from showcam.i18n.hearing import Wish, find, hear

CAMERAS = [
    {"name": name} for name in ("Garden", "Front Door", "Back Door", "Gate on the left", "Camera A", "Søndre tun")
]


@pytest.mark.parametrize(
    ("sentence", "what", "camera", "screen"),
    [
        ("show the garden camera", "show", "the garden camera", ""),
        ("Alexa, show me the Front Door.", "show", "the Front Door", ""),
        ("Hey Google, show the nursery on the living room TV", "show", "the nursery", "living room TV"),
        ("show garden", "show", "garden", ""),
        ("please open my garage camera please", "show", "my garage camera please", ""),
        ("hide", "hide", "", ""),
        ("stop the garden camera", "hide", "", ""),
        ("discover devices", "discover", "", ""),
        ("sync my devices", "discover", "", ""),
        ("find my cameras", "discover", "", ""),
        ("is the attic online?", "ask", "the attic", ""),
        ("how is the garden camera doing", "ask", "the garden camera", ""),
        ("is there motion at the front door?", "ask", "the front door", ""),
        ("is there anybody in the garden", "ask", "the garden", ""),
        ("turn off the bedroom camera", "switch", "the bedroom camera", ""),
        ("what time is it", "unclear", "", ""),
        ("", "unclear", "", ""),
        ("show", "unclear", "", ""),
    ],
)
def test_a_sentence_is_heard_as_a_wish_with_its_camera_and_screen(
    sentence: str, what: str, camera: str, screen: str
) -> None:
    wish = hear(sentence)
    assert (wish.what, wish.camera, wish.screen) == (what, camera, screen)


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("show the garden camera", "Garden"),
        ("show the GARDEN", "Garden"),
        ("show front door camera", "Front Door"),
        ("show the front camera", "Front Door"),
        ("show the gate on the left", "Gate on the left"),
        ("show garden on the left", "Garden"),
        ("show camera a", "Camera A"),
        ("vis søndre tun", "Søndre tun"),
        ("show the door", None),
        ("show the submarine", None),
    ],
)
def test_a_sentence_finds_the_only_camera_of_its_name(sentence: str, name: str | None) -> None:
    found = find(hear(sentence), CAMERAS)
    assert (found and found["name"]) == name


@pytest.mark.parametrize(
    ("sentence", "what", "camera", "about"),
    [
        ("turn off the bedroom camera", "switch", "the bedroom camera", "off"),
        ("Hey Google, turn the bedroom on", "switch", "the bedroom", "on"),
        ("slå på hagen", "switch", "hagen", "on"),
        ("turn off", "unclear", "", ""),
        ("is the garage ok?", "ask", "the garage", "well"),
        ("how is the garage", "ask", "the garage", "well"),
        ("is the garage online", "ask", "the garage", "online"),
        ("turn off audio on the garden camera", "set", "the garden camera", "off"),
        ("Hey Google, turn on the status light of the garden", "set", "the garden", "on"),
        ("turn off the gate on the left", "switch", "the gate on the left", "off"),
        ("turn off audio", "switch", "audio", "off"),
        ("reboot the garden camera", "restart", "the garden camera", ""),
        ("please restart the garden", "restart", "the garden", ""),
        ("how much battery does the gate camera have?", "battery", "the gate camera", ""),
        ("how much battery does the gate have left", "battery", "the gate", ""),
        ("what's the battery level of the gate", "battery", "the gate", ""),
        ("yes", "reply", "", "yes"),
        ("Yes please.", "reply", "", "yes"),
        ("no", "reply", "", "no"),
        ("why can't I see the garage?", "why", "the garage", ""),
        ("what's wrong with the garage", "why", "the garage", ""),
        ("which cameras can't be shown", "why", "", ""),
        ("what can't be shown and why", "why", "", ""),
    ],
)
def test_a_sentence_is_heard_as_a_wish_with_its_subject(sentence: str, what: str, camera: str, about: str) -> None:
    wish = hear(sentence, {"audio", "status light"})
    assert (wish.what, wish.camera, wish.about) == (what, camera, about)


def test_a_wish_finds_no_camera_among_none() -> None:
    assert find(Wish("show", "garden", whole="garden"), []) is None


@pytest.mark.parametrize(
    ("sentence", "what", "camera", "about"),
    [
        ("Zeig mir die Garage.", "show", "die Garage", ""),
        ("zeige den Garten auf dem Fernseher", "show", "den Garten", ""),
        ("schließe die Kamera", "hide", "", ""),
        ("Suche neue Geräte", "discover", "", ""),
        ("Ist die Garage in Ordnung?", "ask", "die Garage", "well"),
        ("ist der Dachboden erreichbar", "ask", "der Dachboden", "online"),
        ("bewegt sich etwas vor der Haustür", "ask", "der Haustür", "motion"),
        ("schalte den Garten aus", "switch", "den Garten", "off"),
        ("schalte den Ton der Garage ein", "set", "Garage", "on"),
        ("starte die Garage neu", "restart", "die Garage", ""),
        ("wie viel Akku hat die Garage noch", "battery", "die Garage", ""),
        ("warum sehe ich die Garage nicht", "why", "die Garage", ""),
        ("welche Kameras können nicht gezeigt werden", "why", "", ""),
        ("nein", "reply", "", "no"),
        ("Vis meg hagen", "show", "hagen", ""),
        ("skjul kameraet", "hide", "", ""),
        ("finn enheter", "discover", "", ""),
        ("er garasjen i orden?", "ask", "garasjen", "well"),
        ("er loftet på nett", "ask", "loftet", "online"),
        ("er det noen ved døra", "ask", "døra", "motion"),
        ("skru av lyden i garasjen", "set", "garasjen", "off"),
        ("start hagen på nytt", "restart", "hagen", ""),
        ("hvor mye batteri har porten igjen", "battery", "porten", ""),
        ("hvorfor ser jeg ikke garasjen", "why", "garasjen", ""),
        ("hvilke kameraer kan ikke vises", "why", "", ""),
    ],
)
def test_a_sentence_is_heard_in_german_and_norwegian(sentence: str, what: str, camera: str, about: str) -> None:
    wish = hear(sentence, {"ton", "lyden"})
    assert (wish.what, wish.camera, wish.about) == (what, camera, about)
