"""What is told of a directive that can't be read: which question it was and about which endpoint.

Its answer must find its way all the same: past a payload that nests too deeply, or holds half of a surrogate pair.
"""

import json
import re
from typing import Any, NamedTuple

from net.json_depth import shallow

DEEP = 3  # the header and the endpoint lie that deep, and nothing that is wanted of them lies deeper
# more lenient than what reads directives; a number's value is never asked for
_decode = json.JSONDecoder(parse_int=float, strict=False).decode
_unpaired = re.compile(r"[\ud800-\udfff]").search


class Salvage(NamedTuple):
    correlation_token: str | None = None
    endpoint_id: str | None = None


def salvaged(body: bytes) -> Salvage:
    """Nothing of what is no JSON object down to that depth."""
    try:
        given = _decode(shallow(body, DEEP).decode("utf-8", "surrogateescape"))
    except ValueError:
        return Salvage()
    directive = _within(given, "directive")
    header, endpoint = _within(directive, "header"), _within(directive, "endpoint")
    return Salvage(_text(header, "correlationToken"), _text(endpoint, "endpointId"))


def _within(given: Any, key: str) -> dict[str, Any]:
    value = given.get(key) if isinstance(given, dict) else None
    return value if isinstance(value, dict) else {}


def _text(given: dict[str, Any], key: str) -> str | None:
    """Only what can be said again as it was."""
    value = given.get(key)
    return value if isinstance(value, str) and not _unpaired(value) else None
