"""What Google can be told when something can't be done, and the table from the gate's reasons to its error codes.

Codes: https://developers.home.google.com/cloud-to-cloud/intents/errors-exceptions
The debugString is never spoken; it reaches the project's logs.
"""

from typing import Literal, NotRequired, TypedDict

from actions.sentences import WRITTEN
from registry.camera import Refusal
from registry.gate.reasons import explain
from registry.reason import ByReason


class IntentFailure(TypedDict):
    """The payload of an intent that can't be done at all."""

    errorCode: str
    debugString: str


class Needed(TypedDict):
    type: str


class DeviceFailure(TypedDict):
    """A device's part of an answer where something can't be done."""

    status: Literal["ERROR", "OFFLINE"]
    errorCode: str
    debugString: str
    challengeNeeded: NotRequired[Needed]


class IntentError(Exception):
    """Answered as the payload's errorCode, with HTTP 200: other statuses Google takes for a broken server."""

    code = "hardError"

    def __init__(self, debug: str) -> None:
        super().__init__(debug)
        self.debug = debug

    def told(self) -> IntentFailure:
        return {"errorCode": self.code, "debugString": self.debug}


class Malformed(IntentError):
    """The same request again would fail again."""


class NotSupported(IntentError):
    code = "functionNotSupported"


class Transient(IntentError):
    """Ours or the vendor's, and it may be over soon."""

    code = "transientError"


class CannotList(IntentError):
    """The cameras can't be listed: an empty list would take them away from the user."""

    def __init__(self, refusal: Refusal, locale: str) -> None:
        super().__init__(explain(refusal, locale, WRITTEN))
        self.code = REFUSED[refusal.reason]


class DeviceError(Exception):
    """One device's part of an EXECUTE that can't be done."""

    code = "hardError"

    def __init__(self, debug: str) -> None:
        super().__init__(debug)
        self.debug = debug

    def told(self) -> DeviceFailure:
        return {"status": "ERROR", "errorCode": self.code, "debugString": self.debug}


class UnknownCommand(DeviceError):
    code = "functionNotSupported"


class BadParams(DeviceError):
    code = "notSupported"


class OutOfTime(DeviceError):
    code = "transientError"


REFUSED: ByReason[str] = {
    "not_found": "deviceNotFound",
    "signed_out": "authFailure",
    "vendor_down": "transientError",
    "vendor_busy": "transientError",
    "offline": "deviceOffline",
    "asleep": "deviceTurnedOff",
    "state_unknown": "transientError",
    "encryption_on": "streamUnplayable",
    "encryption_unknown": "streamUnplayable",
    "audio_off": "deviceNotReady",
    "audio_unknown": "deviceNotReady",
    "no_way": "streamUnavailable",
    "code_wrong": "securityRestriction",
    "lan_unreachable": "streamUnavailable",
    "not_playable": "streamUnplayable",
    "beyond_displays": "streamUnplayable",
    "not_passable": "streamUnplayable",
    "no_common_protocol": "functionNotSupported",
    "busy": "deviceBusy",
    "too_large": "streamUnplayable",
    "waking": "deviceNotReady",
    "media_down": "streamUnavailable",
    "voice_may_not": "actionNotAvailable",
    "encryption_by_voice": "actionNotAvailable",
    "not_this_way": "functionNotSupported",
    "not_set": "transientError",
}


def refused(refusal: Refusal, locale: str) -> DeviceFailure:
    """A device's part of an answer: its code says the first failed row, its debugString all of them."""
    return {
        "status": "OFFLINE" if refusal.reason == "offline" else "ERROR",
        "errorCode": REFUSED[refusal.reason],
        "debugString": explain(refusal, locale, WRITTEN),
    }
