"""The owner's documents as the started program serves them: by their exact names, and no other file."""

import http.client
from html import unescape
from pathlib import Path

import pytest

from tests.doubles.program import Program, running
from tests.doubles.waiting import LONG_S, until

OWNERS = sorted((Path(__file__).parents[2] / "docs" / "owner").glob("*.md"))


def got(program: Program, path: str) -> tuple[int, str]:
    """The answer to the path as it is written, which no client has tidied."""
    connection = http.client.HTTPConnection("127.0.0.1", program.port, LONG_S)
    connection.request("GET", path, headers={"Connection": "close"})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_each_owners_document_is_a_page(demo: Program) -> None:
    assert len(OWNERS) >= 5
    for file in OWNERS:
        status, text = got(demo, f"/help/docs/{file.name}")
        title = file.read_text().partition("\n")[0].removeprefix("# ")
        assert (status, f'<h1 lang="en">{title}</h1>' in unescape(text)) == (200, True), file.name


@pytest.mark.parametrize(
    "name",
    [
        "..",
        "../install.md",
        "../../../../../etc/passwd",
        "..%2f..%2fREADME.md",
        "%2e%2e/%2e%2e/README.md",
        "..%5cinstall.md",
        "%2fetc%2fpasswd",
        "install.md%00",
        "Install.md",
        "install",
        "",
        "aws.md",
    ],
)
def test_no_other_name_is_served(demo: Program, name: str) -> None:
    assert got(demo, f"/help/docs/{name}")[0] == 404


def test_hints_name_the_page_while_showcam_runs(tmp_path: Path) -> None:
    with running(tmp_path, demo=False) as program:
        hint = f"See {program.web}/help/docs/reachable.md"
        until(lambda: hint in program.log.read_text())  # it is printed once all of it serves
        assert got(program, "/help/docs/reachable.md")[0] == 200
        said = program.command("doctor", "google").stdout
    assert f"see {program.web}/help/docs/google.md" in said
