"""Refusals in speech: why, and how to mend it. A vendor's own sentences are in its driver's folder."""

from registry.camera import Refusal
from registry.gate.reasons import named, translated
from registry.reason import ByReason
from registry.vendor import Sentence
from words.catalogue import OURS, mark
from words.languages import Language

# reason: (why, after “…, because”; what to do). Read aloud, so without signs that Alexa would spell out.
ALOUD: ByReason[Sentence] = {
    "not_found": (
        mark("I don't know that camera"),
        mark("Say discover devices, or link again and tick the camera."),
    ),
    "signed_out": (
        mark("showcam is signed out of the {vendor} account"),
        mark(
            "In the Alexa app disable this skill, enable it again, and sign in with the {vendor} user name and "
            "password."
        ),
    ),
    "vendor_down": (mark("the {vendor} service does not answer just now"), mark("Try again in a few minutes.")),
    "vendor_busy": (
        mark("the {vendor} service is getting too many requests"),
        mark("Wait a minute, then ask again."),
    ),
    "offline": (mark("it is offline"), mark("See that it has power, and that the Wi-Fi and the router work.")),
    "asleep": (
        mark("it is in Sleep Mode"),
        mark("In the {vendor} app open the camera and switch Sleep Mode off."),
    ),
    "state_unknown": (
        mark("I could not verify that it is awake and online"),
        mark("Open the camera once in the {vendor} app, then ask again."),
    ),
    "encryption_on": (
        mark("Image Encryption is on"),
        mark("In the {vendor} app open the camera and switch Image Encryption off."),
    ),
    "encryption_unknown": (
        mark("I could not verify that Image Encryption is off"),
        mark("In the {vendor} app open the camera and see that Image Encryption is off."),
    ),
    "audio_off": (mark("its sound is off"), mark("In the {vendor} app open the camera and switch its sound on.")),
    "audio_unknown": (
        mark("I could not verify that its sound is on"),
        mark("In the {vendor} app open the camera and see that its sound is on."),
    ),
    "no_way": (
        mark("there is no way yet to fetch its picture"),
        mark("If another account owns the camera, link with that account."),
    ),
    "not_permitted": (
        mark("the account I was given has no right to its live picture, or no longer"),
        mark("Have the owner of the camera share it once more, or link with the owner's account."),
    ),
    "code_wrong": (
        mark("it does not take the code I was given, or no longer"),
        mark("Give showcam the right code for this camera."),
    ),
    "lan_unreachable": (
        mark("it does not answer on the home network"),
        mark("See that it is on and in the same network as showcam."),
    ),
    "lan_closed": (
        mark("its video port on the home network is closed"),
        mark("Open it in the {vendor} app, if the app has it for this camera."),
    ),
    "not_playable": (
        mark("it sends H 265 video, which this display can't play, and there is no room to convert it"),
        mark("In the {vendor} app open the camera and set the video encoding to H 264."),
    ),
    "beyond_displays": (
        mark(
            "its picture is larger than full HD, which is more than displays can play, and there is no room to "
            "convert it"
        ),
        mark("In the {vendor} app open the camera and set a lower resolution. Then ask twice."),
    ),
    "not_passable": (
        mark("its picture comes in a form that can't be shown here as it is"),
        mark("Whoever runs this showcam can add a media process. Until then, look in the {vendor} app."),
    ),
    "no_common_protocol": (mark("this display can't play what it sends"), mark("Ask on another display.")),
    "too_large": (
        mark(
            "its picture is larger than the 1280 by 720 that this way to show it allows, and there is no room to "
            "convert it"
        ),
        mark("Set a lower resolution in the {vendor} app, or let showcam convert more pictures at once."),
    ),
    "busy": (
        mark("it is already shown on as many screens as allowed"),
        mark("Close it on one of them, then ask again."),
    ),
    "too_often": (
        mark("too many cameras were opened in the last minute"),
        mark("Wait a minute, then ask again."),
    ),
    "household_full": (
        mark("this household already watches as many cameras as it may"),
        mark("Close another camera, then ask again."),
    ),
    "machine_full": (
        mark("the machine at home has no time left for another camera"),
        mark("Close another camera, then ask again."),
    ),
    "waking": (
        mark("it runs on battery and was dozing; I am waking it"),
        mark("Ask again in about ten seconds."),
    ),
    "media_down": (mark("its picture could not be started"), mark("Ask again in a few seconds.")),
    "voice_may_not": (
        mark("its owner has not allowed that by voice"),
        mark("The owner allows it in showcam, with: cameras set, voice may."),
    ),
    "encryption_by_voice": (
        mark("Image Encryption is never changed by voice"),
        mark("In the {vendor} app open the camera, then look for Image Encryption."),
    ),
    "owners_alone": (
        mark("it belongs to another account, whose owner alone can change that"),
        mark("Ask the owner to change it in the {vendor} app."),
    ),
    "not_this_way": (mark("this camera can't be changed from here"), mark("Change it in the {vendor} app.")),
    "not_set": (
        mark("the camera did not take the change"),
        mark("Try again, or change it in the {vendor} app."),
    ),
    "no_tv": (
        mark("the TV does not answer"),
        mark("See that the TV is on and in the same network as showcam."),
    ),
}


def why(refusal: Refusal, language: Language) -> str:
    """The causes of all failed rows, to follow “…, because”."""
    word = OURS.translate(language, mark("and"))
    return f" {word} ".join(cause for cause, _ in _rows(refusal, language))


def mend(refusal: Refusal, language: Language) -> str:
    """The mends of all failed rows, as whole sentences."""
    return " ".join(dict.fromkeys(step for _, step in _rows(refusal, language)))


def _rows(refusal: Refusal, language: Language) -> list[Sentence]:
    vendor = named(refusal.vendor, language)
    rows = (
        translated(row.reason, language, ALOUD, refusal.vendor, lambda speech: speech.of_aloud(shared=refusal.shared))
        for row in refusal.failed
    )
    return [(cause.format(vendor=vendor), step.format(vendor=vendor)) for cause, step in rows]
