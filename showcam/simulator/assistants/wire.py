"""Messages to showcam and their record: request, answer and time, with secrets masked before a person sees them."""

import asyncio
import json
import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import aiohttp

HIDDEN = "•••"
# Deadlines for answers: Alexa gives up a directive after 8 s, and a video after 6 (developer.amazon.com, "Send the
# response"; "Alexa.RTCSessionController"). A person leaves a page that takes longer than PERSON_S.
ANSWER_S = 8.0
PICTURE_S = 6.0
PERSON_S = 20.0

# In any message, values under these keys are hidden as a whole.
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
    """Returns a copy of a JSON value without its secrets, in the same shape."""
    if isinstance(value, dict):
        return {mask(str(name)): mask(inner, str(name)) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [mask(inner, key) for inner in value]
    if key == "state" and isinstance(value, str) and len(value) > 40:  # OAuth's state, not a camera's
        return HIDDEN
    if key.lower().replace("-", "_") in _SECRET_KEYS or key.lower() in _SECRET_KEYS:
        return HIDDEN if value not in (None, "") else value
    if isinstance(value, str):
        for pattern, instead in _SECRET_PASSAGES:
            value = pattern.sub(instead, value)
    return value


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
        """Returns the body as JSON, or None if it is no JSON."""
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
        """Records a message that this program, the page or a player has sent."""
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
    """Returns an answer for a person: JSON as an object, a page by its size, a redirect by its target."""
    if "location" in reply.headers:
        return {"location": reply.headers["location"]}
    if (parsed := reply.json()) is not None:
        return parsed
    kind = reply.headers.get("content-type", "").split(";")[0]
    if kind == "text/html":
        return f"an HTML page of {len(reply.text)} characters"
    return reply.text[:4000]


def _grouped(form: list[tuple[str, str]]) -> dict[str, Any]:
    """Returns a form as an object; a field that was sent several times is a list."""
    grouped: dict[str, list[str]] = {}
    for name, value in form:
        grouped.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in grouped.items()}
