"""The sentences of the spoken half in English and German, and the search for the cameras that a name may mean."""

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

from showcam.i18n.catalogue import OURS, Language, chosen, mark

TEXTS = {
    "welcome": mark("Your cameras. Ask which cameras are ready, why you can't see a camera, or say: show the garden."),
    "help": mark(
        "You can ask: which cameras are ready. Why can't I see the garage. Fix the garage. "
        "Turn on the nursery's sound. Or: show the garden. What would you like?"
    ),
    "again": mark("What would you like?"),
    "goodbye": mark("Goodbye."),
    "not_understood": mark("I didn't get that. Ask which cameras are ready, or why you can't see a camera."),
    "which": mark("Which camera do you mean?"),
    "which_of": mark("Do you mean {names}?"),
    "unknown": mark("I don't know a camera called {heard}. I know {names}."),
    "no_camera": mark("I know no camera yet. Say: discover devices."),
    "unreadable": mark("Your cameras: {why}. {mend}"),
    "all_ready": mark("All {number} cameras are ready: {names}. "),
    "one_ready": mark("Your one camera is ready: {names}. "),
    "some_ready": mark("{names} can be shown. "),
    "none_ready": mark("No camera can be shown just now. "),
    "not_ready": mark("{name} can't be shown: {why}. "),
    "not_here": mark("In here I can't show {names}: the picture is larger than 1280 by 720. "),
    "and_more": mark("{number} more can't be shown either. "),
    "more": mark("{number} more"),
    "fine": mark("{name} can be shown."),
    "fine_here": mark("{name} can be shown. Say: show {name}."),
    "fine_elsewhere": mark("Not in here: {why}. Say: Alexa, show {name}."),
    "shown_why": mark("{name} can't be shown: {why}."),
    "refused": mark("{name} can't be shown: {why}. Say: fix {name}."),
    "mend": mark("{name}: {why}. {mend} More in the Alexa app."),
    "nothing_to_mend": mark("Nothing to fix: {name} can be shown."),
    "card_title": mark("Fix {name}"),
    "card_more": mark("What to do when a camera can't be shown: {url}"),
    "no_sound": mark("{name} has no microphone, so there is no sound to turn on."),
    "sound_already": mark("{name} has its sound on already."),
    "sound_ask": mark("Shall I turn on the sound of {name}? Everybody who may see it will hear it too."),
    "sound_done": mark("The sound of {name} is on."),
    "sound_asked": mark("I have asked {name} to turn its sound on. That may take half a minute; then try again."),
    "not_changed": mark("{name}: {why}. {mend}"),
    "left": mark("Good, I leave it as it is."),
    "nothing_asked": mark("I had asked nothing. Ask which cameras are ready, or why you can't see a camera."),
    "no_screen": mark("This device can't show video. Ask on an Echo Show."),
    "showing": mark("{name}."),
    "link": mark("Your cameras are not linked yet. The Alexa app says how."),
    "broken": mark("Something went wrong in showcam. Please try again."),
    "down": mark("showcam can't read its own data just now. Please try again in a moment."),
}
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


def spoken_language(locale: str) -> Language:
    """The language for one of Alexa's locales: German or English. Alexa does not speak Norwegian."""
    return "de" if chosen([locale]) == "de" else "en"


def say(key: str, language: Language, **values: object) -> str:
    return OURS.say(language, TEXTS[key], **values)


def listed(names: Sequence[str], language: Language, word: str = mark("and")) -> str:
    """“A, B and C”. `word`: the msgid of the last conjunction."""
    join = OURS.translate(language, word)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {join} {names[-1]}"


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
    """The cameras with the most similar names, for a name that speech recognition garbled."""
    scored = sorted((SequenceMatcher(None, wanted, name).ratio(), camera) for camera, name in known.items())
    close = [(score, camera) for score, camera in scored if score >= _CLOSE]
    return tuple(camera for score, camera in close if close[-1][0] - score < _APART)
