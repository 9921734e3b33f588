"""Official schemas, of which the project holds no copy, and the tests where they are absent."""

from pathlib import Path
from typing import Any

import pytest


def held_to(schemas: Path) -> list[Any]:
    """Parameters of a fixture whose tests check answers by these schemas.

    Where they are absent, each test runs with our own checks, and its schema variant is skipped by name.
    """
    if schemas.exists():
        return ["official"]
    absent = pytest.mark.skip(reason=f"the official schemas are not at {schemas}")
    return ["own", pytest.param("official", marks=absent)]
