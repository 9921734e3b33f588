from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.program import Program, running


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The demo as `make run` starts it, linked to both assistants."""
    folder: Path = tmp_path_factory.mktemp("demo")
    with running(folder) as program:
        program.link("alexa")
        program.link("google")
        yield program
