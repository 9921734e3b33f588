"""A message that is no directive, with the correlation token and endpoint id that its error answer needs.

They are read even past a payload that nests too deeply or holds half of a surrogate pair.
"""

import json
import re
from typing import Any

from net.text import JsonObject, shallow

DEEP = 3  # the fields read from header and endpoint lie no deeper
# more lenient than the decoder of directives; numbers are not used, so each becomes a float
_decode = json.JSONDecoder(parse_int=float, strict=False).decode
_unpaired = re.compile(r"[\ud800-\udfff]").search


class Unreadable(Exception):
    """`correlation_token` and `endpoint_id` are None where the body does not hold them as text."""

    def __init__(self, body: bytes) -> None:
        super().__init__("not a directive")
        directive = _within(_object(body), "directive")
        self.correlation_token = _text(_within(directive, "header"), "correlationToken")
        self.endpoint_id = _text(_within(directive, "endpoint"), "endpointId")


def _object(body: bytes) -> Any:
    try:
        return _decode(shallow(body, DEEP).decode("utf-8", "surrogateescape"))
    except ValueError:
        return None


def _within(given: Any, key: str) -> JsonObject:
    value = given.get(key) if isinstance(given, dict) else None
    return value if isinstance(value, dict) else {}


def _text(given: JsonObject, key: str) -> str | None:
    """The value if it is text that can be sent back unchanged."""
    value = given.get(key)
    return value if isinstance(value, str) and not _unpaired(value) else None
