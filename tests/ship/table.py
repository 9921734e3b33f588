"""The table that `make ship` prints at its end: a row for each artefact, with what was shown of it."""

import json
from pathlib import Path

from tabulate import tabulate

from tests.ship.debian import FOLDER

FILE = FOLDER / "table"
HEADERS = ("artefact", "MB", "seconds", "shown")


def add(artefact: str, size: int | None, seconds: float, shown: str) -> None:
    """`size`: the bytes of the artefact's file, if it is one. `seconds`: how long it took to show what is `shown`."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    row = (artefact, "" if size is None else f"{size / 1e6:.1f}", f"{seconds:.0f}", shown)
    with FILE.open("a") as file:
        file.write(json.dumps(row) + "\n")


def begin(file: Path = FILE) -> None:
    file.unlink(missing_ok=True)


def drawn(file: Path = FILE) -> str:
    rows = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    return tabulate(rows, headers=HEADERS, tablefmt="plain", disable_numparse=True) if rows else ""
