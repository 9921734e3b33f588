"""How a sign-in by user name and password ends."""

from typing import Literal

from msgspec import Struct

from store.records import Account

PENDING_S = 300


class SignedIn(Struct, frozen=True):
    account: Account


class CodeWanted(Struct, frozen=True):
    """`pending` holds the password: keep it sealed, and for no longer than PENDING_S."""

    pending: bytes
    hint: str  # to whom the vendor sent the code, masked


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
    ]
    retry_after_s: int = 0
    own: bool = False
    region: str = ""  # with "unknown": where the account was looked for first, as `Speech.regions` has it


type Outcome = SignedIn | CodeWanted | SignInRefused


def masked(user: str) -> str:
    """k…@example.com, or the last two digits of a telephone number: enough to know where the code arrives."""
    name, at, host = user.partition("@")
    return f"{name[:1]}…@{host}" if at else f"…{user[-2:]}"
