"""What can go wrong between the registry and a camera's vendor: one family, distinguished by type."""

from typing import Literal

from media.grants import BadGrant, ExpiredGrant
from media.messages import BadOffer
from registry.reason import Reason

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


class DriverError(Exception):
    """A vendor call failed. `reason` is the gate's word for it (see registry.reason), `vendor` whose call it was."""

    reason: Reason = "vendor_down"
    vendor: str = ""  # filled by who calls the driver

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.reason)


class VendorDown(DriverError):
    """No answer in time, 5xx, garbage."""


class NoInternet(VendorDown):
    """This machine has no way out: no name could be looked up, or no route leads to any address of the vendor."""

    reason: Reason = "no_internet"


class CameraSilent(VendorDown):
    """The vendor answers; the camera does not answer the vendor."""


class VendorBusy(DriverError):
    """Rate limit or quota of calls. `after_s`: what the vendor asks to wait (Retry-After), 0.0: nothing."""

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

    `vendor`: whose they are, "" where that is not known.
    """

    def __init__(self, reason: Reason, vendor: str = "") -> None:
        super().__init__(reason)
        self.reason, self.vendor = reason, vendor


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


class SetRefused(Exception):
    """The vendor would not change a setting; the same values would be refused again."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why
