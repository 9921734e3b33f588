"""Fixtures for every room."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from deploy_local.emulator import Emulator
from store.sealing import Sealer
from store.sqlite import SqliteStore
from tests.doubles import packages as packages_of_aws


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path / "showcam.db", Sealer([("test", secrets.token_bytes(32))]))
    yield store
    store.close()


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """AWS on loopback, one for all tests: each makes what it needs under names of its own."""
    emulator = Emulator(tmp_path_factory.mktemp("aws"))
    yield emulator
    emulator.stop()


@pytest.fixture(scope="session")
def cutter() -> ModuleType:
    return packages_of_aws.cutter()


@pytest.fixture(scope="session")
def packages() -> dict[str, Path]:
    """The zip of each function on AWS."""
    return packages_of_aws.cut()


_LAST = ("bench", "whole", "browser")  # slow ones last; the browser's client keeps an event loop running behind it


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        room = item.path.relative_to(item.config.rootpath).parts[1]
        return _LAST.index(room) + 1 if room in _LAST else 0

    items.sort(key=place)
