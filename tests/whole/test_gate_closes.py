"""A gate that closes while somebody watches ends the picture within three seconds."""

import asyncio
from pathlib import Path

from bench.closing import LONGEST_S, Closing
from tests.doubles.program import running


def test_a_live_picture_outlasts_its_gate_by_three_seconds_at_most(tmp_path: Path) -> None:
    """The bench does it fifty times: its group `gate`."""
    with running(tmp_path, SHOWCAM_EXPLAIN="no") as program:
        closing = Closing(program)
        taken = [asyncio.run(closing.outlasted_s()) for _ in range(4)]
    assert max(seconds for both in taken for seconds in both) <= LONGEST_S, taken
