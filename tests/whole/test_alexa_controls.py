"""Questions and switching by voice over HTTP, as far as the owner allows."""

from tests.doubles.program import Program


def test_a_voice_may_not_until_its_owner_says_so(demo: Program) -> None:
    demo.assistant("alexa", "say", text="discover devices")
    outcome = demo.assistant("alexa", "say", text="turn off the garden camera")["outcome"]
    assert not outcome["broken"]
    assert not outcome["answered"]
    assert outcome["spoken"] == "Garden doesn't support that."
    assert "voice_may sleep" in outcome["person"]


def test_a_question_about_motion_is_answered(demo: Program) -> None:
    outcome = demo.assistant("alexa", "say", text="is there motion in the garden")["outcome"]
    assert not outcome["broken"]
    assert outcome["spoken"].startswith("Garden ")
