"""What is said to a person when something was refused: status and text by reason; language.py translates."""

# One answer for a wrong password, an unknown user, one who may not link here, and one with too many wrong tries, here
# or at the vendor: nobody learns which it was, nor so whether the account is known here.
NOT_THESE = frozenset({"wrong", "stranger", "too_many", "locked"})
_NOT_THESE = (
    403,
    "Either that user name and password do not fit an EZVIZ account that may be linked here, or there were too many "
    "wrong tries with this user name. Try them in the EZVIZ app. If they work there, wait 15 minutes and try again "
    "here, or use a browser that has signed in here before; whoever runs this showcam can add your account.",
)
SIGN_IN: dict[str, tuple[int, str]] = {
    "wrong": _NOT_THESE,
    "stranger": _NOT_THESE,
    "too_many": _NOT_THESE,
    "empty": (400, "Enter both the user name and the password."),
    "locked": (
        403,
        "EZVIZ has locked this account for a while, after too many wrong passwords. "
        "Wait half an hour, or set a new password in the EZVIZ app.",
    ),
    "terminals": (
        403,
        "This EZVIZ account is signed in on as many devices as it may be. "
        "Remove one in the EZVIZ app under Account > Login settings, then sign in again.",
    ),
    "too_often": (429, "EZVIZ has sent too many codes already. Wait half an hour, then sign in again."),
    "throttled": (
        429,
        "There were too many tries that failed, from your network or this browser. Try again in %(minutes)s min.",
    ),
    "crowded": (503, "Too many people sign in at this moment. Nothing was changed. Try again in a few seconds."),
    "vendor_down": (503, "EZVIZ does not answer just now. Try again in a few minutes; nothing was changed."),
    "expired": (
        403,
        "The code is over: five minutes have passed, or you went on in another window. Sign in again to get a new one.",
    ),
    "guessed": (429, "Those were too many wrong codes. Wait %(minutes)s min, then sign in again to get a new one."),
    "no_code": (400, "Enter the code that was sent to you."),
    "unfinished": (403, "Your sign-in needs one more step: enter the code that was sent to you."),
    "wrong_code": (403, "That is not the code that was sent. Look again and enter it once more."),
    "unsupported": (
        403,
        "EZVIZ asks for a kind of sign-in that can't be done here. "
        "Open the EZVIZ app, do what it asks for, then try again.",
    ),
    # a sign-in that is gone, in a second window as a rule
    "away": (
        403,
        "You are not signed in any more: ten minutes have passed, or you cancelled or changed the account in another "
        "window. Nothing was linked here. Sign in again to go on.",
    ),
    "used": (
        403,
        "Your sign-in was used for a link that you made in another window; each sign-in is good for one. "
        "Nothing was linked here. Sign in again to go on.",
    ),
    "linked": (
        403,
        "You have agreed to this already, in another window perhaps, and the link was made. "
        "You can close this window. To link once more, sign in again.",
    ),
}
NOT_AGREED = "Nothing is linked yet. Look at what is ticked, then press “Agree and link”, or Cancel."
NOTHING_TICKED = "Tick at least one camera, or press Cancel."
TOO_MANY_LINKS = "This account was linked very often in the last hour. Try again in an hour."

# reason: (status, heading, what happened and what to do)
PROBLEMS: dict[str, tuple[int, str, str]] = {
    "client": (
        400,
        "This link can't be used",
        "It names an assistant that is not registered here. Check the client id in the assistant's console.",
    ),
    "redirect": (
        400,
        "This link can't be used",
        "It would lead back to an address that is not registered for this assistant. "
        "Check the redirect addresses of the client.",
    ),
    "repeated": (
        400,
        "This link can't be used",
        "Something in it is said twice. Start again in the assistant's app.",
    ),
    "form": (
        400,
        "This page is no longer good",
        "It was open too long, you signed in or out in another window, it came from another site, or your browser "
        "keeps no cookies. Nothing was changed. Go on from where you are now, or start again in the assistant's app.",
    ),
    "request": (400, "This can't be read", "Start again in the assistant's app."),
    "method": (405, "That is not how this page is used", "Start again in the assistant's app."),
    "size": (413, "This is too much at once", "Start again in the assistant's app."),
    "store": (503, "That did not work just now", "Nothing was linked. Try again in a minute."),
    "fault": (500, "Something went wrong here", "It is noted. Try again; if it stays, tell whoever runs this showcam."),
}
