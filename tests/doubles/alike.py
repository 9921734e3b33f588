"""Comparing an answer with what is expected of it, where some of it is known only by its pattern."""

import re
from typing import Any


def alike(given: Any, expected: Any) -> bool:
    """Equal, where a pattern equals the text it matches whole."""
    match expected:
        case re.Pattern():
            return isinstance(given, str) and expected.fullmatch(given) is not None
        case dict():
            return given.keys() == expected.keys() and all(alike(given[key], expected[key]) for key in expected)
        case list():
            return len(given) == len(expected) and all(map(alike, given, expected))
    return bool(given == expected)
