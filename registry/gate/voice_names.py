"""Camera names that voice assistants have trouble with, and why; for the owner."""

import itertools
import re
import unicodedata
from collections.abc import Iterable, Mapping

from registry.camera import Camera

WAKE = frozenset({"alexa", "amazon", "echo", "computer", "ziggy", "google", "siri"})
KINDS = frozenset(
    {"camera", "cameras", "kamera", "cam", "video", "tv", "television", "light", "lights", "music", "everything", "all"}
)
FILLERS = frozenset({"the", "my", "our", "a", "show", "open", "start", "stop", "hide", "display", "turn"})
LONGEST_WORDS = 4


def trouble(cameras: Iterable[Camera], to_alexa: Mapping[str, str]) -> dict[str, list[str]]:
    """By camera id, a sentence for each trouble; a camera with none is absent. `to_alexa`: its names, by id."""
    listed = list(cameras)
    heard: dict[str, list[Camera]] = {}
    for camera in listed:
        heard.setdefault(" ".join(_words(camera.name)), []).append(camera)
    found = {}
    for camera in listed:
        alike = heard[" ".join(_words(camera.name))]
        sentences = [*_of_name(camera.name), *_of_others(len(alike) - 1, to_alexa[camera.id])]
        if sentences:
            found[camera.id] = sentences
    return found


def _of_name(name: str) -> list[str]:
    words = _words(name)
    if not words:
        return ["There is no word in the name to say: name it by its place."]
    found = []
    if any(_is_sign(char) for char in name):
        found.append("Signs in the name are not spoken and not heard: use letters and spaces.")
    if all(word.isdigit() for word in words):
        found.append("A name of digits alone is taken for a number or a channel: name it by its place.")
    elif any(word.isdigit() for word in words):
        found.append("Write numbers as they are said (“garden two”), or better name what it sees.")
    if "doorbell" in words or words == ["door", "bell"]:
        found.append("Alexa takes “doorbell” for a kind of device and misses the name: “front door” is heard.")
    if {"birdseye"} & set(words) or _follows(words, ("birds", "eye")):
        found.append("Assistants take “bird's eye” for a view, not for a name: name it by its place.")
    if clash := sorted(WAKE & set(words)):
        found.append(f"“{clash[0]}” wakes or names an assistant: leave it out.")
    if set(words) <= KINDS:
        found.append("That is what every device of the kind is called: name it by its place.")
    elif words[0] in FILLERS:
        found.append(f"“{words[0]}” at the beginning is taken for part of the command: leave it out.")
    if len(words) > LONGEST_WORDS:
        found.append("So long a name is seldom heard whole: two words are best.")
    return found


def _of_others(others: int, to_alexa: str) -> list[str]:
    if not others:
        return []
    called = "Another camera is" if others == 1 else f"{others} other cameras are"
    return [f"{called} called the same: name it by its place. Until then it is “{to_alexa}” to Alexa."]


def _words(name: str) -> list[str]:
    text = unicodedata.normalize("NFC", name).casefold().replace("'", "").replace("’", "")
    return re.findall(r"[^\W_]+", text)


def _follows(words: list[str], pair: tuple[str, str]) -> bool:
    return pair in itertools.pairwise(words)


def _is_sign(char: str) -> bool:
    if char in " '’-":
        return False
    return not char.isalnum() and unicodedata.category(char) not in ("Mn", "Mc")
