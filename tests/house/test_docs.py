"""What the documents name exists."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from showcam.cli import main
from showcam.settings import Settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
# Documents that lead into the code: what they name is there
GUIDES = [ROOT / "CONTRIBUTING.md", ROOT / "docs/verified.md", ROOT / "docs/where-to-look.md"]


def test_the_table_of_settings_is_the_settings() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*?)\|", (ROOT / "docs/running.md").read_text(), re.MULTILINE)
    fields = {field.name: field.default for field in msgspec.structs.fields(Settings) if field.name != "demo"}
    assert [name for name, _ in rows] == list(fields)
    for name, documented in rows:
        default = fields[name]
        assert documented.strip("` ") == _written(default), name


def _written(default: object) -> str:
    """As a person writes it into showcam.toml or the environment."""
    if default in (None, ()):
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    return ",".join(default) if isinstance(default, tuple) else str(default)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_and_links_exist(document: Path) -> None:
    text = document.read_text()
    targets = set(re.findall(r"^([a-z-]+|\.venv/\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for target in re.findall(r"^ {4}make (\S+)", text, re.MULTILINE):
        assert target in targets
    for words in re.findall(r"^ {4}\.venv/bin/showcam (.+)", text, re.MULTILINE):
        command = re.split(r" (?:--|\"|[A-Z]|\S+@)", words)[0].split()
        assert CliRunner().invoke(main, [*command, "--help"]).exit_code == 0, words
    for module, words in re.findall(r"^ {4}\.venv/bin/python -P -m (\S+)(.*)", text, re.MULTILINE):
        command = [sys.executable, "-P", "-m", module, "--help"]
        helped = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert set(re.findall(r"--[a-z-]+", words)) <= set(re.findall(r"--[a-z-]+", helped.stdout)), words
    for link in re.findall(r"\]\(([^):\s]+)\)", text):
        path, _, heading = link.partition("#")
        target = document.parent / path if path else document
        assert target.exists(), link
        assert not heading or heading in _headings(target), link


def _headings(document: Path) -> set[str]:
    """As a page of a repository names them in its address."""
    found = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("document", GUIDES, ids=lambda path: path.name)
def test_code_that_a_guide_names_exists(document: Path) -> None:
    """`room/module.py`, `folder/`, and `tests/room/test_x.py::test_y` with the function of that name."""
    named = re.findall(r"`((?:[\w-]+/)+(?:[\w.-]+)?)(?:::(\w+))?`", document.read_text())
    assert named
    for path, function in named:
        assert (ROOT / path).exists(), path
        assert not function or f"def {function}(" in (ROOT / path).read_text(), function


@pytest.mark.parametrize("file", sorted((ROOT / "showcam").rglob("*.py")), ids=lambda path: path.name)
def test_texts_name_documents_by_their_place(file: Path) -> None:
    """An installed showcam has no docs/ where one stands: showcam.shipped.document knows the place."""
    tree = ast.parse(file.read_text())
    described = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in described]
    assert [constant.value for constant in texts if isinstance(constant.value, str) and "docs/" in constant.value] == []


def test_no_document_names_a_place_outside_the_project() -> None:
    for document in DOCUMENTS:
        assert "../shared" not in document.read_text()
