"""The schema of an SQLite file: its scripts in order, and how they are applied."""

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path

from store.ports import StoreUnavailable

OLDER_S = 30 * 86_400.0  # a copy is kept: it holds what a household may have deleted since


def migrate(connection: sqlite3.Connection, steps: Sequence[str], name: str) -> None:
    """Applies missing `steps` in one transaction. `name`: the file's. Raises StoreUnavailable for a newer schema."""
    connection.execute("BEGIN IMMEDIATE")  # a second process that starts now waits, then finds nothing to do
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(steps):
        raise StoreUnavailable(
            f"database {name} was written by a newer showcam (schema {version}, this one knows "
            f"{len(steps)}): install that version, or restore a backup made before it"
        )
    for number, script in enumerate(steps[version:], version + 1):
        for statement in _statements(script):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
    connection.execute("COMMIT")


def keep_older(connection: sqlite3.Connection, path: Path, newest: int) -> None:
    """Copies a database that will be migrated now to `NAME.schema-N` beside it; removes such copies after OLDER_S."""
    for copy in path.parent.glob(f"{path.name}.schema-*"):
        if time.time() - copy.stat().st_mtime > OLDER_S:
            copy.unlink(missing_ok=True)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if not 0 < version < newest:
        return
    fresh = path.with_name(f"{path.name}.schema-{version}.{os.getpid()}")
    try:
        os.close(os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        with contextlib.closing(sqlite3.connect(fresh)) as into:
            connection.backup(into)
            into.execute("PRAGMA journal_mode = DELETE")
        # of two processes that start now the slower one may find the schema changed: its copy is not kept
        if connection.execute("PRAGMA user_version").fetchone() == (version,):
            fresh.replace(path.with_name(f"{path.name}.schema-{version}"))
    finally:
        fresh.unlink(missing_ok=True)


def migrations() -> list[str]:
    """The scripts of store/migrations in order; a script's place is the schema version it leads to."""
    folder = resources.files("store") / "migrations"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return [file.read_text(encoding="utf-8") for file in files]


def _statements(script: str) -> Iterator[str]:
    # executescript would commit the transaction it is called in
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def use_wal(connection: sqlite3.Connection, wait_s: float) -> None:
    # of two processes that switch at the same time one gets "locked" without the wait that busy_timeout promises
    until = time.monotonic() + wait_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return
