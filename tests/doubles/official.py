"""Official schemas, of which the project holds no copy: what a test does of itself where they are absent."""

from pathlib import Path
from typing import Any

import pytest


def held_to(schemas: Path) -> list[Any]:
    """What to parametrize a fixture with whose tests hold answers to these schemas.

    Where they are absent each test runs for all else it says, and is skipped, by its name, as the schemas' own.
    """
    if schemas.exists():
        return ["official"]
    absent = pytest.mark.skip(reason=f"the official schemas are not at {schemas}")
    return ["own", pytest.param("official", marks=absent)]
