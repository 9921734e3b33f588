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
