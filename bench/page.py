"""The table of docs/maintainer/speed.md, with each row's day and the share of the cores that other programs took."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.table import HEAD, Row

PAGE = Path(__file__).parents[1] / "docs/maintainer/speed.md"
BEGINS, ENDS = "<!-- from here: make bench -->\n", "<!-- to here: make bench -->\n"


def seen(busy: float) -> str:
    """Today, and the share of all cores that other programs took before the row's group."""
    return f"{datetime.now(UTC).date()}, others {100 * busy:.0f} %"


def written(page: str, measured: Iterable[tuple[Row, str]], known: Sequence[str]) -> str:
    """Writes the measured rows into the page, in the order of `known`.

    A row that was not measured keeps its figures and its day. A row whose name the bench no longer has is left out.
    """
    before, _, rest = page.partition(BEGINS)
    old, _, after = rest.partition(ENDS)
    lines = {line[2:].partition(" | ")[0]: line for line in old.splitlines() if line.startswith("| ")}
    lines |= {row.name: _line((*row.cells(), when)) for row, when in measured}
    head = [_line((*HEAD[:-1], "met", "seen")), f"|---|{'--:|' * 4}{'---|' * 3}"]
    table = "\n".join([*head, *(lines[name] for name in known if name in lines)])
    return f"{before}{BEGINS}\n{table}\n\n{ENDS}{after}"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |".replace("| NOT MET |", "| **NOT MET** |")
