"""Alexa's ErrorResponse types, one class each, and the table from the gate's reasons to them.

https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-errorresponse.html
"""

from collections.abc import Mapping
from typing import ClassVar, Literal

from msgspec import Struct, field

from showcam.drivers.camera import Refusal
from showcam.drivers.errors import ByReason, Reason
from showcam.drivers.vendor import Sentence
from showcam.i18n.catalogue import mark
from showcam.registry.gate.reasons import explain

WRITTEN: Mapping[Reason, Sentence] = {
    "not_found": (
        mark("There is no camera of that name here."),
        mark("Say “discover devices”, or link again and tick the camera."),
    ),
    "signed_out": (
        mark("showcam is signed out of the {vendor} account."),
        mark("In the Alexa app disable the showcam skill, enable it again and sign in with the {vendor} account."),
    ),
}

type DeviceMode = Literal["ASLEEP", "NOT_PROVISIONED", "OTHER"]


class ErrorPayload(Struct, rename="camel", omit_defaults=True):
    kind: str = field(name="type")
    message: str
    current_device_mode: DeviceMode | None = None


class DirectiveError(Exception):
    """A failure that is answered as an ErrorResponse. Alexa does not speak the message; people read it in answers."""

    namespace: ClassVar[str] = "Alexa"
    version: ClassVar[str] = "3"  # the version of the payload
    kind: ClassVar[str] = "INTERNAL_ERROR"
    mode: ClassVar[DeviceMode | None] = None  # NOT_SUPPORTED_IN_CURRENT_MODE demands a mode

    reason = ""  # the reason of a refusal

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.payload = ErrorPayload(self.kind, message, self.mode)


class InvalidDirective(DirectiveError):
    kind = "INVALID_DIRECTIVE"


class InvalidValue(DirectiveError):
    kind = "INVALID_VALUE"


class InvalidAuthorization(DirectiveError):
    """The error concerns only showcam's own token; a lost vendor sign-in is INSUFFICIENT_PERMISSIONS."""

    kind = "INVALID_AUTHORIZATION_CREDENTIAL"


class ExpiredAuthorization(InvalidAuthorization):
    kind = "EXPIRED_AUTHORIZATION_CREDENTIAL"


class InternalError(DirectiveError):
    kind = "INTERNAL_ERROR"


class BridgeUnreachable(DirectiveError):
    kind = "BRIDGE_UNREACHABLE"


class BridgeBusy(DirectiveError):
    kind = "RATE_LIMIT_EXCEEDED"


class NotPermitted(DirectiveError):
    kind = "INSUFFICIENT_PERMISSIONS"


class NoSuchEndpoint(DirectiveError):
    kind = "NO_SUCH_ENDPOINT"


class EndpointUnreachable(DirectiveError):
    kind = "ENDPOINT_UNREACHABLE"


class EndpointBusy(DirectiveError):
    kind = "ENDPOINT_BUSY"


class NotInThisMode(DirectiveError):
    kind = "NOT_SUPPORTED_IN_CURRENT_MODE"
    mode: ClassVar[DeviceMode | None] = "OTHER"


class Asleep(NotInThisMode):
    mode = "ASLEEP"


class NotProvisioned(NotInThisMode):
    mode = "NOT_PROVISIONED"


class SnapshotsDisabled(DirectiveError):
    namespace = "Alexa.SmartVision.SnapshotProvider"
    version = "1.1"
    kind = "DISABLED_BY_USER"


class AcceptGrantFailed(DirectiveError):
    namespace = "Alexa.Authorization"
    kind = "ACCEPT_GRANT_FAILED"


REFUSED: ByReason[type[DirectiveError]] = {
    "not_found": NoSuchEndpoint,
    "signed_out": NotPermitted,
    "no_internet": BridgeUnreachable,
    "vendor_down": BridgeUnreachable,
    "vendor_busy": BridgeBusy,
    "offline": EndpointUnreachable,
    "asleep": Asleep,
    "state_unknown": EndpointUnreachable,
    "encryption_on": NotInThisMode,
    "encryption_unknown": NotInThisMode,
    "audio_off": NotInThisMode,
    "audio_unknown": NotInThisMode,
    "not_agreed": NotProvisioned,
    "no_way": NotProvisioned,
    "not_permitted": NotPermitted,
    "code_wrong": NotProvisioned,
    "lan_unreachable": EndpointUnreachable,
    "silent": NotProvisioned,
    "lan_closed": NotProvisioned,
    "key_server_changed": NotProvisioned,
    "not_playable": InvalidValue,
    "beyond_displays": InvalidValue,
    "not_passable": NotProvisioned,
    "no_common_protocol": InvalidValue,
    "too_large": InvalidValue,
    "busy": EndpointBusy,
    "too_often": EndpointBusy,
    "household_full": EndpointBusy,
    "machine_full": EndpointBusy,
    "waking": Asleep,
    "media_down": BridgeUnreachable,
    "voice_may_not": NotInThisMode,
    "encryption_by_voice": NotInThisMode,
    "owners_alone": NotInThisMode,
    "not_this_way": InvalidValue,
    "not_set": EndpointUnreachable,
    "no_tv": EndpointUnreachable,
}


def refused(refusal: Refusal, locale: str) -> DirectiveError:
    """The error's type follows the first failed row; its message lists every failed row with its remedy."""
    error = REFUSED[refusal.reason](explain(refusal, locale, WRITTEN))
    error.reason = refusal.reason
    return error
