"""Calls Google's HomeGraph API, and raises an exception for each kind of error answer.

https://developers.home.google.com/reference/home-graph/rest
"""

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NotRequired, TypedDict

import msgspec

from actions.google_key import KeyFile
from actions.google_tokens import CALL_S, GoogleTokens, KeyRefused
from showcam.net.exchange import Hosts, Unreached, exchange_within
from showcam.net.http import Http, Reply
from showcam.registry.reporting.reporter import NotNow, RefusedKey, TryAgain

log = logging.getLogger(__name__)

HOST, LOGIN = "homegraph.googleapis.com", "oauth2.googleapis.com"
_encode = msgspec.json.Encoder().encode


class Rejected(Exception):
    """Google refused this one request for good."""


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
            raise TryAgain(f"Google could not be reached: {error}") from None
        return answer

    def _access(self, end: float, dead: str = "") -> str:
        with exchange_within(self._left_s(end)):
            return self._tokens.access(dead)

    def _send(self, method: str, path: str, body: bytes | None, token: str, end: float) -> Reply:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        within_s = min(self._left_s(end), CALL_S)
        reply = self._http.ask(method, f"{self._base}/{path}", within_s, body=body, headers=headers)
        if reply.status == 200 and reply.data is None:
            raise Unreached("it answered no JSON object")
        return reply

    def _left_s(self, end: float) -> float:
        left_s = end - self._monotonic()
        if left_s <= 0:
            raise TryAgain("the time for this turn was over")
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
        raise TryAgain(said, answer.after_s)
