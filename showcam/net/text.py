"""Text and JSON from outside, checked and cleaned before it is decoded, stored or sent on; and our problem document."""

import re
import unicodedata
from itertools import accumulate, islice
from typing import Any, Literal, NotRequired, TypedDict

_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
# both halves of a surrogate pair together, a single half, any other escape
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.", re.DOTALL
)
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_STEP = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_NO_BRACKET = bytes(set(range(256)) - set(b"[]{}"))
_BRACKETS = 50_000  # the most that `shallow` scans, which takes some milliseconds
_TO_BRACKET = re.compile(rb'(?:[^"\[\]{}]++|"[^"\\]*+(?:\\.[^"\\]*+)*+"?)*+([\[\]{}]|\Z)', re.DOTALL)
_CLOSED_BY = {b"[": b"]", b"{": b"}"}
# JSON that a vendor, an assistant or AWS sent. Its content is unchecked: a reader checks each value, or decodes it into
# a msgspec type. Outgoing JSON has a TypedDict and never this type.
type JsonObject = dict[str, Any]


def mended(body: bytes) -> bytes:
    """A JSON text without lone surrogates; any other body than a JSON object or list is unchanged.

    JSON may escape half a surrogate pair, such as an emoji cut in two because a name was too long. Python decodes
    it, but can't encode the text again: one such name would fail every answer of its household.
    """
    if body.lstrip()[:1] not in (b"{", b"[") or not _HALF.search(body):
        return body
    return _ESCAPE.sub(lambda found: b"" if found[1] else found[0], body)


def number(text: str) -> int | None:
    """The number that up to nine ASCII digits say; None for any other text, also for "²" and for 5,000 digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def line(text: object) -> str:
    """A name as one line, without control and replacement characters; joiners stay. "" for None."""
    plain = str(text or "")
    if plain.isascii() and plain.isprintable():
        return " ".join(plain.split())
    return " ".join("".join(" " if _is_dropped(char) else char for char in plain).split())


def _is_dropped(char: str) -> bool:
    return char == "\ufffd" or unicodedata.category(char) in ("Cc", "Cs")


def too_deep(data: bytes, limit: int = 64) -> bool:
    """Whether arrays and objects lie more than `limit` deep; exact as far as the text is JSON.

    It is asked before the text is decoded: the decoder recurses, and a thread's stack is 2 MiB.
    """
    # an ordinary body has fewer brackets, and costs two counts
    if data.count(b"[") + data.count(b"{") <= limit:
        return False
    brackets = _STRING.sub(b"", data).translate(_STEP, _NO_BRACKET)
    return max(accumulate(memoryview(brackets).cast("b")), default=0) > limit


def shallow(data: bytes, depth: int) -> bytes:
    """The JSON with null in place of everything deeper than `depth`. Adds closing brackets if the text breaks off."""
    kept, opened, start, end = bytearray(), list[bytes](), 0, 0
    for found in islice(_TO_BRACKET.finditer(data), _BRACKETS):
        bracket, end = found[1], found.end()
        if bracket in _CLOSED_BY:
            if len(opened) == depth:
                kept += data[start : end - 1] + b"null"
            opened.append(_CLOSED_BY[bracket])
        elif bracket and opened:
            opened.pop()
            if len(opened) == depth:
                start = end
    if len(opened) <= depth:
        kept += data[start:end]
    return bytes(kept) + b"".join(reversed(opened[:depth]))


class Problem(TypedDict):
    """Our endpoints' answer to an error (RFC 9457), without secrets. `title`: the fault; `detail`: the remedy."""

    type: Literal["about:blank"]
    title: str
    status: int
    detail: str
    reason: NotRequired[str]  # the registry's word, for another process of ours


def problem_of(status: int, title: str, detail: str) -> Problem:
    return {"type": "about:blank", "title": title, "status": status, "detail": detail}
