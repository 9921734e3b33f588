"""The page of speed has each row as the bench last measured it."""

from pathlib import Path

import pytest

from bench import __main__ as bench
from bench import page
from bench.run import Group, Results, Run
from bench.table import Bound, Row

OLD = f"""# Speed
{page.BEGINS}
| kept | 1.0 s | 1 | – | – | – | – | 2026-11-26, quiet |
| gone | 2.0 s | 1 | – | – | – | – | 2026-11-26, quiet |
| slow | 3.0 s | 1 | – | – | – | – | 2026-11-26, quiet |
{page.ENDS}
## Behind it
"""
SLOW = Row("slow", "s", 4.0, "HA", 2.0, Bound(most=3.0), runs=(4.0, 5.0))
KNOWN = ["first", "slow", "kept"]


def names(text: str) -> list[str]:
    return [line.split(" | ")[0][2:] for line in text.splitlines() if line.startswith("| ")]


def test_a_measured_row_is_written_over_and_the_others_keep_their_day() -> None:
    text = page.written(
        OLD, [(SLOW, "2026-12-01, others 3 %"), (Row("first", "s", 1.0), "2026-12-01, others 0 %")], KNOWN
    )
    assert names(text) == ["row", "first", "slow", "kept"]
    assert "| slow | 4.00 s | 2: 4 – 5 | HA 2.00 s | 2.00 | ≤ 3 s | **NOT MET** | 2026-12-01, others 3 % |\n" in text
    assert "| kept | 1.0 s | 1 | – | – | – | – | 2026-11-26, quiet |\n" in text
    assert (text.startswith("# Speed\n"), text.endswith("\n## Behind it\n")) == (True, True)
    assert page.written(text, (), KNOWN) == text


@pytest.mark.parametrize(("words", "shown"), [(["--write"], ["row", "slow"]), ([], ["kept", "gone", "slow"])])
def test_the_bench_keeps_its_rows_if_it_is_asked_to(tmp_path: Path, words: list[str], shown: list[str]) -> None:
    def measure(_run: Run) -> Results:
        yield SLOW

    kept = tmp_path / "speed.md"
    kept.write_text(OLD)
    assert bench.main(["--no-peers", *words], (Group("any", "is any", measure, rows=("slow",)),), kept) == 0
    assert names(kept.read_text()) == shown
    assert ("| slow | 4.00 s |" in kept.read_text()) == bool(words)


def test_a_quick_run_is_never_kept(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        bench.main(["--quick", "--write"], (), tmp_path / "speed.md")
