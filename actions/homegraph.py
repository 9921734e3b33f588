"""Calls Google's HomeGraph API, and raises an exception for each kind of error answer.

https://developers.home.google.com/reference/home-graph/rest
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import msgspec

from actions.google_key import KeyFile
from showcam.net.exchange import EARLY_S, Hosts, Unreached, exchange_within
from showcam.net.http import Http, Reply
from showcam.registry.reporting.delivery import TELL_S
from showcam.registry.reporting.reporter import NotNow, RefusedKey, Rejected, TryAgain
from showcam.store.outbox import Why

AUDIENCE = "https://oauth2.googleapis.com/token"
SCOPE = "https://www.googleapis.com/auth/homegraph"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFE_S = 3600  # of an assertion, the longest that Google takes


class KeyRefused(Exception):
    """Google gave no token for the key, and gives none when it is asked again."""


class NoToken(Unreached):
    """Google answered without a token; a later request may succeed."""

    def __init__(self, reason: str, why: Why) -> None:
        super().__init__(reason)
        self.why = why


class GoogleTokens:
    """Access tokens for the key, each kept until shortly before it expires. Safe to use from many threads."""

    def __init__(self, key: KeyFile, http: Http, clock: Callable[[], float] = time.time) -> None:
        self._key, self._http, self._clock = key, http, clock
        self._lock = threading.Lock()
        self._access, self._expires = "", 0.0

    def access(self, dead: str = "") -> str:
        """A token other than `dead`. Raises KeyRefused, Unreached."""
        with self._lock:
            if self._access in ("", dead) or self._expires - EARLY_S <= self._clock():
                self._renew()
            return self._access

    def _renew(self) -> None:
        form = {"grant_type": GRANT, "assertion": self._assertion()}
        reply = self._http.post(self._key.token_uri, form, TELL_S)
        data = reply.data or {}
        access, life_s = data.get("access_token"), data.get("expires_in")
        if reply.status == 200 and isinstance(access, str) and access and isinstance(life_s, int) and life_s > 0:
            self._access, self._expires = access, self._clock() + life_s
            return
        self._access = ""
        if "timeframe" in str(data.get("error_description")):
            raise NoToken("this machine's clock is wrong by more than Google takes", "clock")
        if reply.status in (400, 401) and isinstance(data.get("error"), str):
            raise KeyRefused(_why(data["error"]))
        raise NoToken(f"Google's token endpoint answered {reply.status}", "trouble")

    def _assertion(self) -> str:
        from google.auth import crypt, jwt  # imported only here, since the import takes 0.1 s

        now = int(self._clock())
        claims = {
            "iss": self._key.client_email,
            "scope": SCOPE,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + LIFE_S,
        }
        signer: Any = crypt.RSASigner  # the library's calls have no types
        encode: Any = jwt.encode
        return str(encode(signer.from_string(self._key.private_key, self._key.private_key_id), claims).decode())


def _why(error: object) -> str:
    """Repeats only known error codes, since other parts of the answer may hold a name."""
    known = ("invalid_grant", "invalid_client", "unauthorized_client", "invalid_scope", "disabled_client")
    return f"Google refused the key: {error if error in known else 'an unknown error'}"


log = logging.getLogger(__name__)

HOST, LOGIN = "homegraph.googleapis.com", "oauth2.googleapis.com"
_encode = msgspec.json.Encoder().encode


class Objects(TypedDict):
    unclassified: int


class Detection(TypedDict):
    objects: Objects
    priority: int
    detectionTimestamp: int  # epoch ms


class Notification(TypedDict):
    ObjectDetection: Detection


class ReportedDevices(TypedDict, total=False):
    states: Mapping[str, Mapping[str, object]]
    notifications: Mapping[str, Notification]


class ReportPayload(TypedDict):
    devices: ReportedDevices


class ReportRequest(TypedDict):
    requestId: str
    agentUserId: str
    payload: ReportPayload
    eventId: NotRequired[str]


class SyncRequest(TypedDict):
    agentUserId: str


class HomeGraph:
    """Safe to use from many threads. `double`: "host:port" that replaces Google's hosts in the demo and in tests."""

    def __init__(
        self,
        key: KeyFile,
        double: str = "",
        ca_file: Path | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = Http(Hosts((double,) if double else (f"{HOST}:443", f"{LOGIN}:443")), ca_file)
        self._base = f"https://{double or HOST}/v1"
        self._tokens, self._monotonic = GoogleTokens(key, self._http, clock), monotonic

    def request_sync(self, agent_user: str, end: float) -> None:
        """Google fetches the list again before it answers. Raises as `report` does."""
        body: SyncRequest = {"agentUserId": agent_user}
        self._checked(self._call("POST", "devices:requestSync", _encode(body), end))

    def report(self, request: ReportRequest, end: float) -> None:
        """Reports states or notifications. `end`: of the whole call, by the monotonic clock.

        Raises Rejected, NotNow, TryAgain, RefusedKey.
        """
        self._checked(self._call("POST", "devices:reportStateAndNotification", _encode(request), end))

    def delete(self, agent_user: str, request_id: str, end: float) -> None:
        """Tells Google that the link has ended here, which succeeds too if Google does not know the link.

        Raises Rejected, TryAgain, RefusedKey.
        """
        answer = self._call("DELETE", f"agentUsers/{agent_user}?requestId={request_id}", None, end)
        if answer.status != 404:
            self._checked(answer)

    def _call(self, method: str, path: str, body: bytes | None, end: float) -> Reply:
        """Sends the request once: none is repeated within a second. A refused token is renewed for the next call."""
        try:
            token = self._access(end)
            answer = self._send(method, path, body, token, end)
            if answer.status == 401:
                self._access(end, token)
        except KeyRefused as error:
            raise RefusedKey(str(error)) from None
        except Unreached as error:
            why = error.why if isinstance(error, NoToken) else "unreached"
            raise TryAgain(f"Google could not be reached: {error}", why=why) from None
        return answer

    def _access(self, end: float, dead: str = "") -> str:
        with exchange_within(self._left_s(end)):
            return self._tokens.access(dead)

    def _send(self, method: str, path: str, body: bytes | None, token: str, end: float) -> Reply:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        reply = self._http.ask(method, f"{self._base}/{path}", self._left_s(end), body=body, headers=headers)
        if reply.status == 200 and reply.data is None:
            raise Unreached("it answered no JSON object")
        return reply

    def _left_s(self, end: float) -> float:
        left_s = end - self._monotonic()
        if left_s <= 0:
            raise TryAgain("the time for this turn was over", why="unreached")
        return left_s

    def _checked(self, answer: Reply) -> None:
        status, said = answer.status, f"HomeGraph answered {answer.status}"
        if status == 200:
            return
        if status == 404:
            raise NotNow(f"{said}: Google does not know this user", answer.after_s)
        if status == 403:
            raise RefusedKey(
                f"{said}: the key is of another project, or the HomeGraph API is not enabled in its project",
                answer.after_s,
            )
        if status == 400:
            log.warning("%s to a message of showcam's own making", said, extra={"reason": "rejected"})
            raise Rejected(said)
        raise TryAgain(said, answer.after_s, why="busy" if status == 429 else "trouble")
