"""Vendors' texts in a form that can be stored and sent on.

JSON may escape half a surrogate pair, such as an emoji cut in two where a name was too long. Python decodes it, but a
text with it can't be encoded: one such name would fail every answer of its household.
"""

import re
import unicodedata

_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
# both halves together, a half alone, any other escape
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.", re.DOTALL
)


def mended(body: bytes) -> bytes:
    """A JSON text without lone surrogates; any other body than a JSON object or list is unchanged."""
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
