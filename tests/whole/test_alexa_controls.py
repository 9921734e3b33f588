"""Asking and switching by voice, over HTTP alone: as far as the owner allows, and no further."""

import re

import pytest

from tests.doubles.program import Program

pytestmark = pytest.mark.process


def test_a_voice_may_not_until_its_owner_says_so(demo: Program) -> None:
    said = demo.assistant("alexa", "say", text="turn off the garden camera")["outcome"]
    assert not said["broken"]
    assert said["told"] == "NOT_SUPPORTED_IN_CURRENT_MODE, OTHER"
    assert re.search("showcam cameras set", said["person"])


def test_it_is_asked_for_motion_and_answers_by_the_rules(demo: Program) -> None:
    said = demo.assistant("alexa", "say", text="is there motion in the garden")["outcome"]
    assert not said["broken"]
    assert said["spoken"].startswith("Garden ")
