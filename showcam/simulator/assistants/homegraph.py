"""HomeGraph as Google runs it: Request Sync, Report State, notifications, and the believed states of a user's devices.

Callers use a service account (RFC 7523 as Google has it: RS256, an hour at most, the account's own key, one audience).
"""

import asyncio
import base64
import binascii
import json
import os
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from showcam.simulator.assistants import google_rules
from showcam.simulator.state import HOUR_S

PROJECT = "showcam-demo"
EMAIL = f"homegraph@{PROJECT}.iam.gserviceaccount.com"
AUDIENCE = "https://oauth2.googleapis.com/token"  # google-auth uses this audience whatever token_uri is
SCOPE = "https://www.googleapis.com/auth/homegraph"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
FILE = "google-service-account.json"
SLACK_S = 300  # clocks may differ by this


class ServiceAccount:
    """`url` is the address of the token endpoint. The folder keeps the key over a restart."""

    def __init__(self, folder: Path, url: str, clock: Callable[[], float] = time.time) -> None:
        self._clock, self._url = clock, url
        self.access_s = HOUR_S
        self._access: dict[str, float] = {}  # by token: until when
        self._key, self._key_id = _key_in(folder / FILE, url)

    def knows(self, request: web.Request) -> bool:
        """Tells whether the request carries a valid token."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        return self._access.get(token, 0.0) > self._clock()

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        grant, assertion = str(form.get("grant_type", "")), str(form.get("assertion", ""))
        if grant != GRANT:
            return _refused("unsupported_grant_type", f"Invalid grant_type: {grant[:40]}")
        if why := self._wrong(assertion):
            return _refused("invalid_grant", why)
        access = "ya29." + secrets.token_urlsafe(64)
        self._access[access] = self._clock() + self.access_s
        return web.json_response({"access_token": access, "expires_in": int(self.access_s), "token_type": "Bearer"})

    def _wrong(self, assertion: str) -> str:
        """Says in Google's words why the assertion is wrong; "" if it is good."""
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
        now = self._clock()
        if issued - SLACK_S > now or expires + SLACK_S < now or expires - issued > HOUR_S:
            return (
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
                "Check your iat and exp values in the JWT claim."
            )
        return ""


def _key_in(file: Path, url: str) -> tuple[rsa.RSAPrivateKey, str]:
    """Returns the key and its id from the file. Writes the file if it is missing or for another address."""
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


def _refused(error: str, described: str) -> web.Response:
    return web.json_response({"error": error, "error_description": described}, status=400)


_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
}


@dataclass(slots=True)
class User:
    """An agentUserId that has been linked and synchronised; `sync` fetches the user's devices again."""

    devices: dict[str, dict[str, Any]]
    sync: Callable[[], Awaitable[None]]
    reported: Callable[[dict[str, Any]], None]
    deleted: Callable[[], None]
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    reports: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=1000))
    events: set[str] = field(default_factory=set)  # eventIds
    repeated: int = 0
    syncs: int = 0  # Request Syncs that were taken
    syncing: bool = False


class HomeGraph:
    def __init__(self, url: str, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self.users: dict[str, User] = {}
        self.account = ServiceAccount(folder, f"{url}/google/token", clock)
        self._tasks: set[asyncio.Task[None]] = set()

    def add_routes(self, app: web.Application) -> None:
        app.router.add_post("/google/token", self.account.token)
        app.router.add_post("/v1/devices:requestSync", self._called(self.request_sync))
        app.router.add_post("/v1/devices:reportStateAndNotification", self._called(self.report))
        app.router.add_delete("/v1/agentUsers/{user}", self._called(self.delete))

    async def request_sync(self, _request: web.Request, given: dict[str, Any]) -> web.Response:
        if broken := google_rules.check_request_sync(given):
            return _error(400, broken[0])
        user = self._user(given)
        if user is None:
            return _error(404, "Requested entity was not found.")
        if user.syncing:
            return _error(429, "There is already a Request Sync for this user.")
        user.syncing, user.syncs = True, user.syncs + 1
        if given.get("async"):
            task = asyncio.create_task(self._synced(user))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            await self._synced(user)
        return web.json_response({})

    async def _synced(self, user: User) -> None:
        try:
            await user.sync()
        finally:
            user.syncing = False

    async def report(self, _request: web.Request, given: dict[str, Any]) -> web.Response:
        if broken := google_rules.check_report(given, lambda: self._user(given)):
            return _error(400, broken[0])
        user = self._user(given)
        if user is None:
            return _error(404, "Requested entity was not found.")
        devices = given["payload"]["devices"]
        if any(device not in user.devices for kind in ("states", "notifications") for device in devices.get(kind, {})):
            return _error(404, "Requested entity was not found.")
        if given.get("eventId") in user.events:
            user.repeated += 1
        else:
            if given.get("eventId"):
                user.events.add(given["eventId"])
            user.states |= devices.get("states", {})  # a report replaces everything that was known of the device
            user.reports.append(given)
            user.reported(given)
        return web.json_response({"requestId": given.get("requestId", "")})

    async def delete(self, request: web.Request, _given: dict[str, Any]) -> web.Response:
        user = self.users.pop(request.match_info["user"], None)
        if user is None:
            return _error(404, "Requested entity was not found.")
        user.deleted()
        return web.json_response({})

    def _user(self, given: dict[str, Any]) -> User | None:
        return self.users.get(str(given.get("agentUserId")))

    def _called(
        self, handler: Callable[[web.Request, dict[str, Any]], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            if not self.account.knows(request):
                return _error(401, "Request had invalid authentication credentials.")
            try:
                given = json.loads(await request.read() or b"{}")
            except ValueError:
                given = None
            if not isinstance(given, dict):
                return _error(400, "Invalid JSON payload received.")
            return await handler(request, given)

        return answer


def _error(status: int, message: str) -> web.Response:
    body = {"error": {"code": status, "message": message, "status": _STATUS[status]}}
    return web.json_response(body, status=status)
