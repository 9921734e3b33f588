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
    "away": mark("Your sign-in has ended. Nothing was linked. Sign in again."),
    "used": mark("Your sign-in made a link in another window. Sign in again."),
    "linked": mark("The link was made. Close this window, or sign in again for another."),
}
SIGN_IN = {reason: (_STATUS.get(reason, 403), sentence) for reason, sentence in _SENTENCES.items()}
NOT_AGREED = mark("Nothing is linked yet. Check the ticks, then agree or cancel.")
NOTHING_TICKED = mark("Tick at least one camera, or press Cancel.")
NOT_CONSENTED = mark("Tick that pictures are deciphered here, or leave codes empty.")
WRONG_CODE = mark("Wrong code of {camera}: use the label's, or the encryption password.")
TOO_MANY_CODES = mark("Too many wrong codes: leave them empty, or wait an hour.")
TOO_MANY_LINKS = mark("Linked too often. Try again in an hour.")

# reason: (status, heading, the event and the person's next step)
PROBLEMS: dict[str, tuple[int, str, str]] = {
    "client": (
        400,
        mark("This link can't be used"),
        mark("That assistant is not registered here. Check its client id."),
    ),
    "redirect": (
        400,
        mark("This link can't be used"),
        mark("Its return address is not registered. Check the client's redirect addresses."),
    ),
    "repeated": (
        400,
        mark("This link can't be used"),
        mark("Start again in the assistant's app."),
    ),
    "form": (
        400,
        mark("This page has expired"),
        mark("It was open too long, or cookies are off. Start again in the assistant's app."),
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
