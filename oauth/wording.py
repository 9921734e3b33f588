"""HTTP status and sentence by reason, for refusals on the pages; pages.py translates."""

from showcam.i18n.catalogue import mark
from showcam.registry.owner.sign_in_outcome import NOT_THESE_ONES, WRITTEN

_NOT_THESE = (403, NOT_THESE_ONES)
SIGN_IN: dict[str, tuple[int, str]] = {
    "wrong": _NOT_THESE,
    "unknown": (403, WRITTEN["unknown"]),
    "stranger": _NOT_THESE,
    "too_many": _NOT_THESE,
    "wrong_password": (403, WRITTEN["wrong_password"]),
    "empty": (400, WRITTEN["empty"]),
    "empty_key": (400, WRITTEN["empty_key"]),
    "wrong_key": (403, WRITTEN["wrong_key"]),
    "uninvited": (403, WRITTEN["uninvited"]),
    "denied": (403, WRITTEN["denied"]),
    "locked": (403, WRITTEN["locked"]),
    "terminals": (403, WRITTEN["terminals"]),
    "too_often": (429, WRITTEN["too_often"]),
    "throttled": (429, WRITTEN["throttled"]),
    "crowded": (503, WRITTEN["crowded"]),
    "no_internet": (503, WRITTEN["no_internet"]),
    "vendor_down": (503, WRITTEN["vendor_down"]),
    "expired": (403, WRITTEN["expired"]),
    "guessed": (429, WRITTEN["guessed"]),
    "no_code": (400, WRITTEN["no_code"]),
    "unfinished": (403, WRITTEN["no_code"]),
    "wrong_code": (403, WRITTEN["wrong_code"]),
    "unsupported": (403, WRITTEN["unsupported"]),
    # the sign-in has expired, or was ended in another window
    "away": (
        403,
        mark("Your sign-in has ended. Sign in again."),
    ),
    "used": (
        403,
        mark("Linked in another window. Sign in again for more."),
    ),
    "linked": (
        403,
        mark("Linked. Close this window."),
    ),
}
NOT_AGREED = mark("Check the ticks, then agree or cancel.")
NOTHING_TICKED = mark("Tick a camera, or press Cancel.")
NOT_CONSENTED = mark("Tick that pictures are deciphered here.")
WRONG_CODE = mark("{camera} does not take that code.")
TOO_MANY_CODES = mark("Too many wrong codes. Wait an hour.")
TOO_MANY_LINKS = mark("Linked too often. Wait an hour.")

# reason: (status, heading, the event and the person's next step)
PROBLEMS: dict[str, tuple[int, str, str]] = {
    "client": (
        400,
        mark("This link can't be used"),
        mark("Its client id is not registered here."),
    ),
    "redirect": (
        400,
        mark("This link can't be used"),
        mark("Its redirect address is not registered here."),
    ),
    "repeated": (
        400,
        mark("This link can't be used"),
        mark("Start again in the assistant's app."),
    ),
    "form": (
        400,
        mark("This page has expired, or cookies are off"),
        mark("Start again in the assistant's app."),
    ),
    "callback": (400, mark("This sign-in can't be finished"), WRITTEN["callback"]),
    "request": (400, mark("This can't be read"), mark("Start again in the assistant's app.")),
    "method": (405, mark("This can't be read"), mark("Start again in the assistant's app.")),
    "size": (413, mark("This is too much"), mark("Start again in the assistant's app.")),
    "store": (503, mark("That did not work just now"), mark("Nothing was changed. Try again in a minute.")),
    "fault": (
        500,
        mark("Something went wrong here"),
        mark("It is in showcam's log. Try again."),
    ),
}
