"""Taken keys, which can't be taken again: rows of a small SQLite file beside the database.

Each message from the forwarder takes one. In a file of their own the rows wait for no other writer, and a backup leaves
them out: after minutes they are not needed.
"""

import hashlib
import threading
from pathlib import Path

from store.ports import StoreUnavailable
from store.sqlite.database import Database

# sorted by end, so that new rows are in one page, and expired ones in the first pages
SCHEMA = "CREATE TABLE taken (until REAL, key BLOB, PRIMARY KEY (until, key)) STRICT, WITHOUT ROWID;"
_DAMAGED = "is damaged: stop showcam, wait two minutes, remove the file and start showcam"
_HASH = 16  # bytes, whatever the length of the key


class Taken:
    """Safe to use from any number of threads and processes; the file is made with the first key."""

    def __init__(self, database: Path, wait_s: float) -> None:
        self._name = database.name
        self._path = database.with_name(f"{database.name}-nonces")
        self._wait_s = wait_s
        self._rows: Database | None = None
        self._opening = threading.Lock()
        self._closed = False

    def take(self, key: str, until: float) -> bool:
        """Whether the key was free. Killing the process afterwards does not undo it. Raises StoreUnavailable."""
        hashed = hashlib.blake2b(key.encode(), digest_size=_HASH).digest()
        rows = self._rows or self._open()
        return rows.change("INSERT OR IGNORE INTO taken VALUES (?, ?)", until, hashed) == 1

    def sweep(self, now: float) -> int:
        """Removes rows that ended before `now`, and the journals of earlier versions; the number of rows removed."""
        for journal in self._path.parent.glob(f"{self._name}-taken-[0-9]*"):
            journal.unlink(missing_ok=True)
        if not self._path.exists():
            return 0
        rows = self._rows or self._open()
        gone = rows.change("DELETE FROM taken WHERE until <= ?", now)
        rows.checkpoint()
        return gone

    def close(self) -> None:
        with self._opening:
            self._closed = True
            if self._rows is not None:
                self._rows.close()

    def _open(self) -> Database:
        with self._opening:
            if self._closed:
                raise StoreUnavailable(f"database {self._path.name} is closed")
            if self._rows is None:
                self._rows = Database(self._path, self._wait_s, [SCHEMA], damaged=_DAMAGED)
            return self._rows
