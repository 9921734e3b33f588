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
        "These did not work. Use user name and password of the {vendor} app. After {tries} tries wait {wait} minutes."
    ),
    "unknown": mark("{vendor} knows no such user name. Take the one of the {vendor} app."),
    "wrong_password": mark(
        "That password did not work: use showcam's. After {tries} tries wait {wait} minutes. "
        "showcam's operator can set another."
    ),
    "crowded": mark("Too many people sign in now. Try again in some seconds."),
    "too_many": mark("Too many wrong tries with this user name. Wait {wait} minutes."),
    "stranger": mark("This {vendor} account may not sign in here. Ask showcam's operator to let it in."),
    "uninvited": mark("This {vendor} account may not sign in here. Ask showcam's operator to let it in."),
    "denied": mark("You did not agree at {vendor}. Nothing was changed."),
    "wrong_key": mark("{vendor} refuses that key. Copy it again from the {vendor} app."),
    "empty_key": mark("Enter the key."),
    "callback": mark("It expired, or began in another browser. Start again."),
    "empty": mark("Enter user name and password."),
    "locked": mark(
        "{vendor} has locked this account after wrong passwords. Wait half an hour, or set a new one in its app."
    ),
    "terminals": mark("This account is signed in on too many devices. Remove one in the {vendor} app."),
    "too_often": mark("{vendor} has sent too many codes. Wait half an hour."),
    "throttled": mark("Too many failed tries from this network or browser. Wait {minutes} min."),
    "no_internet": mark("showcam can't reach the internet. If other devices can't, restart the router."),
    "vendor_down": mark("{vendor} does not answer. Try again in some minutes."),
    "expired": mark("The code has expired. Sign in again for a new one."),
    "guessed": mark("Too many wrong codes. Wait {minutes} min, then sign in again."),
    "no_code": mark("Enter the code you received"),
    "wrong_code": mark("Wrong code. Enter it once more."),
    "own_name": mark("User name: 2 to 100 characters."),
    "own_taken": mark("That user name is taken. Choose another."),
    "own_length": mark("Password: 10 to 200 characters."),
    "own_guessed": mark("That password is easily guessed. Take unrelated words."),
    "unsupported": mark("{vendor} asks for a sign-in that can't be done here. Do it in the {vendor} app first."),
}

# One answer for a wrong password, an unknown user, a user who may not sign in here, and too many wrong tries here or at
# the vendor. So a stranger can't find out whether showcam knows the account.
NOT_THESE = frozenset({"wrong", "wrong_password", "stranger", "too_many", "locked"})
NOT_THESE_ONES = mark(
    "These did not work. Use user name and password of the {vendor} app. After {tries} "
    "tries wait {wait} minutes. If they work there, ask showcam's operator."
)
# The same answer, for an installation with owners who have users at showcam itself.
NOT_THESE_EITHER = mark(
    "These did not work. Use user name and password of {vendor} or showcam. After "
    "{tries} tries wait {wait} minutes. If they are right, ask showcam's operator."
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
