"""How deeply a JSON text nests, told before it is decoded: the decoder recurses, and a thread's stack is 2 MiB.

And what of one that nests too deeply can be read all the same.
"""

import re
from itertools import accumulate, islice

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_STEP = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_NO_BRACKET = bytes(set(range(256)) - set(b"[]{}"))
_BRACKETS = 50_000  # the most that are looked at for what can be read, some milliseconds of them
_TO_BRACKET = re.compile(rb'(?:[^"\[\]{}]++|"[^"\\]*+(?:\\.[^"\\]*+)*+"?)*+([\[\]{}]|\Z)', re.DOTALL)
_CLOSED_BY = {b"[": b"]", b"{": b"}"}


def too_deep(data: bytes, limit: int = 64) -> bool:
    """Whether arrays and objects lie more than `limit` deep; exact as far as the text is JSON."""
    # an ordinary body has no more brackets than that, and costs two counts
    if data.count(b"[") + data.count(b"{") <= limit:
        return False
    brackets = _STRING.sub(b"", data).translate(_STEP, _NO_BRACKET)
    return max(accumulate(memoryview(brackets).cast("b")), default=0) > limit


def shallow(data: bytes, depth: int) -> bytes:
    """The same JSON with null in the place of all that lies deeper, and closed where it breaks off."""
    kept, open_ones, start, end = bytearray(), list[bytes](), 0, 0
    for found in islice(_TO_BRACKET.finditer(data), _BRACKETS):
        bracket, end = found[1], found.end()
        if bracket in _CLOSED_BY:
            if len(open_ones) == depth:
                kept += data[start : end - 1] + b"null"
            open_ones.append(_CLOSED_BY[bracket])
        elif bracket and open_ones:
            open_ones.pop()
            if len(open_ones) == depth:
                start = end
    if len(open_ones) <= depth:
        kept += data[start:end]
    return bytes(kept) + b"".join(reversed(open_ones[:depth]))
