"""Verifies Amazon's signature on a custom-skill request: of the received bytes, by Amazon's chain, and recent.

Alexa Skills Kit, "Host a Custom Skill as a Web Service", "Verify the request sent by Alexa".
"""

import base64
import binascii
import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from showcam.alexa.spoken.chain import BadChain, Chains
from showcam.net.text import JsonObject, too_deep

TOLERANCE_S = 150  # Amazon's own limit for a request's age
EVENT_TOLERANCE_S = 3600  # Amazon repeats skill events for up to an hour


class Signed(Protocol):
    """The request, as far as verification reads it: its raw body, its headers, and the network it comes from."""

    @property
    def body(self) -> bytes: ...

    @property
    def network(self) -> str: ...

    def header(self, name: str) -> str | None: ...


class NotSigned(Exception):
    """The request is not signed by Amazon, or not recent. The text holds nothing of the request."""


def verified(request: Signed, chains: Chains, clock: Callable[[], float] = time.time) -> JsonObject:
    """The request's JSON. Raises NotSigned, ChainUnreached. Checks without I/O run first."""
    event = event_of(request.body)
    _recent(event, clock())
    url, signature = request.header("SignatureCertChainUrl"), request.header("Signature-256")
    if not url or not signature:
        raise NotSigned("the signature's headers are missing")
    try:
        signed = base64.b64decode(signature, validate=True)
        chains.key(url, request.network).verify(signed, request.body, padding.PKCS1v15(), hashes.SHA256())
    except (binascii.Error, ValueError):
        raise NotSigned("the signature is not base64") from None
    except InvalidSignature:
        raise NotSigned("the signature is not this body's") from None
    except BadChain as bad:
        raise NotSigned(str(bad)) from None
    return event


def event_of(body: bytes) -> JsonObject:
    """The body as a custom-skill request, unverified. Raises NotSigned."""
    try:
        event = None if too_deep(body) else msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        event = None
    if not isinstance(event, dict) or not isinstance(event.get("request"), dict):
        raise NotSigned("the body is not a custom-skill request")
    return event


def _recent(event: JsonObject, now: float) -> None:
    try:
        sent = datetime.fromisoformat(event["request"]["timestamp"])
        seconds = sent.timestamp() if sent.tzinfo else None
    except (KeyError, TypeError, ValueError, OverflowError):
        seconds = None
    is_event = str(event["request"].get("type", "")).startswith("AlexaSkillEvent.")
    if seconds is None or abs(now - seconds) > (EVENT_TOLERANCE_S if is_event else TOLERANCE_S):
        raise NotSigned("the request's timestamp is missing or not recent")
