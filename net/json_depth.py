"""How deeply a JSON text nests, found before it is decoded: the decoder recurses, and a thread's stack is 2 MiB.

`shallow` cuts a text that nests too deeply down to what can be decoded.
"""

import re
from itertools import accumulate, islice

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_STEP = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_NO_BRACKET = bytes(set(range(256)) - set(b"[]{}"))
_BRACKETS = 50_000  # the most that `shallow` scans, which takes some milliseconds
_TO_BRACKET = re.compile(rb'(?:[^"\[\]{}]++|"[^"\\]*+(?:\\.[^"\\]*+)*+"?)*+([\[\]{}]|\Z)', re.DOTALL)
_CLOSED_BY = {b"[": b"]", b"{": b"}"}


def too_deep(data: bytes, limit: int = 64) -> bool:
    """Whether arrays and objects lie more than `limit` deep; exact as far as the text is JSON."""
    # an ordinary body has fewer brackets, and costs two counts
    if data.count(b"[") + data.count(b"{") <= limit:
        return False
    brackets = _STRING.sub(b"", data).translate(_STEP, _NO_BRACKET)
    return max(accumulate(memoryview(brackets).cast("b")), default=0) > limit


def shallow(data: bytes, depth: int) -> bytes:
    """The JSON with null in place of everything deeper than `depth`, and closed where the text breaks off."""
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
