"""The console's sentences: replacements for the sentences for assistants, and sentences about the console."""

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
    "code_wrong": (
        "",
        mark("Use the label's code, or the encryption password."),
    ),
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

# by reason: the status, the heading, and a text about what happened and what to do
PROBLEMS: dict[str, tuple[int, str, str]] = {
    "form": (
        400,
        mark("This page has expired, or cookies are off"),
        mark("Nothing was changed. Open the page again."),
    ),
    "request": (400, mark("This can't be read"), mark("Nothing was changed. Open the page again.")),
    "callback": (403, mark("This sign-in can't be finished"), WRITTEN["callback"]),
    "member": (
        403,
        mark("Here you can only watch"),
        mark("Ask an owner."),
    ),
    "no_camera": (404, mark("This camera is gone"), mark("It was removed.")),
    "store": (503, mark("That did not work just now"), mark("Nothing was changed. Try again in a minute.")),
    "no_room": (
        503,
        mark("showcam can't write to its disk"),
        mark("Make room there, then try again."),
    ),
    "fault": (
        500,
        mark("Something went wrong here"),
        mark("It is in showcam's log. Try again."),
    ),
}

# Errors of the one-time code.
CODE = {
    "wrong": (403, mark("Wrong, used or expired. Get a new code.")),
    "too_many": (429, mark("Too many wrong codes. Wait 15 minutes.")),
    "outside": (403, mark("The code works only at home. Open its address there.")),
}

# For the codes that sign a phone in.
PHONES = {**CODE, "no_browser": (403, mark("It is gone already."))}

# Outcomes of an ask, in the history of a camera.
HISTORY = {
    "shown": mark("Shown after {took} s, for {long} min."),
    "waiting": mark("Picture not fetched yet."),
    "unfetched": mark("Picture never fetched."),
}

# Sightings in the history, and the vendor's picture of a sighting.
SEEN = {
    "motion": mark("Motion"),
    "person": mark("A person"),
    "doorbell": mark("Somebody rang"),
    "tamper": mark("Turned away, covered or blinded."),
    "no_picture": mark("No picture"),
    "no_picture_here": mark("No picture"),
}

# For a change on a camera's page.
CHANGED = {
    "no_value": mark("Not changed: not possible."),
    "no_pause": mark("A pause is 0 to {most} seconds."),
    "meanwhile": mark("Somebody else just changed this."),
    "other_name": mark("Not deleted: another name."),
    "asked_for": mark("not confirmed yet"),
    "confirmed": mark("confirmed"),
}

# Errors of the form of the encryption password.
PASSWORD = {
    "missing": mark("Give the current password."),
    "differ": mark("The two differ."),
    "letters": mark("It has 6 to 12 letters and digits."),
    "consent": mark("Tick that all viewers need it."),
}

# Outcomes of a sentence that was tried.
TRIAL = {
    "nothing_said": mark("Say “show” and a camera's name."),
    "no_name": mark("It knows no such camera."),
    "shown": mark("It shows the picture."),
    "unshown": mark("No picture came. Try again."),
    "unclear": mark("Say “show” and a camera's name."),
    "hidden": mark("Done."),
    "listed": mark("It knows {count} cameras."),
    "online": mark("{camera} is online."),
    "offline": mark("{camera} is offline."),
    "motion": mark("{camera} sees motion."),
    "no_motion": mark("{camera} sees no motion."),
    "unknown": mark("Unknown."),
    "battery": mark("{camera} has {percent} % battery."),
    "well": mark("{camera} can be shown."),
    "all_well": mark("All can be shown."),
    "done": mark("Done."),
    "refused": mark("Refused for {camera}."),
    "not_offered": mark("Allow it on showcam's page."),
    "asks_pin": mark("It asks for your PIN."),
    "asks_yes": mark("It asks if you are sure."),
}

# Errors of the TVs' page.
CASTING = {
    "nothing_chosen": mark("Choose a camera and a TV."),
    "not_kept": mark("That camera is gone, or has enough scenes."),
    "no_list": mark("The cameras can't be listed now. Try again."),
}

# Occasions that automatically bring a camera to a TV; each follows “when”.
HAPPENS = {
    "doorbell": mark("Somebody rang"),
    "motion": mark("Motion"),
    "person": mark("A person"),
}

# Errors of the page of notices.
NOTICES = {
    "bad_address": mark("Not added. Begin as the examples do."),
    "owners_alone": mark("showcam's operator decides."),
    "long_name": mark("At most {most} characters."),
    "too_many": mark("At most {most} addresses."),
    "too_many_tries": mark("Too many tries. Wait a minute."),
    "no_address": mark("It is gone already."),
}

# Errors of set-up.
SET_UP = {
    "not_written": mark("Not written. Is there room, and may showcam write there?"),
    "given_elsewhere": mark("A file, variable or option sets it. Change it there."),
}

# The tasks of a person on the way to an address, by `Stage.stand`; causes of a refusal, by `Stage.why`.
EXPOSING = {
    "working": mark("This takes seconds."),
    "sign_in": mark("Sign in to Tailscale; a free account does."),
    "approve": mark("Let a Tailscale admin approve this machine."),
    "allow": mark("Allow Funnel in your Tailscale network."),
    "choose": mark("Sign in to Cloudflare; choose your name's domain."),
    "done": mark("The address works in seconds."),
    "begun": mark("{detail} was begun, and not finished."),
    "closed": mark("Closed. Delete what Cloudflare still has: {detail}."),
}
NOT_EXPOSED = {
    "missing": mark("Tailscale is not installed here. Read how."),
    "denied": mark("Tailscale obeys only its operator. Read how showcam becomes it."),
    "down": mark("Tailscale does not run. Restart this machine."),
    "taken": mark("Tailscale serves another program here. End that."),
    "no_name": mark("Tailscale has no name for this machine. Switch MagicDNS on there."),
    "no_cloudflared": mark("cloudflared is not installed here. Read how."),
    "record": mark("Cloudflare has another record for {detail}. Delete that, or take another name."),
    "other_domain": mark("Delete Cloudflare's record {detail}: the name is in another domain."),
    "begun": mark("First take {detail} back."),
    "late": mark("Nobody went on in time. Try again."),
    "given_elsewhere": SET_UP["given_elsewhere"],
    "failed": mark("That was refused: {detail}"),
}

# Errors of a camera's page of traces.
TRACING = {
    "busy": mark("Wait: another trace is running."),
    "none": mark("{vendor} does not answer. Try again in some minutes."),
}

# Errors of the health page.
HEALTH = {
    "no_backup": mark("Not written. Is there room, and may showcam write there?"),
}
