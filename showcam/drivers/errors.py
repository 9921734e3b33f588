"""Why a camera can't be shown or was not changed, a word for each reason, and the errors that carry it."""

from collections.abc import Iterable, Mapping
from typing import Literal, TypeIs, get_args

from showcam.engine.grants import BadGrant, ExpiredGrant
from showcam.engine.messages import BadOffer
from showcam.i18n.catalogue import Language

type Reason = Literal[
    "not_found",
    "signed_out",
    "no_internet",
    "vendor_down",
    "vendor_busy",
    "offline",
    "asleep",
    "state_unknown",
    "encryption_on",
    "encryption_unknown",
    "audio_off",
    "audio_unknown",
    "not_agreed",
    "no_way",
    "silent",
    "not_permitted",
    "code_wrong",
    "lan_unreachable",
    "lan_closed",
    "key_server_changed",
    "not_playable",
    "beyond_displays",
    "not_passable",
    "no_common_protocol",
    "too_large",
    "busy",
    "too_often",
    "household_full",
    "machine_full",
    "waking",
    "media_down",
    "voice_may_not",
    "encryption_by_voice",
    "owners_alone",
    "not_this_way",
    "not_set",
    "no_tv",
]

REASONS: tuple[Reason, ...] = get_args(Reason.__value__)
__all__ = [
    "BadGrant",
    "BadOffer",
    "CameraSilent",
    "DriverError",
    "ExpiredGrant",
    "NoInternet",
    "Refused",
    "SetRefused",
    "SignedOut",
    "Unavailable",
    "VendorBusy",
    "VendorDown",
]

type Why = Literal[
    "wrong_code",
    "wrong_mailed_code",
    "code_wanted",
    "code_mailed",
    "old",
    "too_soon",
    "too_often",
    "guessed",
    "silent",
    "not_permitted",
    "unsupported",
    "not_taken",
    "not_given",
]


def complete(table: Mapping[Reason, object]) -> None:
    """Refuses a table that lacks the row of a Reason."""
    assert table.keys() == set(REASONS)


def by_reason[T](groups: Mapping[T, Iterable[Reason]]) -> dict[Reason, T]:
    """The value of each Reason, from a table that has the reasons of each value."""
    table = {reason: value for value, reasons in groups.items() for reason in reasons}
    complete(table)
    return table


def is_reason(word: object) -> TypeIs[Reason]:
    """Whether a word from another process or an assistant is a Reason."""
    return word in REASONS


class DriverError(Exception):
    """A call to a vendor failed. `reason` is the gate's word for the failure, `vendor` the vendor's name."""

    reason: Reason = "vendor_down"
    vendor: str = ""  # filled in by the driver's caller

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.reason)


class VendorDown(DriverError):
    """The vendor gave no answer in time, an HTTP 5xx, or garbage."""


class NoInternet(VendorDown):
    """This machine has no way out: no name could be looked up, or no route leads to any address of the vendor."""

    reason: Reason = "no_internet"


class CameraSilent(VendorDown):
    """The vendor answers; the camera does not answer the vendor."""


class VendorBusy(DriverError):
    """The vendor's rate limit or quota is used up. `after_s`: the seconds of its Retry-After, 0.0 without one."""

    reason: Reason = "vendor_busy"

    def __init__(self, detail: str = "", after_s: float = 0.0) -> None:
        super().__init__(detail)
        self.after_s = after_s


class SignedOut(DriverError):
    """The vendor session is dead; a person must sign in again. Never an OAuth error of ours."""

    reason: Reason = "signed_out"


class Refused(DriverError):
    """The vendor refused this camera or stream for the reason named: encryption_on, offline, asleep, busy, no_way …"""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        self.reason = reason
        super().__init__(detail)


class Unavailable(Exception):
    """The account's cameras can't be listed just now and no list younger than a day is known.

    `vendor`: the vendor of the cameras, "" if unknown.
    """

    def __init__(self, reason: Reason, vendor: str = "") -> None:
        super().__init__(reason)
        self.reason, self.vendor = reason, vendor


class NotOnTv(Exception):
    """A TV or showcam keeps a camera from being shown on a TV; the text is for a person."""

    reason: Reason = "no_tv"

    def text(self, language: Language) -> str:
        raise NotImplementedError


class SetRefused(Exception):
    """The vendor would not change a setting; the same values would be refused again."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why
