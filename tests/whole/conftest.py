from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.program import Program, running


@pytest.fixture(scope="package")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The demo, linked to both assistants, with explain = "no": refusals are error codes and not cards."""
    folder: Path = tmp_path_factory.mktemp("demo")
    # no picture goes on for half a minute when its test is over, and the folder's tests share the links, which each
    # open more cameras in a minute than a household does
    with running(
        folder, troubled=True, SHOWCAM_EXPLAIN="no", SHOWCAM_IDLE_S="10", SHOWCAM_OPENS_PER_MINUTE="60"
    ) as program:
        program.link("alexa")
        program.link("google")
        yield program
