"""What was taken and can't be taken again: rows of a small SQLite file beside the database, since each message from the
forwarder is one.

In a file of their own they wait for no other writer, and a backup leaves them out: minutes later nobody asks for them.
"""

import hashlib
import threading
from pathlib import Path

from store.ports import StoreUnavailable
from store.sqlite.database import Database

# sorted by end, so that what is taken now lies in one page, and what is over in the first ones
SCHEMA = "CREATE TABLE taken (until REAL, key BLOB, PRIMARY KEY (until, key)) STRICT, WITHOUT ROWID;"
_DAMAGED = "is damaged: stop showcam, wait two minutes, remove the file and start showcam"
_HASH = 16  # bytes: a row of a long key costs no more than another's


class Taken:
    """Any number of threads and processes may take; the file is made with the first key."""

    def __init__(self, database: Path, wait_s: float) -> None:
        self._name = database.name
        self._path = database.with_name(f"{database.name}-nonces")
        self._wait_s = wait_s
        self._rows: Database | None = None
        self._opening = threading.Lock()
        self._closed = False

    def take(self, key: str, until: float) -> bool:
        """Whether it was free. A process that is killed afterwards does not undo it. Raises StoreUnavailable."""
        hashed = hashlib.blake2b(key.encode(), digest_size=_HASH).digest()
        rows = self._rows or self._open()
        return rows.change("INSERT OR IGNORE INTO taken VALUES (?, ?)", until, hashed) == 1

    def sweep(self, now: float) -> int:
        """Removes what ended before `now`, and the journals in which an earlier showcam kept it; how many rows."""
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
