"""A message that is no directive, and what can be read of it for all that: which question, about which endpoint.

Its answer must find its way past a payload that nests too deeply, or holds half of a surrogate pair.
"""

import json
import re
from typing import Any

from net.json_depth import shallow

DEEP = 3  # the header and the endpoint lie that deep, and nothing that is wanted of them lies deeper
# more lenient than what reads directives; a number's value is never asked for
_decode = json.JSONDecoder(parse_int=float, strict=False).decode
_unpaired = re.compile(r"[\ud800-\udfff]").search


class Unreadable(Exception):
    """`correlation_token` and `endpoint_id` are None where the body is no JSON object down to them."""

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


def _within(given: Any, key: str) -> dict[str, Any]:
    value = given.get(key) if isinstance(given, dict) else None
    return value if isinstance(value, dict) else {}


def _text(given: dict[str, Any], key: str) -> str | None:
    """Only what can be said again as it was."""
    value = given.get(key)
    return value if isinstance(value, str) and not _unpaired(value) else None
