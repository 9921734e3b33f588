"""Camera names that voice assistants have trouble with, and why; for the owner."""

import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping

from showcam.drivers.camera import Camera
from showcam.i18n.catalogue import OURS, Language, mark

WAKE = frozenset({"alexa", "amazon", "echo", "computer", "ziggy", "google", "siri"})
KINDS = frozenset(
    {"camera", "cameras", "kamera", "cam", "video", "tv", "television", "light", "lights", "music", "everything", "all"}
)
FILLERS = frozenset({"the", "my", "our", "a", "show", "open", "start", "stop", "hide", "display", "turn"})
LONGEST_WORDS = 4
SHORTEST_ALIKE = 4  # letters of a word: from this length on, one different letter does not separate two names

type Trouble = tuple[str, dict[str, object]]  # a sentence, and the values for its gaps


def trouble(cameras: Iterable[Camera], to_alexa: Mapping[str, str], language: Language = "en") -> dict[str, list[str]]:
    """Sentences about each trouble, by camera id; a camera without any is absent. `to_alexa`: names by id."""
    spoken = [(camera, _words(camera.name)) for camera in cameras]
    alike = Counter(" ".join(words) for _, words in spoken)
    by_length: dict[int, list[tuple[Camera, list[str]]]] = {}
    for camera, words in spoken:
        by_length.setdefault(len("".join(words)), []).append((camera, words))
    found = {}
    for camera, words in spoken:
        letters = len("".join(words))
        near = [pair for length in (letters - 1, letters, letters + 1) for pair in by_length.get(length, [])]
        others = [other.name for other, heard in near if heard != words and _sound_alike(words, heard)]
        troubles = [
            *_of_name(camera.name, words),
            *_of_others(alike[" ".join(words)] - 1, to_alexa[camera.id]),
            *_of_sounds(others),
        ]
        if troubles:
            found[camera.id] = [OURS.say(language, sentence, **gaps) for sentence, gaps in troubles]
    return found


def _of_name(name: str, words: list[str]) -> list[Trouble]:
    if not words:
        return [(mark("There is no word in the name to say: name it by its place."), {})]
    found: list[Trouble] = []
    if any(_is_sign(char) for char in name):
        found.append((mark("Signs in the name are not spoken and not heard: use letters and spaces."), {}))
    if all(word.isdigit() for word in words):
        found.append((mark("A name of only digits is taken for a number or a channel: name it by its place."), {}))
    elif any(word.isdigit() for word in words):
        found.append((mark("Write numbers as they are said (“garden two”), or better name what it sees."), {}))
    if "doorbell" in words or words == ["door", "bell"]:
        found.append(
            (mark("Alexa takes “doorbell” for a kind of device and misses the name: “front door” is heard."), {})
        )
    if {"birdseye"} & set(words) or _follows(words, ("birds", "eye")):
        found.append((mark("Assistants take “bird's eye” for a view, not for a name: name it by its place."), {}))
    if clash := sorted(WAKE & set(words)):
        found.append((mark("“{word}” wakes or names an assistant: leave it out."), {"word": clash[0]}))
    if set(words) <= KINDS:
        found.append((mark("That is what every device of the kind is called: name it by its place."), {}))
    elif words[0] in FILLERS:
        found.append(
            (mark("“{word}” at the beginning is taken for part of the command: leave it out."), {"word": words[0]})
        )
    if len(words) > LONGEST_WORDS:
        found.append((mark("A long name is seldom heard whole: two words are best."), {}))
    return found


def _of_others(others: int, to_alexa: str) -> list[Trouble]:
    if not others:
        return []
    if others == 1:
        sentence = mark("Another camera is called the same: name it by its place. Until then it is “{name}” to Alexa.")
    else:
        sentence = mark(
            "{count} other cameras are called the same: name it by its place. Until then it is “{name}” to Alexa."
        )
    return [(sentence, {"count": others, "name": to_alexa})]


def _of_sounds(others: list[str]) -> list[Trouble]:
    if not others:
        return []
    return [(mark("“{other}” sounds like it: give one of the two another name."), {"other": others[0]})]


def _sound_alike(first: list[str], second: list[str]) -> bool:
    """Whether two names hardly differ by voice: the same letters, or one letter of a word changed, added or missing.

    A number separates names, and so does each letter of a word with three letters.
    """
    if "".join(first) == "".join(second):
        return True
    if len(first) != len(second):
        return False
    different = [pair for pair in zip(first, second, strict=True) if pair[0] != pair[1]]
    return len(different) == 1 and _almost(*different[0])


def _almost(one: str, other: str) -> bool:
    if min(len(one), len(other)) < SHORTEST_ALIKE or abs(len(one) - len(other)) > 1:
        return False
    if any(char.isdigit() for char in one + other):
        return False
    begins = next(
        (at for at, (letter, opposite) in enumerate(zip(one, other, strict=False)) if letter != opposite),
        min(len(one), len(other)),
    )
    rests = one[begins:], other[begins:]
    return rests[0][1:] == rests[1][1:] or rests[0][1:] == rests[1] or rests[0] == rests[1][1:]


def _words(name: str) -> list[str]:
    text = unicodedata.normalize("NFC", name).casefold().replace("'", "").replace("’", "")
    return re.findall(r"[^\W_]+", text)


def _follows(words: list[str], pair: tuple[str, str]) -> bool:
    return pair in itertools.pairwise(words)


def _is_sign(char: str) -> bool:
    if char in " '’-":
        return False
    return not char.isalnum() and unicodedata.category(char) not in ("Mn", "Mc")
