"""The outcomes of a sign-in by user name and password, and the sentences for a refused one."""

import math
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from showcam.accounts.attempts import Limits
from showcam.accounts.states import LIFE_S
from showcam.drivers import SPEECHES
from showcam.i18n.catalogue import OURS, Language, mark
from showcam.store.records import Account

PENDING_S = LIFE_S
LIMITS = Limits()
WAIT_MIN = math.ceil(LIMITS.window_s / 60)
# Sentences by `why` of SignInRefused, and by faults that a page or a command finds itself.
WRITTEN: Mapping[str, str] = {
    "wrong": mark(
        "That user name and password did not work. Check the password: it is the one of the {vendor} app. After "
        "{tries} wrong tries wait {wait} minutes."
    ),
    "unknown": mark(
        "{vendor} knows no account with this user name. Check the user name; it is the one of the {vendor} app."
    ),
    "wrong_password": mark(
        "That password did not work: use the one you chose for showcam. After {tries} wrong tries wait "
        "{wait} minutes. Whoever runs this showcam can set another."
    ),
    "crowded": mark("Too many people sign in just now. Try again in a few seconds."),
    "too_many": mark("There were too many wrong tries with this user name. Wait {wait} minutes, then try again."),
    "stranger": mark("This {vendor} account may not sign in here."),
    "uninvited": mark(
        "This {vendor} account may not sign in here. Ask whoever runs this showcam to let your account in."
    ),
    "denied": mark("You did not agree on the page of {vendor}, so nothing was changed."),
    "wrong_key": mark("{vendor} does not take that key. Copy it again from the {vendor} app."),
    "empty_key": mark("Enter the key."),
    "callback": mark(
        "It began in another browser, is finished already, or is older than five minutes. Nothing was "
        "changed. Start again."
    ),
    "empty": mark("Enter both the user name and the password."),
    "locked": mark(
        "{vendor} has locked this account for a while, after too many wrong passwords. "
        "Wait half an hour, or set a new password in the {vendor} app."
    ),
    "terminals": mark(
        "This {vendor} account is signed in on too many devices. Remove one in the {vendor} app, then sign in again."
    ),
    "too_often": mark("{vendor} has sent too many codes already. Wait half an hour, then sign in again."),
    "throttled": mark("Too many tries from your network or this browser failed. Try again in {minutes} min."),
    "no_internet": mark(
        "This showcam can't reach the internet just now. Nothing was changed. See whether other devices in the house "
        "can; if none can, restart the router."
    ),
    "vendor_down": mark("{vendor} does not answer just now. Try again in a few minutes; nothing was changed."),
    "expired": mark(
        "The code has expired after five minutes, or you went on in another window. Sign in again for a new one."
    ),
    "guessed": mark("Those were too many wrong codes. Wait {minutes} min, then sign in again."),
    "no_code": mark("Enter the code that was sent to you."),
    "wrong_code": mark("That is not the code that was sent. Enter it once more."),
    "own_name": mark("A user name has 2 to 100 characters."),
    "own_taken": mark("Somebody here has that user name already. Choose another."),
    "own_length": mark("A password has 10 to 200 characters."),
    "own_guessed": mark("That password is guessed at once. Take a few unrelated words."),
    "unsupported": mark(
        "{vendor} asks for a kind of sign-in that can't be done here. "
        "Open the {vendor} app, do what it asks for, then try again."
    ),
}

# One answer for a wrong password, an unknown user, a user who may not sign in here, and too many wrong tries here or at
# the vendor. So a stranger can't find out whether showcam knows the account.
NOT_THESE = frozenset({"wrong", "wrong_password", "stranger", "too_many", "locked"})
NOT_THESE_ONES = mark(
    "That user name and password did not work. Check the password: it is the one of the {vendor} app. "
    "After {tries} wrong tries wait {wait} minutes. If it works in the app, ask whoever runs this "
    "showcam to let you in."
)
# The same answer, for an installation with owners who have users at showcam itself.
NOT_THESE_EITHER = mark(
    "That user name and password did not work. Check the password: it is the one of the {vendor} app, or "
    "the one you chose for showcam. After {tries} wrong tries wait {wait} minutes. If it is right, ask "
    "whoever runs this showcam."
)

type Outcome = SignedIn | CodeWanted | SignInRefused


class SignedIn(Struct, frozen=True):
    """`user`: at the vendor; empty for an owner's user at showcam."""

    account: Account
    user: str = ""


class CodeWanted(Struct, frozen=True):
    """`pending` holds the password: keep it sealed, and for no longer than PENDING_S."""

    pending: bytes
    hint: str  # the masked receiver of the vendor's code


class SignInRefused(Struct, frozen=True):
    """`own`: the browser signed in to that account before, so the true reason may be shown to it.

    To any other browser "wrong", "wrong_password", "stranger", "too_many" and "locked" must be one answer: all but the
    first and "stranger" would disclose that the account is known here.
    """

    why: Literal[
        "wrong",
        "unknown",
        "wrong_password",
        "crowded",
        "locked",
        "terminals",
        "too_often",
        "stranger",
        "throttled",
        "too_many",
        "guessed",
        "no_internet",
        "vendor_down",
        "expired",
        "wrong_code",
        "unsupported",
        "uninvited",
        "denied",
        "wrong_key",
    ]
    retry_after_s: int = 0
    own: bool = False
    region: str = ""  # with "unknown": the region that was searched first for the account, as in `Speech.regions`


def masked(user: str) -> str:
    """k…@example.com, or the last two digits of a phone number: enough to know where the code arrives."""
    name, at, host = user.partition("@")
    return f"{name[:1]}…@{host}" if at else f"…{user[-2:]}"


def refused(
    why: str, language: Language, vendor: str, retry_after_s: int = 0, sentence: str = "", *, region: str = ""
) -> str:
    """The sentence for a refused sign-in, in the vendor's own words if it has some. `sentence`: replaces WRITTEN's.

    `region`: the region that was searched first for an unknown account; the vendor's sentence names all regions.
    """
    speech = SPEECHES.get(vendor)
    if speech and why in speech.sign_in and (why != "unknown" or region in speech.regions):
        names = {key: speech.catalogue.translate(language, name) for key, name in speech.regions.items()}
        first = names.pop(region, "")
        return speech.catalogue.say(
            language, speech.sign_in[why], vendor=vendor, region=first, others=", ".join(names.values())
        )
    gaps = {"vendor": vendor, "minutes": minutes(retry_after_s), "tries": LIMITS.per_user, "wait": WAIT_MIN}
    return OURS.say(language, sentence or WRITTEN[why], **gaps)


def no_password(language: Language, vendor: str) -> str:
    """The advice for a person whose account has no password; "" if the vendor has no such accounts."""
    speech = SPEECHES.get(vendor)
    sentence = speech.sign_in.get("no_password", "") if speech else ""
    return speech.catalogue.say(language, sentence, vendor=vendor) if speech and sentence else ""


def minutes(seconds: int) -> int:
    return max(1, math.ceil(seconds / 60))
