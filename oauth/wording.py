"""What is said to a person when something was refused: status and text by reason; language.py translates."""

# One text for a wrong password, an unknown user and one who may not link here: nobody learns which it was.
_NOT_THESE = (
    403,
    "That user name and password do not fit an EZVIZ account that may be linked here. "
    "Try them in the EZVIZ app; whoever runs this showcam can add your account.",
)
SIGN_IN: dict[str, tuple[int, str]] = {
    "wrong": _NOT_THESE,
    "stranger": _NOT_THESE,
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
    "throttled": (429, "There were too many tries. Try again in %(minutes)s min."),
    "vendor_down": (503, "EZVIZ does not answer just now. Try again in a few minutes; nothing was changed."),
    "expired": (403, "That took longer than five minutes, so the code is over. Sign in again to get a new one."),
    "guessed": (403, "Those were too many wrong codes. Sign in again to get a new one."),
    "wrong_code": (403, "That is not the code that was sent. Look again and enter it once more."),
    "unsupported": (
        403,
        "EZVIZ asks for a kind of sign-in that can't be done here. "
        "Open the EZVIZ app, do what it asks for, then try again.",
    ),
    "away": (403, "You were signed out after ten minutes. Sign in again."),
}
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
        "This page was open too long, or came from elsewhere",
        "Nothing was changed. Start again in the assistant's app; cookies must be allowed.",
    ),
    "request": (400, "This can't be read", "Start again in the assistant's app."),
    "method": (405, "That is not how this page is used", "Start again in the assistant's app."),
    "size": (413, "This is too much at once", "Start again in the assistant's app."),
    "store": (503, "That did not work just now", "Nothing was linked. Try again in a minute."),
    "fault": (500, "Something went wrong here", "It is noted. Try again; if it stays, tell whoever runs this showcam."),
}
