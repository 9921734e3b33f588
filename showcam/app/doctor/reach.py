"""Sees the installation as a visitor from outside does: its answers, without following redirects, the changes that a
proxy makes to them, and the name in DNS.
"""

import json
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import certifi
import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from showcam.app.doctor.finding import wrong
from showcam.console.health.machine import Finding
from showcam.i18n.catalogue import Worded, worded
from showcam.net.addresses import is_public
from showcam.net.exchange import PATIENT_S

LONGEST = 1 << 20  # bytes of an answer
BEFORE = worded(
    "See what stands before showcam: a proxy that lacks this path, or one that asks whether you are a robot."
)
RESOLVER = "https://dns.google/resolve"  # https://developers.google.com/speed/public-dns/docs/doh/json
_RECORD_TYPES = {"A": 1, "AAAA": 28}


class Unreached(Exception):
    """No answer; the text says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]  # names in lower case
    text: str

    @property
    def kind(self) -> str:
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    def json(self) -> Any:
        """The parsed text; None if the text is no JSON."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None

    def summary(self) -> Worded:
        """Says for a person the status, a redirect's target and the content type."""
        kind = self.kind or worded("without a content type")
        if "location" not in self.headers:
            return worded("{status}, {kind}", status=self.status, kind=kind)
        where = self.headers["location"].split("?")[0]
        return worded("{status}, a redirect to {where}, {kind}", status=self.status, where=where, kind=kind)


class Visitor:
    """`authorities` are trusted in place of the public ones. `within_s`: for a whole exchange."""

    def __init__(self, authorities: Path | None = None, within_s: float = PATIENT_S) -> None:
        self.authorities = str(authorities or certifi.where())
        self.within_s = within_s

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: dict[str, str] | None = None,
        data: bytes | dict[str, str] | None = None,
    ) -> Answer:
        """Sends a request and reads the whole answer. Raises Unreached."""
        try:
            return _within(self.within_s, lambda: self._exchange(method, url, headers or {}, data))
        except (requests.Timeout, ReadTimeoutError, TimeoutError):
            raise Unreached(
                worded("there is no whole answer within {seconds} s", seconds=f"{self.within_s:g}")
            ) from None
        except HTTPError as error:  # the body is read from urllib3, which raises its own
            raise Unreached(
                worded("its answer breaks off or is garbled ({error})", error=type(error).__name__)
            ) from None
        except (requests.RequestException, OSError) as error:
            raise Unreached(worded("it can't be reached ({error})", error=type(error).__name__)) from None

    def _exchange(self, method: str, url: str, headers: dict[str, str], data: bytes | dict[str, str] | None) -> Answer:
        with requests.request(
            method,
            url,
            headers={"User-Agent": "showcam-doctor", **headers},
            data=data,
            timeout=self.within_s,
            allow_redirects=False,
            verify=self.authorities,
            stream=True,
        ) as response:
            text = response.raw.read(LONGEST, decode_content=True).decode("utf-8", "replace")
            lowered = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, lowered, text)


def _within[T](seconds: float, work: Callable[[], T]) -> T:
    """Returns the value of the work, or raises the work's error.

    Raises TimeoutError if the work is not done in time; the thread is then left behind.

    A socket's own timeout starts again with each byte, so a server that drips its answer would never exceed it.
    """
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=run, name="doctor", daemon=True).start()
    return done.result(seconds)


def not_ours(what: str, answer: Answer, text: str = "") -> Finding:
    """A finding about an answer that showcam does not give. `text` describes the answer; "" means a summary."""
    text = text or worded("it answers {answer}", answer=answer.summary())
    if 300 <= answer.status < 400 and "location" in answer.headers:
        mend = worded("Assistants follow no redirect: set public_url to its target, or let the proxy answer here.")
        return wrong(what, text, mend, "redirect")
    if answer.status == 401 and "www-authenticate" in answer.headers:
        mend = worded("Something before showcam asks for a password: let the proxy pass this path without one.")
        return wrong(what, text, mend, "password")
    return wrong(what, text, BEFORE)


def nowhere() -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class World:
    """Services outside that can tell about this installation.

    `resolver` answers names as the world sees them, by HTTPS and JSON; "" if no resolver is to be asked.

    `own_address` answers the public address of the house, None if it can't be found. `visited`: whether an assistant
    came to the public address lately. `public` judges an address.
    """

    resolver: str = ""
    own_address: Callable[[], str | None] = nowhere
    visited: bool = False
    public: Callable[[str], bool] = is_public

    def addresses(self, host: str, visitor: Visitor) -> frozenset[str] | None:
        """The addresses of a name, as resolvers outside answer; None if nobody answers."""
        if not self.resolver:
            return None
        found: set[str] = set()
        for kind, number in _RECORD_TYPES.items():
            try:
                answer = visitor.request("GET", f"{self.resolver}?{urlencode({'name': host, 'type': kind})}")
            except Unreached:
                return None
            content = answer.json()
            if answer.status != 200 or not isinstance(content, dict) or content.get("Status") not in (0, 3):
                return None
            rows = content.get("Answer") or []
            found |= {str(row["data"]) for row in rows if isinstance(row, dict) and row.get("type") == number}
        return frozenset(found)


def addresses_here(host: str, port: int) -> frozenset[str]:
    """The addresses of a name, by this machine's own resolver."""
    try:
        return frozenset(str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError):  # UnicodeError if the text can't be a host name
        return frozenset()
