"""A store on a new file of SQLite, whose schema is copied: the scripts that make it take four times as long."""

import tempfile
from pathlib import Path
from typing import Any

from showcam.store.sealing import Sealer
from showcam.store.sqlite import SqliteStore
from tests.doubles.made_once import made_once


@made_once
def _empty() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "empty.db"
        SqliteStore(file, Sealer([("none", bytes(32))])).close()
        return file.read_bytes()


def new_store(file: Path, sealer: Sealer, **more: Any) -> SqliteStore:
    """As SqliteStore makes it."""
    if not file.exists():
        file.touch(0o600)
        file.write_bytes(_empty())
    return SqliteStore(file, sealer, **more)
