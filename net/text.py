"""What vendors write, as text that can be kept and sent on.

JSON may escape half a character, such as an emoji cut in two where a name was too long. Python takes it, and nothing
that it is put into can be encoded any more: one such name would fail every answer of its household.
"""

import re
import unicodedata

_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
# both halves together, a half alone, any other escape
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.", re.DOTALL
)


def mended(body: bytes) -> bytes:
    """A JSON text without its halves of characters; what is no JSON object or list stays as it is."""
    if body.lstrip()[:1] not in (b"{", b"[") or not _HALF.search(body):
        return body
    return _ESCAPE.sub(lambda found: b"" if found[1] else found[0], body)


def line(text: object) -> str:
    """A name as one line, without controls and what could not be read; signs that join others stay. "" for nothing."""
    told = str(text or "")
    if told.isascii() and told.isprintable():
        return " ".join(told.split())
    return " ".join("".join(" " if _is_none(sign) else sign for sign in told).split())


def _is_none(sign: str) -> bool:
    return sign == "\ufffd" or unicodedata.category(sign) in ("Cc", "Cs")
