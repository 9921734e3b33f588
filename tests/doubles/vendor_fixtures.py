"""Fixtures of vendors as real TLS servers on loopback, for a room's conftest."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from showcam.simulator.authority import server_context
from tests.doubles.tls_vendor import Vendors


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    folder = tmp_path_factory.mktemp("authority")
    return folder / "ca.pem", server_context(folder)


@pytest.fixture
def vendors(authority: tuple[Path, ssl.SSLContext]) -> Iterator[Vendors]:
    started = Vendors(*authority)
    yield started
    started.end()
