"""What a door keeps for speed alone between two requests, the switch of docs/maintainer/speed.md has to reach."""

import re
from pathlib import Path

HOUSE = Path(__file__).parents[2]
DOORS = ("actions", "alexa", "console", "oauth")
# Keeps for another reason than speed: a chain that failed is not fetched again, which protects Amazon and us; Google is
# not asked too often to fetch a list.
NO_TRICK = {"alexa/spoken/chain.py", "actions/reports.py"}
BESIDE_THE_SWITCH = re.compile(r"\blru_cache\b|\bRecent\b")


def test_doors_keep_nothing_beside_the_switch() -> None:
    files = [file for door in DOORS for file in (HOUSE / door).rglob("*.py")]
    beside = {str(file.relative_to(HOUSE)) for file in files if BESIDE_THE_SWITCH.search(file.read_text())}
    assert beside == NO_TRICK, "of net/cache.py: Kept in place of Recent, kept in place of lru_cache"
