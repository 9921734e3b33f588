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
# One answer for a wrong password, an unknown user, a user who may not sign in here, and too many wrong tries here or at
# the vendor. So a stranger can't find out whether showcam knows the account.
NOT_THESE = frozenset({"wrong", "wrong_password", "stranger", "too_many", "locked"})
NOT_THESE_ONES = mark("These did not work. Use those of the {vendor} app.")
# The same answer, for an installation with owners who have users at showcam itself.
NOT_THESE_EITHER = mark("These did not work. Use those of {vendor} or showcam.")
NOT_OURS = mark("Wrong password: use showcam's.")
# Follows each of these three.
AFTER_TRIES = mark("After {tries} tries wait {wait} minutes. Else ask showcam's operator.")
# Sentences by `why` of SignInRefused, and by faults that a page or a command finds itself.
WRITTEN: Mapping[str, str] = {
    "wrong": NOT_THESE_ONES,
    "unknown": mark("{vendor} knows no such user name. Use its app's."),
    "wrong_password": NOT_OURS,
    "crowded": mark("Too busy. Try again in some seconds."),
    "too_many": mark("Too many wrong tries. Wait {minutes} min."),
    "stranger": mark("This {vendor} account may not sign in here. Ask showcam's operator."),
    "uninvited": mark("This {vendor} account may not sign in here. Ask showcam's operator."),
    "denied": mark("You did not agree at {vendor}."),
    "wrong_key": mark("{vendor} refuses that key. Copy it again."),
    "empty_key": mark("Enter the key."),
    "callback": mark("Expired, or begun in another browser. Start again."),
    "empty": mark("Enter user name and password."),
    "locked": mark("{vendor} has locked this account after wrong passwords. Wait half an hour."),
    "terminals": mark("Signed in on too many devices. Remove one in the {vendor} app."),
    "too_often": mark("{vendor} has sent too many codes. Wait half an hour."),
    "throttled": mark("Too many wrong tries. Wait {minutes} min."),
    "no_internet": mark("showcam can't reach the internet. Check the router."),
    "vendor_down": mark("{vendor} does not answer. Try again in some minutes."),
    "expired": mark("That code has expired. Sign in again."),
    "guessed": mark("Too many wrong codes. Wait {minutes} min."),
    "no_code": mark("Enter the code you received"),
    "wrong_code": mark("Wrong code. Try again."),
    "own_name": mark("User name: 2 to 100 characters."),
    "own_taken": mark("That user name is taken."),
    "own_length": mark("Password: 10 to 200 characters."),
    "own_guessed": mark("That password is easily guessed. Take unrelated words."),
    "unsupported": mark("{vendor} asks for more. Sign in to its app first."),
}


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
    gaps = {
        "vendor": vendor,
        "minutes": minutes(retry_after_s or LIMITS.window_s),
        "tries": LIMITS.per_user,
        "wait": WAIT_MIN,
    }
    first = sentence or WRITTEN[why]
    both = (first, AFTER_TRIES) if first in (NOT_THESE_ONES, NOT_THESE_EITHER, NOT_OURS) else (first,)
    return " ".join(OURS.say(language, part, **gaps) for part in both)


def no_password(language: Language, vendor: str) -> str:
    """The advice for a person whose account has no password; "" if the vendor has no such accounts."""
    speech = SPEECHES.get(vendor)
    sentence = speech.sign_in.get("no_password", "") if speech else ""
    return speech.catalogue.say(language, sentence, vendor=vendor) if speech and sentence else ""


def minutes(seconds: int) -> int:
    return max(1, math.ceil(seconds / 60))
