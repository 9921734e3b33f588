"""Amazon's signature on a custom-skill request: over the body as it came, by a chain of its own, and recent.

Alexa Skills Kit, "Host a Custom Skill as a Web Service", "Verify the request sent by Alexa".
"""

import base64
import binascii
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from alexa.spoken.chain import BadChain, Chains
from net.incoming import JsonObject
from net.json_depth import too_deep

TOLERANCE_S = 150
EVENT_TOLERANCE_S = 3600  # skill events are sent again for a while


class Signed(Protocol):
    """What is looked at of a request: its body as it came, its headers, and whose network it comes from."""

    @property
    def body(self) -> bytes: ...

    @property
    def network(self) -> str: ...

    def header(self, name: str) -> str | None: ...


class NotSigned(Exception):
    """Not a request that Amazon signed just now; the text holds nothing of it."""


def verified(request: Signed, chains: Chains, clock: Callable[[], float] = time.time) -> dict[str, Any]:
    """The request's JSON. Raises NotSigned, ChainUnreached. What costs nothing is looked at first."""
    event = event_of(request.body)
    _recent(event, clock())
    url, signature = request.header("SignatureCertChainUrl"), request.header("Signature-256")
    if not url or not signature:
        raise NotSigned("the signature's headers are missing")
    try:
        given = base64.b64decode(signature, validate=True)
        chains.key(url, request.network).verify(given, request.body, padding.PKCS1v15(), hashes.SHA256())
    except (binascii.Error, ValueError):
        raise NotSigned("the signature is not base64") from None
    except InvalidSignature:
        raise NotSigned("the signature is not this body's") from None
    except BadChain as bad:
        raise NotSigned(str(bad)) from None
    return event


def event_of(body: bytes) -> JsonObject:
    """Raises NotSigned."""
    try:
        event = None if too_deep(body) else msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        event = None
    if not isinstance(event, dict) or not isinstance(event.get("request"), dict):
        raise NotSigned("the body is no custom-skill request")
    return event


def _recent(event: JsonObject, now: float) -> None:
    try:
        sent = datetime.fromisoformat(event["request"]["timestamp"])
        seconds = sent.timestamp() if sent.tzinfo else None
    except (KeyError, TypeError, ValueError, OverflowError):
        seconds = None
    is_event = str(event["request"].get("type", "")).startswith("AlexaSkillEvent.")
    if seconds is None or abs(now - seconds) > (EVENT_TOLERANCE_S if is_event else TOLERANCE_S):
        raise NotSigned("the request is not of now")
