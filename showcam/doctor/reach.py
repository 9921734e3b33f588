"""Requests an address from outside. No redirect is followed."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import certifi
import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from words.catalogue import Worded, worded

WITHIN_S = 10.0  # for a whole exchange, however slowly the answer arrives
LONGEST = 1 << 20  # bytes of an answer


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
        """None where the text is no JSON."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None

    def summary(self) -> Worded:
        """For a person: the status, a redirect's target, the content type."""
        kind = self.kind or worded("without a content type")
        if "location" not in self.headers:
            return worded("{status}, {kind}", status=self.status, kind=kind)
        where = self.headers["location"].split("?")[0]
        return worded("{status}, a redirect to {where}, {kind}", status=self.status, where=where, kind=kind)


class Visitor:
    """`authorities` are trusted in place of the public ones. `within_s`: for a whole exchange."""

    def __init__(self, authorities: Path | None = None, within_s: float = WITHIN_S) -> None:
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
        """Raises Unreached."""
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
    """What the work returns or raises; TimeoutError when it is not done in time, and its thread is left behind.

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
