"""Finds the cameras that a recognised name may mean."""

import re
from collections.abc import Mapping
from difflib import SequenceMatcher

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
_CLOSE = 0.8  # similarity (0 to 1) from which a name may be meant
_APART = 0.1  # names this close to the most similar one may be meant too


def find(heard: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """The ids of the cameras that may be meant, or none. `names`: by camera id."""
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
    """The most similar names, for one that speech recognition garbled."""
    scored = sorted((SequenceMatcher(None, wanted, name).ratio(), camera) for camera, name in known.items())
    close = [(score, camera) for score, camera in scored if score >= _CLOSE]
    return tuple(camera for score, camera in close if close[-1][0] - score < _APART)
