"""Alexa's ErrorResponse, and the table from the gate's reasons to its types.

https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-errorresponse.html
"""

from collections.abc import Mapping
from typing import ClassVar, Literal, NamedTuple

from msgspec import Struct, field

from showcam.drivers.camera import Refusal
from showcam.drivers.errors import Reason, by_reason
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


class Kind(NamedTuple):
    """A type of ErrorResponse. NOT_SUPPORTED_IN_CURRENT_MODE demands a mode."""

    kind: str
    mode: DeviceMode | None = None


_MODE = "NOT_SUPPORTED_IN_CURRENT_MODE"
# A lost sign-in at the vendor is INSUFFICIENT_PERMISSIONS: an invalid credential would be showcam's own token.
REFUSED = by_reason(
    {
        Kind("NO_SUCH_ENDPOINT"): ("not_found",),
        Kind("INSUFFICIENT_PERMISSIONS"): ("signed_out", "not_permitted"),
        Kind("BRIDGE_UNREACHABLE"): ("no_internet", "vendor_down", "media_down"),
        Kind("RATE_LIMIT_EXCEEDED"): ("vendor_busy",),
        Kind("ENDPOINT_UNREACHABLE"): ("offline", "state_unknown", "lan_unreachable", "not_set", "no_tv"),
        Kind("ENDPOINT_BUSY"): ("busy", "too_often", "household_full", "machine_full"),
        Kind("INVALID_VALUE"): ("not_playable", "beyond_displays", "no_common_protocol", "too_large", "not_this_way"),
        Kind(_MODE, "ASLEEP"): ("asleep", "waking"),
        Kind(_MODE, "NOT_PROVISIONED"): (
            *("not_agreed", "no_way", "code_wrong", "silent"),
            *("lan_closed", "key_server_changed", "not_passable"),
        ),
        Kind(_MODE, "OTHER"): (
            *("encryption_on", "encryption_unknown", "audio_off", "audio_unknown"),
            *("voice_may_not", "encryption_by_voice", "owners_alone"),
        ),
    }
)


class ErrorPayload(Struct, rename="camel", omit_defaults=True):
    kind: str = field(name="type")
    message: str
    current_device_mode: DeviceMode | None = None


class DirectiveError(Exception):
    """A failure that Alexa gets as an ErrorResponse. Alexa never speaks the message; only developers read the message.

    `reason`: the gate's, if a refusal caused the error.
    """

    namespace: ClassVar[str] = "Alexa"
    version: ClassVar[str] = "3"  # the version of the payload

    def __init__(self, kind: str, message: str, *, mode: DeviceMode | None = None, reason: str = "") -> None:
        super().__init__(message)
        self.kind, self.reason = kind, reason
        self.payload = ErrorPayload(kind, message, mode)


class SnapshotError(DirectiveError):
    namespace = "Alexa.SmartVision.SnapshotProvider"
    version = "1.1"


class AuthorizationError(DirectiveError):
    namespace = "Alexa.Authorization"


def refused(refusal: Refusal, locale: str) -> DirectiveError:
    """The error's type follows the first failed row; its message lists every failed row with its remedy."""
    kind, mode = REFUSED[refusal.reason]
    return DirectiveError(kind, explain(refusal, locale, WRITTEN), mode=mode, reason=refusal.reason)
