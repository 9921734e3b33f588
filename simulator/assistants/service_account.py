"""A Google Cloud service account: its key file, and the endpoint that exchanges a signed assertion for a token.

RFC 7523, as Google has it: RS256, at most an hour, the account's own key, one audience.
"""

import base64
import binascii
import json
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from simulator.assistants import cloud_faults
from simulator.state import Settings

PROJECT = "showcam-demo"
EMAIL = f"homegraph@{PROJECT}.iam.gserviceaccount.com"
AUDIENCE = "https://oauth2.googleapis.com/token"  # google-auth keeps it whatever token_uri is
SCOPE = "https://www.googleapis.com/auth/homegraph"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
FILE = "google-service-account.json"
SLACK_S = 300  # clocks may differ by this
LONGEST_S = 3600


class ServiceAccount:
    """`url` is where tokens are given. The key is kept in the folder, so that it survives a restart."""

    def __init__(self, folder: Path, url: str, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self._settings, self._clock, self._url = settings, clock, url
        self._access: dict[str, float] = {}  # token: until when
        self._key, self._key_id = _kept(folder / FILE, url)

    def knows(self, request: web.Request) -> bool:
        """Whether the request carries a token that lives."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        return self._access.get(token, 0.0) > self._clock()

    async def token(self, request: web.Request) -> web.StreamResponse:
        fault = self._settings.google_login_fault
        if not cloud_faults.meets(fault, self._settings.cloud_fault_share):
            fault = ""
        if fault == "invalid_grant":
            return _refused("invalid_grant", "Invalid grant: account not found")
        if fault in cloud_faults.STATUS:
            return _refused("internal_failure", "As it was set.", cloud_faults.STATUS[fault])
        if fault and fault != "cut":
            return await cloud_faults.spoiled(request, fault)
        form = await request.post()
        answer = self._answered(str(form.get("grant_type", "")), str(form.get("assertion", "")))
        return cloud_faults.hung_up(request, answer) if fault else answer

    def _answered(self, grant: str, assertion: str) -> web.Response:
        if grant != GRANT:
            return _refused("unsupported_grant_type", f"Invalid grant_type: {grant[:40]}")
        if why := self._wrong(assertion):
            return _refused("invalid_grant", why)
        access, life_s = "ya29." + secrets.token_urlsafe(64), self._settings.google_access_s
        self._access[access] = self._clock() + life_s
        return web.json_response({"access_token": access, "expires_in": int(life_s), "token_type": "Bearer"})

    def _wrong(self, assertion: str) -> str:
        """What is wrong with the assertion, in Google's words; "" for a good one."""
        try:
            signed, _, signature = assertion.rpartition(".")
            header, claims = (json.loads(_decoded(part)) for part in signed.split("."))
            if (header["alg"], header["kid"]) != ("RS256", self._key_id):
                return "Invalid JWT Signature."
            self._key.public_key().verify(_decoded(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
            issued, expires = float(claims["iat"]), float(claims["exp"])
            if claims["iss"] != EMAIL or claims["scope"] != SCOPE:
                return "Invalid OAuth scope or ID token audience provided."
            if claims["aud"] not in (AUDIENCE, self._url):
                return "Invalid JWT: Failed audience check."
        except InvalidSignature:
            return "Invalid JWT Signature."
        except (ValueError, KeyError, TypeError, binascii.Error):
            return "Invalid JWT"
        now = self._clock() + self._settings.google_skew_s
        if issued - SLACK_S > now or expires + SLACK_S < now or expires - issued > LONGEST_S:
            return (
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
                "Check your iat and exp values in the JWT claim."
            )
        return ""


def _kept(file: Path, url: str) -> tuple[rsa.RSAPrivateKey, str]:
    """The key and its id from the file, which is written where it is missing or for another address."""
    try:
        kept: dict[str, Any] = json.loads(file.read_text())
        key = serialization.load_pem_private_key(kept["private_key"].encode(), None)
        if isinstance(key, rsa.RSAPrivateKey) and kept["token_uri"] == url:
            return key, str(kept["private_key_id"])
    except (FileNotFoundError, ValueError, KeyError):
        pass
    key, key_id = rsa.generate_private_key(65537, 2048), secrets.token_hex(20)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    content = {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": key_id,
        "private_key": pem.decode(),
        "client_email": EMAIL,
        "client_id": "100000000000000000001",
        "token_uri": url,
        "universe_domain": "googleapis.com",
    }
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as written:
        json.dump(content, written)
    new.replace(file)
    return key, key_id


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _refused(error: str, described: str, status: int = 400) -> web.Response:
    return web.json_response({"error": error, "error_description": described}, status=status)
