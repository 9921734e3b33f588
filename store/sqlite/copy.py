"""A database copied whole while others write to it, and whether a copy is whole."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from store.ports import StoreUnavailable
from store.sqlite.database import WAIT_S
from store.sqlite.failures import unavailable
from store.sqlite.schema import migrations

_PAGES = 256  # at once; then others have their turn
_OURS = ("CREATE TABLE ", "CREATE INDEX ", "CREATE UNIQUE INDEX ")


def copy(source: Path, target: Path) -> None:
    """Copies the database as it is now into one new file. Raises StoreUnavailable."""
    with (
        errors(source),
        contextlib.closing(_opened(source)) as reading,
        contextlib.closing(sqlite3.connect(target)) as into,
    ):
        reading.execute("BEGIN")  # one view for the whole copy: without it each commit of others would restart the copy
        reading.execute("SELECT count(*) FROM sqlite_master").fetchone()
        reading.backup(into, pages=_PAGES)
        into.execute("PRAGMA journal_mode = DELETE")  # nothing beside the file


def require_whole(database: Path, *, beside: frozenset[str] = frozenset()) -> int:
    """The version of its schema, from the file alone, whatever log is beside it.

    Raises StoreUnavailable where it is damaged, of a newer showcam or not showcam's, or holds objects that showcam
    never makes: a trigger would go on working unnoticed. `beside`: further tables that may exist.
    """
    with errors(database), contextlib.closing(_opened(database, "ro&immutable=1")) as connection:
        made = connection.execute("SELECT name, coalesce(sql, '') FROM sqlite_master").fetchall()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > len(migrations()):
            raise StoreUnavailable(
                f"{database.name} was written by a newer showcam (schema {version}, this one knows "
                f"{len(migrations())}): install that version"
            )
        names = {name for name, _ in made}
        if version < 1 or not {"account", "source", "link", "token"} <= names:
            raise StoreUnavailable(f"{database.name} is no database of showcam's")
        foreign = {name for name, sql in made if not sql.startswith(_OURS) and sql} | (names - _ours() - beside)
        # before the checks below, which run what the definitions of tables contain
        if foreign := {name for name in foreign if not name.startswith("sqlite_")}:
            raise StoreUnavailable(f"{database.name} holds what showcam never made: {', '.join(sorted(foreign))[:200]}")
        (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if found != "ok":
            raise StoreUnavailable(f"{database.name} is damaged: {' '.join(str(found).split())}")
        if connection.execute("PRAGMA foreign_key_check").fetchone():
            raise StoreUnavailable(f"{database.name} is damaged: a row belongs to one that is missing")
    return int(version)


def _ours() -> set[str]:
    """Every table and index that some version of the schema has."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        names: set[str] = set()
        for script in migrations():
            connection.executescript(script)
            names |= {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    return names


def let_go(database: Path) -> bool:
    """Moves the log into the database and removes it; False where another process has the database open.

    A damaged database stays as it is, which is True.
    """
    with contextlib.closing(_opened(database)) as connection:
        try:
            connection.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.Error as error:
            return getattr(error, "sqlite_errorcode", 0) & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return True


def _opened(database: Path, mode: str = "rw") -> sqlite3.Connection:
    uri = f"{database.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=WAIT_S)


@contextlib.contextmanager
def errors(database: Path) -> Iterator[None]:
    """Turns SQLite's errors into StoreUnavailable."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise unavailable(database.name, error) from error
