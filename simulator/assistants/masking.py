"""Hides the secrets of a message before a person sees it; no other module does."""

import re
from collections.abc import Callable
from typing import Any

HIDDEN = "•••"

# Values under these keys are hidden whole, in any message.
_SECRET_KEYS = frozenset(
    {
        "access_token",
        "accesstoken",
        "authorization",
        "camerastreamauthtoken",
        "client_secret",
        "code",
        "code_challenge",
        "code_verifier",
        "cookie",
        "csrf_token",
        "id_token",
        "nonce",
        "otp",
        "passcode",
        "password",
        "pin",
        "refresh_token",
        "secret",
        "set-cookie",
        "signature-256",
        "token",
        "verification_code",
    }
)


def _keep_lead(match: re.Match[str]) -> str:
    return match.group(1) + HIDDEN


# Passages hidden in any text: grants in paths, OAuth parameters, credentials in headers, an SDP's ICE and DTLS secrets.
_SECRET_PASSAGES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"(/s/)[^/?#\s\"'<>]+"), _keep_lead),
    (re.compile(r"(/google/webrtc/)[^/?#\s\"'<>]+"), _keep_lead),
    (re.compile(r"([?&](?:code|state|code_challenge|code_verifier|token|t|client_secret|refresh_token)=)[^&#\s\"']+"),
     _keep_lead),
    (re.compile(r"((?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]+"), _keep_lead),
    (re.compile(r"(://)[^/@\s\"']+(?=@)"), _keep_lead),
    (re.compile(r"(a=ice-pwd:)\S+"), _keep_lead),
    (re.compile(r"(a=fingerprint:\S+ )\S+"), _keep_lead),
    (re.compile(r"(a=crypto:\d+ \S+ )\S+"), _keep_lead),
)  # fmt: skip


def mask(value: Any, key: str = "") -> Any:
    """A copy of a JSON value without its secrets; its shape stays."""
    if isinstance(value, dict):
        return {mask(str(name)): mask(inner, str(name)) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [mask(inner, key) for inner in value]
    if key == "state" and isinstance(value, str) and len(value) > 40:  # OAuth's, not a camera's
        return HIDDEN
    if key.lower().replace("-", "_") in _SECRET_KEYS or key.lower() in _SECRET_KEYS:
        return HIDDEN if value not in (None, "") else value
    if isinstance(value, str):
        for pattern, instead in _SECRET_PASSAGES:
            value = pattern.sub(instead, value)
    return value
