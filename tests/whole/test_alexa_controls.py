"""Asking and switching by voice, over HTTP alone: as far as the owner allows, and no further."""

from tests.doubles.program import Program


def test_a_voice_may_not_until_its_owner_says_so(demo: Program) -> None:
    demo.assistant("alexa", "say", text="discover devices")
    said = demo.assistant("alexa", "say", text="turn off the garden camera")["outcome"]
    assert not said["broken"]
    assert not said["answered"]
    assert said["spoken"] == "Garden doesn't support that."
    assert "voice_may sleep" in said["person"]


def test_it_is_asked_for_motion_and_answers_by_the_rules(demo: Program) -> None:
    said = demo.assistant("alexa", "say", text="is there motion in the garden")["outcome"]
    assert not said["broken"]
    assert said["spoken"].startswith("Garden ")
