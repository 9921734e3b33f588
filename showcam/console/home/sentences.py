"""The sentences of pages about a camera that can't be shown; assistants have others."""

from collections.abc import Mapping

from showcam.drivers.errors import Reason
from showcam.drivers.vendor import Sentence
from showcam.i18n.catalogue import mark
from showcam.registry.owner.sign_in_outcome import WRITTEN

# "" stands for the sentence that assistants say
OWN: Mapping[Reason, Sentence] = {
    "not_found": (mark("This camera is gone."), mark("Reload this page.")),
    "signed_out": ("", mark("Sign in to {vendor} again.")),
    "encryption_on": (mark("Image Encryption is on for {camera}."), ""),
    "audio_off": (mark("Audio is off for {camera}. Google shows only cameras with sound."), ""),
}
# For a page that has the button itself.
_CHANGE_IT = mark("Change that here.")
HERE: Mapping[Reason, Sentence] = {
    "encryption_on": (OWN["encryption_on"][0], _CHANGE_IT),
    "code_wrong": ("", mark("Use the label's code, or the encryption password.")),
    "asleep": ("", _CHANGE_IT),
    "audio_off": (OWN["audio_off"][0], _CHANGE_IT),
    # the owner was not asked yet, or has said no
    "not_agreed": ("", mark("Unencrypted between {vendor} and here.")),
}
# For video that the page automatically asks for again.
_BY_ITSELF = mark("This page tries again.")
_CLOSE_ONE = mark("Close one.")
BY_ITSELF: Mapping[Reason, Sentence] = {
    "no_internet": ("", _BY_ITSELF),
    "vendor_down": ("", _BY_ITSELF),
    "vendor_busy": ("", _BY_ITSELF),
    "media_down": ("", _BY_ITSELF),
    "busy": ("", _CLOSE_ONE),
    "household_full": ("", _CLOSE_ONE),
    "machine_full": ("", _CLOSE_ONE),
}
# For a camera that another household shares, whose other viewers can't be closed from here.
BY_ITSELF_SHARED: Mapping[Reason, Sentence] = {**BY_ITSELF, "busy": ("", _BY_ITSELF)}
# at the tile of the owner's own camera, whose page is a press away
_ON_ITS_PAGE = mark("Check its power and network.")
AT_ITS_TILE: Mapping[Reason, Sentence] = {
    "offline": ("", _ON_ITS_PAGE),
    "lan_unreachable": ("", _ON_ITS_PAGE),
    "code_wrong": ("", mark("Some cameras lock after three refusals.")),
    "no_way": ("", mark("Its manual has the path.")),
}
ASK_AN_OWNER = mark("Ask an owner.")
AGAIN = mark("Image Encryption is on again for {camera}.")
# For a change that was asked for, and that the camera does not show yet.
_SHOWN_LATER = mark("Within half a minute.")
_CHANGES = mark("{camera} is changing.")
ASKED_FOR: Mapping[Reason, Sentence] = {
    "encryption_on": (_CHANGES, _SHOWN_LATER),
    "asleep": (mark("Waking {camera}."), _SHOWN_LATER),
    "audio_off": (_CHANGES, _SHOWN_LATER),
}

# For an encrypted camera that its owner decided to show, and whose key is missing.
KEY_MISSING: Sentence = (
    mark("showcam lacks the key of {camera}."),
    mark("Get it from {vendor}, or give the label's code."),
)
# For the key that the vendor was asked for: the vendor's next demand, or why there is none.
KEY = {
    "mailed_code": mark("{vendor} has mailed you four digits. Look in spam too."),
    "wrong_mailed_code": mark("{vendor} refuses that code. Use the newest mail's."),
    "old": mark("That code has expired."),
    "too_soon": mark("Use the code just mailed."),
    "too_often": WRITTEN["too_often"],
    "guessed": mark("Too many wrong codes. Wait an hour."),
    "silent": mark("{vendor} can't reach the camera. Wake it, or check its power."),
    "not_given": mark("{vendor} refuses the key. Give the label's code, or switch Image Encryption off."),
    "consent": mark("Tick that pictures are deciphered here."),
}
KEY["pause"] = KEY["guessed"]

# Errors of the code that deciphers a camera's picture.
PICTURE_CODE = {
    **{of: KEY[of] for of in ("consent", "guessed")},
    "wrong": mark("Wrong code. Use the label's, or the encryption password."),
}

# While Image Encryption is being switched off: the vendor's next demand, or the error of the code.
SWITCHING_OFF = {
    "mailed_code": mark("Enter the four digits {vendor} has mailed, or the label's code."),
    **{of: KEY[of] for of in ("wrong_mailed_code", "old", "too_soon", "too_often", "guessed", "silent")},
    "code": HERE["code_wrong"][1],
    "wrong_code": PICTURE_CODE["wrong"],
}

# Errors of the form of the encryption password.
PASSWORD = {
    "missing": mark("Give the current password."),
    "differ": mark("The two differ."),
    "letters": mark("It has 6 to 12 letters and digits."),
    "consent": mark("Tick that all viewers need it."),
}

# The ways of a picture, by the words of showcam.registry.gate.gate.
WAYS: Mapping[str, str] = {
    "lan": mark("over your own network"),
    "open": mark("by the Open Platform key"),
    "local": mark("from the camera at home"),
    "cloud": mark("by {vendor}'s cloud stream"),
    "cloud_unasked": mark("by {vendor}'s cloud stream, once allowed"),
}
