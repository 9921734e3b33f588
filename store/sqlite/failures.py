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


def unavailable(name: str, error: sqlite3.Error | OSError, damaged: str = DAMAGED) -> StoreUnavailable:
    """The error in words, with the file's name and never its content."""
    if isinstance(error, OSError):
        return StoreUnavailable(f"database {name} can't be opened: {error.strerror or type(error).__name__}")
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the low byte: the primary code
    if code == sqlite3.SQLITE_CORRUPT:
        return StoreUnavailable(f"database {name} {damaged}")
    return StoreUnavailable(f"database {name} {_MEANING.get(code, f'failed: {error}')}")
