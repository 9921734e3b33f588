"""AWS entry of Alexa's Smart Home directives."""

from typing import Any

from showcam.compose.directives import build

_answer = build()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return _answer(event)
