"""The owner's book, as its reader types it: the commands of docs/owner/install.md."""

import re

from tests.ship.debian import ROOT

TEXT = (ROOT / "docs/owner/install.md").read_text()


def row(artefact: str) -> dict[str, list[str]]:
    """The commands in each cell of the artefact's row in the table of installations, by the heading of the column."""
    lines = [line.strip("| ").split(" | ") for line in TEXT.splitlines() if line.startswith("|")]
    headings = lines[0]
    [cells] = [line for line in lines if line[0] == artefact and len(line) == len(headings)]
    return {heading: re.findall(r"`([^`]+)`", cell) for heading, cell in zip(headings, cells, strict=True)}


def typed(section: str) -> list[str]:
    """The lines of a section that stand by themselves to be typed, in order."""
    [text] = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    return re.findall(r"^ {8}(\S.*)$", text, re.MULTILINE)
