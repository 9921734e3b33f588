"""How deeply a JSON text nests, told before it is decoded: the decoder recurses, and a thread's stack is 2 MiB."""

import re
from itertools import accumulate

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_STEP = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_NO_BRACKET = bytes(set(range(256)) - set(b"[]{}"))


def too_deep(data: bytes, limit: int = 64) -> bool:
    """Whether arrays and objects lie more than `limit` deep; exact as far as the text is JSON."""
    # an ordinary body has no more brackets than that, and costs two counts
    if data.count(b"[") + data.count(b"{") <= limit:
        return False
    brackets = _STRING.sub(b"", data).translate(_STEP, _NO_BRACKET)
    return max(accumulate(memoryview(brackets).cast("b")), default=0) > limit
