"""Reads the slots of an intent, a camera's name or a place in a list, and finds the cameras that may be meant.

Amazon's pages:
https://developer.amazon.com/en-US/docs/alexa/custom-skills/entity-resolution.html
https://developer.amazon.com/en-US/docs/alexa/custom-skills/slot-type-reference.html
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from ask_sdk_model.slot import Slot
from ask_sdk_model.slu.entityresolution.status_code import StatusCode

LONGEST_NAME = 100  # characters of a name, beyond which nothing is read
MOST_MATCHES = 100  # Alexa accepts this number of names from the skill in one session, and can't match more
SLOT = "camera"
PLACE = "place"  # of the type AMAZON.Ordinal, which makes digits of “second”

_NUMBERS = {
    word: str(number)
    for words in (
        "one two three four five six seven eight nine ten",
        "eins zwei drei vier fünf sechs sieben acht neun zehn",
    )
    for number, word in enumerate(words.split(), 1)
}
_ARTICLES = re.compile(r"the|my|our|a|der|die|das|den|dem|meine[nrms]?|mein|unsere[nrms]?|unser")
_KIND = re.compile(r"(?:cameras?|cams?|kameras?)$")  # German joins it to the name: Gartenkamera
_CLOSE = 0.8  # a name of this similarity (0 to 1) or more may be meant
_APART = 0.1  # names this close to the most similar one may be meant too


@dataclass(frozen=True, slots=True)
class Match:
    """An entry of Alexa's list of names. `id` is the id of a camera if showcam gave Alexa the entry."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Heard:
    """The words for a camera. `text`: the recognised name, or "". `place`: 2 for “the second one”, else 0."""

    text: str = ""
    matches: tuple[Match, ...] = ()
    place: int = 0


def read(slots: Mapping[str, Slot] | None) -> Heard:
    """Reads an intent's slots. A slot that was not filled has no value, or "?"."""
    given = slots or {}
    place = str(_value(given.get(PLACE)))
    text = str(_value(given.get(SLOT)))[:LONGEST_NAME]
    return Heard(
        text if plain(text) else "",
        tuple(_matches(given.get(SLOT))[:MOST_MATCHES]),
        int(place) if re.fullmatch(r"[0-9]{1,3}", place) else 0,
    )


def _value(slot: Any) -> object:
    return (slot.value if slot else None) or ""


def _matches(slot: Any) -> list[Match]:
    """Alexa looks in the skill's own names and in those of the model, and answers for each list separately."""
    authorities = (slot.resolutions.resolutions_per_authority if slot and slot.resolutions else None) or ()
    return [
        Match(str(entry.value.id or ""), str(entry.value.name or "")[:LONGEST_NAME])
        for authority in authorities
        if authority.status and authority.status.code is StatusCode.ER_SUCCESS_MATCH
        for entry in authority.values or ()
        if entry.value
    ]


def meant(said: Heard, names: Mapping[str, str], choices: Sequence[str]) -> tuple[str, ...]:
    """The ids of all cameras that fit a person's words. `names`: by camera id. `choices`: ids in the last question.

    An entry that Alexa matched counts before the recognised text.
    """
    if said.place:
        return tuple(camera for camera in choices[said.place - 1 : said.place] if camera in names)
    if known := [match.id for match in said.matches if match.id in names]:
        return _narrowed(said.text, list(dict.fromkeys(known)), names, choices)
    asked = {camera: names[camera] for camera in choices if camera in names}
    for text in (*(match.name for match in said.matches), said.text):
        if found := find(text, asked) or find(text, names):
            return found
    return ()


def _narrowed(text: str, known: list[str], names: Mapping[str, str], choices: Sequence[str]) -> tuple[str, ...]:
    """Keeps the cameras that were just asked about, then the camera with exactly this name, if there are any."""
    asked = [camera for camera in known if camera in choices] or known
    same = [camera for camera in asked if plain(names[camera]) == plain(text)]
    return tuple(same if len(same) == 1 else asked)


def find(heard: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """The ids of all cameras whose names fit the recognised words. `names`: by camera id."""
    wanted = plain(heard)
    if not wanted:
        return ()
    known = {camera: plain(name) for camera, name in names.items()}
    for matches in (
        [camera for camera, name in known.items() if name == wanted],
        [camera for camera, name in known.items() if f"{name} ".startswith(f"{wanted} ")],
        [camera for camera, name in known.items() if f" {wanted} " in f" {name} "],
    ):
        if matches:
            return tuple(matches)
    return _nearest(wanted, known)


def plain(name: str) -> str:
    """A name for comparison: without case, punctuation, articles and a trailing “camera”; numbers as digits."""
    words = re.sub(r"[^\w\s]", " ", name.casefold().replace("'", "").replace("’", "")).split()
    while len(words) > 1 and _ARTICLES.fullmatch(words[0]):
        words.pop(0)
    if len(words) > 1 and _KIND.fullmatch(words[-1]):
        words.pop()
    if words:
        words[-1] = _KIND.sub("", words[-1]) or words[-1]
    return " ".join(_NUMBERS.get(word, word) for word in words)


def _nearest(wanted: str, known: Mapping[str, str]) -> tuple[str, ...]:
    """The cameras with the most similar names, for a name that speech recognition garbled."""
    scored = sorted((SequenceMatcher(None, wanted, name).ratio(), camera) for camera, name in known.items())
    close = [(score, camera) for score, camera in scored if score >= _CLOSE]
    return tuple(camera for score, camera in close if close[-1][0] - score < _APART)
