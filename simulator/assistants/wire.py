"""Messages to showcam and their record: request, answer and time, with secrets masked."""

import asyncio
import json
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import aiohttp

from simulator.assistants.masking import mask

BODY_CAP = 1 << 20


class NoAnswer(Exception):
    """showcam did not answer within the assistant's deadline, or can't be reached."""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: dict[str, str]  # lower-case names
    text: str
    ms: int

    def json(self) -> Any:
        """The body as JSON, None when it is none."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


@dataclass(slots=True)
class Record:
    """The last messages of one assistant, numbered, with their secrets masked."""

    entries: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=200))
    last: int = 0

    def add(self, entry: dict[str, Any]) -> dict[str, Any]:
        self.last += 1
        kept: dict[str, Any] = {"id": self.last, "at": round(time.time(), 3), **mask(entry)}
        self.entries.append(kept)
        return kept

    def after(self, number: int) -> list[dict[str, Any]]:
        return [entry for entry in self.entries if entry["id"] > number]


class Wire:
    """Sends the messages of one operation, and adds them to its trace and to the assistant's record."""

    def __init__(self, http: aiohttp.ClientSession, record: Record) -> None:
        self._http = http
        self._record = record
        self.trace: list[dict[str, Any]] = []

    def note(
        self,
        title: str,
        method: str,
        url: str,
        *,
        request: Any,
        status: int,
        response: Any,
        ms: int,
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        """Records a message of this program, the page or a player."""
        if request is None and "?" in url:
            url, _, query = url.partition("?")
            request = _grouped(parse_qsl(query, keep_blank_values=True))
        entry = self._record.add(
            {
                "title": title,
                "method": method,
                "url": url,
                "headers": headers or {},
                "request": request,
                "status": status,
                "response": response,
                "ms": ms,
            }
        )
        self.trace.append(entry)
        return entry

    async def send(
        self,
        title: str,
        url: str,
        *,
        timeout_s: float,
        method: str = "POST",
        body: Any = None,
        form: list[tuple[str, str]] | None = None,
        headers: dict[str, str] | None = None,
        http: aiohttp.ClientSession | None = None,
    ) -> Reply:
        """Sends one message without following redirects. Raises NoAnswer."""
        data = None if body is None else json.dumps(body).encode()
        kind = {"Content-Type": "application/json"} if data is not None else {}
        shown: dict[str, Any] = {"request": body if form is None else _grouped(form), "headers": headers}
        started = time.monotonic()
        try:
            async with (
                asyncio.timeout(timeout_s),
                (http or self._http).request(
                    method,
                    url,
                    data=data if form is None else form,
                    headers=kind | (headers or {}),
                    allow_redirects=False,
                ) as response,
            ):
                raw = await response.content.read(BODY_CAP + 1)
                while len(raw) <= BODY_CAP and not response.content.at_eof():
                    raw += await response.content.read(BODY_CAP + 1 - len(raw))
                if len(raw) > BODY_CAP:
                    raise NoAnswer("showcam's answer is larger than 1 MiB")
                reply = Reply(
                    response.status,
                    {name.lower(): value for name, value in response.headers.items()},
                    raw.decode("utf-8", "replace"),
                    _ms(started),
                )
        except TimeoutError:
            self.note(title, method, url, **shown, status=0, response="no answer in time", ms=_ms(started))
            raise NoAnswer(f"showcam did not answer within {timeout_s:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            self.note(title, method, url, **shown, status=0, response="can't be reached", ms=_ms(started))
            raise NoAnswer(f"showcam can't be reached at {url.split('/s/')[0]} ({type(error).__name__})") from None
        self.note(title, method, url, **shown, status=reply.status, response=_shown(reply), ms=reply.ms)
        return reply


def _ms(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


def _shown(reply: Reply) -> Any:
    """An answer for a person: JSON as an object, a page by its size, a redirect by its target."""
    if "location" in reply.headers:
        return {"location": reply.headers["location"]}
    if (parsed := reply.json()) is not None:
        return parsed
    kind = reply.headers.get("content-type", "").split(";")[0]
    if kind == "text/html":
        return f"an HTML page of {len(reply.text)} characters"
    return reply.text[:4000]


def _grouped(form: list[tuple[str, str]]) -> dict[str, Any]:
    """A form as an object; a field sent several times as a list."""
    grouped: dict[str, list[str]] = {}
    for name, value in form:
        grouped.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in grouped.items()}
