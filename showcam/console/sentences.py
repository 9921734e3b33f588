"""The console's sentences: replacements for the sentences for assistants, and sentences about the console."""

from collections.abc import Mapping

from showcam.drivers.errors import Reason
from showcam.drivers.vendor import Sentence
from showcam.i18n.catalogue import mark
from showcam.registry.owner.sign_in_outcome import WRITTEN

# "" stands for the sentence that assistants say
OWN: Mapping[Reason, Sentence] = {
    "not_found": (mark("This camera is no longer here."), mark("Reload this page.")),
    "not_playable": (mark("{camera} sends video as H.265 or Motion JPEG, which can't be shown here."), ""),
    "signed_out": (
        mark("showcam is signed out of the {vendor} account."),
        mark("Sign in to {vendor} again."),
    ),
    "encryption_on": (
        mark("Image Encryption is on for {camera}, so its picture can't be shown."),
        mark("Its owner can switch it off in the {vendor} app: {camera} > Settings > Image Encryption."),
    ),
    "audio_off": (mark("Audio is off for {camera}, and Google shows only cameras with sound."), ""),
}
# For a page that has the button itself.
HERE: Mapping[Reason, Sentence] = {
    "encryption_on": (
        OWN["encryption_on"][0],
        mark("Switch it off here or in the {vendor} app: {camera} > Settings > Image Encryption."),
    ),
    "code_wrong": (
        "",
        mark("Give the right one: the code on its label, or its encryption password."),
    ),
    "asleep": ("", mark("Wake it here, or switch Sleep Mode off in the {vendor} app.")),
    "audio_off": (OWN["audio_off"][0], mark("Switch Audio on here, or in the {vendor} app.")),
    # the owner was not asked yet, or has said no
    "not_agreed": (
        mark("{camera} comes over an open connection, which is not allowed yet."),
        mark("The picture is not encrypted between {vendor} and here. Allow that to see it."),
    ),
}
# For video that the page automatically asks for again.
_BY_ITSELF = mark("This page tries again.")
_MAKES_ROOM = mark("Close another camera. This page tries again.")
BY_ITSELF: Mapping[Reason, Sentence] = {
    "no_internet": ("", _BY_ITSELF),
    "vendor_down": ("", _BY_ITSELF),
    "vendor_busy": ("", _BY_ITSELF),
    "media_down": ("", _BY_ITSELF),
    "busy": ("", mark("Close it on one of them. This page tries again.")),
    "household_full": ("", _MAKES_ROOM),
    "machine_full": ("", _MAKES_ROOM),
}
# For a camera that another household shares, whose other viewers can't be closed from here.
BY_ITSELF_SHARED: Mapping[Reason, Sentence] = {**BY_ITSELF, "busy": ("", _BY_ITSELF)}
AGAIN = mark("Image Encryption is on again for {camera}: somebody, or an update, switched it on.")
# For a change that was asked for, and that the camera does not show yet.
_SHOWN_LATER = mark("That takes up to half a minute.")
ASKED_FOR: Mapping[Reason, Sentence] = {
    "encryption_on": (mark("Image Encryption is being switched off for {camera}."), _SHOWN_LATER),
    "asleep": (mark("{camera} is being woken."), _SHOWN_LATER),
    "audio_off": (mark("Audio is being switched on for {camera}."), mark("That takes up to half a minute.")),
}

# For an encrypted camera that its owner decided to show, and whose key is missing.
KEY_MISSING: Sentence = (
    mark("Image Encryption is on for {camera}, and showcam lacks its key."),
    mark("Ask {vendor} for the key, or give the code on its label."),
)
# For the key that the vendor was asked for: the vendor's next demand, or why there is none.
KEY = {
    "mailed_code": mark(
        "{vendor} has mailed a code of four digits to the account's address. Type it here within half an "
        "hour. Look in the spam folder too."
    ),
    "wrong_mailed_code": mark("{vendor} does not take that code. Only the one in the newest mail counts."),
    "old": mark("That code has expired after half an hour. Get a new one."),
    "too_soon": mark("{vendor} mailed a code a minute or two ago: use that one."),
    "too_often": mark("{vendor} sends no more codes for now. Try again in half an hour."),
    "guessed": mark("There were too many wrong codes. Try again in an hour."),
    "silent": mark("The camera does not answer {vendor}. Check its power and Wi-Fi, wake it, then try again."),
    "not_given": mark(
        "{vendor} does not give this account the camera's key. Give the code on its label (ask its owner if "
        "it is shared), or switch Image Encryption off."
    ),
    "consent": mark("First decide to show the camera while Image Encryption is on."),
}
KEY["pause"] = KEY["guessed"]

# Errors of the code that deciphers a camera's picture.
PICTURE_CODE = {
    "consent": mark("Tick that the pictures are deciphered here, then try again."),
    "wrong": mark("That is not the camera's code. Use the one on its label, or its encryption password."),
    "guessed": mark("There were too many wrong codes. Try again in an hour."),
}

# While Image Encryption is being switched off: the vendor's next demand, or the error of the code.
SWITCHING_OFF = {
    "mailed_code": mark(
        "{vendor} wants a code for that, and has mailed four digits to the account's address. Look in the "
        "spam folder too. An older camera takes the code on its label."
    ),
    "code": mark("{vendor} wants a code for that: the one on the camera's label, or its encryption password."),
    "wrong_mailed_code": mark("{vendor} does not take that code. Only the one in the newest mail counts."),
    "wrong_code": PICTURE_CODE["wrong"],
    "old": mark("That code has expired after half an hour. Get a new one."),
    "too_soon": mark("{vendor} mailed a code a minute or two ago: use that one."),
    "too_often": mark("{vendor} sends no more codes for now. Try again in half an hour."),
    "guessed": PICTURE_CODE["guessed"],
    "silent": mark("The camera does not answer {vendor}. Check its power and Wi-Fi, wake it, then try again."),
}

# by reason: the status, the heading, and a text about what happened and what to do
PROBLEMS: dict[str, tuple[int, str, str]] = {
    "form": (
        400,
        mark("This page has expired"),
        mark(
            "It was open too long, you signed in or out elsewhere, or cookies are off. Nothing was changed. Open "
            "it again."
        ),
    ),
    "request": (400, mark("This can't be read"), mark("Nothing was changed. Open the page again.")),
    "callback": (403, mark("This sign-in can't be finished"), WRITTEN["callback"]),
    "member": (
        403,
        mark("Here you can only watch"),
        mark("Nothing was changed. Ask an owner to change it, or to add this phone as an owner's."),
    ),
    "no_camera": (404, mark("This camera is no longer here"), mark("It or its household was removed.")),
    "store": (503, mark("That did not work just now"), mark("Nothing was changed. Try again in a minute.")),
    "no_room": (
        503,
        mark("showcam can't write to its disk"),
        mark(
            "Nothing was changed. The disk may be full: make room on the machine that showcam runs on, then try again."
        ),
    ),
    "fault": (
        500,
        mark("Something went wrong here"),
        mark("It is noted in showcam's log. Try again."),
    ),
}

# Errors of the one-time code.
CODE = {
    "wrong": (
        403,
        mark("That code did not work: each works once, for half an hour."),
    ),
    "too_many": (429, mark("Too many wrong codes came from here. Try again in 15 minutes.")),
    "outside": (403, mark("The code works only in the house. Open the address that was printed with it.")),
}

# For the codes that sign a phone in.
PHONES = {
    "wrong": (403, mark("That code did not work: each works once, for ten minutes. Have a new one shown.")),
    "too_many": CODE["too_many"],
    "outside": (403, mark("The code works only at home. Connect this phone to your Wi-Fi, then try again.")),
    "no_browser": (403, mark("That browser is signed out already.")),
}

# Outcomes of an ask, in the history of a camera.
HISTORY = {
    "shown": mark("Shown: answered after {took} s, watched for {long} min."),
    "waiting": mark("Answered; the picture has not been fetched yet."),
    "unfetched": mark("Answered, but the picture was never fetched."),
}

# Sightings in the history, and the vendor's picture of a sighting.
SEEN = {
    "motion": mark("Motion"),
    "person": mark("A person"),
    "doorbell": mark("Somebody rang"),
    "tamper": mark("Tampered with: it was turned away, covered or blinded."),
    "no_picture": mark("{vendor} keeps no picture of this, or no longer."),
    "no_picture_here": mark("No picture"),
}

# For a change on a camera's page.
CHANGED = {
    "no_value": mark("Not changed: this value is not possible."),
    "no_pause": mark("Not changed: a pause is 0 to {most} whole seconds."),
    "meanwhile": mark("Not changed: somebody else has just set this camera. You see their settings now."),
    "no_setting": mark("Not changed: there is no such setting."),
    "other_name": mark("Not deleted: that is not the camera's name."),
    "asked_for": mark("sent, not confirmed yet"),
    "confirmed": mark("confirmed by the camera"),
}

# Errors of the form of the encryption password.
PASSWORD = {
    "missing": mark("Type the current password, or the code on the label."),
    "differ": mark("The two new passwords differ."),
    "letters": mark("An encryption password is 6 to 12 letters and digits."),
    "consent": mark("Tick that everybody who watches it needs the new password."),
}

# Outcomes of a sentence that was tried.
TRIAL = {
    "nothing_said": mark("Write a sentence with a camera's name."),
    "no_name": mark("It knows no such camera. Use a name from the page Cameras."),
    "shown": mark("It shows the picture."),
    "unshown": mark("It shows no picture, though nothing prevents it. Try again in a moment."),
    "unclear": mark("It does not understand that. Say “show” and a camera's name."),
    "hidden": mark("It shows no camera any more."),
    "listed": mark("It knows {count} cameras."),
    "online": mark("{camera} is online."),
    "offline": mark("{camera} is offline."),
    "motion": mark("{camera} sees motion."),
    "no_motion": mark("{camera} sees no motion."),
    "unknown": mark("It does not know that."),
    "battery": mark("{camera} has {percent} % of its battery left."),
    "well": mark("{camera} can be shown."),
    "all_well": mark("Every camera can be shown."),
    "done": mark("It is done."),
    "refused": mark("That was refused for {camera}."),
    "not_offered": mark("It may not do that for {camera}. Allow it on the camera's page."),
    "asks_pin": mark("It asks for your PIN first."),
    "asks_yes": mark("It asks first whether you are sure."),
}

# Errors of the TVs' page.
CASTING = {
    "nothing_chosen": mark("Choose a camera and a TV."),
    "not_kept": mark("Not changed: that camera is gone, or has all the scenes it may have."),
    "no_list": mark("The cameras can't be listed just now. Try again in a moment."),
}

# Occasions that automatically bring a camera to a TV; each follows “when”.
HAPPENS = {
    "doorbell": mark("somebody rings"),
    "motion": mark("something moves"),
    "person": mark("a person is seen"),
}

# Errors of the page of notices.
NOTICES = {
    "bad_address": mark(
        "Not added: that is no address of a service, or it is incomplete. Begin as the examples do. Services "
        "that run programs of this machine are refused."
    ),
    "owners_alone": mark("Only whoever runs this showcam may add addresses."),
    "long_name": mark("Not added: a name has at most {most} characters."),
    "too_many": mark("Not added: a household has at most {most} addresses."),
    "too_many_tries": mark("Those were many tries. Try again in a minute."),
    "no_address": mark("That address is gone already."),
}

# Errors of set-up.
SET_UP = {
    "given_elsewhere": mark("Not saved: a file, a variable or an option sets the public address. Change it there."),
}

# Errors of a camera's page of traces.
TRACING = {
    "busy": mark("Another camera's trace is being made. Begin when it is done."),
    "none": mark("No trace: {vendor} did not list the cameras. Try again in a few minutes."),
}

# Errors of the health page.
HEALTH = {
    "no_backup": mark(
        "No backup was made. Check that the disk has room and that showcam may write to its data folder, "
        "then try again."
    ),
}
