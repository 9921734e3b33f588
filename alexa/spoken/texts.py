"""What the spoken half says, in the languages Alexa speaks and showcam has."""

from collections.abc import Sequence

_EN = {
    "welcome": "Your cameras. Ask which cameras are ready, why you can't see a camera, or say: show the garden.",
    "help": "You can ask: which cameras are ready. Why can't I see the garage. Mend the garage. "
    "Turn on the nursery's sound. Or: show the garden. What would you like?",
    "again": "What would you like?",
    "goodbye": "Goodbye.",
    "not_understood": "I didn't get that. Ask which cameras are ready, or why you can't see a camera.",
    "which": "Which camera do you mean?",
    "which_of": "Do you mean {names}?",
    "unknown": "I don't know a camera called {heard}. I know {names}.",
    "no_camera": "I know no camera yet. Say: discover devices.",
    "unreadable": "I can't look at your cameras just now, because {why}. {mend}",
    "all_ready": "All {number} cameras are ready: {names}. ",
    "one_ready": "Your one camera is ready: {names}. ",
    "some_ready": "{names} can be shown. ",
    "none_ready": "No camera can be shown just now. ",
    "not_ready": "{name} can't be shown, because {why}. ",
    "not_here": "In here I can't show {names}: the picture is larger than 1280 by 720. ",
    "and_more": "{number} more can't be shown either. ",
    "more": "{number} more",
    "fine": "{name} can be shown.",
    "fine_here": "{name} can be shown. Say: show {name}.",
    "fine_elsewhere": "{name} can be shown by “Alexa, show {name}”, but not in here, because {why}. "
    "Say mend {name}, and I'll tell you what to do.",
    "shown_why": "{name} can't be shown, because {why}.",
    "refused": "{name} can't be shown, because {why}. Say mend {name}, and I'll tell you what to do.",
    "mend": "{name} can't be shown, because {why}. {mend} I have put this into the Alexa app.",
    "mend_here": "{name} can't be shown in here, because {why}. {mend} I have put this into the Alexa app.",
    "nothing_to_mend": "There is nothing to mend: {name} can be shown.",
    "card_title": "Mend {name}",
    "card_more": "What to do when a camera can't be shown: {url}",
    "no_sound": "{name} has no microphone, so there is no sound to turn on.",
    "sound_already": "{name} has its sound on already.",
    "sound_ask": "Shall I turn on the sound of {name}? Everybody who may see it will hear it too.",
    "sound_done": "The sound of {name} is on.",
    "not_changed": "I can't do that with {name}: {why}. {mend}",
    "left": "Good, I leave it as it is.",
    "nothing_asked": "I had asked nothing. Ask which cameras are ready, or why you can't see a camera.",
    "no_screen": "This device can't show video. Ask on an Echo Show.",
    "showing": "{name}.",
    "link": "Your cameras are not linked yet. I have put the way to do it into the Alexa app.",
    "broken": "Something went wrong in showcam. Please try again.",
    "down": "showcam can't read its own data just now. Please try again in a moment.",
}
_DE = {
    "welcome": "Deine Kameras. Frage, welche Kameras bereit sind, warum du eine Kamera nicht sehen kannst, "
    "oder sage: zeige den Garten.",
    "help": "Du kannst fragen: welche Kameras sind bereit. Warum kann ich die Garage nicht sehen. "
    "Wie repariere ich die Garage. Schalte den Ton vom Kinderzimmer ein. Oder: zeige den Garten. Was möchtest du?",
    "again": "Was möchtest du?",
    "goodbye": "Bis bald.",
    "not_understood": "Das habe ich nicht verstanden. Frage, welche Kameras bereit sind, "
    "oder warum du eine Kamera nicht sehen kannst.",
    "which": "Welche Kamera meinst du?",
    "which_of": "Meinst du {names}?",
    "unknown": "Ich kenne keine Kamera mit dem Namen {heard}. Ich kenne {names}.",
    "no_camera": "Ich kenne noch keine Kamera. Sage: suche nach neuen Geräten.",
    "unreadable": "Ich kann gerade nicht nach deinen Kameras sehen, denn {why}. {mend}",
    "all_ready": "Alle {number} Kameras sind bereit: {names}. ",
    "one_ready": "Deine eine Kamera ist bereit: {names}. ",
    "some_ready": "Bereit sind {names}. ",
    "none_ready": "Gerade lässt sich keine Kamera zeigen. ",
    "not_ready": "{name} lässt sich nicht zeigen, denn {why}. ",
    "not_here": "Hier kann ich {names} nicht zeigen: das Bild ist größer als 1280 mal 720. ",
    "and_more": "{number} weitere lassen sich auch nicht zeigen. ",
    "more": "{number} weitere",
    "fine": "{name} lässt sich zeigen.",
    "fine_here": "{name} lässt sich zeigen. Sage: zeige {name}.",
    "fine_elsewhere": "{name} lässt sich mit „Alexa, zeige {name}“ zeigen, hier aber nicht, denn {why}. "
    "Sage: wie repariere ich {name}, und ich sage dir, was zu tun ist.",
    "shown_why": "{name} lässt sich nicht zeigen, denn {why}.",
    "refused": "{name} lässt sich nicht zeigen, denn {why}. Sage: wie repariere ich {name}, "
    "und ich sage dir, was zu tun ist.",
    "mend": "{name} lässt sich nicht zeigen, denn {why}. {mend} Das steht jetzt auch in der Alexa App.",
    "mend_here": "{name} lässt sich hier nicht zeigen, denn {why}. {mend} Das steht jetzt auch in der Alexa App.",
    "nothing_to_mend": "Es gibt nichts zu reparieren: {name} lässt sich zeigen.",
    "card_title": "{name} reparieren",
    "card_more": "Was zu tun ist, wenn sich eine Kamera nicht zeigen lässt: {url}",
    "no_sound": "{name} hat kein Mikrofon, also gibt es keinen Ton.",
    "sound_already": "Der Ton von {name} ist schon an.",
    "sound_ask": "Soll ich den Ton von {name} einschalten? Wer das Bild sehen darf, hört ihn dann auch.",
    "sound_done": "Der Ton von {name} ist an.",
    "not_changed": "Das kann ich bei {name} nicht tun, denn {why}. {mend}",
    "left": "Gut, ich lasse es, wie es ist.",
    "nothing_asked": "Ich hatte nichts gefragt. Frage, welche Kameras bereit sind, "
    "oder warum du eine Kamera nicht sehen kannst.",
    "no_screen": "Dieses Gerät kann kein Video zeigen. Frage auf einem Echo Show.",
    "showing": "{name}.",
    "link": "Deine Kameras sind noch nicht verknüpft. Wie das geht, steht jetzt in der Alexa App.",
    "broken": "In showcam ist etwas schiefgegangen. Bitte versuche es noch einmal.",
    "down": "showcam kann gerade seine eigenen Daten nicht lesen. Bitte versuche es gleich noch einmal.",
}
TEXTS = {"en": _EN, "de": _DE}


def language(locale: str) -> str:
    return "de" if locale.lower().startswith("de") else "en"


def say(key: str, language: str, **values: object) -> str:
    return TEXTS[language][key].format(**values)


def listed(names: Sequence[str], language: str, word: str = "") -> str:
    """“A, B and C”; `word` in place of “and”."""
    join = word or {"en": "and", "de": "und"}[language]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {join} {names[-1]}"
