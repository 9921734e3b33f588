"""Refusals in speech: the reason, and how to fix it. A vendor's own sentences are in its driver's folder."""

from showcam.drivers.camera import Refusal
from showcam.drivers.errors import ByReason
from showcam.drivers.vendor import Sentence
from showcam.i18n.catalogue import Language, mark
from showcam.registry.gate.reasons import named, translated

# reason: (why, spoken after “can't be shown:”; what to do). Alexa reads both aloud: they hold no signs that would be
# spelt out. A reply with both has at most 15 words besides names. The card in the Alexa app has the long form.
ALOUD: ByReason[Sentence] = {
    "not_found": (mark("I don't know that camera"), mark("Say: discover devices.")),
    "signed_out": (mark("showcam is signed out of the {vendor} account"), mark("Link this skill again.")),
    "no_internet": (mark("there is no internet here"), mark("See whether the router is online.")),
    "vendor_down": (mark("the {vendor} service does not answer"), mark("Try again in some minutes.")),
    "vendor_busy": (mark("the {vendor} service has too many requests"), mark("Wait a minute.")),
    "offline": (mark("it is offline"), mark("Check its power and the Wi-Fi.")),
    "asleep": (mark("it is in Sleep Mode"), mark("Wake it in the {vendor} app.")),
    "state_unknown": (mark("its state is unknown"), mark("Open it in the {vendor} app.")),
    "encryption_on": (mark("Image Encryption is on"), mark("Switch it off in the {vendor} app.")),
    "encryption_unknown": (mark("Image Encryption could not be verified"), mark("See that it is off.")),
    "audio_off": (mark("its sound is off"), mark("Switch it on in the {vendor} app.")),
    "audio_unknown": (mark("its sound could not be verified"), mark("See that it is on.")),
    "not_agreed": (mark("nobody has allowed its video yet"), mark("Allow it on showcam's page.")),
    "no_way": (mark("no way brings its video"), mark("Look in the {vendor} app.")),
    "silent": (mark("it sends {vendor}'s cloud no video"), mark("Look on showcam's page.")),
    "not_permitted": (mark("its live video is not shared"), mark("Ask its owner for it.")),
    "code_wrong": (mark("its code is wrong"), mark("Give showcam the right one.")),
    "lan_unreachable": (mark("it does not answer at home"), mark("Check its power and network.")),
    "lan_closed": (mark("its video port is closed"), mark("Open that in the {vendor} app.")),
    "key_server_changed": (mark("a certificate of {vendor} changed"), mark("Look on showcam's page.")),
    "not_playable": (mark("it lacks H 264"), mark("Set H 264 in the {vendor} app.")),
    "beyond_displays": (mark("its picture is too large"), mark("Set a lower resolution.")),
    "not_passable": (mark("its video can't be shown as it is"), mark("Use another display.")),
    "no_common_protocol": (mark("this display can't play its video"), mark("Ask on another display.")),
    "too_large": (mark("its picture is above 1280 by 720"), mark("Set a lower resolution.")),
    "busy": (mark("too many screens show it"), mark("Close one, then ask again.")),
    "too_often": (mark("too many cameras were opened"), mark("Wait a minute.")),
    "household_full": (mark("too many cameras are watched here"), mark("Close another camera.")),
    "machine_full": (mark("the machine has no time left"), mark("Close another camera.")),
    "waking": (mark("it is being woken"), mark("Ask again in half a minute.")),
    "media_down": (mark("its video did not start"), mark("Ask again in a moment.")),
    "voice_may_not": (mark("its owner has not allowed that"), mark("Tick it on showcam's page.")),
    "encryption_by_voice": (mark("no voice changes Image Encryption"), mark("Use the {vendor} app.")),
    "owners_alone": (mark("only its owner can change that"), mark("Ask the owner.")),
    "not_this_way": (mark("I can't change that here"), mark("Use the {vendor} app.")),
    "not_set": (mark("it did not take the change"), mark("Try again.")),
    "no_tv": (mark("the TV does not answer"), mark("Check that it is on.")),
}


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
