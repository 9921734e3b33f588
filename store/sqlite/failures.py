"""What SQLite's errors mean to a person."""

import sqlite3

from store.ports import StoreUnavailable

_MEANING = {
    sqlite3.SQLITE_BUSY: "is locked by another process",
    sqlite3.SQLITE_LOCKED: "is locked by another process",
    sqlite3.SQLITE_FULL: "can't grow: the disk is full",
    sqlite3.SQLITE_READONLY: "can't be written: look at the owner and mode of the file and its folder",
    sqlite3.SQLITE_PERM: "can't be opened: look at the owner and mode of the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "can't be opened: look at the owner and mode of the file and its folder",
    sqlite3.SQLITE_IOERR: "can't be read or written: the disk reports an error",
    sqlite3.SQLITE_NOTADB: "is no SQLite database",
}

DAMAGED = "is damaged"
# of the database in use, in whose place a backup can be put
TO_RESTORE = "is damaged. Restore a backup, which keeps what is there now beside it: showcam restore FILE"


def unavailable(name: str, error: sqlite3.Error | OSError, damaged: str = DAMAGED) -> StoreUnavailable:
    """The error in words, with the file's name and never its content.

    `damaged`: what is said of a file whose content SQLite can't read. Where it names a remedy, a file that is no
    database gets it too.
    """
    if isinstance(error, OSError):
        return StoreUnavailable(f"database {name} can't be opened: {error.strerror or type(error).__name__}")
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the low byte: the primary code
    if code == sqlite3.SQLITE_CORRUPT or (code == sqlite3.SQLITE_NOTADB and damaged != DAMAGED):
        return StoreUnavailable(f"database {name} {damaged}")
    return StoreUnavailable(f"database {name} {_MEANING.get(code, f'failed: {error}')}")
