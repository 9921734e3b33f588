"""HTTP status and sentence by reason, for refusals on the pages; pages.py translates."""

from showcam.i18n.catalogue import mark
from showcam.registry.owner.sign_in_outcome import NOT_THESE_ONES, WRITTEN

# by reason; the HTTP status of every other refused sign-in is 403
_STATUS = {
    **dict.fromkeys(("empty", "empty_key", "no_code"), 400),
    **dict.fromkeys(("too_often", "throttled", "guessed"), 429),
    **dict.fromkeys(("crowded", "no_internet", "vendor_down"), 503),
}
_SENTENCES = {
    **WRITTEN,
    # a guesser learns nothing from the same sentence
    **dict.fromkeys(("wrong", "stranger", "too_many"), NOT_THESE_ONES),
    "unfinished": WRITTEN["no_code"],
    # the sign-in has expired, or was ended in another window
    "away": mark("Your sign-in has ended. Sign in again."),
    "used": mark("Linked in another window. Sign in again for more."),
    "linked": mark("Linked. Close this window."),
}
SIGN_IN = {reason: (_STATUS.get(reason, 403), sentence) for reason, sentence in _SENTENCES.items()}
NOT_AGREED = mark("Check the ticks, then agree or cancel.")
NOTHING_TICKED = mark("Tick a camera, or press Cancel.")
NOT_CONSENTED = mark("Tick that pictures are deciphered here.")
NOT_SURE = mark("Tick what to delete.")
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
    "store": (503, mark("That did not work just now"), mark("Try again in a minute.")),
    "fault": (
        500,
        mark("Something went wrong here"),
        mark("It is in showcam's log. Try again."),
    ),
}
