"""The owner's book, as its reader types it: the commands of docs/owner/install.md."""

import re

from tests.ship.debian import ROOT

TEXT = (ROOT / "docs/owner/install.md").read_text()


def row(artefact: str) -> dict[str, list[str]]:
    """The commands in each cell of the artefact's row in the table of installations, by the heading of the column."""
    headings, *rows = _table()
    [cells] = [cells for cells in rows if cells[0] == artefact]
    return {heading: re.findall(r"`([^`]+)`", cell) for heading, cell in zip(headings, cells, strict=True)}


def artefacts() -> list[str]:
    """What the rows of the table of installations begin with."""
    return [cells[0] for cells in _table()[1:]]


def _table() -> list[list[str]]:
    """The cells of the first table, which is that of installations; its headings come first."""
    headings, _line, *rows = re.findall(r"(?:^\|.*\n)+", TEXT, re.MULTILINE)[0].splitlines()
    return [line.strip("| ").split(" | ") for line in (headings, *rows)]


def typed(section: str) -> list[str]:
    """The lines of a section that stand by themselves to be typed, in order."""
    [text] = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    return re.findall(r"^ {8}(\S.*)$", text, re.MULTILINE)
