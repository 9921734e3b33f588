"""HTTP status and sentence by reason, for refusals on the pages; pages.py translates."""

from words.catalogue import mark

# One answer for a wrong password, an unknown user, a user who may not link here, and too many wrong tries here or at
# the vendor: so nobody learns whether the account is known here.
NOT_THESE = frozenset({"wrong", "stranger", "too_many", "locked"})
_NOT_THESE = (
    403,
    mark(
        "Either that user name and password fit no {vendor} account that may be linked here, or there were too many "
        "wrong tries with this user name. Sign in once in the {vendor} app with them. If that works, wait 15 minutes "
        "and try again here, or use a browser that has signed in here before; whoever runs this showcam can add your "
        "account."
    ),
)
SIGN_IN: dict[str, tuple[int, str]] = {
    "wrong": _NOT_THESE,
    "stranger": _NOT_THESE,
    "too_many": _NOT_THESE,
    "empty": (400, mark("Enter both the user name and the password.")),
    "locked": (
        403,
        mark(
            "{vendor} has locked this account for a while, after too many wrong passwords. "
            "Wait half an hour, or set a new password in the {vendor} app."
        ),
    ),
    "terminals": (
        403,
        mark(
            "This {vendor} account is signed in on as many devices as it may be. "
            "Remove one in the {vendor} app, then sign in again."
        ),
    ),
    "too_often": (429, mark("{vendor} has sent too many codes already. Wait half an hour, then sign in again.")),
    "throttled": (
        429,
        mark("There were too many tries that failed, from your network or this browser. Try again in {minutes} min."),
    ),
    "crowded": (503, mark("Too many people sign in at this moment. Nothing was changed. Try again in a few seconds.")),
    "vendor_down": (503, mark("{vendor} does not answer just now. Try again in a few minutes; nothing was changed.")),
    "expired": (
        403,
        mark(
            "The code is over: five minutes have passed, or you went on in another window. "
            "Sign in again to get a new one."
        ),
    ),
    "guessed": (429, mark("Those were too many wrong codes. Wait {minutes} min, then sign in again to get a new one.")),
    "no_code": (400, mark("Enter the code that was sent to you.")),
    "unfinished": (403, mark("Your sign-in needs one more step: enter the code that was sent to you.")),
    "wrong_code": (403, mark("That is not the code that was sent. Look again and enter it once more.")),
    "unsupported": (
        403,
        mark(
            "{vendor} asks for a kind of sign-in that can't be done here. "
            "Open the {vendor} app, do what it asks for, then try again."
        ),
    ),
    # a sign-in that is over, mostly in a second window
    "away": (
        403,
        mark(
            "You are not signed in any more: ten minutes have passed, or you cancelled or changed the account in "
            "another window. Nothing was linked here. Sign in again to go on."
        ),
    ),
    "used": (
        403,
        mark(
            "Your sign-in was used for a link that you made in another window; each sign-in is good for one. "
            "Nothing was linked here. Sign in again to go on."
        ),
    ),
    "linked": (
        403,
        mark(
            "You have agreed to this already, in another window perhaps, and the link was made. "
            "You can close this window. To link once more, sign in again."
        ),
    ),
}
NOT_AGREED = mark("Nothing is linked yet. Look at what is ticked, then press “Agree and link”, or Cancel.")
NOTHING_TICKED = mark("Tick at least one camera, or press Cancel.")
TOO_MANY_LINKS = mark("This account was linked very often in the last hour. Try again in an hour.")

# reason: (status, heading, what happened and what to do)
PROBLEMS: dict[str, tuple[int, str, str]] = {
    "client": (
        400,
        mark("This link can't be used"),
        mark("It names an assistant that is not registered here. Check the client id in the assistant's console."),
    ),
    "redirect": (
        400,
        mark("This link can't be used"),
        mark(
            "It would lead back to an address that is not registered for this assistant. "
            "Check the redirect addresses of the client."
        ),
    ),
    "repeated": (
        400,
        mark("This link can't be used"),
        mark("Something in it is said twice. Start again in the assistant's app."),
    ),
    "form": (
        400,
        mark("This page is no longer good"),
        mark(
            "It was open too long, you signed in or out in another window, it came from another site, or your browser "
            "keeps no cookies. Nothing was changed. Go on from where you are now, or start again in the assistant's "
            "app."
        ),
    ),
    "request": (400, mark("This can't be read"), mark("Start again in the assistant's app.")),
    "method": (405, mark("That is not how this page is used"), mark("Start again in the assistant's app.")),
    "size": (413, mark("This is too much at once"), mark("Start again in the assistant's app.")),
    "store": (503, mark("That did not work just now"), mark("Nothing was linked. Try again in a minute.")),
    "fault": (
        500,
        mark("Something went wrong here"),
        mark("It is noted. Try again; if it stays, tell whoever runs this showcam."),
    ),
}
