"""Fixtures for every room."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.sealing import Sealer
from store.sqlite import SqliteStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path / "showcam.db", Sealer([("test", secrets.token_bytes(32))]))
    yield store
    store.close()


_LAST = ("bench", "whole", "browser")  # slow ones last; the browser's client keeps an event loop running behind it


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        room = item.path.relative_to(item.config.rootpath).parts[1]
        return _LAST.index(room) + 1 if room in _LAST else 0

    items.sort(key=place)
