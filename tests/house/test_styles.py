"""Each class that a stylesheet of the pages names is a class of a template or of a script."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHEETS = sorted((ROOT / "showcam" / "console" / "static").glob("*.css"))
WRITTEN = [
    *(ROOT / "showcam" / "console").rglob("*.html"),
    *(ROOT / "oauth" / "templates").rglob("*.html"),
    *(ROOT / "showcam" / "console" / "static").glob("*.js"),
]
FILLED = {"of-ready", "of-not_ready", "of-unlinked", "ok"}  # a template makes these of a word


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_a_class_of_a_stylesheet_is_used(sheet: Path) -> None:
    rules = re.sub(r"/\*.*?\*/|\{[^{}]*\}", " ", sheet.read_text(), flags=re.DOTALL)
    named = set(re.findall(r"\.([a-z][\w-]*)", rules)) - FILLED
    assert named
    assert sorted(named - given()) == []


def given() -> set[str]:
    """The words of each class attribute of a template, and of each class that a script gives."""
    text = "\n".join(page.read_text() for page in WRITTEN)
    attributes = re.findall(r'class="([^"]*(?:"[^">]*"[^"]*)?)"', text)
    by_script = re.findall(r'(?:className = |classList\.\w+\()"([^"]+)"', text)
    return set(re.findall(r"[\w-]+", " ".join([*attributes, *by_script])))
