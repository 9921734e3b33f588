"""docs/verified.md is made from the marks at the tests, and README says where a claim rests only on our doubles."""

import functools
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.packages import script

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
verified = script("verified")
LINK = re.compile(r"\]\((tests/[\w/.]+)\)")


@functools.cache
def proofs() -> list[Any]:
    """Reads every test's file, which takes half a second."""
    return [*verified.proofs()]


def test_the_page_is_what_make_tables_writes() -> None:
    page = verified.PAGE.read_text()
    assert page == verified.written(page)


def test_each_claim_is_marked_once_and_in_a_folder_that_the_page_has() -> None:
    claims = Counter(proof.claim for proof in proofs())
    assert {claim: count for claim, count in claims.items() if count > 1} == {}
    assert {proof.room for proof in proofs()} <= verified.ROOMS.keys()


@pytest.mark.parametrize(
    ("leans_on", "simulated"),
    [
        ("double: the Echo", True),
        ("double: the Echo; double: EZVIZ", True),
        ("double: the Echo; second stack: GStreamer", False),
        ("published: RFC 8216", False),
        ("", False),
    ],
)
def test_a_claim_is_simulated_that_leans_on_doubles_only(tmp_path: Path, leans_on: str, simulated: bool) -> None:
    test = "@pytest.mark.proves('It plays', leans_on='" + leans_on + "')\ndef test_it() -> None: ...\n"
    (tmp_path / "tests/media").mkdir(parents=True)
    (tmp_path / "tests/media/test_any.py").write_text(test)
    [proof] = verified.proofs(tmp_path)
    assert (proof.test, proof.simulated) == ("tests/media/test_any.py::test_it", simulated)


def test_a_mark_that_leans_on_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_any.py").write_text(
        "pytestmark = pytest.mark.proves('It plays', leans_on='hope: the Echo')"
    )
    with pytest.raises(ValueError, match=r"tests/test_any\.py: proves"):
        list(verified.proofs(tmp_path))


def test_each_test_that_the_readme_names_proves_a_claim() -> None:
    marked = {test.partition("::")[0] for proof in proofs() for test in (proof.test, *proof.also)}
    named = {*LINK.findall(README)}
    assert named
    assert named - marked == set()


def test_a_line_of_the_readme_that_names_a_test_with_doubles_only_says_simulated() -> None:
    """Also if the same file proves another claim by a second stack: a reader of README does not see which was meant."""
    doubles = {test.partition("::")[0] for proof in proofs() if proof.simulated for test in (proof.test, *proof.also)}
    lines = [line for line in README.splitlines() if doubles & {*LINK.findall(line)}]
    assert len(lines) >= 5
    assert [line for line in lines if "simulated" not in line] == []
