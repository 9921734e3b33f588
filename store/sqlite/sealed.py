"""The keys that the rows of a database file are sealed under, found without opening a row."""

import contextlib
import sqlite3
from pathlib import Path

from store.sealing import key_id
from store.sqlite.failures import TO_RESTORE, unavailable
from store.sqlite.wal import keep_log

# Without visits and known cameras: one that can't be opened counts as none and is made again.
_TABLES = ("source", "owner_user", "account_secret", "link_secret", "notice_address", "setting")
_LONGEST_HEADER = 257  # bytes


def key_ids(database: Path, mode: str = "rw") -> set[str]:
    """The ids of the keys that the file needs; empty where there is no file. Raises StoreUnavailable."""
    if not database.exists():
        return set()
    try:
        with contextlib.closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode={mode}", uri=True)) as connection:
            keep_log(connection)
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            heads = [
                head
                for table in _TABLES
                if table in tables
                # one of the names above
                for (head,) in connection.execute(f"SELECT substr(sealed, 1, {_LONGEST_HEADER}) FROM {table}")  # noqa: S608
            ]
    except sqlite3.Error as error:
        raise unavailable(database.name, error, TO_RESTORE) from error
    return {named for head in heads if (named := key_id(head))}
