"""Settings that the installation's owner gave by a page or a command, kept in sealed rows of the database.

They are read before anything else, so reading makes no file and changes no schema.
"""

import contextlib
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from showcam.store.records import WAIT_S
from showcam.store.sealing import Sealer
from showcam.store.sqlite.database import TO_RESTORE, Database, unavailable
from showcam.store.sqlite.database_file import keep_log, opened


class KeptSettings:
    """Values are texts, as a variable of the environment would give them. Raises StoreUnavailable."""

    def __init__(self, path: Path, sealer: Sealer) -> None:
        self._path, self._sealer = path, sealer

    def read(self) -> dict[str, str]:
        """The values by name; empty if there is no database yet, or an earlier version's. Raises SealedUnreadable."""
        if not self._path.exists():
            return {}
        try:
            with contextlib.closing(opened(self._path)) as connection:
                keep_log(connection)
                known = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'setting'"
                if connection.execute(known).fetchone() is None:
                    return {}
                rows = connection.execute("SELECT name, sealed FROM setting").fetchall()
        except sqlite3.Error as error:
            raise unavailable(self._path.name, error, TO_RESTORE) from error
        return {name: self._sealer.open(f"setting|{name}", sealed).decode() for name, sealed in rows}

    def change(self, values: Mapping[str, str | None]) -> None:
        """Stores each value and removes the names whose value is None, all in one write or not at all."""
        sealed = {
            name: self._sealer.seal(f"setting|{name}", text.encode())
            for name, text in values.items()
            if text is not None
        }
        database = Database(self._path, WAIT_S)
        try:
            with database.writing() as write:
                write.executemany("DELETE FROM setting WHERE name = ?", [(name,) for name in values])
                write.executemany("INSERT INTO setting VALUES (?, ?)", sealed.items())
        finally:
            database.close()
