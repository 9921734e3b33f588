"""The console's sentences: replacements for the sentences for assistants, and sentences about the console."""

from collections.abc import Mapping

from showcam.drivers.errors import Reason
from showcam.drivers.vendor import Sentence
from showcam.i18n.catalogue import mark
from showcam.registry.owner.sign_in_outcome import WRITTEN

# "" stands for the sentence that assistants say
OWN: Mapping[Reason, Sentence] = {
    "not_found": (mark("There is no such camera here any more."), mark("Reload this page.")),
    "not_playable": (mark("{camera} sends video as H.265 or Motion JPEG, which can't be shown here."), ""),
    "signed_out": (
        mark("showcam is signed out of the {vendor} account."),
        mark("Sign in again with the {vendor} user name and password."),
    ),
    "encryption_on": (
        mark("Image Encryption is on for {camera}, so its picture can't be shown."),
        mark("Whoever owns it can switch it off: in the {vendor} app open {camera} > Settings > Image Encryption."),
    ),
    "audio_off": (mark("Audio is off for {camera}, and Google shows only cameras with sound."), ""),
}
# For a page that has the button itself.
HERE: Mapping[Reason, Sentence] = {
    "encryption_on": (
        OWN["encryption_on"][0],
        mark("Switch it off here, or in the {vendor} app: open {camera} > Settings > Image Encryption."),
    ),
    "code_wrong": (
        "",
        mark("Give the right one here: the verification code on its label, or the encryption password set since."),
    ),
    "asleep": ("", mark("Wake it here, or in the {vendor} app open {camera} and switch Sleep Mode off.")),
    "audio_off": (OWN["audio_off"][0], mark("Switch Audio on here, or in the {vendor} app.")),
    # the owner was not asked yet, or has said no
    "not_agreed": (
        mark("The picture of {camera} comes over an open connection, which is not allowed yet."),
        mark("On its way from {vendor} to here it is not encrypted. Allow that, and it is shown."),
    ),
}
# For video that the page automatically asks for again.
_BY_ITSELF = mark("This page asks again by itself.")
_MAKES_ROOM = mark("Close another camera. This page asks again by itself.")
BY_ITSELF: Mapping[Reason, Sentence] = {
    "no_internet": ("", _BY_ITSELF),
    "vendor_down": ("", _BY_ITSELF),
    "vendor_busy": ("", _BY_ITSELF),
    "media_down": ("", _BY_ITSELF),
    "busy": ("", mark("Close it on one of them. This page asks again by itself.")),
    "household_full": ("", _MAKES_ROOM),
    "machine_full": ("", _MAKES_ROOM),
}
# For a camera that another household shares, whose other viewers can't be closed from here.
BY_ITSELF_SHARED: Mapping[Reason, Sentence] = {**BY_ITSELF, "busy": ("", _BY_ITSELF)}
AGAIN = mark("Image Encryption is on again for {camera}: somebody switched it on, or an update of the camera did.")
# For a change that was asked for, and that the camera does not show yet.
_SHOWN_LATER = mark("{vendor} shows that within half a minute. The picture then comes by itself.")
ASKED_FOR: Mapping[Reason, Sentence] = {
    "encryption_on": (mark("Image Encryption is being switched off for {camera}."), _SHOWN_LATER),
    "asleep": (mark("{camera} is being woken."), _SHOWN_LATER),
    "audio_off": (mark("Audio is being switched on for {camera}."), mark("{vendor} shows that within half a minute.")),
}

# For an encrypted camera that its owner decided to show, and whose key is missing.
KEY_MISSING: Sentence = (
    mark("Image Encryption is on for {camera}, and showcam does not have its key yet."),
    mark("Ask {vendor} for the key here, or give the code on the camera's label."),
)
# For the key that the vendor was asked for: the vendor's next demand, or why there is none.
KEY = {
    "mailed_code": mark(
        "{vendor} has mailed a code of four digits to the account's address. It may be in the spam folder. It works "
        "for half an hour: type it here."
    ),
    "wrong_mailed_code": mark(
        "{vendor} does not take that code. If it sent several mails, only the code of the newest one counts."
    ),
    "old": mark("That code has expired: it works for half an hour. Ask {vendor} for the key again to get a new one."),
    "too_soon": mark(
        "{vendor} was asked a minute or two ago and sends no other mail yet. The code of that mail still works."
    ),
    "too_often": mark("{vendor} sends no more codes for now. Wait half an hour, then ask for the key again."),
    "guessed": mark("There were too many wrong codes. Wait an hour, then ask for the key again."),
    "silent": mark(
        "The camera does not answer {vendor}, which needs it for the key. Check that it has power and Wi-Fi and is "
        "awake, then ask again."
    ),
    "not_given": mark(
        "{vendor} does not give this account the camera's key. If somebody shares the camera with you, ask its owner "
        "for the code on its label. If it is yours, give that code, or switch Image Encryption off."
    ),
    "consent": mark("{vendor} was not asked. Decide first to show the camera while Image Encryption is on."),
}
KEY["pause"] = KEY["guessed"]

# Errors of the code that deciphers a camera's picture.
PICTURE_CODE = {
    "consent": mark("Nothing was changed. Tick that the pictures are deciphered here, then try again."),
    "wrong": mark(
        "Nothing was changed. That is not the camera's code: it is the verification code on its label, or the "
        "encryption password set since."
    ),
    "guessed": mark("Nothing was changed. There were too many wrong codes: wait an hour, then give the right one."),
}

# While Image Encryption is being switched off: the vendor's next demand, or the error of the code.
SWITCHING_OFF = {
    "mailed_code": mark(
        "{vendor} wants a code for that, and has just mailed one of four digits to the account's address. Look in the "
        "spam folder too. An older camera takes the code on its label."
    ),
    "code": mark(
        "{vendor} wants a code for that: the one on the camera's label, or the encryption password set since."
    ),
    "wrong_mailed_code": mark(
        "Nothing was changed. {vendor} does not take that code: of several mails only the newest has one that counts."
    ),
    "wrong_code": PICTURE_CODE["wrong"],
    "old": mark(
        "Nothing was changed. That code is over: one from a mail is good for half an hour. Try again for a new one."
    ),
    "too_soon": mark("{vendor} mailed a code a minute or two ago and mails no other yet: that one counts."),
    "too_often": mark("{vendor} has mailed as many codes as it does for now. Wait half an hour, then try again."),
    "guessed": PICTURE_CODE["guessed"],
    "silent": mark(
        "The camera does not answer {vendor}. See that it has power and Wi-Fi and is awake, then try again."
    ),
}

# by reason: the status, the heading, and a text about what happened and what to do
PROBLEMS: dict[str, tuple[int, str, str]] = {
    "form": (
        400,
        mark("This page is no longer good"),
        mark(
            "It was open too long, you signed in or out in another window, or your browser keeps no cookies. "
            "Nothing was changed. Open it again."
        ),
    ),
    "request": (400, mark("This can't be read"), mark("Nothing was changed. Open the page again.")),
    "callback": (403, mark("This sign-in can't be finished"), WRITTEN["callback"]),
    "member": (
        403,
        mark("Here you can only watch"),
        mark("Nothing was changed. An owner can change this, or can add this phone once more as an owner's."),
    ),
    "no_camera": (404, mark("There is no such camera here any more"), mark("It was removed, or its household was.")),
    "document": (
        404,
        mark("There is no such document here"),
        mark("The documents come with the program, in its folder docs."),
    ),
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
        mark("That code did not work: each works once, and for half an hour. The document says how you get a new one."),
    ),
    "too_many": (429, mark("Those were too many wrong codes from here. Try again in 15 minutes.")),
    "outside": (403, mark("The code is taken in the house alone. Open this page at the address it was printed with.")),
}

# For the codes that sign a phone in.
PHONES = {
    "wrong": (403, mark("That code did not work. Each works once, for ten minutes. Have a new one shown.")),
    "too_many": CODE["too_many"],
    "outside": (403, mark("The code works only at home. Connect this phone to your home's Wi-Fi, then try again.")),
    "no_browser": (403, mark("Nothing was changed: that browser is not signed in any more.")),
}

# Outcomes of an ask, in the history of a camera.
HISTORY = {
    "shown": mark("Shown: answered after {took} s, watched for {long} min."),
    "waiting": mark("Answered; the display has not fetched the picture yet."),
    "unfetched": mark("Answered, but the display never fetched the picture."),
    "tampered": mark("Tampered with: it was turned away, covered or blinded."),
}

# For a change on a camera's page.
CHANGED = {
    "no_value": mark("Nothing was changed: that can't be set to this value."),
    "no_pause": mark("Nothing was changed: a pause is a whole number of seconds from 0 to {most}."),
    "meanwhile": mark(
        "Nothing was changed: somebody else has set this camera since the page was opened. What stands here is theirs."
    ),
    "no_setting": mark("Nothing was changed: there is no such setting."),
    "other_name": mark("Nothing was deleted: that is not the camera's name."),
    "asked_for": mark("asked for; the camera does not show it yet"),
    "confirmed": mark("confirmed by the camera"),
}

# Errors of the form of the encryption password.
PASSWORD = {
    "missing": mark("Nothing was changed. Type the password of now, or the code on the label."),
    "differ": mark("Nothing was changed: the two new passwords are not the same."),
    "letters": mark("Nothing was changed: an encryption password is 6 to 12 letters and digits."),
    "consent": mark("Nothing was changed. Tick that whoever watches the camera needs the new password."),
}

# Outcomes of a sentence that was tried.
TRIAL = {
    "nothing_said": mark("Write what you would say, with a camera's name in it."),
    "no_name": mark("It knows no camera of that name: say one as the page of all cameras has it."),
    "shown": mark("It shows the picture."),
    "unshown": mark("It shows no picture, though nothing stands in the way: try again in a moment."),
    "unclear": mark("It does not understand that. Say “show” with a camera's name, or ask whether one is online."),
    "hidden": mark("It shows no camera any more."),
    "listed": mark("It knows {count} cameras."),
    "online": mark("{camera} is online."),
    "offline": mark("{camera} is offline."),
    "motion": mark("{camera} sees motion."),
    "no_motion": mark("{camera} sees no motion."),
    "unknown": mark("It does not know that."),
    "battery": mark("{camera} has {percent} % of its battery left."),
    "well": mark("Nothing stands in the way: {camera} can be shown."),
    "all_well": mark("Nothing stands in the way of any camera."),
    "done": mark("It is done."),
    "refused": mark("That was refused for {camera}."),
    "not_offered": mark("It may not do that for {camera}. What a voice may do is ticked on the camera's page."),
    "asks_pin": mark("It asks for your PIN, and goes on when it is right."),
    "asks_yes": mark("It asks whether you are sure, and goes on after a yes."),
}

# Errors of the TVs' page.
CASTING = {
    "nothing_chosen": mark("Choose a camera and a TV."),
    "not_kept": mark("Nothing was changed: that camera is not here, or has as many scenes as it may."),
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
        "Nothing was added: no service is known by that address, or it lacks something. It begins with a service, as "
        "the examples do; services that are programs of this machine are not taken."
    ),
    "owners_alone": mark(
        "Nothing was done: this showcam calls only addresses of whoever runs it, and your household was let in by them."
    ),
    "long_name": mark("Nothing was added: a name has at most {most} characters."),
    "too_many": mark("Nothing was added: a household has at most {most} addresses."),
    "too_many_tries": mark("Nothing was done: those were many tries. Wait a minute, then try again."),
    "no_address": mark("Nothing was done: that address is not there any more."),
}

# Errors of set-up.
SET_UP = {
    "given_elsewhere": mark(
        "Nothing was kept: a file, a variable or an option gives the public address, and counts more. Change it there."
    ),
}

# Errors of a camera's page of traces.
TRACING = {
    "busy": mark("A trace of another camera is being made. Wait until it is done, then begin."),
    "none": mark(
        "There is no trace: {vendor} did not answer with the list of cameras. Wait a few minutes, then begin again."
    ),
}

# Errors of the health page.
HEALTH = {
    "no_backup": mark(
        "No backup was made. See that the disk has room and that showcam may write in its data folder, then press "
        "again."
    ),
}
