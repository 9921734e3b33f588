"""What an Alexa ErrorResponse can say: one class per type, and the table from the gate's reasons to them.

Types: Smart Home API, "Alexa.ErrorResponse"; `extra` is what a type demands beside its message.
"""

from typing import Any, ClassVar

from alexa.sentences import WRITTEN
from registry.camera import Refusal
from registry.gate.reasons import explain
from registry.reason import ByReason


class DirectiveError(Exception):
    """Answered as an ErrorResponse; `message` is for whoever reads the answer, Alexa does not speak it."""

    namespace: ClassVar[str] = "Alexa"
    version: ClassVar[str] = "3"  # of the payload
    kind = "INTERNAL_ERROR"
    extra: ClassVar[dict[str, Any]] = {}

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidDirective(DirectiveError):
    kind = "INVALID_DIRECTIVE"


class InvalidValue(DirectiveError):
    kind = "INVALID_VALUE"


class InvalidAuthorization(DirectiveError):
    """Of our own token only; a lost vendor sign-in is INSUFFICIENT_PERMISSIONS."""

    kind = "INVALID_AUTHORIZATION_CREDENTIAL"


class ExpiredAuthorization(InvalidAuthorization):
    kind = "EXPIRED_AUTHORIZATION_CREDENTIAL"


class InternalError(DirectiveError):
    kind = "INTERNAL_ERROR"


class BridgeUnreachable(DirectiveError):
    kind = "BRIDGE_UNREACHABLE"


class BridgeBusy(DirectiveError):
    kind = "RATE_LIMIT_EXCEEDED"


class SignedOut(DirectiveError):
    kind = "INSUFFICIENT_PERMISSIONS"


class NoSuchEndpoint(DirectiveError):
    kind = "NO_SUCH_ENDPOINT"


class EndpointUnreachable(DirectiveError):
    kind = "ENDPOINT_UNREACHABLE"


class EndpointBusy(DirectiveError):
    kind = "ENDPOINT_BUSY"


class NotInThisMode(DirectiveError):
    kind = "NOT_SUPPORTED_IN_CURRENT_MODE"
    extra: ClassVar[dict[str, Any]] = {"currentDeviceMode": "OTHER"}  # mandatory for this type


class Asleep(NotInThisMode):
    extra: ClassVar[dict[str, Any]] = {"currentDeviceMode": "ASLEEP"}


class NotProvisioned(NotInThisMode):
    extra: ClassVar[dict[str, Any]] = {"currentDeviceMode": "NOT_PROVISIONED"}


class SnapshotsDisabled(DirectiveError):
    namespace = "Alexa.SmartVision.SnapshotProvider"
    version = "1.1"
    kind = "DISABLED_BY_USER"


class AcceptGrantFailed(DirectiveError):
    namespace = "Alexa.Authorization"
    kind = "ACCEPT_GRANT_FAILED"


REFUSED: ByReason[type[DirectiveError]] = {
    "not_found": NoSuchEndpoint,
    "signed_out": SignedOut,
    "vendor_down": BridgeUnreachable,
    "vendor_busy": BridgeBusy,
    "offline": EndpointUnreachable,
    "asleep": Asleep,
    "state_unknown": EndpointUnreachable,
    "encryption_on": NotInThisMode,
    "encryption_unknown": NotInThisMode,
    "audio_off": NotInThisMode,
    "audio_unknown": NotInThisMode,
    "no_way": NotProvisioned,
    "code_wrong": NotProvisioned,
    "lan_unreachable": EndpointUnreachable,
    "not_playable": InvalidValue,
    "beyond_displays": InvalidValue,
    "not_passable": NotProvisioned,
    "no_common_protocol": InvalidValue,
    "too_large": InvalidValue,
    "busy": EndpointBusy,
    "waking": Asleep,
    "media_down": BridgeUnreachable,
    "voice_may_not": NotInThisMode,
    "encryption_by_voice": NotInThisMode,
    "not_this_way": InvalidValue,
    "not_set": EndpointUnreachable,
}


def refused(refusal: Refusal, locale: str) -> DirectiveError:
    """The type says the first failed row, the message all of them with their mends."""
    return REFUSED[refusal.reason](explain(refusal, locale, WRITTEN))
