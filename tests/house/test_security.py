"""SECURITY.md names for each threat a test that exists, and stays a page that somebody reads."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "SECURITY.md").read_text()
MOST_WORDS = 750
ROWS = re.findall(r"^\| (?!threat|---)(.+?) \| .+? \| (.+?) \|$", PAGE, re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@pytest.mark.parametrize(("threat", "proof"), ROWS, ids=[threat for threat, _ in ROWS])
def test_a_threat_is_followed_by_tests_that_exist(threat: str, proof: str) -> None:
    named = TEST.findall(proof)
    assert named
    assert ", ".join(f"`{path}::{name}`" for path, name in named) == proof
    for path, name in named:
        tree = ast.parse((ROOT / path).read_text())
        assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_the_page_is_short_and_others_lead_to_it() -> None:
    assert len(ROWS) >= 15
    assert len(PAGE.split()) <= MOST_WORDS
    assert all("](SECURITY.md)" in (ROOT / page).read_text() for page in ("README.md", "CONTRIBUTING.md"))
