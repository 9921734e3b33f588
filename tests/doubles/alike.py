"""Compares an answer with an expected one that may hold patterns."""

import re
from typing import Any


def alike(given: Any, expected: Any) -> bool:
    """Equal; a pattern equals a text that it matches in full."""
    match expected:
        case re.Pattern():
            return isinstance(given, str) and expected.fullmatch(given) is not None
        case dict():
            return given.keys() == expected.keys() and all(alike(given[key], expected[key]) for key in expected)
        case list():
            return len(given) == len(expected) and all(map(alike, given, expected))
    return bool(given == expected)
