"""A minute in which the worker is killed every ten seconds: each press of the bell rings at the Echo."""

from pathlib import Path

from tests.doubles.program import running
from tests.whole.test_bell import rung_while_killed


def test_no_ring_of_a_minute_is_lost(tmp_path: Path) -> None:
    with running(tmp_path, forked=False, SHOWCAM_EXPLAIN="no") as program:
        program.link("alexa")
        rung_while_killed(program, 6)
