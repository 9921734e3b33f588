"""What the documents name exists."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from showcam.app.cli import main
from showcam.app.settings_table import SettingsTable
from tests.doubles.packages import script

pytestmark = pytest.mark.proves(
    "No link of a document is dead, and every command, file and test that one names is there"
)

ROOT = Path(__file__).parents[2]
settings = script("settings")
ROOMS = [
    page for room in ("actions", "lambda", "oauth", "showcam") for page in sorted((ROOT / room).rglob("README.md"))
]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")), *ROOMS]
STARTED = [
    started
    for document in DOCUMENTS
    for started in re.findall(r"^ {4}\.venv/bin/python -P -m (\S+)(.*)", document.read_text(), re.MULTILINE)
]
MODULES = sorted({module for module, _ in STARTED})
# Documents that lead into the code: what they name is there
GUIDES = [ROOT / name for name in ("CONTRIBUTING.md", "docs/verified.md", "docs/maintainer/where-to-look.md")]


def test_the_page_of_settings_is_what_make_tables_writes() -> None:
    assert settings.PAGE.read_text() == settings.written()


def test_every_setting_has_a_meaning_once() -> None:
    meanings = [row for part in settings.parts() for row in part.meanings.items()]
    fields = [field.name for field in msgspec.structs.fields(SettingsTable)]
    assert [name for name, _ in meanings] == fields
    assert [name for name, meaning in meanings if not meaning] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_and_links_exist(document: Path) -> None:
    text = document.read_text()
    targets = set(re.findall(r"^([a-z-]+|\.venv/\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for target in re.findall(r"^ {4,}make (\S+)", text, re.MULTILINE):
        assert target in targets
    assert re.findall(r"^ {4,}showcam .+", text, re.MULTILINE) == []  # which is on nobody's PATH
    for line in re.findall(r"^ {4,}\.venv/bin/showcam (.+)", text, re.MULTILINE):
        words = line.partition(" #")[0]
        command = re.split(r" (?:--|\"|[A-Z]|\S+@)", words)[0].split()
        helped = CliRunner().invoke(main, [*command, "--help"])
        assert helped.exit_code == 0, words
        assert {*re.findall(r" (--[a-z-]+)", words)} <= {*re.findall(r"--[a-z-]+", helped.output)}, words
    for link in re.findall(r"\]\(([^):\s]+)\)", text):
        path, _, heading = link.partition("#")
        target = document.parent / path if path else document
        assert target.exists(), link
        assert not heading or heading in _headings(target), link


def test_every_clone_line_is_the_one_of_the_readme_which_can_be_pasted() -> None:
    """In a shell `<this repository>` would read from one file and empty another."""
    lines = {
        line
        for document in DOCUMENTS
        for line in re.findall(r"^ {4,}(git clone .*)", document.read_text(), re.MULTILINE)
    }
    [line] = lines
    assert line in (ROOT / "README.md").read_text()
    assert re.search(r"[<>]", line) is None


def test_documents_that_name_lets_encrypt_lead_to_what_amazon_says_of_it() -> None:
    naming = {path.name: path.read_text() for path in DOCUMENTS if "Let's Encrypt" in path.read_text()}
    assert naming.keys() == {"reachable.md"}
    assert "#a-certificate-of-lets-encrypt)" in naming["reachable.md"]
    said = naming["reachable.md"].partition("## A certificate of Let's Encrypt")[2].partition("\n## ")[0]
    assert "alexa/account-linking/requirements-account-linking.html" in said


@pytest.mark.process
@pytest.mark.parametrize("module", MODULES)
def test_modules_that_are_started_have_their_options(module: str) -> None:
    words = " ".join(given for name, given in STARTED if name == module)
    command = [sys.executable, "-P", "-m", module, "--help"]
    helped = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(re.findall(r"--[a-z-]+", words)) <= set(re.findall(r"--[a-z-]+", helped.stdout))


def _headings(document: Path) -> set[str]:
    """As a page of a repository names them in its address."""
    found = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("document", GUIDES, ids=lambda path: path.name)
def test_code_that_a_guide_names_exists(document: Path) -> None:
    """`room/module.py`, `folder/`, and `tests/room/test_x.py::TestX::test_y` with what it names inside."""
    named = re.findall(r"`((?:[\w-]+/)+(?:[\w.-]+)?)((?:::\w+)*)`", document.read_text())
    assert named
    for path, inside in named:
        assert (ROOT / path).exists(), path
        names = inside.split("::")[1:]
        made = {name for name in names if re.search(rf"(?:def|class) {name}\b", (ROOT / path).read_text())}
        assert made == {*names}, path


def test_each_device_of_the_readme_says_what_of_it_was_simulated_or_not_tried() -> None:
    section = (ROOT / "README.md").read_text().split("\n## What it works with\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (?!device|---)(.+?) \| .+? \| (.+?) \|$", section, re.MULTILINE)
    assert len(rows) >= 10
    assert {device for device, proof in rows if not re.search(r"\bsimulated\b|\bno .+ was tried\b", proof)} == set()


def test_texts_name_documents_by_their_place() -> None:
    """An installed showcam has no docs/ where one stands: showcam.app.shipped.document knows the place."""
    files = sorted((ROOT / "showcam").rglob("*.py"))
    assert {file: texts for file in files if (texts := _texts_with_a_document(file.read_text()))} == {}


def _texts_with_a_document(module: str) -> list[str]:
    if "docs/" not in module:
        return []
    nodes = list(ast.walk(ast.parse(module)))
    described = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}  # docstrings
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and id(node) not in described]
    return [text for text in texts if isinstance(text, str) and "docs/" in text.replace("/help/docs/", "")]


def test_each_document_that_a_hint_names_is_an_owners() -> None:
    code = "".join(file.read_text() for file in sorted((ROOT / "showcam" / "app").rglob("*.py")))
    named = set(re.findall(r"""\bpage\("([^"]+)"\)""", code)) | set(
        re.findall(r"""guide\(settings, '([^']+)'\)""", code)
    )
    assert len(named) >= 2
    assert {name for name in named if not (ROOT / "docs" / "owner" / name).is_file()} == set()


def test_no_document_names_a_place_outside_the_project() -> None:
    for document in DOCUMENTS:
        assert "../shared" not in document.read_text()
