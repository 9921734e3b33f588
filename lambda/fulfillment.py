"""AWS entry of Google's fulfillment, behind an HTTP API (payload format 2.0)."""

from typing import Any

from showcam.compose.fulfillment import build

_answer = build()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return _answer(event)
