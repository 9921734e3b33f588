"""The sentences of the spoken half in English and German."""

from collections.abc import Mapping, Sequence

from showcam.drivers.camera import Refusal
from showcam.drivers.errors import Reason, complete
from showcam.drivers.vendor import Sentence
from showcam.i18n.catalogue import OURS, Language, chosen, mark
from showcam.registry.gate.reasons import named, translated

TEXTS = {
    "welcome": mark("Your cameras. Ask which are ready, or say: show the garden."),
    "help": mark(
        "Ask: which cameras are ready. Why can't I see the garage. Fix the garage. "
        "Or: show the garden. What would you like?"
    ),
    "again": mark("What would you like?"),
    "goodbye": mark("Goodbye."),
    "not_understood": mark("I didn't get that. Ask which cameras are ready."),
    "which": mark("Which camera?"),
    "which_of": mark("Do you mean {names}?"),
    "unknown": mark("I don't know {heard}. I know {names}."),
    "no_camera": mark("I know no camera yet. Say: discover devices."),
    "unreadable": mark("Your cameras: {why}. {mend}"),
    "all_ready": mark("All {number} cameras are ready: {names}."),
    "some_ready": mark("{names} can be shown."),
    "none_ready": mark("No camera can be shown."),
    "not_here": mark("In here I can't show {names}: its picture is too large."),
    "and_more": mark("{number} more can't be shown."),
    "more": mark("{number} more"),
    "fine": mark("{name} can be shown."),
    "fine_here": mark("{name} can be shown. Say: show {name}."),
    "fine_elsewhere": mark("Not in here: {why}. Say: Alexa, show {name}."),
    "shown_why": mark("{name} can't be shown: {why}."),
    "refused": mark("{name} can't be shown: {why}. Say: fix {name}."),
    "mend": mark("{name}: {why}. {mend} More in the Alexa app."),
    "card_title": mark("Fix {name}"),
    "card_more": mark("More: {url}"),
    "no_sound": mark("{name} has no microphone."),
    "sound_ask": mark("Turn on the sound of {name}? Everybody who sees it hears it."),
    "sound_on": mark("The sound of {name} is on."),
    "sound_asked": mark("I asked {name}. Try again in half a minute."),
    "not_changed": mark("{name}: {why}. {mend}"),
    "left": mark("Good, nothing changes."),
    "no_screen": mark("This device can't show video. Ask on an Echo Show."),
    "showing": mark("{name}."),
    "link": mark("Link your cameras in the Alexa app."),
    "broken": mark("Something went wrong in showcam. Try again."),
}


def spoken_language(locale: str) -> Language:
    """The language for one of Alexa's locales: German or English. Alexa does not speak Norwegian."""
    return "de" if chosen([locale]) == "de" else "en"


def say(key: str, language: Language, **values: object) -> str:
    return OURS.say(language, TEXTS[key], **values)


def listed(names: Sequence[str], language: Language, word: str = mark("and")) -> str:
    """“A, B and C”. `word`: the msgid of the last conjunction."""
    join = OURS.translate(language, word)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {join} {names[-1]}"


# reason: (why, spoken after “can't be shown:”; what to do). Alexa reads both aloud: they hold no signs that would be
# spelt out. A reply with both has at most 15 words besides names. The card in the Alexa app has the long form.
ALOUD: Mapping[Reason, Sentence] = {
    "not_found": (mark("I don't know that camera"), mark("Say: discover devices.")),
    "signed_out": (mark("showcam is signed out of the {vendor} account"), mark("Link this skill again.")),
    "no_internet": (mark("there is no internet here"), mark("Check the router.")),
    "vendor_down": (mark("the {vendor} service does not answer"), mark("Try again in some minutes.")),
    "vendor_busy": (mark("the {vendor} service has too many requests"), mark("Wait a minute.")),
    "offline": (mark("it is offline"), mark("Check its power and network.")),
    "asleep": (mark("it is in Sleep Mode"), mark("Wake it in the {vendor} app.")),
    "state_unknown": (mark("its state is unknown"), mark("Open it in the {vendor} app.")),
    "encryption_on": (mark("Image Encryption is on"), mark("Switch it off in the {vendor} app.")),
    "encryption_unknown": (mark("Image Encryption is unverified"), mark("Switch it off in the {vendor} app.")),
    "audio_off": (mark("its sound is off"), mark("Switch it on in the {vendor} app.")),
    "audio_unknown": (mark("its sound is unverified"), mark("Switch it on in the {vendor} app.")),
    "not_agreed": (mark("nobody has allowed its video yet"), mark("Allow it on showcam's page.")),
    "no_way": (mark("no way brings its video"), mark("Look in the {vendor} app.")),
    "silent": (mark("it sends no video"), mark("Look on showcam's page.")),
    "not_permitted": (mark("its live video is not shared"), mark("Ask the owner.")),
    "code_wrong": (mark("its code is wrong"), mark("Give showcam the right one.")),
    "lan_unreachable": (mark("it does not answer at home"), mark("Check its power and network.")),
    "lan_closed": (mark("its video port is closed"), mark("Look in the {vendor} app.")),
    "key_server_changed": (mark("a certificate of {vendor} changed"), mark("Look on showcam's page.")),
    "not_playable": (mark("it lacks H 264"), mark("Set H 264 in the {vendor} app.")),
    "beyond_displays": (mark("its picture is too large"), mark("Set a lower resolution.")),
    "not_passable": (mark("this display can't play its video"), mark("Ask on another display.")),
    "no_common_protocol": (mark("this display can't play its video"), mark("Ask on another display.")),
    "too_large": (mark("its picture is too large"), mark("Set a lower resolution.")),
    "busy": (mark("too many screens show it"), mark("Close one, then ask again.")),
    "too_often": (mark("too many cameras were opened"), mark("Wait a minute.")),
    "household_full": (mark("too many cameras are watched here"), mark("Close another camera.")),
    "machine_full": (mark("too many cameras are watched here"), mark("Close another camera.")),
    "waking": (mark("it is being woken"), mark("Ask again in half a minute.")),
    "media_down": (mark("its video did not start"), mark("Try again.")),
    "voice_may_not": (mark("its owner has not allowed that"), mark("Allow it on showcam's page.")),
    "encryption_by_voice": (mark("I can't change that here"), mark("Use the {vendor} app.")),
    "owners_alone": (mark("only its owner can change that"), mark("Ask the owner.")),
    "not_this_way": (mark("I can't change that here"), mark("Use the {vendor} app.")),
    "not_set": (mark("it did not take the change"), mark("Try again.")),
    "no_tv": (mark("the TV does not answer"), mark("Check its power and network.")),
}
complete(ALOUD)


def why(refusal: Refusal, language: Language) -> str:
    """The first reason only: a listener can't read it again, and hears the next one once the first is fixed."""
    return _cause_and_step(refusal, language)[0]


def mend(refusal: Refusal, language: Language) -> str:
    """The remedy for the first reason, as a whole sentence."""
    return _cause_and_step(refusal, language)[1]


def _cause_and_step(refusal: Refusal, language: Language) -> Sentence:
    vendor = named(refusal.vendor, language)
    cause, step = translated(
        refusal.reason, language, ALOUD, refusal.vendor, lambda speech: speech.of_aloud(shared=refusal.shared)
    )
    return cause.format(vendor=vendor), step.format(vendor=vendor)
