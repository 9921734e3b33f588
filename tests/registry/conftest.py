"""A clock that tests set, households, and vendors that are real servers on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.clock import Clock
from tests.doubles.household import Household, household
from tests.doubles.vendor_fixtures import authority, vendors  # noqa: F401 - fixtures


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def home(tmp_path: Path, clock: Clock) -> Iterator[Household]:
    """A household with an Alexa link, on a clock that only the test moves."""
    made = household(tmp_path, clock=clock)
    yield made
    made.store.close()
