"""Google's errors, and the table from the gate's reasons to its error codes.

Codes: https://developers.home.google.com/cloud-to-cloud/intents/errors-exceptions
Google never speaks the debugString; it appears in the logs of the Google Cloud project.
"""

from collections.abc import Mapping
from typing import Literal, NotRequired, TypedDict

from showcam.drivers.camera import Refusal
from showcam.drivers.errors import Reason, by_reason
from showcam.drivers.vendor import Sentence
from showcam.i18n.catalogue import mark
from showcam.registry.gate.reasons import explain

WRITTEN: Mapping[Reason, Sentence] = {
    "not_found": (
        mark("There is no camera of that name here."),
        mark("Say “sync my devices”, or link again and tick the camera."),
    ),
    "signed_out": (
        mark("showcam is signed out of the {vendor} account."),
        mark("In the Google Home app reconnect showcam and sign in with the {vendor} account."),
    ),
}


class IntentFailure(TypedDict):
    """The payload of an intent that fails as a whole."""

    errorCode: str
    debugString: str


class Needed(TypedDict):
    type: str


class DeviceFailure(TypedDict):
    """A device's entry in an answer when its state can't be read or its command fails."""

    status: Literal["ERROR", "OFFLINE"]
    errorCode: str
    debugString: str
    challengeNeeded: NotRequired[Needed]


class IntentError(Exception):
    """Answered as the payload's errorCode with HTTP 200: Google takes any other status for a broken server."""

    code = "hardError"
    reason = ""  # the gate's reason, if a refusal caused the error

    def __init__(self, debug: str) -> None:
        super().__init__(debug)
        self.debug = debug

    def failure(self) -> IntentFailure:
        return {"errorCode": self.code, "debugString": self.debug}


class Malformed(IntentError):
    """The request is malformed: repeated, it fails again."""


class NotSupported(IntentError):
    code = "functionNotSupported"


class Transient(IntentError):
    """A failure of showcam or of the vendor that may pass without anybody's doing."""

    code = "transientError"


class CannotList(IntentError):
    """The cameras can't be listed. An empty list would delete them from the user's home."""

    def __init__(self, refusal: Refusal, locale: str) -> None:
        super().__init__(explain(refusal, locale, WRITTEN))
        self.code, self.reason = REFUSED[refusal.reason], refusal.reason


class DeviceError(Exception):
    """A command of an EXECUTE fails for one device. `code`: Google's."""

    def __init__(self, code: str, debug: str) -> None:
        super().__init__(debug)
        self.code, self.debug = code, debug

    def failure(self) -> DeviceFailure:
        return {"status": "ERROR", "errorCode": self.code, "debugString": self.debug}


REFUSED = by_reason(
    {
        "deviceNotFound": ("not_found",),
        "authFailure": ("signed_out",),
        "deviceOffline": ("offline",),
        "deviceTurnedOff": ("asleep",),
        "deviceNotReady": ("audio_off", "audio_unknown", "waking"),
        "deviceBusy": ("busy", "too_often", "household_full", "machine_full"),
        "transientError": ("no_internet", "vendor_down", "vendor_busy", "state_unknown", "not_set"),
        "streamUnplayable": (
            *("encryption_on", "encryption_unknown", "too_large"),
            *("not_playable", "beyond_displays", "not_passable"),
        ),
        "streamUnavailable": (
            *("not_agreed", "no_way", "silent", "media_down"),
            *("lan_unreachable", "lan_closed", "key_server_changed"),
        ),
        "securityRestriction": ("not_permitted", "code_wrong"),
        "functionNotSupported": ("no_common_protocol", "not_this_way"),
        "actionNotAvailable": ("voice_may_not", "encryption_by_voice", "owners_alone"),
        "sceneCannotBeApplied": ("no_tv",),
    }
)


def refused(refusal: Refusal, locale: str) -> DeviceFailure:
    """A device's entry in an answer: its code follows the first failed row, its debugString lists every failed row."""
    return {
        "status": "OFFLINE" if refusal.reason == "offline" else "ERROR",
        "errorCode": REFUSED[refusal.reason],
        "debugString": explain(refusal, locale, WRITTEN),
    }
