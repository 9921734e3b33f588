"""What the check of words finds in docstrings, comments and names, and what it leaves."""

import pytest

from tests.doubles.packages import script

WORDING = script("wording")


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ('"""Watches a camera until its last viewer has left."""', []),
        ('"""Seconds."""', ["fragment"]),
        ('"""By the ids of the links."""', ["fragment"]),
        ('"""Keeps what one says of it."""', ["pronoun chain"]),
        ('"""Keeps 20 of what one says of it."""', []),  # a number
        ('"""Who waits is answered busy."""', ["clause as subject"]),
        ('"""Returns the name, or nothing where the camera has none."""', ["where for if"]),
        ('"""Returns the folder where settings are."""', []),
        ('"""Opens the door by which the worker is asked."""', ["preposition and which"]),
        ('"""Cameras in the house alone are listed."""', ["alone for only"]),
        ('"""Reads a store of its own."""', ["of its own"]),
        ('"""A person can mend the camera."""', ["word to replace"]),
        ('"""' + "Cameras " * 31 + '"""', ["long sentence"]),
        ("def seconds():\n    '''The seconds.'''", ["fragment", "repeats the name"]),
        ("def told():\n    pass", ["name"]),
        ("x = 1  # a camera in the house alone\ny = 2  # noqa: alone", ["alone for only"]),
        ("# a comment that goes on\n# in the house alone", ["alone for only"]),
        ('"""Reads `alone` and "alone"."""', []),
    ],
)
def test_each_habit_is_found(text: str, rules: list[str]) -> None:
    assert sorted(rule for _, rule, _ in WORDING.found_in(text)) == rules
