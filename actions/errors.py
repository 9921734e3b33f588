"""Google's errors, and the table from the gate's reasons to its error codes.

Codes: https://developers.home.google.com/cloud-to-cloud/intents/errors-exceptions
Google never speaks the debugString; it appears in the logs of the Google Cloud project.
"""

from collections.abc import Mapping
from typing import Literal, NotRequired, TypedDict

from showcam.drivers.camera import Refusal
from showcam.drivers.errors import ByReason, Reason
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
    """A command of an EXECUTE fails for one device."""

    code = "hardError"

    def __init__(self, debug: str) -> None:
        super().__init__(debug)
        self.debug = debug

    def failure(self) -> DeviceFailure:
        return {"status": "ERROR", "errorCode": self.code, "debugString": self.debug}


class UnknownCommand(DeviceError):
    code = "functionNotSupported"


class BadParams(DeviceError):
    code = "notSupported"


class OutOfTime(DeviceError):
    code = "transientError"


class NoStore(DeviceError):
    """The command failed because showcam's own store can't be reached."""

    code = "transientError"


REFUSED: ByReason[str] = {
    "not_found": "deviceNotFound",
    "signed_out": "authFailure",
    "no_internet": "transientError",
    "vendor_down": "transientError",
    "vendor_busy": "transientError",
    "offline": "deviceOffline",
    "asleep": "deviceTurnedOff",
    "state_unknown": "transientError",
    "encryption_on": "streamUnplayable",
    "encryption_unknown": "streamUnplayable",
    "audio_off": "deviceNotReady",
    "audio_unknown": "deviceNotReady",
    "not_agreed": "streamUnavailable",
    "no_way": "streamUnavailable",
    "not_permitted": "securityRestriction",
    "code_wrong": "securityRestriction",
    "lan_unreachable": "streamUnavailable",
    "silent": "streamUnavailable",
    "lan_closed": "streamUnavailable",
    "key_server_changed": "streamUnavailable",
    "not_playable": "streamUnplayable",
    "beyond_displays": "streamUnplayable",
    "not_passable": "streamUnplayable",
    "no_common_protocol": "functionNotSupported",
    "busy": "deviceBusy",
    "too_often": "deviceBusy",
    "household_full": "deviceBusy",
    "machine_full": "deviceBusy",
    "too_large": "streamUnplayable",
    "waking": "deviceNotReady",
    "media_down": "streamUnavailable",
    "voice_may_not": "actionNotAvailable",
    "encryption_by_voice": "actionNotAvailable",
    "owners_alone": "actionNotAvailable",
    "not_this_way": "functionNotSupported",
    "not_set": "transientError",
    "no_tv": "sceneCannotBeApplied",
}


def refused(refusal: Refusal, locale: str) -> DeviceFailure:
    """A device's entry in an answer: its code follows the first failed row, its debugString lists every failed row."""
    return {
        "status": "OFFLINE" if refusal.reason == "offline" else "ERROR",
        "errorCode": REFUSED[refusal.reason],
        "debugString": explain(refusal, locale, WRITTEN),
    }
