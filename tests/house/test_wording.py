"""What the check of words finds in docstrings, comments and names, and what it leaves."""

from pathlib import Path

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


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("{camera} is offline.", []),
        ("Give the one on its label.", []),  # a page has the camera beside it
        ("It shows what it has of it.", ["pronoun chain"]),
        ("Whoever runs this showcam can set another.", ["clause as subject"]),
        ("What to do", []),  # a heading
        ("Ask on another display where it fails.", ["where for if"]),
        ("The name by which this machine is reached", ["preposition and which"]),
        ("It is shown in the house alone.", ["alone for only"]),
        ("By a skill of your own.", ["of its own"]),
        ("{name} stands at the door: {mend}", ["word to replace"]),
        ("Cameras " * 26, ["long sentence"]),
        ("Cameras " * 31, ["long sentence"]),
        ("Say “show the garden alone”.", []),
    ],
)
def test_each_habit_is_found_in_what_people_read(text: str, rules: list[str]) -> None:
    assert sorted(rule for rule, _ in WORDING.of_page(text)) == rules


@pytest.mark.parametrize(
    ("name", "text", "rules"),
    [
        ("a.md", "# Of its own\n\nIt is shown in the house alone.\n", ["alone for only"]),
        ("a.md", "| where | what |\n|---|---|\n| the camera | a way of its own |\n", ["of its own"]),
        ("a.md", "- A door by which\n  it is asked.\n- Second.\n", ["preposition and which"]),
        ("a.md", "    a command alone\n\n```text\nalone\n```\n\n`alone`, **alone** and “alone”.\n", []),
        ("a.md", f"{'Cameras ' * 30}.\n", []),
        ("a.md", f"{'Cameras ' * 31}.\n", ["long sentence"]),
        ("CHANGELOG.md", "# Changes\n\n## Unreleased\n\nMend it.\n\n## 0.2.0\n\nMend it.\n", ["word to replace"]),
    ],
)
def test_each_habit_is_found_in_documents(tmp_path: Path, name: str, text: str, rules: list[str]) -> None:
    (tmp_path / name).write_text(text)
    assert [rule for rule, _ in WORDING.found_in_document(tmp_path / name)] == rules


def test_the_words_of_pages_are_counted_without_their_gaps() -> None:
    said = WORDING.spoken_and_written()
    assert "oauth/wording.py" in said["Tick a camera, or press Cancel."]
    assert len(WORDING.words(WORDING.GAP.sub("", "Do you mean {names}?"))) == 3
    assert WORDING.figures()["interface_words"] == WORDING.interface_words() > 1000
    assert sorted(name for _, _, name in WORDING.words_by_page())[0] == "oauth/templates/oauth/base.html"
