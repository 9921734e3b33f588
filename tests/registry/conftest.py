"""A clock that tests set, households, and vendors that are real servers on loopback."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.authority import server_context
from tests.doubles.clock import Clock
from tests.doubles.household import Household, household
from tests.doubles.tls_vendor import Vendors


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def home(tmp_path: Path, clock: Clock) -> Iterator[Household]:
    """A household with an Alexa link, on a clock that only the test moves."""
    made = household(tmp_path, clock=clock)
    yield made
    made.store.close()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    folder = tmp_path_factory.mktemp("authority")
    return folder / "ca.pem", server_context(folder)


@pytest.fixture
def vendors(authority: tuple[Path, ssl.SSLContext]) -> Iterator[Vendors]:
    started = Vendors(*authority)
    yield started
    started.end()
